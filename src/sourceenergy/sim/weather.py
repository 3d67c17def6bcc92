"""Simulated sun and temperature over Toronto: one sky that all neighbours share.

A day here is a day of Eastern Standard Time (from 05:00 UTC), so that its seams lie in the dark.
Each day is a pure function of the seed and its number; nothing is measured. The monthly constants
summarise the typical year of Toronto's airport (CWEC2020, Environment Canada): the ratio of a day's
horizontal irradiation to pvlib's clear sky (mean, standard deviation; a day hardly remembers the
one before, autocorrelation 0.14) and the air temperature.

Units: W/m² for irradiance, degrees for angles, °C, UTC Unix seconds. pvlib is imported where it is
used: it takes seconds, and whoever only lists the homes need not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LATITUDE, LONGITUDE, ALTITUDE_M = 43.65, -79.38, 105.0
DAY_S = 86_400
MIDNIGHT_S = 5 * 3600  # Eastern Standard Time begins its day at 05:00 UTC
STEP_S = 300
STEPS = DAY_S // STEP_S
STEP_OFFSETS_S = np.arange(STEPS + 1) * STEP_S  # both ends, so that minutes interpolate

CLEARNESS_MEAN = (
    0.663,
    0.721,
    0.714,
    0.726,
    0.747,
    0.777,
    0.783,
    0.817,
    0.786,
    0.613,
    0.669,
    0.624,
)
CLEARNESS_SD = (0.245, 0.250, 0.212, 0.296, 0.229, 0.221, 0.234, 0.175, 0.194, 0.250, 0.282, 0.285)
TEMPERATURE_C = (-2.7, -3.6, 0.4, 7.7, 14.6, 19.4, 21.6, 20.9, 18.2, 10.8, 4.0, -2.5)
LINKE_TURBIDITY = (2.5, 2.6, 2.9, 3.2, 3.4, 3.6, 3.7, 3.6, 3.3, 2.9, 2.6, 2.5)
"""Haze by month: typical values of a large mid-latitude city by a lake."""

CLEARNESS_MAX = 1.08
DAILY_SWING_C = 4.5
ANOMALY_SD_C = 3.2
CLOUD_MEMORY = 0.85  # of one step in the next: clouds pass in about half an hour


@dataclass(frozen=True, slots=True)
class Sky:
    """Sun and air at instants: angles [degrees], irradiance [W/m²], air temperature [°C]."""

    utc_s: npt.NDArray[np.int64]
    zenith: Floats
    azimuth: Floats
    ghi: Floats
    dni: Floats
    dhi: Floats
    dni_extra: float
    air_c: Floats


def day_number(utc_s: int) -> int:
    """Number of the Eastern Standard Time day that a UTC second lies in."""
    return (utc_s - MIDNIGHT_S) // DAY_S


def day_start_s(day: int) -> int:
    """First UTC second of a day."""
    return day * DAY_S + MIDNIGHT_S


def day_date(day: int) -> date:
    """Its date in Toronto's winter time."""
    return date(1970, 1, 1) + timedelta(days=day)


def sun(utc_s: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Apparent zenith and azimuth of the sun over Toronto [degrees]."""
    import pandas as pd
    from pvlib import solarposition

    position = solarposition.get_solarposition(
        pd.to_datetime(utc_s, unit="s", utc=True), LATITUDE, LONGITUDE, altitude=ALTITUDE_M
    )
    return position["apparent_zenith"].to_numpy(), position["azimuth"].to_numpy()


def clear_sky_ghi(zenith: Floats, turbidity: float, dni_extra: float) -> Floats:
    """Horizontal irradiance without clouds (Ineichen and Perez) [W/m²]; zero at night."""
    from pvlib import atmosphere, clearsky

    ghi = np.zeros_like(zenith)
    up = zenith < 89.0  # the model divides by zero below the horizon
    airmass = atmosphere.get_absolute_airmass(
        atmosphere.get_relative_airmass(zenith[up]), atmosphere.alt2pres(ALTITUDE_M)
    )
    ghi[up] = clearsky.ineichen(
        zenith[up], airmass, turbidity, altitude=ALTITUDE_M, dni_extra=dni_extra
    )["ghi"]
    return ghi


def plane_of_array(sky: Sky, tilt_deg: float, azimuth_deg: float) -> Floats:
    """Irradiance on a tilted roof (Hay and Davies) [W/m²]; zero at night."""
    from pvlib import irradiance

    total: dict[str, Any] = irradiance.get_total_irradiance(
        tilt_deg,
        azimuth_deg,
        sky.zenith,
        sky.azimuth,
        sky.dni,
        sky.ghi,
        sky.dhi,
        dni_extra=sky.dni_extra,
        model="haydavies",
    )
    plane: Floats = np.where(sky.ghi > 0, np.maximum(total["poa_global"], 0), 0.0)
    return plane


def cell_c(plane: Floats, air_c: Floats) -> Floats:
    """Temperature of solar cells under irradiance [W/m²] in a light wind (Faiman) [°C]."""
    from pvlib import temperature

    cells: Floats = temperature.faiman(plane, air_c, wind_speed=2.0)
    return cells


class Weather:
    """The sky of a simulation: the same seed gives the same days in any order of asking."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        # All neighbours share a day, and each may catch up over a year alone: 14 kB a day.
        self.day = lru_cache(maxsize=400)(self._day)

    def clearness(self, day: int) -> float:
        """The day's share of a clear sky's irradiation."""
        month = day_date(day).month - 1
        # A beta law between 0 and the brightest day, with the month's mean and spread.
        mean = CLEARNESS_MEAN[month] / CLEARNESS_MAX
        size = mean * (1 - mean) / (CLEARNESS_SD[month] / CLEARNESS_MAX) ** 2 - 1
        drawn = self._random(day, 0).beta(mean * size, (1 - mean) * size)
        return float(np.clip(drawn * CLEARNESS_MAX, 0.06, CLEARNESS_MAX))

    def _day(self, day: int) -> Sky:
        from pvlib import irradiance

        utc_s = day_start_s(day) + STEP_OFFSETS_S
        when = day_date(day)
        zenith, azimuth = sun(utc_s)
        dni_extra = float(irradiance.get_extra_radiation(when.timetuple().tm_yday))
        clear = clear_sky_ghi(zenith, LINKE_TURBIDITY[when.month - 1], dni_extra)
        clearness = self.clearness(day)
        ghi = clear * self._clouds(day, clearness, clear)
        split = irradiance.erbs(ghi, zenith, when.timetuple().tm_yday)
        return Sky(
            utc_s,
            zenith,
            azimuth,
            ghi,
            np.asarray(split["dni"]),
            np.asarray(split["dhi"]),
            dni_extra,
            self._air_c(day, clearness, utc_s),
        )

    def _clouds(self, day: int, clearness: float, clear: Floats) -> Floats:
        """Share of the clear sky at each step: restless on mixed days, still on clear ones."""
        noise = self._random(day, 1).standard_normal(STEPS + 1)
        restless = np.empty_like(noise)
        level = noise[0]
        fresh = (1 - CLOUD_MEMORY**2) ** 0.5
        for step, kick in enumerate(noise):
            level = CLOUD_MEMORY * level + fresh * kick
            restless[step] = level
        share = np.clip(
            clearness + clearness * (1.15 - clearness) * 0.9 * restless, 0.04, CLEARNESS_MAX
        )
        share *= clearness * clear.sum() / (share * clear).sum()  # the day keeps its total
        return np.minimum(share, 1.2)

    def _air_c(self, day: int, clearness: float, utc_s: npt.NDArray[np.int64]) -> Floats:
        middles = [date(2025, month, 15).timetuple().tm_yday for month in range(1, 13)]
        season = np.interp(day_date(day).timetuple().tm_yday, middles, TEMPERATURE_C, period=365.25)
        hour = (utc_s - utc_s[0]) / 3600
        swing = DAILY_SWING_C * (0.5 + clearness) * np.cos((hour - 15) * np.pi / 12)
        today, tomorrow = (
            ANOMALY_SD_C * self._random(d, 2).standard_normal() for d in (day, day + 1)
        )
        air: Floats = season + swing + today + (tomorrow - today) * hour / 24
        return air

    def _random(self, day: int, stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, 0x5EA7, stream, day))
