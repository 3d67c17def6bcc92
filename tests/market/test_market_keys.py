"""Allocation keys: refusals, S15's table to the watt-hour, and what holds whatever the key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.keys import (
    Plant,
    allocate,
    allocate_dated,
    allocate_plants,
    check_appended,
    key_at,
    participating,
    participating_dated,
    with_version,
)
from sourceenergy.records import (
    PPM,
    AllocationKey,
    KeyKind,
    KeyVersion,
    ParticipationVersion,
)
from strategies_energy import Ints, any_wh, ints, law, row

DAY = 86_400
ROOF = ints([[10_000]])[0]
USE = row(3_000, 4_000, 6_000)  # prosumer, tenant, neighbour


def percent(*shares: int) -> tuple[int, ...]:
    return tuple(share * PPM // 100 for share in shares)


def static(*shares: int) -> AllocationKey:
    return AllocationKey(KeyKind.STATIC, percent(*shares), (0,) * len(shares))


def dynamic(members: int) -> AllocationKey:
    return AllocationKey(KeyKind.DYNAMIC, (0,) * members, (1,) * members)


def hybrid(*shares: int) -> AllocationKey:
    return AllocationKey(KeyKind.HYBRID, percent(*shares), (1,) * len(shares))


def cascade(*classes: int) -> AllocationKey:
    return AllocationKey(KeyKind.CASCADE, (0,) * len(classes), classes)


S15_STATIC = static(50, 30, 20)


def split(key: AllocationKey, produced: int = 10_000, *use: int) -> tuple[list[int], int]:
    result = allocate(key, ints([[produced]])[0], row(*use) if use else USE)
    return result.allocated[0].tolist(), int(result.surplus[0])


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "shares", "classes", "rule"),
    [
        (KeyKind.STATIC, percent(50, 30, 21), (0, 0, 0), "key.shares"),
        (KeyKind.STATIC, (0, 0, 0), (0, 0, 0), "key.shares"),
        (KeyKind.STATIC, (-1, 1, 1), (0, 0, 0), "key.shares"),
        (KeyKind.STATIC, (1, 1), (0, 0, 0), "key.shares"),
        (KeyKind.STATIC, percent(50, 30, 20), (1, 1, 1), "key.classes"),
        (KeyKind.DYNAMIC, (1, 1, 1), (1, 1, 1), "key.shares"),
        (KeyKind.DYNAMIC, (0, 0, 0), (0, 0, 0), "key.classes"),
        (KeyKind.DYNAMIC, (0, 0, 0), (1, 2, 1), "key.classes"),
        (KeyKind.HYBRID, percent(50, 30, 20), (0, 0, 0), "key.classes"),
        (KeyKind.CASCADE, (0, 0, 0), (0, 0, 0), "key.classes"),
        (KeyKind.CASCADE, (0, 0, 0), (1, -1, 2), "key.classes"),
    ],
)
def test_a_key_that_is_none_is_refused(
    kind: KeyKind, shares: tuple[int, ...], classes: tuple[int, ...], rule: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        AllocationKey(kind, shares, classes)
    assert refusal.value.rule == rule
    assert refusal.value.remedy


@pytest.mark.parametrize(
    "factors",
    [
        (("Elm", 600_000), ("Oak", 400_001)),
        (("Elm", -1),),
        (("Elm", 1), ("Elm", 1)),
        tuple((f"C{i}", 1) for i in range(6)),
    ],
)
def test_more_than_all_of_a_meter_s_energy_is_refused(
    factors: tuple[tuple[str, int], ...],
) -> None:
    with pytest.raises(ConfigError) as refusal:
        ParticipationVersion(0, factors)
    assert refusal.value.rule == "key.participation"


@pytest.mark.parametrize("wrong", [row(3_000, 4_000), ints([[3_000, 4_000, 6_000]] * 2)])
def test_use_that_does_not_fit_the_key_is_refused(wrong: Ints) -> None:
    with pytest.raises(InputError) as refusal:
        allocate(S15_STATIC, ROOF, wrong)
    assert refusal.value.rule == "key.input"


def test_negative_energy_is_refused() -> None:
    for produced, use in ((-ROOF, USE), (ROOF, -USE)):
        with pytest.raises(InputError) as refusal:
            allocate(S15_STATIC, produced, use)
        assert refusal.value.rule == "energy.sign"


def test_an_interval_before_the_first_version_is_refused_by_its_time() -> None:
    versions = (KeyVersion(DAY, S15_STATIC),)
    with pytest.raises(ConfigError) as refusal:
        allocate_dated(versions, [DAY, DAY - 900], np.repeat(ROOF, 2), np.repeat(USE, 2, axis=0))
    assert (refusal.value.rule, refusal.value.value) == ("key.gap", "1970-01-01T23:45:00Z")


def test_S15_changing_a_key_backwards_in_time_is_refused() -> None:
    versions = with_version((), KeyVersion(10 * DAY, S15_STATIC), settled_until_s=0)
    for from_s, settled in ((10 * DAY, 0), (9 * DAY, 0), (20 * DAY - 1, 20 * DAY)):
        with pytest.raises(ConfigError) as refusal:
            with_version(versions, KeyVersion(from_s, dynamic(3)), settled)
        assert refusal.value.rule == "key.past"
    longer = with_version(versions, KeyVersion(20 * DAY, dynamic(3)), 20 * DAY)
    assert [version.key.kind for version in longer] == [KeyKind.STATIC, KeyKind.DYNAMIC]


@pytest.mark.parametrize(
    "after",
    [
        (KeyVersion(10 * DAY, static(50, 30, 19)),),  # another share
        (KeyVersion(11 * DAY, S15_STATIC),),  # another date
        (),  # gone
        (KeyVersion(10 * DAY, S15_STATIC), KeyVersion(12 * DAY, dynamic(3))),  # slipped in
    ],
)
def test_a_file_that_rewrites_a_settled_key_is_refused(after: tuple[KeyVersion, ...]) -> None:
    before = (KeyVersion(10 * DAY, S15_STATIC),)
    with pytest.raises(ConfigError) as refusal:
        check_appended(before, after, settled_until_s=13 * DAY)
    assert refusal.value.rule == "key.past"
    check_appended(before, (*before, KeyVersion(13 * DAY, dynamic(3))), settled_until_s=13 * DAY)


# --- S15 --------------------------------------------------------------------------------------


def test_S15_static_key() -> None:
    assert split(S15_STATIC) == ([3_000, 3_000, 2_000], 2_000)


def test_S15_dynamic_key_sums_to_10_000_exactly() -> None:
    assert split(dynamic(3)) == ([2_308, 3_077, 4_615], 0)


def test_S15_hybrid_key_passes_on_what_the_static_key_leaves() -> None:
    # 2.000 kWh are left; the tenant still needs 1.000 and the neighbour 4.000.
    assert split(hybrid(50, 30, 20)) == ([3_000, 3_400, 3_600], 0)


def test_S15_cascade_serves_one_class_after_the_other() -> None:
    assert split(cascade(2, 1, 1)) == ([0, 4_000, 6_000], 0)
    assert split(cascade(1, 2, 3)) == ([3_000, 4_000, 3_000], 0)
    assert split(cascade(1, 0, 2)) == ([3_000, 0, 6_000], 1_000)


def test_S15_a_second_run_gives_the_same_bytes() -> None:
    for key in (S15_STATIC, dynamic(3), hybrid(50, 30, 20), cascade(2, 1, 1)):
        one, other = (allocate(key, ROOF, USE) for _ in range(2))
        assert one.allocated.tobytes() == other.allocated.tobytes()
        assert one.surplus.tobytes() == other.surplus.tobytes()


# --- by hand ----------------------------------------------------------------------------------


def test_a_tie_goes_to_the_lowest_member_number() -> None:
    assert split(dynamic(3), 1, 5, 5, 5) == ([1, 0, 0], 0)
    assert split(dynamic(3), 2, 5, 5, 5) == ([1, 1, 0], 0)


def test_the_share_a_static_key_leaves_open_goes_to_the_grid() -> None:
    assert split(static(30, 30), 10_000, 9_000, 9_000) == ([3_000, 3_000], 4_000)
    assert split(static(50), 1, 9) == ([1], 0)  # a tie with the grid: the member is first


def test_ten_billion_watt_hours_split_exactly() -> None:
    most = 10**10
    assert split(dynamic(3), most, most, most, most) == ([3333333334, 3333333333, 3333333333], 0)
    assert split(static(33, 33, 33), most, most, most, most) == ([33 * 10**8] * 3, 10**8)


def test_each_interval_has_the_key_of_its_date() -> None:
    versions = (KeyVersion(0, S15_STATIC), KeyVersion(DAY, dynamic(3)))
    starts = [DAY - 900, DAY, 2 * DAY]
    result = allocate_dated(versions, starts, np.repeat(ROOF, 3), np.repeat(USE, 3, axis=0))
    assert result.allocated.tolist() == [
        [3_000, 3_000, 2_000],
        [2_308, 3_077, 4_615],
        [2_308, 3_077, 4_615],
    ]
    assert result.surplus.tolist() == [2_000, 0, 0]
    assert key_at(versions, DAY - 1).kind is KeyKind.STATIC
    assert key_at(versions, DAY).kind is KeyKind.DYNAMIC


def test_plants_serve_one_after_the_other_in_order_of_priority() -> None:
    school = Plant("school", 2, (KeyVersion(0, dynamic(3)),))
    hall = Plant("hall", 1, (KeyVersion(0, S15_STATIC),))
    for plants, produced in (([school, hall], [6_000, 10_000]), ([hall, school], [10_000, 6_000])):
        given_ = {
            plant.id: result
            for plant, result in zip(
                plants, allocate_plants(plants, [0], row(*produced), USE), strict=True
            )
        }
        assert given_["hall"].allocated.tolist() == [[3_000, 3_000, 2_000]]
        # 1.000 and 4.000 kWh are still needed; the school has 6.000.
        assert given_["school"].allocated.tolist() == [[0, 1_000, 4_000]]
        assert given_["school"].surplus.tolist() == [1_000]


def test_a_meter_counts_in_each_community_by_its_factor_from_its_date_on() -> None:
    versions = (
        ParticipationVersion(DAY, (("Elm", 600_000), ("Oak", 400_000))),
        ParticipationVersion(2 * DAY, (("Oak", 1_000_000),)),
    )
    starts, energy = [0, DAY, 2 * DAY], ints([[1_001] * 3])[0]
    elm = participating_dated(versions, "Elm", starts, energy)
    oak = participating_dated(versions, "Oak", starts, energy)
    assert elm.tolist() == [1_001, 601, 0]  # all of it before the first version
    assert oak.tolist() == [1_001, 400, 1_001]
    assert participating_dated((), "Elm", starts, energy).tolist() == [1_001] * 3


# --- always -----------------------------------------------------------------------------------


@st.composite
def keys(draw: st.DrawFn, members: int) -> AllocationKey:
    kind = draw(st.sampled_from(KeyKind))
    none = (0,) * members
    shares, classes = none, none
    if kind in {KeyKind.STATIC, KeyKind.HYBRID}:
        parts = draw(st.lists(st.integers(0, 10**6), min_size=members, max_size=members))
        parts[0] += 1
        shares = tuple(part * PPM // max(sum(parts), PPM) for part in parts)
        if not any(shares):
            shares = (1, *none[1:])
    if kind in {KeyKind.DYNAMIC, KeyKind.HYBRID}:
        classes = (1, *draw(st.lists(st.sampled_from([0, 1]), min_size=members, max_size=members)))
    if kind is KeyKind.CASCADE:
        classes = (1, *draw(st.lists(st.integers(0, 4), min_size=members, max_size=members)))
    return AllocationKey(kind, shares, classes[:members])


@st.composite
def cases(draw: st.DrawFn) -> tuple[AllocationKey, Ints, Ints]:
    members, hours = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    use = draw(
        st.lists(
            st.lists(any_wh, min_size=members, max_size=members), min_size=hours, max_size=hours
        )
    )
    produced = draw(st.lists(any_wh, min_size=hours, max_size=hours))
    return draw(keys(members)), np.array(produced, dtype=np.int64), ints(use)


@law
@given(cases())
def test_nothing_is_lost_nobody_gets_more_than_they_used(
    case: tuple[AllocationKey, Ints, Ints],
) -> None:
    key, produced, use = case
    result = allocate(key, produced, use)
    assert (result.allocated >= 0).all()
    assert (result.allocated <= use).all()
    assert (result.surplus >= 0).all()
    assert (result.allocated.sum(axis=1) + result.surplus == produced).all()
    outside = [not (s or c) for s, c in zip(key.shares_ppm, key.classes, strict=True)]
    assert not result.allocated[:, outside].any()


@law
@given(cases())
def test_a_surplus_means_that_all_who_are_served_by_need_have_enough(
    case: tuple[AllocationKey, Ints, Ints],
) -> None:
    key, produced, use = case
    result = allocate(key, produced, use)
    served = np.array(key.classes) > 0
    unmet = (use - result.allocated)[:, served].sum(axis=1)
    assert (np.minimum(unmet, result.surplus) == 0).all()


@law
@given(cases())
def test_a_lower_class_gets_nothing_while_a_higher_one_needs(
    case: tuple[AllocationKey, Ints, Ints],
) -> None:
    key, produced, use = case
    if key.kind is not KeyKind.CASCADE:
        return
    result = allocate(key, produced, use)
    classes = np.array(key.classes)
    for number in set(key.classes) - {0}:
        unmet = (use - result.allocated)[:, classes == number].sum(axis=1)
        assert not result.allocated[unmet > 0][:, classes > number].any()


@law
@given(cases())
def test_a_static_part_is_off_its_exact_share_by_less_than_one(
    case: tuple[AllocationKey, Ints, Ints],
) -> None:
    key, produced, use = case
    if key.kind is not KeyKind.STATIC:
        return
    for t, row_ in enumerate(allocate(key, produced, use).allocated.tolist()):
        for given_, share, used in zip(row_, key.shares_ppm, use[t].tolist(), strict=True):
            exact = int(produced[t]) * share
            assert given_ == used or abs(given_ * PPM - exact) < PPM
            assert given_ * PPM < exact + PPM


@law
@given(cases(), st.permutations(range(4)))
def test_one_interval_does_not_depend_on_the_others(
    case: tuple[AllocationKey, Ints, Ints], order: list[int]
) -> None:
    key, produced, use = case
    order = [t for t in order if t < len(produced)]
    whole, mixed = allocate(key, produced, use), allocate(key, produced[order], use[order])
    assert (whole.allocated[order] == mixed.allocated).all()
    assert (whole.surplus[order] == mixed.surplus).all()


@law
@given(cases(), st.permutations(range(6)))
def test_members_in_another_order_differ_by_a_rounded_watt_hour_at_most(
    case: tuple[AllocationKey, Ints, Ints], order: list[int]
) -> None:
    key, produced, use = case
    order = [i for i in order if i < use.shape[1]]
    other = replace(
        key,
        shares_ppm=tuple(key.shares_ppm[i] for i in order),
        classes=tuple(key.classes[i] for i in order),
    )
    there = allocate(other, produced, use[:, order]).allocated
    here = allocate(key, produced, use).allocated[:, order]
    rounds = 1 + len(set(key.classes))
    assert (np.abs(there - here) <= rounds).all()
    assert (there.sum(axis=1) == here.sum(axis=1)).all() or key.kind is KeyKind.STATIC


@law
@given(
    st.lists(any_wh, min_size=1, max_size=5),
    st.lists(st.integers(0, PPM // 5), min_size=1, max_size=5),
)
def test_no_watt_hour_counts_in_two_communities(energy: list[int], factors: list[int]) -> None:
    parts = participating(np.array(energy, dtype=np.int64), factors)
    assert (parts >= 0).all()
    assert (parts.sum(axis=1) <= energy).all()
    if sum(factors) == PPM:
        assert (parts.sum(axis=1) == energy).all()
