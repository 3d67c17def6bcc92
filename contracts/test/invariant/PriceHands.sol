// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../src/libraries/DynamicPrice.sol";
import {TariffWorld} from "../unit/market/TariffWorld.sol";

/// @title PriceHands: reporters, a marketplace, governance, and time, in any order
/// @notice Time passes one interval after the other; each price is held against the one before.
contract PriceHands is TariffWorld {
    uint64 private _lastObserved;

    function target() external view returns (address) {
        return address(tariff);
    }

    function report(int64 grid, uint64 demand, uint64 retail, uint64 age, uint8 who) external {
        ITariff.Input memory input;
        input.gridUdPerKwh = int64(int256(bound(uint64(grid), 0, 600_000))) - 100_000;
        input.demandW = uint64(bound(demand, 1e9, 30e9));
        input.tariffUdPerKwh = uint64(bound(retail, 1, 600_000));
        input.observedAt = uint64(block.timestamp - bound(age, 0, 40 minutes));
        (uint64 before,) = tariff.price();
        // one of these is no quorum
        bytes memory signatures = who % 4 == 0
            ? _signature(_reporterRole(0), tariff.inputHash(input))
            : _signed(input, who % 3, (who % 3 + 1) % 3);
        try tariff.report(input, signatures) returns (uint64 made) {
            assertTrue(who % 4 != 0, "a quorum signed");
            assertTrue(input.observedAt > _lastObserved, "time goes forward");
            assertLe(block.timestamp - input.observedAt, 30 minutes, "fresh");
            _lastObserved = input.observedAt;
            (uint64 again,) = tariff.recompute(uint64(block.timestamp / INTERVAL) + 1);
            assertEq(made, again, "recomputed");
        } catch {}
        (uint64 after_,) = tariff.price();
        assertEq(after_, before, "no report changes the price in force");
    }

    function trade(uint128 average, uint32 parties, uint32 age, bool broken) external {
        marketplace.set(average, parties % 9, uint64(block.timestamp - age % 3600));
        marketplace.setBroken(broken);
    }

    /// Floor and cap only widen here, so that the step holds always; see `ITariff`.
    function govern(uint64 step, uint32 demandWeight, uint32 tradedWeight, uint32 held) external {
        DynamicPrice.Policy memory p = tariff.explain().policy;
        p.stepUdPerKwh = uint64(bound(step, 1, 50_000));
        p.demandWeightPpm = uint32(bound(demandWeight, 0, 5_000_000));
        p.tradedWeightPpm = uint32(bound(tradedWeight, 0, 500_000));
        p.heldFor = uint32(bound(held, p.freshFor, 6 hours));
        (uint64 before,) = tariff.price();
        vm.prank(admin);
        try tariff.setPolicy(p) {} catch {}
        (uint64 after_,) = tariff.price();
        assertEq(after_, before, "no policy changes the price in force");
    }

    function wait(uint256 intervals) external {
        for (uint256 i = bound(intervals, 1, 12); i > 0; --i) {
            ITariff.Explanation memory e = tariff.explain();
            _nextInterval();
            ITariff.Explanation memory next = tariff.explain();
            assertEq(next.priceUdPerKwh, e.nextUdPerKwh, "as announced");
            uint64 before = e.priceUdPerKwh;
            uint64 now_ = next.priceUdPerKwh;
            // a price announced before the policy changed was held by the step of then
            uint64 step = e.policy.stepUdPerKwh;
            if (next.policy.stepUdPerKwh > step) step = next.policy.stepUdPerKwh;
            assertLe(now_ > before ? now_ - before : before - now_, step, "step");
        }
    }
}
