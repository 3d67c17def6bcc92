"""Escrow: money and energy set aside when a trade is agreed, released when the meters are read.

Two phases, each of which may be repeated without effect: ``reserve`` sets money of the buyer and
energy of the seller aside; then ``post`` releases what was delivered and returns the rest, or
``void`` returns everything. Amounts are whole ud; what a buyer may owe is rounded up, what is
posted never passes what was reserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import ND_PER_UD, Ud, Wh, value_nd


class EscrowState(StrEnum):
    """Where a reservation stands; the last two are final."""

    RESERVED = "reserved"
    POSTED = "posted"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money [ud] of ``buyer`` and energy [Wh] of ``seller`` set aside for one trade.

    ``id`` is made by whoever asks, so that asking twice reserves once.
    """

    id: str
    buyer: str  # account
    seller: str  # account
    start_s: int  # interval of delivery
    energy_wh: Wh
    most_ud: Ud
    state: EscrowState = EscrowState.RESERVED
    delivered_wh: Wh = Wh(0)  # noqa: RUF009
    paid_ud: Ud = Ud(0)  # noqa: RUF009

    @property
    def returned_ud(self) -> Ud:
        """What went back to the buyer; nothing while it is reserved."""
        return Ud(0 if self.state is EscrowState.RESERVED else self.most_ud - self.paid_ud)


def most_ud(energy_wh: int, unit_ud_per_kwh: int) -> Ud:
    """Most that energy may cost at a price with its fee [ud], rounded up."""
    return Ud(-(-max(0, value_nd(energy_wh, unit_ud_per_kwh)) // ND_PER_UD))


@dataclass(frozen=True)
class Escrow:
    """All reservations by id; every change gives a new one."""

    held: Mapping[str, Reservation] = field(default_factory=lambda: MappingProxyType({}))

    def reserved_ud(self, buyer: str) -> Ud:
        """Money of an account that is set aside and not decided yet."""
        return Ud(sum(r.most_ud for r in self._open() if r.buyer == buyer))

    def committed_wh(self, seller: str, start_s: int) -> Wh:
        """Energy a seller agreed to deliver in an interval, decided or not."""
        found = (r for r in self.held.values() if (r.seller, r.start_s) == (seller, start_s))
        return Wh(
            sum(
                {EscrowState.RESERVED: r.energy_wh, EscrowState.POSTED: r.delivered_wh}.get(
                    r.state, 0
                )
                for r in found
            )
        )

    def reserve(self, new: Reservation, funds_ud: int, capacity_wh: int) -> Escrow:
        """Set aside what a trade may need.

        ``funds_ud`` is the buyer's balance, ``capacity_wh`` the most the seller can deliver in the
        interval. Raises ``NotPermitted`` (``funds.reserved``, ``energy.twice``) and ``InputError``
        (``escrow.id``) for another trade under a known id.
        """
        known = self.held.get(new.id)
        if known is not None:
            asked = replace(known, state=EscrowState.RESERVED, delivered_wh=Wh(0), paid_ud=Ud(0))
            if asked != new:
                raise InputError(
                    "another trade has this id",
                    rule="escrow.id",
                    field="id",
                    value=new.id,
                    remedy="give every trade an id of its own",
                )
            return self
        if new.state is not EscrowState.RESERVED or new.energy_wh <= 0 or new.most_ud < 0:
            raise InputError(
                "a reservation begins undecided, with energy above zero",
                rule="escrow.new",
                field="energy_wh",
                value=new.energy_wh,
                remedy="reserve whole watt-hours",
            )
        if self.reserved_ud(new.buyer) + new.most_ud > funds_ud:
            raise NotPermitted(
                "the buyer's funds do not cover this trade",
                rule="funds.reserved",
                field="most_ud",
                value=new.most_ud,
                remedy=f"{funds_ud - self.reserved_ud(new.buyer)} ud are free; deposit the rest",
            )
        committed = self.committed_wh(new.seller, new.start_s)
        if committed + new.energy_wh > capacity_wh:
            raise NotPermitted(
                "the same kWh cannot be sold twice",
                rule="energy.twice",
                field="energy_wh",
                value=new.energy_wh,
                remedy=f"{max(0, capacity_wh - committed)} Wh of the interval are not sold yet",
            )
        return self._with(new)

    def post(self, trade: str, delivered_wh: int, unit_ud_per_kwh: int) -> Escrow:
        """Release the money for delivered energy at a price with its fee; the rest returns."""
        r = self._of(trade)
        if not 0 <= delivered_wh <= r.energy_wh:
            raise InputError(
                "no more can be delivered than was agreed",
                rule="escrow.delivered",
                field="delivered_wh",
                value=delivered_wh,
                remedy=f"post 0 to {r.energy_wh} Wh; more goes to the pool",
            )
        paid = most_ud(delivered_wh, unit_ud_per_kwh)
        if paid > r.most_ud:
            raise NotPermitted(
                "a trade cannot cost more than was set aside for it",
                rule="escrow.most",
                field="unit_ud_per_kwh",
                value=unit_ud_per_kwh,
                remedy="post at the agreed price or below",
            )
        done = replace(r, state=EscrowState.POSTED, delivered_wh=Wh(delivered_wh), paid_ud=Ud(paid))
        return self._decided(r, done)

    def void(self, trade: str) -> Escrow:
        """Return everything: nothing was delivered, or the trade may not be."""
        r = self._of(trade)
        return self._decided(r, replace(r, state=EscrowState.VOID))

    def _open(self) -> list[Reservation]:
        return [r for r in self.held.values() if r.state is EscrowState.RESERVED]

    def _of(self, trade: str) -> Reservation:
        if trade not in self.held:
            raise InputError(
                "nothing is reserved under this id",
                rule="escrow.unknown",
                field="id",
                value=trade,
                remedy="reserve first",
            )
        return self.held[trade]

    def _decided(self, before: Reservation, after: Reservation) -> Escrow:
        if before == after:
            return self
        if before.state is not EscrowState.RESERVED:
            raise NotPermitted(
                f"the trade is {before.state} already",
                rule="escrow.final",
                field="id",
                value=before.id,
                remedy="what was decided is corrected by a record, never changed",
            )
        return self._with(after)

    def _with(self, r: Reservation) -> Escrow:
        return Escrow(MappingProxyType({**self.held, r.id: r}))
