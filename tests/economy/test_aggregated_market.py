"""What each operating mode lets meters and members do."""

from __future__ import annotations

import pytest

from sourceenergy.economy.aggregated_market import (
    MEANING,
    SALE_MODES,
    meter_settles,
    require_orders_permitted,
)
from sourceenergy.errors import NotPermitted
from sourceenergy.records import Mode


@pytest.mark.parametrize("mode", [Mode.CREDIT_ALLOCATION, Mode.COMMUNITY_SHARING])
def test_orders_between_members_are_refused_outside_a_sandbox(mode: Mode) -> None:
    with pytest.raises(NotPermitted, match="sandbox") as refusal:
        require_orders_permitted(mode)
    assert (refusal.value.rule, refusal.value.value) == ("mode.orders", mode.value)


@pytest.mark.parametrize("mode", [Mode.SANDBOX_P2P, Mode.SIMULATION])
def test_orders_are_permitted_in_a_sandbox_and_in_a_simulation(mode: Mode) -> None:
    require_orders_permitted(mode)


def test_where_energy_is_sold_only_verified_meters_settle() -> None:
    assert {mode for mode in Mode if not meter_settles(mode, verified=False)} == set(SALE_MODES)
    assert all(meter_settles(mode, verified=True) for mode in Mode)


def test_every_mode_says_what_it_means() -> None:
    assert set(MEANING) == set(Mode)
