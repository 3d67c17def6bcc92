"""Published Green Button files, with totals added up here in the plainest way."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from sourceenergy.metering.csv_file import read_csv, write_csv
from sourceenergy.metering.detect import read_meter_file
from sourceenergy.metering.intervals import completeness, resampled
from sourceenergy.records import Quality

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "greenbutton"
ESPI = "{http://naesb.org/espi}"


def needed(name: str) -> bytes:
    path = FOLDER / name
    if not path.exists():
        pytest.skip("needs ../shared")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "seconds", "intervals", "imported_wh", "flagged"),
    [
        ("gba_coastal_multifamily_2011_year.xml", 3600, 8760, 4_425_305, 0),
        ("gba_hourly_nine_days.xml", 3600, 216, 199_563, 0),
        ("openespi_15minLP_15Days.xml", 900, 1340, 1_397_734, 0),
        ("openespi_test_usage_data_1.xml", 900, 480, 511_688, 2),
        ("pge_sample_2014.xml", 3600, 362, 291_018, 0),
    ],
)
def test_published_files_load_to_the_last_watt_hour(
    name: str, seconds: int, intervals: int, imported_wh: int, flagged: int
) -> None:
    data = needed(name)
    naive = [
        int(reading.findtext(f"{ESPI}value") or "")
        for reading in ElementTree.fromstring(data).iter(f"{ESPI}IntervalReading")
    ]
    file = read_meter_file(name, data, "home-1")
    assert (len(naive), sum(naive)) == (intervals, imported_wh)
    assert [i.imported_wh for i in file.intervals] == naive
    assert sum(i.exported_wh for i in file.intervals) == 0
    assert file.seconds == seconds
    assert sum(i.quality is not Quality.MEASURED for i in file.intervals) == flagged
    assert file.warnings == ("meter home-1: the file has no exported energy; it is taken as zero",)
    assert read_csv(write_csv(file), "home-1") == file
    start_s, end_s = file.intervals[0].start_s, file.intervals[-1].start_s + seconds
    (report,) = completeness([file], start_s, end_s, seconds)
    assert (report.expected, report.missing) == (intervals, 0)


def test_quarter_hours_of_a_published_file_make_hours() -> None:
    file = read_meter_file("15min", needed("openespi_15minLP_15Days.xml"), "home-1")
    hours = resampled(file, 3600)
    assert len(hours.intervals) == 335
    assert sum(i.imported_wh for i in hours.intervals) == 1_397_734


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_published_file_that_was_cut_is_refused(share: float) -> None:
    data = needed("gba_hourly_nine_days.xml")
    with pytest.raises(Exception, match=r"cut off or malformed at line \d+"):
        read_meter_file("cut.xml", data[: int(len(data) * share)], "home-1")
