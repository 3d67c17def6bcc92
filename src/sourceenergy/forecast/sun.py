"""The sun over a place: what a cloudless sky would give in each interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a roof is [degrees; north and east are positive]."""

    latitude: float = 43.65
    longitude: float = -79.38


def clear_sky_w_per_m2(starts_s: Ints, seconds: int, place: Place) -> Floats:
    """Horizontal irradiance without clouds at the middle of each interval [W/m², T].

    Haurwitz's model, which needs the sun's height alone: haze, tilt and shade are learned from the
    roof's own history. Zero at night. pvlib is imported where it is used, since it takes seconds.
    Source: Haurwitz, "Insolation in relation to cloudiness and cloud density", J. Meteorology 2,
    1945; sun position: NREL's SPA (Reda and Andreas, 2004).
    """
    import pandas as pd
    from pvlib import clearsky, solarposition

    middles = pd.to_datetime(np.asarray(starts_s) + seconds // 2, unit="s", utc=True)
    position = solarposition.get_solarposition(middles, place.latitude, place.longitude)
    clear: Floats = clearsky.haurwitz(position["apparent_zenith"])["ghi"].to_numpy(dtype=float)
    return clear
