"""Layer 6, the individual: who may take part, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sourceenergy.units import iso_utc


def passport_end_s(expires: date | None) -> int | None:
    """First second (UTC) at which a passport no longer permits trading; None means no end given."""
    if expires is None:
        return None
    return int(datetime.combine(expires, time(), UTC).timestamp())


def sits_out(passport_end: int | None, start_s: int) -> str:
    """Why a member may not trade in an interval starting at ``start_s``; empty if they may."""
    if passport_end is not None and start_s >= passport_end:
        return f"passport expired on {iso_utc(passport_end)}: renew it to trade again"
    return ""
