"""Wall-clock times to UTC, with the hour that comes twice and the one that never comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sourceenergy.errors import MeterDataError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class WallClock:
    """Turns the times of one series, in the order in which they stand, into Unix seconds.

    In autumn an hour comes twice. Its first pass is taken until the times step back; that is why
    a series must not run backwards (``time.order``).
    """

    def __init__(self, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (OSError, ValueError, KeyError) as error:  # absent, malformed, a directory
            raise MeterDataError(
                "this time zone is not known",
                rule="time.zone",
                field="time_zone",
                value=zone,
                remedy="use a name of the IANA list such as America/Toronto",
            ) from error
        self._name = zone
        self._last_s: int | None = None

    def utc_s(self, wall: datetime) -> int:
        """Unix seconds of a naive time; ``time.nonexistent`` for one that clocks skip."""
        first, second = (
            unix_seconds(wall.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1)
        )
        if first > second:  # in a skipped hour the two readings change places
            raise MeterDataError(
                f"clocks in {self._name} skip this time",
                rule="time.nonexistent",
                field="start",
                value=wall.isoformat(),
                remedy="give times with their UTC offset, or correct the time zone",
            )
        last = self._last_s
        at_s = second if last is not None and first <= last and first != second else first
        if last is not None and at_s < last:
            raise MeterDataError(
                "local times must stand in order, or the hour that comes twice cannot be told",
                rule="time.order",
                field="start",
                value=wall.isoformat(),
                remedy="sort the rows by time, or give times with their UTC offset",
            )
        self._last_s = at_s
        return at_s


def unix_seconds(moment: datetime) -> int:
    """Unix seconds of a time that knows its offset; outside 1970 to 9998 is ``time.range``."""
    if not 1970 <= moment.year <= 9998 or moment < _EPOCH:
        raise MeterDataError(
            "this time lies outside the years 1970 to 9998",
            rule="time.range",
            field="start",
            value=moment.isoformat(),
            remedy="correct the time",
        )
    return (moment - _EPOCH) // _SECOND
