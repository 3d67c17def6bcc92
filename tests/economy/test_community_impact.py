"""Impact without double counting: carbon, claims, footprint, benefit by group, versions, wealth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.community.benefit import (
    Group,
    Job,
    MemberBenefit,
    Table,
    by_band,
    by_group,
    is_safe,
    require_no_differencing,
)
from sourceenergy.economy.community.carbon import (
    AttributeSale,
    AverageFactor,
    Avoided,
    MarginalFactor,
    PlantFactor,
    avoided_down,
    claims,
    grams,
    mix_factor_nearest,
    require_claim,
)
from sourceenergy.economy.community.report import (
    FootprintFigure,
    ImpactReport,
    footprint_up,
    impact_report,
    member_shares,
    publish,
    report_hash,
    verify_versions,
)
from sourceenergy.economy.community.wealth import (
    DEFINITIONS,
    Capital,
    Wealth,
    gini_ppm_nearest,
    growth_permille_down,
    part_permille_down,
    wealth,
)
from sourceenergy.errors import InputError, NotPermitted, VerificationFailed
from sourceenergy.units import Ud, Wh
from strategies_energy import digest, law, utc

MIX_MW = {"nuclear": 9_000, "hydro": 4_000, "gas": 2_000, "wind": 1_000}
LIFE_CYCLE = {"nuclear": 4_800, "hydro": 22_000, "gas": 497_000, "wind": 10_690}  # mg/kWh
HOUR = mix_factor_nearest(MIX_MW, LIFE_CYCLE, 2026, "grid operator, generation by fuel")
MARGINAL = MarginalFactor(180_000, 2026, "grid study", "on-peak marginal plant")
SOLAR = PlantFactor(41_000, 2014, "life-cycle study", "rooftop photovoltaics, median")
NONE = PlantFactor(0, 2026, "test", "none")
SOLD = claims(1_250_000, [AttributeSale("Tenant", Wh(1_000_000), "1-1000")])
FIGURE = FootprintFigure(30_000, date(2022, 9, 15), "per-transaction study", "merge report")


# --- carbon: refusals -------------------------------------------------------------------------


def test_S16_average_and_marginal_carbon_are_never_added() -> None:
    average: Avoided[Any] = avoided_down(1_000, HOUR, SOLAR)
    marginal: Avoided[Any] = avoided_down(1_000, MARGINAL, SOLAR)
    for one, other in ((average, marginal), (marginal, average), (average + average, marginal)):
        with pytest.raises(InputError) as refusal:
            one + other
        assert refusal.value.rule == "carbon.basis"


@pytest.mark.parametrize(("source", "method"), [("", "m"), ("s", "")])
def test_a_factor_without_its_origin_is_refused(source: str, method: str) -> None:
    with pytest.raises(InputError):
        AverageFactor(1, 2026, source, method)


@pytest.mark.parametrize("mix", [{}, {"gas": 0}, {"gas": 10, "hydro": -1}, {"gas": 1, "coal": 1}])
def test_a_mix_needs_generation_and_a_factor_for_every_fuel(mix: dict[str, int]) -> None:
    with pytest.raises(InputError) as refusal:
        mix_factor_nearest(mix, LIFE_CYCLE, 2026, "s")
    assert refusal.value.rule == "carbon.mix"


def test_S16_refuses_carbon_on_kWh_whose_attribute_was_sold() -> None:
    require_claim(250_000, SOLD)
    with pytest.raises(NotPermitted) as refusal:
        require_claim(250_001, SOLD)
    assert refusal.value.rule == "carbon.attribute_sold"
    with pytest.raises(NotPermitted) as oversold:
        claims(999_999, SOLD.sold)
    assert oversold.value.rule == "carbon.oversold"


# --- carbon: S16 ------------------------------------------------------------------------------


def test_S16_the_hours_factor_is_70_993_g_with_source_and_year() -> None:
    assert HOUR.mg_per_kwh == 70_993
    assert str(HOUR) == (
        "70.993 g/kWh (average, 2026, grid operator, generation by fuel;"
        " generation-weighted mean of life-cycle factors)"
    )


def test_S16_250_kWh_are_17_748_kg_before_the_solar_factor_which_is_subtracted() -> None:
    carbon = avoided_down(SOLD.own_wh, HOUR, SOLAR)
    assert grams(carbon.gross_mg) == "17.748 kg"
    assert grams(carbon.plant_mg) == "10.250 kg"
    assert carbon.net_mg == carbon.gross_mg - carbon.plant_mg == 7_498_250


def test_S16_the_1000_kWh_are_claimed_by_the_tenant_and_not_by_the_community() -> None:
    assert SOLD.lines() == (
        "250.000 kWh claimed by the community",
        "1,000.000 kWh claimed by Tenant, not by the community (certificates 1-1000)",
    )


def test_carbon_on_one_basis_adds_up_and_keeps_its_factors() -> None:
    other = replace(HOUR, mg_per_kwh=50_000)
    both = avoided_down(1_000, HOUR, SOLAR) + avoided_down(2_000, other, SOLAR)
    assert (both.energy_wh, both.gross_mg) == (3_000, 170_993)
    assert both.factors == ((HOUR, SOLAR), (other, SOLAR))


def test_a_clean_grid_makes_net_carbon_negative_and_it_is_shown() -> None:
    carbon = avoided_down(100_000, AverageFactor(10_000, 2026, "s", "m"), SOLAR)
    assert grams(carbon.net_mg) == "−3.100 kg"


# --- footprint, report ------------------------------------------------------------------------


@pytest.mark.parametrize(("citation", "consensus"), [("", "x"), ("x", "")])
def test_S16_a_footprint_that_is_only_claimed_is_refused(citation: str, consensus: str) -> None:
    with pytest.raises(InputError):
        replace(FIGURE, citation=citation, consensus_citation=consensus)


def test_A02_the_platforms_footprint_changes_with_the_count() -> None:
    one, many = footprint_up(1, FIGURE, HOUR), footprint_up(2_880, FIGURE, HOUR)
    assert (one.energy_wh, one.carbon_mg) == (30, 2_130)  # 2,129.79 mg, rounded up
    assert (many.energy_wh, many.carbon_mg) == (86_400, 6_133_796)


PEOPLE = [
    MemberBenefit(f"member {i}", ("low", "middle", "high")[i % 3], Ud(1_000_000 + i))
    for i in range(18)
]
BANDS = ("low", "middle", "high")


def a_report(energy_wh: int = 1_250_000, transactions: int = 100) -> ImpactReport:
    claimed = claims(energy_wh, SOLD.sold)
    return impact_report(
        "C1",
        utc("2026-01-01T05:00"),
        utc("2026-04-01T04:00"),
        3_000_000,
        energy_wh,
        900_000,
        claimed,
        avoided_down(claimed.own_wh, HOUR, SOLAR),
        footprint_up(transactions, FIGURE, HOUR),
        123_450_000,
        by_band(PEOPLE, BANDS),
        [Job("installer", 320, digest("contract")), Job("apprentice", 80, digest("diploma"))],
    )


def test_S16_carbon_on_other_energy_than_may_be_claimed_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        impact_report(
            "C1", 0, 1, 0, 0, 0, SOLD,
            avoided_down(1_250_000, HOUR, SOLAR), footprint_up(0, FIGURE, HOUR), 0,
            by_band(PEOPLE, BANDS), [],
        )  # fmt: skip
    assert refusal.value.rule == "report.claimed"


def test_S16_a_job_without_evidence_is_refused() -> None:
    with pytest.raises(InputError):
        Job("installer", 320, "")


def test_S16_the_footprint_is_shown_and_subtracted() -> None:
    report = a_report()
    assert report.carbon_net_mg == 7_498_250 - report.carbon_footprint_mg
    assert report.footprint.startswith("100 transactions x 30000 mWh = 3000 Wh (2022-09-15")
    assert a_report(transactions=200).carbon_net_mg < report.carbon_net_mg
    assert report.carbon_basis == "average"
    assert report.carbon_factors == (str(HOUR), str(SOLAR))


def test_S16_same_inputs_same_hash_and_a_correction_is_a_new_version() -> None:
    first = publish((), a_report())
    assert publish(first, a_report()) == first
    with pytest.raises(InputError, match="what was corrected"):
        publish(first, a_report(1_249_000))
    both = publish(first, a_report(1_249_000), "meter roof, 12 January 18:00Z")
    assert [version.number for version in both] == [1, 2]
    assert both[0] == first[0]
    assert both[1].corrects == first[0].hash == report_hash(a_report())
    verify_versions(both)


def test_S16_a_changed_report_is_named() -> None:
    both = publish(publish((), a_report()), a_report(1_249_000), "a reading")
    changed = replace(both[0], report=replace(both[0].report, bill_savings_ud=Ud(1)))
    with pytest.raises(VerificationFailed, match="version 1"):
        verify_versions((changed, both[1]))
    with pytest.raises(VerificationFailed, match="version 1"):
        verify_versions(both[1:])


def test_a_correction_is_of_the_same_period() -> None:
    with pytest.raises(InputError) as refusal:
        publish(publish((), a_report()), replace(a_report(), start_s=0), "x")
    assert refusal.value.rule == "report.period"


def test_B405_every_member_gets_an_own_share_and_they_add_up() -> None:
    carbon = avoided_down(250_000, HOUR, SOLAR)
    shares = member_shares(carbon, [100_000, 33_333, 116_667])
    assert sum(gross for gross, _ in shares) == carbon.gross_mg
    assert sum(plant for _, plant in shares) == carbon.plant_mg


# --- benefit by group -------------------------------------------------------------------------


def people(**groups: int) -> list[MemberBenefit]:
    return [
        MemberBenefit(f"{name} {i}", name, Ud(1_000_000))
        for name, count in groups.items()
        for i in range(count)
    ]


def test_a_member_is_in_one_named_group() -> None:
    for wrong in (people(other=5), people(low=1) * 2):
        with pytest.raises(InputError) as refusal:
            by_band(wrong, BANDS)
        assert refusal.value.rule == "benefit.groups"


def test_S16_small_bands_are_merged_with_the_next() -> None:
    table = by_band(people(low=3, middle=6, high=5), BANDS)
    assert table.groups == (
        Group(("low", "middle"), 9, Ud(9_000_000)), Group(("high",), 5, Ud(5_000_000)),
    )  # fmt: skip
    last = by_band(people(low=5, middle=6, high=4), BANDS)
    assert [group.groups for group in last.groups] == [("low",), ("middle", "high")]


def test_S16_with_four_members_nothing_is_published() -> None:
    assert by_band(people(low=2, high=2), BANDS) == Table((Group(BANDS, None, None),), None, None)


def test_a_member_with_more_than_half_of_a_group_would_be_shown() -> None:
    whale = [*people(low=5), MemberBenefit("whale", "low", Ud(6_000_000))]
    assert not is_safe(whale)
    assert is_safe([*people(low=5), MemberBenefit("whale", "low", Ud(5_000_000))])
    assert by_band([*whale, *people(middle=9, high=5)], BANDS).groups[0].groups == ("low", "middle")


def test_a_withheld_group_takes_another_with_it() -> None:
    table = by_group(people(flats=3, houses=9, rows=6), ("flats", "houses", "rows"))
    shown = {group.groups[0]: group.members for group in table.groups}
    assert shown == {"flats": None, "houses": 9, "rows": None}  # 18 - 9 says nothing of flats
    two = by_group(people(flats=2, houses=9, rows=2), ("flats", "houses", "rows"))
    assert (two.groups, two.total_ud) == (
        tuple(Group((name,), None, None) for name in ("flats", "houses", "rows")), Ud(13_000_000),
    )  # fmt: skip
    alone = by_group(people(flats=3), ("flats", "houses"))
    assert (alone.members, alone.total_ud) == (None, None)


def test_two_versions_of_a_group_must_not_show_fewer_than_five() -> None:
    ten = frozenset(f"member {i}" for i in range(10))
    require_no_differencing([[ten]], [ten])
    require_no_differencing([[ten]], [frozenset(f"member {i}" for i in range(5))])
    for few in (1, 4):
        with pytest.raises(NotPermitted) as refusal:
            require_no_differencing([[ten]], [frozenset(sorted(ten)[few:])])
        assert refusal.value.rule == "benefit.differencing"


def test_nor_may_three_versions_together() -> None:
    """Each pair is safe; first + second - third would be one member."""
    members = [f"member {i}" for i in range(20)]
    first, second = frozenset(members[:10]), frozenset(members[10:])
    require_no_differencing([[first]], [second])
    with pytest.raises(NotPermitted):
        require_no_differencing([[first], [second]], [frozenset(members[:19])])


@law
@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 9)), st.data())
def test_no_table_shows_fewer_than_five_members_not_even_by_subtraction(
    counts: dict[str, int], data: st.DataObject
) -> None:
    everyone = [
        replace(one, amount_ud=Ud(data.draw(st.integers(0, 100)))) for one in people(**counts)
    ]
    names = ("a", "b", "c", "d")
    for table in (by_band(everyone, names), by_group(everyone, names)):
        shown = [group for group in table.groups if group.members]
        hidden = [one for one in everyone if not any(one.group in group.groups for group in shown)]
        for group in shown:
            assert is_safe([one for one in everyone if one.group in group.groups])
        if table.members is not None and shown:
            assert not hidden or is_safe(hidden)
            assert table.members == len(everyone)
            assert table.total_ud == sum(one.amount_ud for one in everyone)


# --- wealth -----------------------------------------------------------------------------------

CAPITAL = Capital(
    Wh(1_250_000), 7_285_279, 180, 60, 400, Ud(123_450_000), Ud(32_010_000), Ud(135_000_000),
    50_000, Ud(90_000_000_000),
)  # fmt: skip


def test_B007_every_measure_has_a_definition() -> None:
    measures = {*Capital.__dataclass_fields__, *Wealth.__dataclass_fields__} - {"capital"}
    assert measures == set(DEFINITIONS)


def test_gini_of_known_shares() -> None:
    assert gini_ppm_nearest([5, 5, 5]) == 0
    assert gini_ppm_nearest([0, 0, 0, 8]) == 750_000  # one of four has all
    assert gini_ppm_nearest([1, 2, 3]) == 222_222
    assert gini_ppm_nearest([]) == gini_ppm_nearest([0, 0]) == 0
    with pytest.raises(InputError):
        gini_ppm_nearest([1, -1])


@law
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_gini_is_the_mean_difference_over_twice_the_mean(amounts: list[int]) -> None:
    count, total = len(amounts), sum(amounts)
    if not total:
        return
    difference = sum(abs(one - other) for one in amounts for other in amounts)
    exact = Fraction(difference, 2 * count * total)
    assert abs(Fraction(gini_ppm_nearest(amounts), 10**6) - exact) <= Fraction(1, 2 * 10**6)
    assert gini_ppm_nearest([7 * amount for amount in amounts]) == gini_ppm_nearest(amounts)


def test_growth_and_parts_say_none_where_there_is_nothing_to_compare() -> None:
    assert growth_permille_down(200, 250) == 250
    assert growth_permille_down(200, 100) == -500
    assert growth_permille_down(0, 100) is None
    assert part_permille_down(1, 3) == 333
    assert part_permille_down(0, 0) is None
    with pytest.raises(InputError):
        part_permille_down(-1, 3)


def test_S16_the_wealth_page_says_whether_fees_cover_the_cost() -> None:
    before = replace(CAPITAL, members=150, plant_ud=Ud(0))
    page = wealth(CAPITAL, before, [1, 2, 3], 900_000, 3_000_000, 99, 100)
    growth = dict(page.growth_permille)
    assert (growth["members"], growth["plant_ud"], growth["reserve_ud"]) == (200, None, 0)
    assert (page.gini_ppm, page.own_use_permille, page.cost_cover_permille) == (222_222, 300, 990)
    assert not page.pays_for_itself
    assert wealth(CAPITAL, None, [], 0, 0, 100, 100).pays_for_itself
