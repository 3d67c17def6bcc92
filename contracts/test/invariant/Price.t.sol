// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../src/libraries/DynamicPrice.sol";
import {Tariff} from "../../src/market/Tariff.sol";
import {Base} from "../Base.sol";
import {PriceHands} from "./PriceHands.sol";

/// @title Price: fresh or flagged, monotone in time, bounded, by distinct signers
contract PriceTest is Base {
    PriceHands private hands;
    Tariff private tariff;

    function setUp() public {
        hands = new PriceHands();
        hands.setUp();
        tariff = Tariff(hands.target());
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](4);
        verbs[0] = PriceHands.report.selector;
        verbs[1] = PriceHands.trade.selector;
        verbs[2] = PriceHands.govern.selector;
        verbs[3] = PriceHands.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(hands), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(hands);
    }

    function invariant_the_price_is_never_zero_and_within_floor_and_cap() public view {
        ITariff.Explanation memory e = tariff.explain();
        assertTrue(e.priceUdPerKwh != 0, "not zero");
        assertLe(e.policy.floorUdPerKwh, e.priceUdPerKwh, "floor");
        assertLe(e.priceUdPerKwh, e.policy.capUdPerKwh, "cap");
    }

    function invariant_an_old_price_is_flagged() public view {
        ITariff.Explanation memory e = tariff.explain();
        uint256 start = uint256(e.interval) * tariff.intervalSeconds();
        if (start > uint256(e.record.observedAt) + e.policy.freshFor) {
            assertTrue(e.flags & DynamicPrice.STALE != 0, "stale");
        }
        if (start > uint256(e.record.observedAt) + e.policy.heldFor) {
            assertTrue(e.flags & DynamicPrice.FALLBACK != 0, "fallen back");
        }
    }

    function invariant_time_goes_forward_from_record_to_record() public view {
        uint64 interval = tariff.explain().recordInterval;
        ITariff.Record memory record = tariff.recordOf(interval);
        for (uint256 i = 0; i < 20 && record.previous != interval; ++i) {
            ITariff.Record memory before = tariff.recordOf(record.previous);
            assertTrue(before.observedAt < record.observedAt, "forward");
            (interval, record) = (record.previous, before);
        }
    }
}
