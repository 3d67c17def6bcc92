// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {TariffWorld} from "./TariffWorld.sol";

contract TariffExplainTest is TariffWorld {
    uint16 private constant FALLEN_BACK = DynamicPrice.STALE | DynamicPrice.FALLBACK;

    function test_begins_at_the_tariff_and_says_so() public view {
        (uint64 priceUdPerKwh, uint16 flags) = tariff.price();
        assertEq(priceUdPerKwh, RETAIL, "price");
        assertEq(flags, FALLEN_BACK, "flags");
    }

    function test_stays_at_the_tariff_while_nobody_reports(uint256 later) public {
        vm.warp(START_S + bound(later, 0, 10 * 365 days));
        assertEq(_priceNow(), RETAIL, "price");
    }

    function test_S18_explains_price_inputs_ages_flags_and_policy() public {
        marketplace.set(120_000, 5, uint64(START_S));
        uint64 made = _report(_input());
        ITariff.Explanation memory e = tariff.explain();
        assertEq(e.interval, FIRST, "interval");
        assertEq(e.priceUdPerKwh, RETAIL, "in force");
        assertEq(e.recordInterval, FIRST, "by the record it began with");
        assertEq(e.nextUdPerKwh, made, "next, known before it holds");

        vm.warp(START_S + INTERVAL + 100);
        e = tariff.explain();
        assertEq(e.interval, FIRST + 1, "interval");
        assertEq(e.priceUdPerKwh, made, "in force");
        assertEq(e.ageS, INTERVAL + 100, "age");
        assertEq(e.flags, DynamicPrice.STEPPED, "flags");
        assertEq(e.recordInterval, FIRST + 1, "record");
        assertEq(uint64(e.record.gridUdPerKwh), uint64(GRID), "grid");
        assertEq(e.record.demandW, NORMAL_W, "demand");
        assertEq(e.record.tradedUdPerKwh, 120_000, "traded");
        assertEq(e.policy.capUdPerKwh, 400_000, "policy");
        (uint64 byHand,) = DynamicPrice.price(
            DynamicPrice.Inputs(e.record.gridUdPerKwh, e.record.demandW, e.record.tradedUdPerKwh),
            e.policy,
            e.record.beforeUdPerKwh
        );
        assertEq(byHand, e.priceUdPerKwh, "computed from what is explained");
    }

    function test_S18_stale_inputs_hold_the_last_good_price_and_are_flagged() public {
        uint64 made = _settled(_input());
        uint256 observed = block.timestamp;
        vm.warp(observed + 30 minutes);
        (uint64 priceUdPerKwh, uint16 flags) = tariff.price();
        assertEq(flags & DynamicPrice.STALE, 0, "fresh to the last second");
        vm.warp(observed + 45 minutes);
        (priceUdPerKwh, flags) = tariff.price();
        assertEq(priceUdPerKwh, made, "held");
        assertEq(flags & FALLEN_BACK, DynamicPrice.STALE, "flagged");
        vm.warp(observed + 2 hours);
        (priceUdPerKwh, flags) = tariff.price();
        assertEq(priceUdPerKwh, made, "held as long as the policy says");
        assertEq(flags & FALLEN_BACK, DynamicPrice.STALE, "flagged");
    }

    function test_S18_then_the_price_walks_to_the_tariff_step_by_step() public {
        uint64 made = _settled(_input());
        assertEq(made, uint64(GRID), "good price");
        vm.warp(block.timestamp + 2 hours);
        uint64[6] memory expected = [uint64(66_250), 91_250, 116_250, 141_250, RETAIL, RETAIL];
        for (uint256 i = 0; i < 6; ++i) {
            _nextInterval();
            (uint64 priceUdPerKwh, uint16 flags) = tariff.price();
            assertEq(priceUdPerKwh, expected[i], "price");
            assertEq(flags, FALLEN_BACK, "flagged");
        }
    }

    function test_S18_a_feed_that_comes_back_goes_on_from_the_price_in_force() public {
        _settled(_input());
        vm.warp(block.timestamp + 2 hours + 3 * INTERVAL);
        uint64 inForce = _priceNow();
        assertEq(inForce, 116_250, "three steps up");
        uint64 made = _report(_input());
        assertEq(made, 91_250, "one step back");
        (, uint16 flags) = tariff.price();
        assertEq(flags, FALLEN_BACK, "this interval keeps its flags");
    }
}
