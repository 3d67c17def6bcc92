"""A country's rules as calls, and the leeway word that follows, compared with the contracts'."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.chain.deeds import deed_of
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.logs import Logged, now_s
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.chain.rule_packs import (
    FOREVER_S,
    Leeway,
    leeway_due,
    leeway_word,
    read_leeway,
    rules_acts,
    rules_from_chain,
)
from sourceenergy.chain.rules_now import country_rules, due_at, fold_versions, turn_over
from sourceenergy.chain.six_layers import RULES_AFTER_S
from sourceenergy.chain.steps import Later
from sourceenergy.config.rule_pack import Kind, RulePackFile, Rules, canada

NO_LIMIT, NO_CAP = 18_446_744_073_709_551_615, 4_294_967_295
limits = st.none() | st.integers(1, 1 << 60)
some_rules = st.builds(
    Rules,
    closed=st.booleans(),
    held_from=limits,
    daily_most=limits,
    lock_up_s=st.sampled_from([0, 86_400]),
    holders_most=st.none() | st.integers(0, 99),
    holding_most=limits,
    yearly_most=limits,
)


def pack_of(country: int, kinds: dict[Kind, Rules]) -> RulePackFile:
    return replace(canada(), country=country, kinds=kinds)


def set_event(kind: Kind, version: int, from_s: int, held_from: int) -> Logged:
    rules = {
        "from": from_s,
        "closed": False,
        "heldFrom": held_from,
        "dailyMost": NO_LIMIT,
        "lockUp": 0,
        "holdersMost": NO_CAP,
        "holdingMost": NO_LIMIT,
        "yearlyMost": NO_LIMIT,
    }
    values = {"kind": int(kind), "country": 276, "version": version, "rules": rules}
    return Logged("RulesSet", values, 1)


def test_a_deployment_sets_canadas_pack_with_these_words() -> None:
    free = (False, NO_LIMIT, NO_LIMIT, 0, NO_CAP, NO_LIMIT, NO_LIMIT)
    starts = Later(RULES_AFTER_S)
    acts = rules_acts(canada(), starts)
    assert [(act.target, act.function) for act in acts] == [("Compliance", "setRules")] * 4
    assert [act.arguments for act in acts] == [
        (1, 124, (starts, False, 1_000_000_000, *free[2:])),
        *((kind, 124, (starts, *free)) for kind in (2, 3, 4)),
    ]


def test_a_version_that_begins_earlier_replaces_those_after_it() -> None:
    versions = fold_versions(
        [
            set_event(Kind.MONEY, 1, 100, 7),
            set_event(Kind.MONEY, 2, 500, 8),
            set_event(Kind.MONEY, 2, 300, 9),  # before the second began
            set_event(Kind.CREDIT, 1, 200, 5),
        ]
    )
    assert [(v.from_s, v.rules.held_from) for v in versions[Kind.MONEY]] == [(100, 7), (300, 9)]
    assert due_at(versions, 99) is None
    asked = dict.fromkeys(Kind, 0)
    assert due_at(versions, 100) == Leeway(asked | {Kind.MONEY: 7}, 300)
    assert due_at(versions, 200) == Leeway(asked | {Kind.MONEY: 7, Kind.CREDIT: 5}, 300)
    assert due_at(versions, 300) == Leeway(asked | {Kind.MONEY: 9, Kind.CREDIT: 5}, FOREVER_S)


def test_only_rules_that_count_nothing_leave_leeway() -> None:
    rules = {
        Kind.MONEY: Rules(held_from=1000),
        Kind.CREDIT: Rules(),
        Kind.SHARE: Rules(closed=True),
    }
    assert leeway_due(rules) == {
        Kind.MONEY: 1000,
        Kind.CREDIT: None,
        Kind.SHARE: 0,
        Kind.CERTIFICATE: 0,
    }
    for counting in (
        Rules(daily_most=1),
        Rules(lock_up_s=1),
        Rules(holders_most=1),
        Rules(holding_most=1),
        Rules(yearly_most=1),
    ):
        assert leeway_due({Kind.MONEY: counting})[Kind.MONEY] == 0


# --- what is always true ----------------------------------------------------------------------


@given(st.integers(0, (1 << 232) - 1))
def test_every_leeway_word_is_read_and_written_alike(word: int) -> None:
    assert leeway_word(read_leeway(word)) == word


@given(some_rules)
def test_rules_come_back_from_the_chains_words_as_they_were(rules: Rules) -> None:
    (act,) = rules_acts(pack_of(276, {Kind.SHARE: rules}), 5)
    names = ("from", "closed", "heldFrom", "dailyMost", "lockUp", "holdersMost", "holdingMost")
    words = dict(zip((*names, "yearlyMost"), act.arguments[2], strict=True))  # type: ignore[call-overload]
    assert rules_from_chain(words) == rules


@pytest.mark.anyio
async def test_the_word_due_is_the_one_the_contracts_write(
    rpc: Rpc, gateway: Gateway, manifest: Manifest
) -> None:
    """Canada's own, then packs by chance for a dozen countries, set by the time lock itself."""
    before = await country_rules(rpc, manifest, 124)
    assert (before.due, before.must_turn_over) == (None, False)
    timelock = manifest.contracts["Timelock"].address
    await rpc.call("anvil_impersonateAccount", timelock)
    await rpc.call("anvil_setBalance", timelock, hex(10**18))
    chance, from_s = random.Random(7), await now_s(rpc) + 2 * RULES_AFTER_S
    for country in range(201, 213):
        kinds = {
            kind: Rules(
                closed=chance.random() < 0.1,
                held_from=chance.choice([None, 1, 10**9, (1 << 48) - 1, 1 << 60]),
                daily_most=chance.choice([None, None, None, 5]),
                lock_up_s=chance.choice([0, 0, 0, 86_400]),
            )
            for kind in Kind
            if chance.random() < 0.8
        }
        for act in rules_acts(pack_of(country, kinds), from_s + chance.randrange(600)):
            deed = deed_of(act.target, act.function, act.arguments, manifest)
            sent = {"from": timelock, "to": deed.contract.address, "data": "0x" + deed.data.hex()}
            await rpc.call("eth_sendTransaction", sent)
    await rpc.call("anvil_setNextBlockTimestamp", from_s + 600)
    await rpc.call("evm_mine")
    written = 0
    for country in (124, *range(201, 213)):
        due = await country_rules(rpc, manifest, country)
        turned = await turn_over(gateway, manifest, country)
        assert not turned.must_turn_over, country
        assert due.due == turned.due
        written += due.due is not None
        if turned.due is not None:
            assert turned.leeway == turned.due
    assert written >= 12
