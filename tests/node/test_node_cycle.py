"""The interval cycle with a real store and the test's clock: each interval once, each ud once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from small_community import ACCOUNTS, ANCHOR, COMMUNITY, NOON_S, OPERATOR, QUARTER_S, Street
from sourceenergy.audit.checks import check_bundle, check_member, check_public
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.node.cycle import Cycle
from sourceenergy.node.publish import Settled, prepare, remember
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.records import PostedStatement, Quality, Statement
from sourceenergy.settlement.bundle import read_bundle
from sourceenergy.settlement.published import read_member, read_public
from sourceenergy.store.sqlite import Store
from sourceenergy.units import ENERGY_MAX_WH

FUNDS_UD = 5_000_000
"""Five dollars for each of the three: enough for all that is shared here."""


def live(street: Street, from_s: int, to_s: int, every_s: int = 300, *names: str) -> None:
    """The homes read every five minutes: Ann gives 100 Wh, Ben draws 60 and Cleo 90 each time."""
    for at_s in range(from_s, to_s + 1, every_s):
        count = (at_s - NOON_S) // 300
        for name in names or tuple(street.homes):
            registers = {
                "ann": (10**6, 10**6 + 100 * count, 10**6 + 120 * count),
                "ben": (10**6 + 60 * count, 0, None),
                "cleo": (10**6 + 90 * count, 0, None),
            }[name]
            street.homes[name].read(at_s, *registers)


def quality(street: Street, start_s: int) -> dict[str, Quality]:
    return {r.meter: r.quality for r, _ in street.store.records(start_s, start_s + 1)}


def posted(street: Street) -> list[PostedStatement]:
    """The store's statements as the chain will hold them."""
    return [
        PostedStatement(Statement(**s.body), s.hash, 0, s.state == "vetoed", 1, "0x")
        for s in reversed(street.store.statements(1000))
    ]


def quarters(first: int, count: int) -> list[int]:
    return [NOON_S + QUARTER_S * n for n in range(first, first + count)]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    street.store.add_deposits(
        [(1, i, "0xfunds", a, FUNDS_UD) for i, a in enumerate(ACCOUNTS.values())]
    )
    yield street
    street.store.close()


# --- not yet ----------------------------------------------------------------------------------


def test_a_live_community_has_no_incentives_since_members_pay_from_funds(tmp_path: Path) -> None:
    table = """
[[incentive]]
policy = "P-7"
cents_per_kwh = "0.5"
budget_dollars = "100"
for = "shared"
from = 2026-01-01
to = 2026-02-01
"""
    with pytest.raises(InputError) as refusal:
        Street(tmp_path, text=COMMUNITY + table)
    assert refusal.value.rule == "incentive.funded"


def test_nothing_closes_without_readings(street: Street) -> None:
    street.at(NOON_S + 10**6)
    assert street.steps() == []
    assert street.store.last_period() is None


def test_the_first_interval_waits_for_every_home_until_grace_is_over(street: Street) -> None:
    live(street, NOON_S, NOON_S + 1800, 300, "ann", "ben")
    street.at(NOON_S + street.place.grace_s)
    street.send()
    assert street.steps() == []
    street.at(NOON_S + 1800 + street.place.grace_s)
    assert street.steps() == quarters(0, 2)
    assert quality(street, NOON_S)["cleo"] is Quality.MISSING


def test_an_interval_stays_open_until_its_end_and_its_last_reading(street: Street) -> None:
    live(street, NOON_S, NOON_S + 600)
    street.at(NOON_S + 899)
    street.send()
    assert street.steps() == []
    live(street, NOON_S + 900, NOON_S + 900, 300, "ann", "ben")
    street.at(NOON_S + 900)
    street.send()
    assert street.steps() == []  # Cleo is awaited
    live(street, NOON_S + 900, NOON_S + 900, 300, "cleo")
    street.send()
    assert street.steps() == [NOON_S]
    assert set(quality(street, NOON_S).values()) == {Quality.MEASURED}


def test_a_clock_ahead_does_not_close_an_interval_early(street: Street) -> None:
    live(street, NOON_S, NOON_S + 600)
    for home in street.homes.values():
        last = home.made[-1]
        home.read(NOON_S + 86_400, last.imported_wh + 5, last.exported_wh)
    street.at(NOON_S + 900)
    street.send()
    assert street.steps() == []
    assert street.store.last_interval() is None


# --- late and odd -----------------------------------------------------------------------------


def test_a_meter_that_comes_after_grace_is_missing_and_never_settled(street: Street) -> None:
    live(street, NOON_S, NOON_S + 1800)
    live(street, NOON_S + 2100, NOON_S + 3600, 300, "ann", "ben")
    street.at(NOON_S + 3600 + street.place.grace_s)
    street.send("ann", "ben")
    last = street.homes["cleo"].made[-1]
    assert last.utc_ms == (NOON_S + 1800) * 1000
    assert street.steps() == quarters(0, 4)
    results = dict(street.store.intervals(NOON_S, NOON_S + 9000))
    assert quality(street, NOON_S) == {
        "ann": Quality.MEASURED,
        "ben": Quality.MEASURED,
        "cleo": Quality.MISSING,
    }
    assert results[NOON_S]["bought"] == {"ann": 0, "ben": 180, "cleo": 0}
    before = street.files(1, "audit")
    live(street, NOON_S + 2100, NOON_S + 3600, 300, "cleo")
    street.send()  # too late for the first hour, in time for what follows
    live(street, NOON_S + 3900, NOON_S + 5400)
    street.at(NOON_S + 5400)
    street.send()
    assert street.steps() == quarters(4, 2)
    assert quality(street, NOON_S)["cleo"] is Quality.MISSING
    assert street.files(1, "audit") == before
    assert dict(street.store.intervals(NOON_S, NOON_S + 9000))[NOON_S + 3600]["bought"] == {
        "ann": 0,
        "ben": 120,  # 300 Wh of Ann's for 180 and 270 Wh that are needed
        "cleo": 180,
    }


def test_after_a_long_stop_the_homes_get_their_grace_again(street: Street) -> None:
    """What engines stored while the node was away is settled, not lost."""
    live(street, NOON_S, NOON_S + 900)
    street.at(NOON_S + 900)
    street.send()
    assert street.steps() == [NOON_S]
    live(street, NOON_S + 1200, NOON_S + 7200)
    street.at(NOON_S + 7200)
    street.restart()
    assert street.steps() == []  # the readings are still on their way
    street.send()
    assert street.steps() == quarters(1, 7)
    assert set(quality(street, NOON_S + 900).values()) == {Quality.MEASURED}


def test_where_estimates_are_refused_they_are_missing(tmp_path: Path) -> None:
    street = Street(tmp_path, text=COMMUNITY.replace('estimates = "accept"', ""))
    live(street, NOON_S, NOON_S + 1800, 1800, "ann")  # readings half an hour apart
    live(street, NOON_S, NOON_S + 1800, 300, "ben", "cleo")
    street.at(NOON_S + 1800)
    street.send()
    assert street.steps() == quarters(0, 2)
    assert quality(street, NOON_S)["ann"] is Quality.MISSING
    assert dict(street.store.intervals(NOON_S, NOON_S + 1))[NOON_S]["local_wh"] == 0


def test_where_estimates_are_accepted_they_are_settled_and_said_to_be_estimates(
    street: Street,
) -> None:
    live(street, NOON_S, NOON_S + 1800, 1800, "ann")
    live(street, NOON_S, NOON_S + 1800, 300, "ben", "cleo")
    street.at(NOON_S + 1800)
    street.send()
    street.steps()
    assert quality(street, NOON_S)["ann"] is Quality.ESTIMATED
    assert dict(street.store.intervals(NOON_S, NOON_S + 1))[NOON_S]["local_wh"] == 300


def test_a_register_that_leaps_beyond_any_meter_stops_nobody(street: Street) -> None:
    """One broken meter is left out; its neighbours are settled all the same."""
    live(street, NOON_S, NOON_S + 600)
    live(street, NOON_S + 900, NOON_S + 900, 300, "ann", "cleo")
    street.homes["ben"].read(NOON_S + 900, 2**62)
    street.at(NOON_S + 900 + street.place.grace_s)
    street.send()
    assert street.steps() == [NOON_S]
    assert quality(street, NOON_S)["ben"] is Quality.MISSING
    assert dict(street.store.intervals(NOON_S, NOON_S + 1))[NOON_S]["bought"]["cleo"] == 270
    assert [rule for _, _, _, rule, _ in street.store.refusals()] == ["energy.range"]
    assert ENERGY_MAX_WH < 2**62


# --- closed once ------------------------------------------------------------------------------


def test_an_interval_is_shared_priced_and_closed_once(street: Street) -> None:
    live(street, NOON_S, NOON_S + 900)
    street.at(NOON_S + 900)
    street.send()
    closed = street.cycle.step()
    assert closed is not None
    assert closed["start_s"] == NOON_S
    assert (closed["imported_wh"], closed["exported_wh"], closed["local_wh"]) == (450, 300, 300)
    assert closed["bought"] == {"ann": 0, "ben": 120, "cleo": 180}
    assert closed["sold"] == {"ann": 300, "ben": 0, "cleo": 0}
    assert closed["produced_wh"] == 360
    assert closed["traded"]
    assert closed["price"] == (closed["feed_in"] + closed["retail"] - closed["fee"]) // 2
    assert street.cycle.step() is None
    street.send()
    assert street.cycle.step() is None
    assert [start for start, _ in street.store.intervals(0, 2**40)] == [NOON_S]


def test_a_period_settles_into_a_statement_that_its_files_replay(street: Street) -> None:
    live(street, NOON_S, NOON_S + 3600)
    street.at(NOON_S + 3600)
    street.send()
    assert street.steps() == quarters(0, 4)
    first, second = posted(street)
    assert (first.statement.epoch, first.statement.previous) == (1, ZERO_HASH)
    assert (second.statement.epoch, second.statement.previous) == (2, first.hash)
    assert first.statement.end_s == second.statement.start_s == NOON_S + 1800
    for item in (first, second):
        public = read_public(street.files(item.statement.epoch, "public"))
        checks = check_public(public, posted(street))
        checks += check_bundle(street.files(item.statement.epoch, "audit"), public)
        for name in ACCOUNTS:
            own = street.files(item.statement.epoch, f"members/{name}")["proof.json"]
            checks += check_member(read_member(own), posted(street))
        assert [check for check in checks if not check.ok] == []
        assert public.statement == item.statement
    assert first.statement.local_wh == 600


# --- cut short --------------------------------------------------------------------------------


def test_a_node_that_restarts_after_every_step_settles_the_same(tmp_path: Path) -> None:
    """Once through, and once with a new process for each step: the same bytes on disk."""
    template = Street(tmp_path / "template")
    for subject in (*(f"{kind}:{name}" for kind in ("member", "meter") for name in ACCOUNTS),):
        template.store.secret(subject)  # both share them, so that pseudonyms are the same
    template.store.secret("operator:Elm Street")
    template.store.close()
    hashes = []
    for restarts in (False, True):
        folder = tmp_path / f"restarts-{restarts}"
        folder.mkdir()
        (folder / "node.sqlite").write_bytes((tmp_path / "template/node.sqlite").read_bytes())
        street = Street(folder)
        street.store.add_deposits([(1, 0, "0x", ACCOUNTS["ben"], FUNDS_UD)])
        for at_s in range(NOON_S, NOON_S + 3601, 300):
            live(street, at_s, at_s)
            street.at(at_s)
            for name in ACCOUNTS:
                street.send(name)
                if restarts:
                    street.restart()
                street.cycle.step()
                if restarts:
                    street.restart()
        hashes.append([s.hash for s in street.store.statements()])
        assert [start for start, _ in street.store.intervals(0, 2**40)] == quarters(0, 4)
        street.store.close()
    assert hashes[0] == hashes[1]
    written = sorted((tmp_path / "restarts-False/statements").rglob("*.*"))
    assert len(written) == 38
    for path in written:
        other = tmp_path / "restarts-True" / path.relative_to(tmp_path / "restarts-False")
        assert path.read_bytes() == other.read_bytes()


class Killed(BaseException):
    """Stands for ``kill -9`` at a chosen line."""


def _killed(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize("method", ["open_period", "add_interval", "statement", "add_statement"])
def test_a_kill_at_any_write_leaves_nothing_twice(
    street: Street, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    live(street, NOON_S, NOON_S + 1800)
    street.at(NOON_S + 1800)
    street.send()
    with monkeypatch.context() as cut:
        cut.setattr(Store, method, _killed)
        with pytest.raises(Killed):
            street.steps()
    street.restart()
    street.steps()
    assert [start for start, _ in street.store.intervals(0, 2**40)] == quarters(0, 2)
    (only,) = street.store.statements()
    assert only.body["deposits_ud"] == 3 * FUNDS_UD
    public = read_public(street.files(1, "public"))
    assert [c for c in check_bundle(street.files(1, "audit"), public) if not c.ok] == []


def test_a_kill_between_files_and_memory_writes_the_same_files_again(street: Street) -> None:
    live(street, NOON_S, NOON_S + 1800)
    street.at(NOON_S + 1800)
    street.send()

    def written_then_killed(epoch: int, files: dict[str, bytes]) -> Path:
        street.write(epoch, files)
        raise Killed

    cut = Cycle(street.store, street.place, street.clock, written_then_killed)
    cut.step()
    with pytest.raises(Killed):
        cut.step()
    assert street.store.statements() == []
    before = street.files(1, "public") | street.files(1, "audit")
    street.restart()
    assert street.steps() == []  # both intervals were closed
    assert street.files(1, "public") | street.files(1, "audit") == before
    (only,) = street.store.statements()
    assert only.hash == read_public(street.files(1, "public")).hash
    street.restart()
    assert street.steps() == []
    assert street.store.statements() == [only]


def test_another_result_for_a_settled_period_is_refused(street: Street) -> None:
    live(street, NOON_S, NOON_S + 1800)
    street.at(NOON_S + 1800)
    street.send()
    street.steps()
    before = street.store.statements()
    other = _settled_from_files(street, 1)
    other.period.imported[0, 1] += 1
    changed = prepare(
        other.period, street.place.tariffs_text, ANCHOR, 1, ZERO_HASH, tuple(ACCOUNTS)
    )
    with pytest.raises(NotPermitted) as refused:
        remember(street.store, changed)
    assert refused.value.rule == "statement.immutable"
    assert street.store.statements() == before
    same = _settled_from_files(street, 1)
    assert remember(street.store, same) == before[0]


def _settled_from_files(street: Street, epoch: int) -> Settled:
    period = read_bundle(street.files(epoch, "audit")).period
    return prepare(period, street.place.tariffs_text, ANCHOR, epoch, ZERO_HASH, tuple(ACCOUNTS))


# --- money ------------------------------------------------------------------------------------


def run(street: Street, count: int, after: Callable[[int], None] = lambda n: None) -> None:
    """``count`` periods of two intervals, one by one."""
    for number in range(count):
        start_s = NOON_S + 1800 * number
        live(street, start_s + (300 if number else 0), start_s + 1800)
        street.at(start_s + 1800)
        street.send()
        assert len(street.steps()) == 2
        after(number)


def test_accounts_roll_over_periods_and_deposits_count_once(street: Street) -> None:
    def more(number: int) -> None:
        if number == 1:
            street.store.add_deposits([(9, 0, "0xmore", ACCOUNTS["cleo"], 1_000_000)])

    run(street, 4, more)
    bodies = [s.body for s in reversed(street.store.statements())]
    assert [b["deposits_ud"] for b in bodies] == [15_000_000] * 2 + [16_000_000] * 2
    assert all(b["deposits_ud"] == b["payouts_ud"] + b["balances_ud"] for b in bodies)
    payouts = [b["payouts_ud"] for b in bodies]
    assert payouts == sorted(payouts)
    assert payouts[0] > 0
    periods = [street.store.period(epoch) for epoch in (1, 2, 3, 4)]
    closings = [s.closing for s in reversed(street.store.statements())]
    for period, closing in zip(periods[1:], closings, strict=False):
        assert period is not None
        assert period.opening == closing
    assert [p.deposits for p in periods if p] == [
        dict.fromkeys(ACCOUNTS.values(), FUNDS_UD),
        {},
        {ACCOUNTS["cleo"]: 1_000_000},
        {},
    ]
    # Ann earned what she sold, the operator the fees; both out of what Ben and Cleo paid in.
    last = closings[-1]
    assert last[ACCOUNTS["ann"]][2] == FUNDS_UD
    spent = 11_000_000 - last[ACCOUNTS["ben"]][2] - last[ACCOUNTS["cleo"]][2]
    assert spent == last[ACCOUNTS["ann"]][1] + last[OPERATOR][1] > 0


def test_who_has_no_funds_buys_from_the_grid_alone(tmp_path: Path) -> None:
    street = Street(tmp_path)
    street.store.add_deposits([(1, 0, "0x", ACCOUNTS["cleo"], FUNDS_UD)])
    run(street, 1)
    result = dict(street.store.intervals(NOON_S, NOON_S + 1))[NOON_S]
    assert result["bought"] == {"ann": 0, "ben": 0, "cleo": 270}


def test_an_exit_is_served_with_everything_the_account_holds(street: Street) -> None:
    run(street, 1)
    held = street.store.statements()[0].closing[ACCOUNTS["ben"]]
    street.store.add_exits([(ACCOUNTS["ben"], 20)])
    live(street, NOON_S + 2100, NOON_S + 3600)
    street.at(NOON_S + 3600)
    street.send()
    street.steps()
    served = street.store.statements()[0]
    assert served.closing[ACCOUNTS["ben"]] == [FUNDS_UD, held[1] + held[2], 0]
    results = dict(street.store.intervals(NOON_S + 1800, NOON_S + 3600))
    assert [r["bought"]["ben"] for r in results.values()] == [0, 0]  # who leaves trades no more
    own = read_member(street.files(2, "members/ben")["proof.json"])
    assert own.exit
    assert own.payout_leaf.balance_ud == 0
    assert [c for c in check_member(own, posted(street)) if not c.ok] == []


def test_an_exit_that_comes_while_a_period_is_open_waits_for_the_next(street: Street) -> None:
    live(street, NOON_S, NOON_S + 900)
    street.at(NOON_S + 900)
    street.send()
    street.cycle.step()
    street.store.add_exits([(ACCOUNTS["ben"], 20)])
    live(street, NOON_S + 1200, NOON_S + 1800)
    street.at(NOON_S + 1800)
    street.send()
    street.steps()
    assert street.store.statements()[0].closing[ACCOUNTS["ben"]][2] > 0
    live(street, NOON_S + 2100, NOON_S + 3600)
    street.at(NOON_S + 3600)
    street.send()
    street.steps()
    assert street.store.statements()[0].closing[ACCOUNTS["ben"]][2] == 0


# --- the days when clocks change --------------------------------------------------------------


@pytest.mark.parametrize(("day", "count"), [((2025, 11, 2), 100), ((2026, 3, 8), 92)])
def test_on_a_day_when_clocks_change_every_quarter_hour_settles_once(
    tmp_path: Path, day: tuple[int, int, int], count: int
) -> None:
    zone = ZoneInfo("America/Toronto")
    start_s = int(datetime(*day, tzinfo=zone).timestamp())
    end_s = int(datetime(day[0], day[1], day[2] + 1, tzinfo=zone).timestamp())
    street = Street(tmp_path, start_s, commit_intervals=20)
    for at_s in range(start_s, end_s + 1, 450):
        street.homes["ann"].read(at_s, 0, (at_s - start_s) // 3)
        street.homes["ben"].read(at_s, (at_s - start_s) // 5)
        street.homes["cleo"].read(at_s, (at_s - start_s) // 9)
    street.at(end_s)
    street.send()
    assert street.steps() == list(range(start_s, end_s, QUARTER_S))
    records = street.store.records(start_s, end_s)
    assert len(records) == 3 * count
    assert {r.quality for r, _ in records} == {Quality.MEASURED}
    for meter, register in (("ann", 0), ("ben", (end_s - start_s) // 5)):
        assert sum(r.imported_wh for r, _ in records if r.meter == meter) == register
    assert len(street.store.statements()) == count // 20
    street.store.close()


def test_under_tiers_a_period_knows_what_the_month_used_before_it(tmp_path: Path) -> None:
    street = Street(tmp_path, text=COMMUNITY.replace("ontario_time_of_use", "ontario_tiered"))
    live(street, NOON_S, NOON_S + 3600)
    street.at(NOON_S + 3600)
    street.send()
    assert street.steps() == quarters(0, 4)
    first, second = (read_bundle(street.files(epoch, "audit")).period for epoch in (1, 2))
    assert set(first.used_before_wh.values()) == {0}
    used = {name: second.used_before_wh.get(account, 0) for name, account in ACCOUNTS.items()}
    assert (used["ann"], used["cleo"]) == (0, 6 * 90)
