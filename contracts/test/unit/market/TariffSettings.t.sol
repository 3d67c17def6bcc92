// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {Tariff} from "../../../src/market/Tariff.sol";
import {TariffWorld} from "./TariffWorld.sol";

contract TariffSettingsTest is TariffWorld {
    function _set(DynamicPrice.Policy memory policy) private {
        vm.prank(admin);
        tariff.setPolicy(policy);
    }

    function _refusedPolicy(DynamicPrice.Policy memory policy) private {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITariff.PolicyRefused.selector, policy));
        tariff.setPolicy(policy);
    }

    // --- refusals

    function test_refuses_a_stranger() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        tariff.setPolicy(_policy());
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        tariff.setReporter(stranger, true, 1);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        tariff.setSource(stranger);
    }

    function test_refuses_an_interval_of_no_length() public {
        vm.expectRevert(abi.encodeWithSelector(ITariff.ZeroInterval.selector));
        new Tariff(address(manager), 0, RETAIL, _policy());
    }

    function test_refuses_a_policy_outside_the_bounds_in_code() public {
        DynamicPrice.Policy memory p = _policy();
        p.normalW = 0;
        _refusedPolicy(p);
        p = _policy();
        p.floorUdPerKwh = 0;
        _refusedPolicy(p);
        p.floorUdPerKwh = p.capUdPerKwh + 1;
        _refusedPolicy(p);
        p = _policy();
        p.capUdPerKwh = 1e8 + 1;
        _refusedPolicy(p);
        p = _policy();
        p.stepUdPerKwh = 0;
        _refusedPolicy(p);
        p.stepUdPerKwh = 1e8 + 1;
        _refusedPolicy(p);
        p = _policy();
        p.demandWeightPpm = 5_000_001;
        _refusedPolicy(p);
        p = _policy();
        p.tradedWeightPpm = 500_001;
        _refusedPolicy(p);
        p = _policy();
        p.freshFor = INTERVAL - 1;
        _refusedPolicy(p);
        p = _policy();
        p.heldFor = p.freshFor - 1;
        _refusedPolicy(p);
    }

    function test_refuses_a_second_policy_in_an_interval() public {
        _set(_policy());
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITariff.PolicyPending.selector, FIRST + 1));
        tariff.setPolicy(_policy());
    }

    function test_refuses_a_quorum_of_none_or_of_more_than_there_are() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITariff.QuorumRefused.selector, stranger, 0, 4));
        tariff.setReporter(stranger, true, 0);
        address first = vm.addr(_key(_reporterRole(0)));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITariff.QuorumRefused.selector, first, 3, 2));
        tariff.setReporter(first, false, 3);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITariff.QuorumRefused.selector, address(0), 2, 4));
        tariff.setReporter(address(0), true, 2);
    }

    // --- success

    function test_a_policy_holds_from_the_next_interval_on() public {
        uint64 made = _settled(_input());
        _nextInterval();
        DynamicPrice.Policy memory p = _policy();
        p.floorUdPerKwh = 60_000;
        uint64 interval = uint64(block.timestamp / INTERVAL);
        vm.expectEmit();
        emit ITariff.PolicySet(2, interval + 1, p);
        _set(p);
        assertEq(_priceNow(), made, "this interval keeps its price");
        assertEq(tariff.explain().nextUdPerKwh, 60_000, "the next is inside the new bounds");
        _nextInterval();
        assertEq(_priceNow(), 60_000, "and so it is");
        assertEq(tariff.policyOf(1).floorUdPerKwh, 20_000, "the old policy is kept");
    }

    function test_a_new_step_does_not_change_the_way_already_walked() public {
        _settled(_input());
        vm.warp(block.timestamp + 2 hours + 2 * INTERVAL);
        assertEq(_priceNow(), 91_250, "two steps");
        DynamicPrice.Policy memory p = _policy();
        p.stepUdPerKwh = 1000;
        _set(p);
        assertEq(_priceNow(), 91_250, "still");
        _nextInterval();
        assertEq(_priceNow(), 92_250, "one small step more");
    }

    function test_a_policy_set_after_the_report_leaves_the_announced_price() public {
        _settled(_input());
        _nextInterval();
        ITariff.Input memory input = _input();
        input.gridUdPerKwh = 50_000;
        uint64 made = _report(input);
        DynamicPrice.Policy memory p = _policy();
        p.demandWeightPpm = 1;
        _set(p);
        assertEq(tariff.explain().nextUdPerKwh, made, "announced");
        _nextInterval();
        assertEq(_priceNow(), made, "in force");
    }

    function test_a_reporter_taken_away_signs_no_more() public {
        address first = vm.addr(_key(_reporterRole(0)));
        vm.expectEmit();
        emit ITariff.ReporterSet(first, false, 2);
        vm.prank(admin);
        tariff.setReporter(first, false, 2);
        assertEq(tariff.reporters(), 2, "reporters");
        ITariff.Input memory input = _input();
        bytes memory signatures = _signed(input, 0, 1);
        try tariff.report(input, signatures) {
            assertTrue(false, "accepted");
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == ITariff.SignatureRefused.selector, "refused");
        }
        tariff.report(input, _signed(input, 1, 2));
    }

    function test_sets_the_source() public {
        vm.expectEmit();
        emit ITariff.SourceSet(stranger);
        vm.prank(admin);
        tariff.setSource(stranger);
        _report(_input()); // no contract there: the traded price does not count
    }
}
