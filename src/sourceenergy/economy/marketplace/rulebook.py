"""Rule packs by country: what a transfer needs, what a day's receipts must be reported for.

A trade is judged by the pack in force at its time. A country without a pack is judged by the
strictest of all packs. Amounts of a pack are in its own currency [10⁻⁶]; a rate converts, rounded
up, against the payer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sourceenergy.economy._cents import PPM
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, dollars, iso_utc

DAY_S = 86_400
UNITS = 1_000_000
ALWAYS_UNITS = 1
"""A threshold met by every payment: the first millionth."""


@dataclass(frozen=True, slots=True)
class RulePack:
    """One country's rules from ``from_s`` on; amounts in millionths of ``currency``.

    ``travel_from``: from this amount on, originator and beneficiary data go with a transfer between
    providers. ``own_wallet_above``: above it, an owner proves a wallet is theirs; None: never.
    ``report_from``: receipts within 24 hours that add up to it are reported.
    """

    country: str
    from_s: int
    currency: str
    travel_from: int
    own_wallet_above: int | None
    report_from: int
    source: str


CANADA = RulePack(
    "CA", 1_622_520_000, "CAD", 1_000 * UNITS, None, 10_000 * UNITS,
    "PCMLTF Regulations: travel rule and large virtual currency transactions, from 2021-06-01",
)  # fmt: skip
EUROPE = RulePack(
    "EU", 1_735_516_800, "EUR", ALWAYS_UNITS, 1_000 * UNITS, 10_000 * UNITS,
    "Regulation (EU) 2023/1113, from 2024-12-30",
)  # fmt: skip
UNITED_STATES = RulePack(
    "US", 833_241_600, "USD", 3_000 * UNITS, None, 10_000 * UNITS,
    "31 CFR 1010.410(f) and 1010.311, from 1996-05-28",
)  # fmt: skip
PACKS = (CANADA, EUROPE, UNITED_STATES)
"""The packs shipped; a later version is one more record with its date."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment to be judged [ud, CAD]; ``own_wallet``: no provider on the other side."""

    id: str
    at_s: int
    sender: str
    receiver: str
    sender_country: str
    receiver_country: str
    amount_ud: Ud
    originator_data: bool = False
    beneficiary_data: bool = False
    own_wallet: bool = False
    own_wallet_proof: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a transfer may go, or what holds it, by name."""

    transfer: str
    held: bool
    missing: tuple[str, ...]
    packs: tuple[tuple[str, int], ...]  # country and date of the rules applied


def pack_at(packs: Sequence[RulePack], country: str, second: int) -> RulePack:
    """The rules of ``country`` in force at ``second``; unknown: the strictest of all.

    The strictest takes each rule's lowest threshold, whatever the currency.
    """
    in_force: dict[str, RulePack] = {}
    for pack in sorted(packs, key=lambda one: one.from_s):
        if pack.from_s <= second:
            in_force[pack.country] = pack
    if country in in_force:
        return in_force[country]
    if not in_force:
        raise InputError(
            "no rules were in force then",
            rule="rulebook.none",
            field="second",
            value=iso_utc(second),
            remedy="load rule packs; without rules nothing is traded",
        )
    others = in_force.values()
    proofs = [one.own_wallet_above for one in others if one.own_wallet_above is not None]
    return RulePack(
        country,
        max(one.from_s for one in others),
        "any",
        min(one.travel_from for one in others),
        min(proofs, default=None),
        min(one.report_from for one in others),
        "strictest of all packs: no pack for this country",
    )


def in_currency_up(amount_ud: int, currency: str, rates_ppm: Mapping[str, int]) -> int:
    """An amount of CAD in a pack's currency [10⁻⁶], rounded up.

    ``rates_ppm`` are units of each currency for a million dollars; "any" takes the highest.
    """
    known = {"CAD": PPM, **rates_ppm}
    if currency != "any" and currency not in known:
        raise InputError(
            f"no rate for {currency}",
            rule="rulebook.rate",
            field="rates_ppm",
            value=currency,
            remedy="give the day's rate",
        )
    rate = max(known.values()) if currency == "any" else known[currency]
    return -(-amount_ud * rate // PPM)


def judge(transfer: Transfer, packs: Sequence[RulePack], rates_ppm: Mapping[str, int]) -> Judgement:
    """What the rules of both sides' countries, at the transfer's time, still want."""
    if transfer.amount_ud <= 0:
        raise InputError(
            "a transfer is above zero",
            rule="rulebook.amount",
            field="amount_ud",
            value=transfer.amount_ud,
            remedy="name an amount",
        )
    missing: list[str] = []
    applied = []
    for country in sorted({transfer.sender_country, transfer.receiver_country}):
        pack = pack_at(packs, country, transfer.at_s)
        applied.append((country, pack.from_s))
        amount = in_currency_up(transfer.amount_ud, pack.currency, rates_ppm)
        if amount >= pack.travel_from and not transfer.own_wallet:
            if not transfer.originator_data:
                missing.append("travel_rule.originator")
            if not transfer.beneficiary_data:
                missing.append("travel_rule.beneficiary")
        limit = pack.own_wallet_above
        needs_proof = transfer.own_wallet and limit is not None and amount > limit
        if needs_proof and not transfer.own_wallet_proof:
            missing.append("own_wallet.proof")
    wanted = tuple(dict.fromkeys(missing))
    return Judgement(transfer.id, bool(wanted), wanted, tuple(applied))


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A large-transaction report to be checked by an officer: all receipts of the 24 hours."""

    party: str
    transfers: tuple[str, ...]
    total_ud: Ud
    first_s: int
    last_s: int

    def __str__(self) -> str:
        """For the officer."""
        return (
            f"{self.party} received ${dollars(self.total_ud)} in {len(self.transfers)} payments"
            f" from {iso_utc(self.first_s)} to {iso_utc(self.last_s)}"
        )


def large_transactions(
    transfers: Sequence[Transfer], packs: Sequence[RulePack], rates_ppm: Mapping[str, int]
) -> tuple[ReportDraft, ...]:
    """Drafts for every 24 hours (the last second included) whose receipts reach the threshold.

    A party's receipts are judged by the pack of its country at the last of them; windows that lie
    within a longer one are left out. Order does not matter.
    """
    by_party: dict[str, list[Transfer]] = {}
    for one in sorted(transfers, key=lambda one: (one.at_s, one.id)):
        by_party.setdefault(one.receiver, []).append(one)
    drafts: list[ReportDraft] = []
    for party in sorted(by_party):
        receipts, start, before = by_party[party], 0, -1
        for end, last in enumerate(receipts):
            while last.at_s - receipts[start].at_s > DAY_S:
                start += 1
            grows = end + 1 < len(receipts) and (
                receipts[end + 1].at_s - receipts[start].at_s <= DAY_S
            )
            if grows or start == before:
                continue
            window = receipts[start : end + 1]
            total = sum(one.amount_ud for one in window)
            pack = pack_at(packs, last.receiver_country, last.at_s)
            if in_currency_up(total, pack.currency, rates_ppm) < pack.report_from:
                continue
            before = start
            drafts.append(
                ReportDraft(
                    party,
                    tuple(one.id for one in window),
                    Ud(total),
                    window[0].at_s,
                    last.at_s,
                )
            )
    return tuple(drafts)


# --- what the public and a regulator see ------------------------------------------------------


def public_counts(events: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Counts of (kind, rule) such as ("refused", "travel_rule.originator"): no party, no amount."""
    counts = Counter(f"{kind} {rule}" for kind, rule in events)
    return {name: counts[name] for name in sorted(counts)}


def require_export(signers: Collection[str], officers: Collection[str]) -> None:
    """A regulator's export, which names people, needs two officers."""
    if len(set(signers) & set(officers)) < 2:
        raise NotPermitted(
            "an export to a regulator needs two officers' signatures",
            rule="rulebook.export",
            field="signers",
            value=len(set(signers) & set(officers)),
            remedy="have a second officer sign",
        )
