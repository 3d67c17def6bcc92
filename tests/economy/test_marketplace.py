"""The marketplace's rules: what a transfer needs, what is reported, what raises a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.marketplace.credits import (
    Bought,
    Limits,
    Season,
    backing_up,
    cash_out_down,
    deliver,
    require_in_season,
    require_limits,
)
from sourceenergy.economy.marketplace.rulebook import (
    CANADA,
    DAY_S,
    EUROPE,
    PACKS,
    Transfer,
    in_currency_up,
    judge,
    large_transactions,
    pack_at,
    public_counts,
    require_export,
)
from sourceenergy.economy.marketplace.surveillance import (
    OrderLife,
    Pattern,
    Payment,
    Trade,
    Watch,
    concentrations,
    false_alarms_permille,
    spoofs,
    structuring,
    wash_trades,
)
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, UdPerKwh, Wh
from strategies_energy import law, utc

DOLLAR, CENT = 1_000_000, 10_000
NOW = utc("2026-01-15T18:00")
RATES = {"EUR": 620_000, "USD": 720_000}


def transfer(amount_ud: int, sender: str = "CA", receiver: str = "CA", **more: Any) -> Transfer:
    return Transfer("t1", NOW, "prosumer", "tenant", sender, receiver, Ud(amount_ud), **more)


# --- travel rule ------------------------------------------------------------------------------


def test_a_transfer_is_above_zero() -> None:
    with pytest.raises(InputError):
        judge(transfer(0), PACKS, RATES)


def test_without_a_rate_or_a_rule_nothing_is_judged() -> None:
    with pytest.raises(InputError) as rate:
        judge(transfer(DOLLAR, "EU"), PACKS, {})
    assert rate.value.rule == "rulebook.rate"
    with pytest.raises(InputError) as none:
        pack_at(PACKS, "CA", 0)
    assert none.value.rule == "rulebook.none"


def test_S21_canada_needs_data_from_1000_dollars() -> None:
    assert not judge(transfer(1_000 * DOLLAR - CENT), PACKS, RATES).held
    held = judge(transfer(1_000 * DOLLAR), PACKS, RATES)
    assert held.missing == ("travel_rule.originator", "travel_rule.beneficiary")
    half = judge(transfer(1_000 * DOLLAR, originator_data=True), PACKS, RATES)
    assert half.missing == ("travel_rule.beneficiary",)
    full = transfer(1_000 * DOLLAR, originator_data=True, beneficiary_data=True)
    assert not judge(full, PACKS, RATES).held


def test_S21_europe_needs_data_from_the_first_cent_between_providers() -> None:
    assert judge(transfer(CENT, "EU", "EU"), PACKS, RATES).held
    assert judge(transfer(CENT, "CA", "EU"), PACKS, RATES).held  # the strictest side decides


def test_S21_europe_needs_proof_of_an_own_wallet_above_1000_euros() -> None:
    at = 1_000 * DOLLAR * 10**6 // RATES["EUR"]
    assert in_currency_up(at, "EUR", RATES) == 1_000 * DOLLAR
    assert not judge(transfer(at, "EU", "EU", own_wallet=True), PACKS, RATES).held
    above = judge(transfer(at + 2, "EU", "EU", own_wallet=True), PACKS, RATES)
    assert above.missing == ("own_wallet.proof",)
    proven = transfer(at + 2, "EU", "EU", own_wallet=True, own_wallet_proof=True)
    assert not judge(proven, PACKS, RATES).held


def test_S21_an_unknown_country_is_the_strictest() -> None:
    assert judge(transfer(CENT, "XX", "CA"), PACKS, RATES).held
    strictest = pack_at(PACKS, "XX", NOW)
    assert strictest.travel_from == EUROPE.travel_from
    assert strictest.own_wallet_above == EUROPE.own_wallet_above


def test_S21_moving_country_changes_the_pack_at_once() -> None:
    assert not judge(transfer(500 * DOLLAR), PACKS, RATES).held
    assert judge(transfer(500 * DOLLAR, "EU"), PACKS, RATES).held


def test_S21_an_old_trade_is_judged_by_the_old_rule() -> None:
    stricter = replace(CANADA, from_s=NOW + 100, travel_from=500 * DOLLAR)
    packs = (stricter, *PACKS)
    old, new = transfer(600 * DOLLAR), replace(transfer(600 * DOLLAR), at_s=NOW + 100)
    assert not judge(old, packs, RATES).held
    assert judge(new, packs, RATES).held
    assert judge(old, packs, RATES).packs == (("CA", CANADA.from_s),)
    assert judge(new, packs, RATES).packs == (("CA", NOW + 100),)


# --- 24-hour aggregation ----------------------------------------------------------------------


def receipts(*parts: tuple[int, int], receiver: str = "prosumer") -> list[Transfer]:
    """(seconds from now, ud) each."""
    return [
        replace(transfer(amount), id=f"t{i}", at_s=NOW + after, receiver=receiver)
        for i, (after, amount) in enumerate(parts)
    ]


THREE = ((0, 4_000 * DOLLAR), (3_600, 3_500 * DOLLAR), (DAY_S, 2_500 * DOLLAR))


def test_S21_three_receipts_within_24_hours_make_one_draft_with_all_three() -> None:
    (draft,) = large_transactions(receipts(*THREE), PACKS, RATES)
    assert (draft.transfers, draft.total_ud) == (("t0", "t1", "t2"), 10_000 * DOLLAR)
    assert str(draft).startswith("prosumer received $10,000.00 in 3 payments from 2026-01-15T18")


@pytest.mark.parametrize("late_s", [1, 60, 3_600])
def test_S21_at_24_hours_and_a_minute_there_is_none(late_s: int) -> None:
    parts = (*THREE[:2], (DAY_S + late_s, 2_500 * DOLLAR))
    assert large_transactions(receipts(*parts), PACKS, RATES) == ()


@pytest.mark.parametrize("missing_ud", [CENT, 1])
def test_S21_9999_99_is_none(missing_ud: int) -> None:
    parts = (*THREE[:2], (DAY_S, 2_500 * DOLLAR - missing_ud))
    assert large_transactions(receipts(*parts), PACKS, RATES) == ()
    assert large_transactions(receipts((0, 9_999_990_000)), PACKS, RATES) == ()


def test_receipts_of_others_do_not_count_and_one_large_one_does() -> None:
    parts = [*receipts(*THREE[:2]), *receipts((9, 2_500 * DOLLAR), receiver="tenant")]
    assert large_transactions(parts, PACKS, RATES) == ()
    assert len(large_transactions(receipts((0, 10_000 * DOLLAR)), PACKS, RATES)) == 1


def test_windows_that_overlap_are_both_reported() -> None:
    six = 6_000 * DOLLAR
    drafts = large_transactions(receipts((0, six), (72_000, six), (108_000, six)), PACKS, RATES)
    assert [draft.transfers for draft in drafts] == [("t0", "t1"), ("t1", "t2")]


@law
@given(
    st.lists(st.tuples(st.integers(0, 3 * DAY_S), st.integers(1, 6_000 * DOLLAR)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_every_24_hours_at_the_threshold_are_in_a_draft(
    parts: list[tuple[int, int]], rng: Any
) -> None:
    made = receipts(*parts)
    drafts = large_transactions(made, PACKS, RATES)
    mixed = list(made)
    rng.shuffle(mixed)
    assert large_transactions(mixed, PACKS, RATES) == drafts
    for draft in drafts:
        assert draft.total_ud >= 10_000 * DOLLAR
        assert draft.last_s - draft.first_s <= DAY_S
    for first in made:
        window = {one.id: one.amount_ud for one in made if 0 <= one.at_s - first.at_s <= DAY_S}
        if sum(window.values()) >= 10_000 * DOLLAR:
            assert any(set(window) <= set(draft.transfers) for draft in drafts)


def test_S21_the_public_sees_counts_and_a_regulator_needs_two_officers() -> None:
    events = [("refused", "travel_rule.originator"), ("case", "spoof")] * 2
    assert public_counts(events) == {"case spoof": 2, "refused travel_rule.originator": 2}
    require_export({"officer 1", "officer 2"}, {"officer 1", "officer 2", "officer 3"})
    for signers in ({"officer 1"}, {"officer 1", "stranger"}):
        with pytest.raises(NotPermitted) as refusal:
            require_export(signers, {"officer 1", "officer 2"})
        assert refusal.value.rule == "rulebook.export"


# --- surveillance -----------------------------------------------------------------------------

WATCH = Watch()


def trade(number: int, buyer: str, seller: str, quantity: int = 1_000, after: int = 0) -> Trade:
    return Trade(f"trade {number}", NOW + after, buyer, seller, "credit", quantity, 120_000)


def test_S21_a_trade_with_oneself_raises_a_case_by_whatever_account() -> None:
    (case,) = wash_trades([trade(1, "wallet", "whale")], {"wallet": "whale"}, WATCH)
    assert (case.pattern, case.parties, case.evidence) == (
        Pattern.WASH_TRADE, ("wallet", "whale"), ("trade 1",),
    )  # fmt: skip


def test_S21_forth_and_back_is_a_wash_trade_and_a_market_is_not() -> None:
    forth, back = trade(1, "a", "b"), trade(2, "b", "a", 950, 600)
    (case,) = wash_trades([back, forth], {}, WATCH)
    assert case.evidence == ("trade 1", "trade 2")
    for other in (
        trade(2, "b", "a", 500, 600),
        trade(2, "b", "a", 1_000, 3_601),
        trade(2, "b", "c", 1_000, 600),
        replace(back, asset="certificate"),
    ):
        assert wash_trades([forth, other], {}, WATCH) == ()


SPOOFED = OrderLife("o1", "spoofer", "credit", True, 50_000, 0, NOW, NOW + 20)
USUAL = [OrderLife(f"u{i}", "m", "credit", True, 1_000 + i, 1_000, NOW - 9, None) for i in range(5)]


def test_S21_a_large_order_withdrawn_while_trading_the_other_way_is_a_spoof() -> None:
    sale = trade(1, "victim", "spoofer", after=10)
    (case,) = spoofs([SPOOFED, *USUAL], [sale], WATCH)
    assert (case.parties, case.evidence) == (("spoofer",), ("o1", "trade 1"))
    for order, sold in (
        (replace(SPOOFED, cancelled_s=None), sale),
        (replace(SPOOFED, cancelled_s=NOW + 61), sale),
        (replace(SPOOFED, filled=25_000), sale),
        (replace(SPOOFED, quantity=4_000), sale),
        (SPOOFED, trade(1, "spoofer", "victim", after=10)),
        (SPOOFED, trade(1, "victim", "spoofer", after=81)),
    ):
        assert spoofs([order, *USUAL], [sold], WATCH) == ()


def test_the_usual_size_is_that_of_the_other_orders() -> None:
    sale = trade(1, "victim", "spoofer", after=10)
    small = [replace(USUAL[0], id=f"s{i}", quantity=10_000) for i in range(2)]
    assert spoofs([SPOOFED], [sale], WATCH) == ()  # nothing to compare with
    assert len(spoofs([SPOOFED, *small], [sale], WATCH)) == 1
    assert spoofs([SPOOFED, *(replace(one, quantity=10_001) for one in small)], [sale], WATCH) == ()


def pay(number: int, dollars: int, day: int, party: str = "a") -> Payment:
    return Payment(f"p{number}", NOW + day * DAY_S, party, Ud(dollars * DOLLAR))


def test_S21_payments_just_below_the_threshold_raise_a_case() -> None:
    (case,) = structuring([pay(1, 9_500, 0), pay(2, 9_000, 2), pay(3, 9_900, 4)], WATCH)
    assert (case.pattern, case.evidence) == (Pattern.STRUCTURING, ("p1", "p2", "p3"))
    assert "make $28,400.00" in case.why
    quiet = [
        [pay(1, 9_500, 0), pay(2, 9_000, 2)],
        [pay(1, 9_500, 0), pay(2, 9_000, 2), pay(3, 10_000, 4)],  # reported anyway
        [pay(1, 9_500, 0), pay(2, 9_000, 2), pay(3, 500, 4)],
        [pay(1, 9_500, 0), pay(2, 9_000, 5), pay(3, 9_900, 10)],
        [pay(1, 9_500, 0), pay(2, 9_000, 2), pay(3, 9_900, 4, "b")],
    ]
    assert all(structuring(payments, WATCH) == () for payments in quiet)


def test_structuring_is_seen_in_the_middle_of_quiet_weeks() -> None:
    payments = [pay(0, 9_000, -20), pay(1, 9_500, 0), pay(2, 9_000, 6), pay(3, 9_900, 8)]
    assert structuring(payments, WATCH) == ()
    (case,) = structuring([*payments, pay(4, 9_100, 9)], WATCH)
    assert case.evidence == ("p2", "p3", "p4")


def test_S21_a_sudden_concentration_raises_a_case() -> None:
    before = {"a": Wh(100), "b": Wh(900)}
    (case,) = concentrations("credit", before, {"a": Wh(500), "b": Wh(500)}, WATCH, NOW)
    assert case.parties == ("a",)  # b held as much before
    assert "500 ‰ of credit, 100 ‰ the day before" in case.why
    assert concentrations("credit", before, before, WATCH, NOW) == ()
    assert concentrations("credit", {}, {}, WATCH, NOW) == ()
    with pytest.raises(InputError):
        concentrations("credit", {}, {"a": Wh(-1)}, WATCH, NOW)


def test_S21_the_rate_of_false_alarms_is_known() -> None:
    cases = wash_trades([trade(i, "w", "w") for i in range(3)], {}, WATCH)
    assert false_alarms_permille(cases, frozenset({("trade 0",)})) == 666
    assert false_alarms_permille((), frozenset()) == 0


@law
@given(st.permutations([trade(i, "ab"[i % 2], "ba"[i % 2], 1_000, 60 * i) for i in range(4)]))
def test_cases_do_not_depend_on_the_order_of_records(trades: list[Trade]) -> None:
    ordered = sorted(trades, key=lambda one: one.at_s)
    assert wash_trades(trades, {}, WATCH) == wash_trades(ordered, {}, WATCH)


# --- credits ----------------------------------------------------------------------------------

SEASON = Season("winter 2026", NOW, NOW + 90 * DAY_S, UdPerKwh(50_001))
LIMITS = Limits(Wh(100_000), Wh(40_000))


def test_a_season_has_a_length_and_a_price() -> None:
    for change in ({"end_s": NOW}, {"feed_in_ud_per_kwh": 0}):
        with pytest.raises(InputError):
            replace(SEASON, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("second", [NOW - 1, NOW + 90 * DAY_S])
def test_S20_credits_expire_with_their_season(second: int) -> None:
    with pytest.raises(NotPermitted) as refusal:
        require_in_season(SEASON, second)
    assert refusal.value.rule == "credit.out_of_season"
    require_in_season(SEASON, NOW)


def test_S20_credits_expire_at_delivery() -> None:
    assert deliver(SEASON, 5_000, 5_000, NOW) == 0
    for used in (5_001, -1):
        with pytest.raises(NotPermitted):
            deliver(SEASON, 5_000, used, NOW)


def test_S20_what_is_left_at_the_end_is_cashed_out_at_feed_in() -> None:
    with pytest.raises(NotPermitted):
        cash_out_down(SEASON, 1_001, SEASON.end_s - 1)
    assert cash_out_down(SEASON, 1_001, SEASON.end_s) == 50_051
    assert backing_up(SEASON, 1_001) == 50_052


def test_S20_position_and_daily_limits_hold() -> None:
    day = [Bought(NOW - DAY_S, Wh(30_000)), Bought(NOW - DAY_S - 1, Wh(40_000))]
    require_limits(LIMITS, 0, day, 10_000, NOW)
    with pytest.raises(NotPermitted) as daily:
        require_limits(LIMITS, 0, day, 10_001, NOW)
    assert daily.value.rule == "credit.daily"
    with pytest.raises(NotPermitted) as position:
        require_limits(LIMITS, 99_999, [], 2, NOW)
    assert position.value.rule == "credit.position"


@law
@given(st.lists(st.integers(0, 10**9), max_size=6), st.integers(1, 10**8))
def test_what_was_put_aside_covers_every_cash_out(balances: list[int], price: int) -> None:
    season = replace(SEASON, feed_in_ud_per_kwh=UdPerKwh(price))
    paid = sum(cash_out_down(season, balance, season.end_s) for balance in balances)
    assert paid <= backing_up(season, sum(balances)) <= paid + len(balances) + 1
