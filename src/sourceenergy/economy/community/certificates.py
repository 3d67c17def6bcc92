"""Certificates: one for each metered kWh of a verified meter, claimed once.

Serials count up by one for ever and stand in lots of consecutive ones. A lot is held, offered
(locked), or retired for a beneficiary, which is the end of it. Watt-hours that make no whole kWh
wait at their meter for the next issue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Wh, iso_utc

WH_PER_CERTIFICATE = 1000


class Status(StrEnum):
    """What can be done with a lot."""

    HELD = "held"
    OFFERED = "offered"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Issue:
    """What serials were issued for: one meter's energy in one span, and what was left over."""

    meter: str
    start_s: int
    end_s: int
    energy_wh: Wh
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Lot:
    """Certificates ``first`` … ``last`` of one issue, all in one hand."""

    first: int
    last: int
    meter: str
    start_s: int
    end_s: int
    holder: str
    status: Status = Status.HELD
    beneficiary: str = ""
    purpose: str = ""
    retired_s: int = 0

    @property
    def energy_wh(self) -> Wh:
        """Energy the lot stands for."""
        return Wh((self.last - self.first + 1) * WH_PER_CERTIFICATE)


@dataclass(frozen=True, slots=True)
class Register:
    """All certificates ever issued, and each meter's watt-hours below a certificate."""

    issues: tuple[Issue, ...] = ()
    lots: tuple[Lot, ...] = ()
    rest_wh: tuple[tuple[str, Wh], ...] = ()

    def rest_of(self, meter: str) -> Wh:
        """Watt-hours of ``meter`` that wait for the next issue."""
        return dict(self.rest_wh).get(meter, Wh(0))

    @property
    def issued(self) -> int:
        """Certificates ever issued; the last serial."""
        return sum(one.count for one in self.issues)


def issue(
    register: Register,
    meter: str,
    verified: bool,
    start_s: int,
    end_s: int,
    energy_wh: int,
    holder: str,
) -> Register:
    """The register with a certificate for every whole kWh ``meter`` exported in [start_s, end_s).

    Refused for an unverified meter, and for a span any second of which was issued before.
    """
    if not verified:
        raise NotPermitted(
            f"{meter} is not verified: no certificates from it",
            rule="certificate.meter",
            field="meter",
            value=meter,
            remedy="have the meter approved, verified and sealed",
        )
    if energy_wh < 0 or end_s <= start_s:
        raise InputError(
            "certificates are issued for energy of zero or more in a span",
            rule="certificate.span",
            field="energy_wh",
            value=energy_wh,
            remedy="give the metered energy of the span",
        )
    for one in register.issues:
        if one.meter == meter and one.start_s < end_s and start_s < one.end_s:
            raise NotPermitted(
                "certificates for this time were issued already",
                rule="certificate.once",
                field="start_s",
                value=iso_utc(start_s),
                remedy=f"issue from {iso_utc(one.end_s)} on",
            )
    count, rest = divmod(register.rest_of(meter) + energy_wh, WH_PER_CERTIFICATE)
    first = register.issued + 1
    made = Issue(meter, start_s, end_s, Wh(energy_wh), first, count)
    lots = (Lot(first, first + count - 1, meter, start_s, end_s, holder),) if count else ()
    rests = {**dict(register.rest_wh), meter: Wh(rest)}
    return Register((*register.issues, made), (*register.lots, *lots), tuple(sorted(rests.items())))


def offer(register: Register, first: int, last: int, holder: str) -> Register:
    """Locks certificates for sale; while offered they cannot be moved, retired or offered again."""
    return _change(
        register, first, last, holder, Status.HELD, lambda lot: replace(lot, status=Status.OFFERED)
    )


def withdraw_offer(register: Register, first: int, last: int, holder: str) -> Register:
    """Unlocks offered certificates."""
    return _change(
        register, first, last, holder, Status.OFFERED, lambda lot: replace(lot, status=Status.HELD)
    )


def sell(register: Register, first: int, last: int, holder: str, buyer: str) -> Register:
    """Hands offered certificates to their buyer, unlocked."""
    return _change(
        register,
        first,
        last,
        holder,
        Status.OFFERED,
        lambda lot: replace(lot, status=Status.HELD, holder=buyer),
    )


def retire(
    register: Register,
    first: int,
    last: int,
    holder: str,
    beneficiary: str,
    purpose: str,
    at_s: int,
) -> Register:
    """Retires certificates for ``beneficiary``, once and for good."""
    if not beneficiary:
        raise InputError(
            "a retirement names who claims it",
            rule="certificate.beneficiary",
            field="beneficiary",
            value="",
            remedy="name the beneficiary",
        )
    return _change(
        register,
        first,
        last,
        holder,
        Status.HELD,
        lambda lot: replace(
            lot,
            status=Status.RETIRED,
            beneficiary=beneficiary,
            purpose=purpose,
            retired_s=at_s,
        ),
    )


EXPORT_COLUMNS = (
    "serial_first", "serial_last", "energy_kwh", "meter", "produced_from", "produced_to",
    "status", "holder", "beneficiary", "purpose", "retired_at",
)  # fmt: skip


def export_rows(register: Register) -> tuple[dict[str, str], ...]:
    """All lots by serial in a registry's layout (``EXPORT_COLUMNS``)."""
    return tuple(
        dict(
            zip(
                EXPORT_COLUMNS,
                (
                    str(lot.first),
                    str(lot.last),
                    str(lot.energy_wh // WH_PER_CERTIFICATE),
                    lot.meter,
                    iso_utc(lot.start_s),
                    iso_utc(lot.end_s),
                    lot.status.value,
                    lot.holder,
                    lot.beneficiary,
                    lot.purpose,
                    iso_utc(lot.retired_s) if lot.status is Status.RETIRED else "",
                ),
                strict=True,
            )
        )
        for lot in register.lots
    )


def _change(
    register: Register,
    first: int,
    last: int,
    holder: str,
    needed: Status,
    act: Callable[[Lot], Lot],
) -> Register:
    """Applies ``act`` to serials first … last, which ``holder`` must have in status ``needed``."""
    if not 1 <= first <= last <= register.issued:
        raise InputError(
            "these certificates were never issued",
            rule="certificate.serials",
            field="first",
            value=f"{first}-{last}",
            remedy=f"serials run from 1 to {register.issued}",
        )
    lots: list[Lot] = []
    for lot in register.lots:
        low, high = max(first, lot.first), min(last, lot.last)
        if low > high:
            lots.append(lot)
            continue
        if lot.holder != holder or lot.status is not needed:
            raise NotPermitted(
                f"certificates {low}-{high} are {lot.status.value} by {lot.holder}",
                rule=f"certificate.{needed.value}",
                field="first",
                value=f"{first}-{last}",
                remedy="what is retired is claimed for good; what is offered is locked",
            )
        if lot.first < low:
            lots.append(replace(lot, last=low - 1))
        lots.append(act(replace(lot, first=low, last=high)))
        if high < lot.last:
            lots.append(replace(lot, first=high + 1))
    return replace(register, lots=tuple(lots))
