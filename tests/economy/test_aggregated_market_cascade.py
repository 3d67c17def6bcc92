"""The money comes down the ladder: every level to the cent, every share once."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.aggregated_market.cascade import (
    Cascade,
    Contributor,
    Level,
    ReceiverClass,
    Sale,
    Share,
    Terms,
    arrows,
    cascade,
    check_cascade,
    check_level,
    class_level,
    explain_share,
    level_below,
    payments_due,
    require_new_sale,
    revenue_down,
    share_leaf,
    share_salt,
    trace_of,
)
from sourceenergy.errors import InputError, InvariantBroken, NotPermitted
from sourceenergy.proofs import keccak, merkle_levels, merkle_proof, merkle_root, merkle_verify
from sourceenergy.units import Ud, Wh
from strategies_energy import account, digest, law

CENT = 10_000
TERMS = Terms(fee_ppm=10_000, levy_ppm=20_000)
PROSUMER = Contributor(4, account(4), Wh(90_000))
PROSUMER_2 = Contributor(9, account(9), Wh(30_000))
TRUST = Contributor(2, account(2), Wh(80_500))
COOP_MEMBERS = tuple(
    Contributor(i, account(100 + i), Wh(wh)) for i, wh in enumerate((200_000, 100_000, 49_500))
)
COOP = Contributor(1, account(1), Wh(349_500), COOP_MEMBERS)
POOL = {
    ReceiverClass.INDIVIDUAL: (PROSUMER, PROSUMER_2),
    ReceiverClass.TRUST: (TRUST,),
    ReceiverClass.ENTITY: (COOP,),
}


def sale(revenue_ud: int = 33_000_000, pool: int = 7, run: int = 1) -> Sale:
    return Sale(pool, run, Ud(revenue_ud), digest("trace"))


def by_name(result: Cascade) -> dict[str, Level]:
    return {level.name: level for level in result.levels}


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("revenue_ud", [0, -330_000, 33_000_001])
def test_revenue_is_whole_cents_above_zero(revenue_ud: int) -> None:
    with pytest.raises(InputError) as refusal:
        cascade(sale(revenue_ud), TERMS, POOL)
    assert refusal.value.rule == "cascade.revenue"


@pytest.mark.parametrize(("fee", "levy"), [(50_001, 0), (0, 50_001), (-1, 0)])
def test_fee_and_levy_keep_within_their_bounds(fee: int, levy: int) -> None:
    with pytest.raises(InputError) as refusal:
        Terms(fee, levy)
    assert refusal.value.rule == "cascade.terms"


def test_a_sale_without_contributors_is_refused() -> None:
    with pytest.raises(InputError, match="nobody contributed"):
        cascade(sale(), TERMS, {})


def test_a_number_stands_once_in_a_level() -> None:
    twice = {ReceiverClass.INDIVIDUAL: (PROSUMER, replace(PROSUMER_2, number=4))}
    with pytest.raises(InputError) as refusal:
        cascade(sale(), TERMS, twice)
    assert refusal.value.rule == "cascade.numbers"


@pytest.mark.parametrize("missing_wh", [1, -1])
def test_members_energy_is_the_entitys_energy(missing_wh: int) -> None:
    off = replace(COOP, energy_wh=Wh(COOP.energy_wh + missing_wh))
    with pytest.raises(InputError) as refusal:
        cascade(sale(), TERMS, {ReceiverClass.ENTITY: (off,)})
    assert refusal.value.rule == "cascade.energy"


def test_S19_refuses_to_distribute_more_than_came_in() -> None:
    level = by_name(cascade(sale(), TERMS, POOL))["individuals"]
    first, *others = level.shares
    more = replace(level, shares=(replace(first, amount_ud=Ud(first.amount_ud + CENT)), *others))
    with pytest.raises(InvariantBroken) as refusal:
        check_level(more)
    assert refusal.value.rule == "cascade.conserved"


def test_S19_a_share_that_is_not_its_fraction_is_refused_although_the_sum_is_right() -> None:
    level = by_name(cascade(sale(), TERMS, POOL))["individuals"]
    one, other = level.shares
    moved = (
        replace(one, amount_ud=Ud(one.amount_ud + CENT)),
        replace(other, amount_ud=Ud(other.amount_ud - CENT)),
    )
    with pytest.raises(InvariantBroken) as refusal:
        check_level(replace(level, shares=moved))
    assert refusal.value.rule == "cascade.fraction"


def test_S19_not_a_cent_is_moved_where_fractions_are_whole_cents() -> None:
    halves = (Contributor(1, account(1), Wh(5)), Contributor(2, account(2), Wh(5)))
    (level,) = cascade(sale(10 * CENT), Terms(0, 0), {ReceiverClass.TRUST: halves}).levels
    assert [share.amount_ud for share in level.shares] == [5 * CENT, 5 * CENT]
    moved = zip(level.shares, (6 * CENT, 4 * CENT), strict=True)
    shares = tuple(replace(share, amount_ud=Ud(amount)) for share, amount in moved)
    with pytest.raises(InvariantBroken) as refusal:
        check_level(replace(level, shares=shares))
    assert refusal.value.rule == "cascade.fraction"


def test_a_level_that_got_more_than_its_share_above_is_refused() -> None:
    result = cascade(sale(), TERMS, POOL)
    with pytest.raises(InvariantBroken):
        check_cascade(replace(result, fee_ud=Ud(0)))


def test_a_run_is_sold_once_and_the_same_again_is_known() -> None:
    settled = {(7, 1): sale()}
    assert require_new_sale({}, sale())
    assert not require_new_sale(settled, sale())
    assert require_new_sale(settled, sale(run=2))
    with pytest.raises(NotPermitted) as refusal:
        require_new_sale(settled, sale(33_010_000))
    assert refusal.value.rule == "cascade.sold_once"


# --- S19 --------------------------------------------------------------------------------------


def test_S17_the_three_classes_make_one_pool_of_550_kWh() -> None:
    levels = by_name(cascade(sale(), TERMS, POOL))
    weights = [levels[name].weight_wh for name in ("individuals", "trusts", "entities")]
    assert weights == [120_000, 80_500, 349_500]
    assert sum(weights) == 550_000


def test_S19_33_dollars_come_down_to_the_cent() -> None:
    assert revenue_down(550_000, 60_000) == 33_000_000  # $60 a MWh
    result = cascade(sale(), TERMS, POOL)
    assert (result.fee_ud, result.levy_ud) == (330_000, 660_000)
    assert result.distributable_ud == 32_010_000
    levels = by_name(result)
    assert levels["entities"].amount_ud == 20_340_000
    assert levels["trusts"].amount_ud == 4_690_000
    assert levels["individuals"].amount_ud == 6_980_000
    amounts = {share.account: share.amount_ud for share in levels["individuals"].shares}
    assert amounts == {PROSUMER.account: 5_240_000, PROSUMER_2.account: 1_740_000}


@pytest.mark.parametrize(
    ("revenue", "fee", "levy", "entities", "trusts", "individuals"),
    [
        (1, 0, 0, 1, 0, 0),  # one cent: the largest remainder
        (99, 0, 1, 62, 14, 22),  # 62.27, 14.34, 21.38 of 98
        (100, 1, 2, 62, 14, 21),  # 61.64, 14.20, 21.16 of 97
        (10_000, 100, 200, 6_164, 1_420, 2_116),  # 6163.91, 1419.73, 2116.36
    ],
)
def test_S19_other_revenues_by_hand_in_cents(
    revenue: int, fee: int, levy: int, entities: int, trusts: int, individuals: int
) -> None:
    result = cascade(sale(revenue * CENT), TERMS, POOL)
    assert (result.fee_ud, result.levy_ud) == (fee * CENT, levy * CENT)
    amounts = {level.name: level.amount_ud // CENT for level in result.levels}
    assert (amounts["entities"], amounts["trusts"], amounts["individuals"]) == (
        entities, trusts, individuals,
    )  # fmt: skip


def test_S19_a_tie_goes_to_the_lower_member_number_whatever_its_share() -> None:
    swapped = {
        **POOL,
        ReceiverClass.INDIVIDUAL: (replace(PROSUMER, number=9), replace(PROSUMER_2, number=4)),
    }
    shares = by_name(cascade(sale(), TERMS, swapped))["individuals"].shares
    assert [share.amount_ud for share in shares] == [1_750_000, 5_230_000]


def test_S19_an_entity_passes_its_share_down_to_its_members() -> None:
    levels = by_name(cascade(sale(), TERMS, POOL))
    entity = levels["entities"].shares[0]
    below = levels["entities/1"]
    assert entity.below == below.id
    assert below.amount_ud == 20_340_000
    assert [share.amount_ud for share in below.shares] == [11_640_000, 5_820_000, 2_880_000]


def test_S19_a_second_start_pays_nothing_more() -> None:
    result = cascade(sale(), TERMS, POOL)
    first = payments_due(result, set(), set())
    assert sum(one.amount_ud for one in first.payments) == result.distributable_ud
    again = payments_due(result, {one.key for one in first.payments}, set())
    assert again.payments == ()


def test_S19_after_a_power_cut_the_run_completes_without_loss_or_doubles() -> None:
    result = cascade(sale(), TERMS, POOL)
    whole = payments_due(result, set(), set()).payments
    for cut in range(len(whole) + 1):
        journal = {one.key for one in whole[:cut]}
        assert payments_due(result, journal, set()).payments == whole[cut:]


def test_S19_a_frozen_share_is_held_and_the_others_are_paid() -> None:
    result = cascade(sale(), TERMS, POOL)
    due = payments_due(result, set(), {PROSUMER_2.account})
    assert [(one.account, one.amount_ud) for one in due.held] == [(PROSUMER_2.account, 1_740_000)]
    assert sum(one.amount_ud for one in due.payments) == 32_010_000 - 1_740_000
    later = payments_due(result, {one.key for one in due.payments}, set())
    assert [one.account for one in later.payments] == [PROSUMER_2.account]


def test_S19_a_frozen_entity_is_held_with_all_below_it() -> None:
    result = cascade(sale(), TERMS, POOL)
    due = payments_due(result, set(), {COOP.account})
    assert [(one.account, one.amount_ud) for one in due.held] == [(COOP.account, 20_340_000)]
    assert {one.account for one in due.payments} == {
        PROSUMER.account, PROSUMER_2.account, TRUST.account,
    }  # fmt: skip


def test_S19_one_trace_shows_every_arrow() -> None:
    steps = list(arrows(cascade(sale(), TERMS, POOL)))
    assert {step.trace for step in steps} == {digest("trace")}
    assert sum(step.amount_ud for step in steps if step.source == "sale") == 33_000_000
    inner = {step.source for step in steps} - {"grid"}
    for node in inner:
        came = sum(step.amount_ud for step in steps if step.target == node)
        went = sum(step.amount_ud for step in steps if step.source == node)
        assert came == went, node


def test_S19_each_receiver_has_a_proof_of_its_fraction() -> None:
    level = by_name(cascade(sale(), TERMS, POOL))["individuals"]
    salts = [share_salt(b"k" * 32, level.id, share.number) for share in level.shares]
    leaves = [
        share_leaf(level.id, share, salt) for share, salt in zip(level.shares, salts, strict=True)
    ]
    tree = merkle_levels(leaves)
    for index, leaf in enumerate(leaves):
        assert merkle_verify(leaf, merkle_proof(tree, index), merkle_root(leaves))
    forged = replace(level.shares[0], amount_ud=Ud(level.shares[0].amount_ud + CENT))
    forged_leaf = share_leaf(level.id, forged, salts[0])
    assert not merkle_verify(forged_leaf, merkle_proof(tree, 0), merkle_root(leaves))
    assert explain_share(level, level.shares[0]) == (
        "90000 of 120000 Wh of individuals: $5.24 of $6.98"
    )


def test_S19_ids_and_leaves_are_those_of_the_contract() -> None:
    """Against an independent encoder of Solidity's abi.encode."""
    contract, level = "0x" + "ab" * 20, bytes.fromhex(digest("level"))
    assert (
        trace_of(31337, contract, 7, 2)
        == keccak(
            encode(["uint256", "address", "uint256", "uint32"], [31337, contract, 7, 2])
        ).hex()
    )
    assert (
        class_level(7, 2, ReceiverClass.ENTITY)
        == keccak(encode(["uint256", "uint32", "uint8"], [7, 2, 2])).hex()
    )
    assert level_below(level.hex(), 5) == keccak(encode(["bytes32", "uint32"], [level, 5])).hex()
    share = Share(5, account(5), Wh(90_000), Ud(5_240_000), "")
    inner = encode(
        ["bytes32", "(uint32,address,uint128,uint128,bytes32)"],
        [level, (5, account(5), 90_000, 5_240_000, bytes.fromhex(digest("salt")))],
    )
    assert share_leaf(level.hex(), share, digest("salt")) == keccak(keccak(inner))


def test_S19_ids_and_a_leaf_that_the_contract_gave() -> None:
    """Values of ``RevenueCascade`` on an EVM."""
    level = class_level(7, 2, ReceiverClass.ENTITY)
    assert level == "79b6fffdc9f61bf0ec7bfa1195fdcada34e5b9faecd6066410bb653592239a3e"
    assert level_below(level, 5) == (
        "9ae6623bbc6abf28978e2ae54d33fd00cac7ac80a51ef79e522a39f3538aee06"
    )
    share = Share(5, "0x" + "ac" * 20, Wh(90_000), Ud(5_240_000), "")
    assert share_leaf("11" * 32, share, "22" * 32).hex() == (
        "57d9aed410acb9ec8b59f41e76dbaf86e05400ce9767f1d57d38aa9aea2cddfe"
    )


# --- always -----------------------------------------------------------------------------------

energies = st.one_of(st.just(0), st.integers(1, 9), st.integers(1, 10**9))


@st.composite
def pools(draw: st.DrawFn) -> dict[ReceiverClass, tuple[Contributor, ...]]:
    def people(kind: int) -> tuple[Contributor, ...]:
        numbers = draw(st.lists(st.integers(0, 40), unique=True, max_size=4))
        made = []
        for number in numbers:
            base = 1000 * (kind + 1) + number
            members: tuple[Contributor, ...] = ()
            energy = draw(energies)
            if kind == ReceiverClass.ENTITY and draw(st.booleans()):
                parts = draw(st.lists(energies, min_size=1, max_size=4))
                members = tuple(
                    Contributor(i, account(10_000 * base + i), Wh(wh)) for i, wh in enumerate(parts)
                )
                energy = sum(parts)
            made.append(Contributor(number, account(base), Wh(energy), members))
        return tuple(made)

    pool = {kind: people(kind) for kind in ReceiverClass}
    if not any(one.energy_wh for people_ in pool.values() for one in people_):
        pool[ReceiverClass.INDIVIDUAL] = (PROSUMER,)
    return pool


terms = st.builds(Terms, st.integers(0, 50_000), st.integers(0, 50_000))
cents = st.one_of(st.integers(1, 50), st.integers(1, 10**9)).map(lambda n: n * CENT)


@law
@given(pools(), terms, cents, st.data())
def test_every_cent_arrives_once_whatever_the_order_the_cut_and_the_freeze(
    pool: dict[ReceiverClass, tuple[Contributor, ...]],
    cut: Terms,
    revenue_ud: int,
    data: st.DataObject,
) -> None:
    result = cascade(sale(revenue_ud), cut, pool)
    assert result.fee_ud * 10**6 <= revenue_ud * cut.fee_ppm
    mixed = {kind: tuple(reversed(people)) for kind, people in reversed(pool.items())}
    assert cascade(sale(revenue_ud), cut, mixed) == result

    whole = payments_due(result, (), ())
    assert whole.held == ()
    assert sum(one.amount_ud for one in whole.payments) == result.distributable_ud
    frozen = (
        set(data.draw(st.lists(st.sampled_from([one.account for one in whole.payments]))))
        if whole.payments
        else set()
    )
    due = payments_due(result, (), frozen)
    assert sum(one.amount_ud for one in (*due.payments, *due.held)) == result.distributable_ud
    rest = payments_due(result, {one.key for one in due.payments}, ())
    paid = sorted((one.key, one.amount_ud) for one in (*due.payments, *rest.payments))
    assert paid == sorted((one.key, one.amount_ud) for one in whole.payments)


@law
@given(pools(), terms, cents)
def test_every_level_is_what_exact_fractions_give(
    pool: dict[ReceiverClass, tuple[Contributor, ...]], cut: Terms, revenue_ud: int
) -> None:
    """Against a second way: hand out cents one by one to who is furthest below the fraction."""
    for level in cascade(sale(revenue_ud), cut, pool).levels:
        total = level.amount_ud // CENT
        exact = {s.number: Fraction(total * s.weight_wh, level.weight_wh) for s in level.shares}
        given_ = {number: int(part) for number, part in exact.items()}
        for _ in range(total - sum(given_.values())):
            number = max(sorted(exact), key=lambda n: exact[n] - given_[n])
            given_[number] += 1
        assert {s.number: s.amount_ud // CENT for s in level.shares} == given_


@law
@given(pools(), cents)
def test_who_gave_more_in_a_level_never_gets_less_than_a_cent_below(
    pool: dict[ReceiverClass, tuple[Contributor, ...]], revenue_ud: int
) -> None:
    for level in cascade(sale(revenue_ud), TERMS, pool).levels:
        ranked = sorted(level.shares, key=lambda share: share.weight_wh)
        for less, more in pairwise(ranked):
            assert less.amount_ud <= more.amount_ud or less.weight_wh == more.weight_wh
            assert less.amount_ud - more.amount_ud <= CENT
