"""Who acts for a household trust: m of n verified trustees, limits, and who replaces a lost one.

Mirrors ``HouseholdTrust`` on chain, which enforces the same; here the app and a reviewer can ask
before a transaction is sent, and the reason is named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, dollars, iso_utc


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust and its signing rule.

    ``single_limit_ud`` is what one trustee alone may buy for in a day (UTC) [ud];
    ``replacement_delay_s`` how long a trustee said to be lost may object [s]. ``term`` counts up
    with every change of trustees, so that an approval of a former trustee is worth nothing.
    """

    name: str
    trustees: tuple[str, ...]
    threshold: int
    single_limit_ud: Ud
    replacement_delay_s: int
    term: int = 1

    def __post_init__(self) -> None:
        """Refuse trustees that could not act, or whose rule would need more than all."""
        count = len(self.trustees)
        if not count or len(set(self.trustees)) < count or not 1 <= self.threshold <= count:
            raise InputError(
                "a trust has trustees, each named once, of whom one to all must act together",
                rule="trust.trustees",
                field="trustees",
                value=f"{self.threshold} of {count}",
                remedy="name the trustees and how many must sign",
            )


@dataclass(frozen=True, slots=True)
class Replacement:
    """A trustee about to be replaced; ``ready_s`` is None until all others have approved."""

    lost: str
    successor: str
    approved: tuple[str, ...]
    term: int
    ready_s: int | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """The trace a replacement leaves in the trust's record, for good."""

    trust: str
    lost: str
    successor: str
    approved: tuple[str, ...]
    at_s: int


def create_trust(trust: Trust, verified: Collection[str]) -> Trust:
    """The trust, if every trustee's identity is verified; NotPermitted otherwise."""
    for trustee in trust.trustees:
        _require_verified(trustee, verified)
    return trust


def require_signatures(trust: Trust, approvals: Collection[str], what: str) -> None:
    """Refuse an act that fewer than m trustees approved; only trustees' approvals count."""
    for actor in approvals:
        _require_trustee(trust, actor)
    if len(set(approvals)) < trust.threshold:
        raise NotPermitted(
            f"{what} needs {trust.threshold} of {len(trust.trustees)} trustees",
            rule="trust.signatures",
            field="approvals",
            value=len(set(approvals)),
            remedy="have another trustee sign",
        )


def require_purchase(
    trust: Trust, approvals: Collection[str], amount_ud: int, spent_today_ud: int, cash_ud: int
) -> None:
    """Refuse a purchase beyond what its signers may spend [ud].

    One trustee may buy up to the trust's limit a day, counted with what single trustees bought
    before (``spent_today_ud``); more needs m of n. Nobody spends more than the cash.
    """
    if amount_ud <= 0 or amount_ud > cash_ud:
        raise NotPermitted(
            "a purchase is paid from the trust's cash",
            rule="trust.cash",
            field="amount_ud",
            value=amount_ud,
            remedy=f"the trust has ${dollars(cash_ud)}; held parts and income are not cash",
        )
    if not approvals:
        raise NotPermitted(
            "a purchase needs a trustee",
            rule="trust.signatures",
            field="approvals",
            value=0,
            remedy="have a trustee sign",
        )
    if spent_today_ud + amount_ud > trust.single_limit_ud:
        limit = dollars(trust.single_limit_ud)
        require_signatures(trust, approvals, f"buying for more than ${limit} a day")
    else:
        for actor in approvals:
            _require_trustee(trust, actor)


def ask_replacement(
    trust: Trust,
    before: Replacement | None,
    actor: str,
    lost: str,
    successor: str,
    now_s: int,
    verified: Collection[str],
) -> Replacement:
    """The replacement with one more approval; the delay starts when all others have approved."""
    _require_trustee(trust, actor)
    _require_trustee(trust, lost)
    _require_verified(successor, verified)
    known = (
        before is not None
        and (before.lost, before.successor, before.term) == (lost, successor, trust.term)
    )  # fmt: skip
    approved = before.approved if known and before is not None else ()
    if actor == lost or successor in trust.trustees or actor in approved:
        raise NotPermitted(
            "the other trustees approve a new trustee, each once",
            rule="trust.replacement",
            field="actor",
            value=actor,
            remedy="another trustee signs, for someone who is none yet",
        )
    approved = (*approved, actor)
    ready = now_s + trust.replacement_delay_s
    complete = len(approved) == len(trust.trustees) - 1
    return Replacement(lost, successor, approved, trust.term, ready if complete else None)


def object_to_replacement(replacement: Replacement, actor: str) -> None:
    """The trustee said to be lost is not: the replacement is void. Others cannot stop it."""
    if actor != replacement.lost:
        raise NotPermitted(
            "only the trustee said to be lost may object",
            rule="trust.replacement",
            field="actor",
            value=actor,
            remedy="withdraw the own approval by proposing another successor",
        )


def finish_replacement(
    trust: Trust, replacement: Replacement, now_s: int
) -> tuple[Trust, Replaced]:
    """The trust with its new trustee, and the trace; refused before the delay is over."""
    if replacement.term != trust.term or replacement.ready_s is None:
        raise NotPermitted(
            "not all other trustees have approved this replacement",
            rule="trust.replacement",
            field="approved",
            value=len(replacement.approved),
            remedy="collect the other approvals",
        )
    if now_s < replacement.ready_s:
        raise NotPermitted(
            f"{replacement.lost} may object until {iso_utc(replacement.ready_s)}",
            rule="trust.replacement_delay",
            field="now_s",
            value=iso_utc(now_s),
            remedy="wait for the end of the delay",
        )
    trustees = tuple(
        replacement.successor if one == replacement.lost else one for one in trust.trustees
    )
    trace = Replaced(
        trust.name, replacement.lost, replacement.successor, replacement.approved, now_s
    )
    return replace(trust, trustees=trustees, term=trust.term + 1), trace


def _require_trustee(trust: Trust, actor: str) -> None:
    if actor not in trust.trustees:
        raise NotPermitted(
            f"{actor} is no trustee of {trust.name}",
            rule="trust.trustee",
            field="actor",
            value=actor,
            remedy="beneficiaries receive; trustees act",
        )


def _require_verified(person: str, verified: Collection[str]) -> None:
    if person not in verified:
        raise NotPermitted(
            f"{person} has no verified identity and cannot be a trustee",
            rule="trust.verified",
            field="trustees",
            value=person,
            remedy="verify the identity first",
        )
