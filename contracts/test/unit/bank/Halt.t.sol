// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TradingHalt} from "../../../src/bank/TradingHalt.sol";
import {ITradingHalt} from "../../../src/interfaces/ITradingHalt.sol";
import {IVerifier} from "../../../src/interfaces/IVerifier.sol";
import {Bank} from "../../Bank.sol";

contract HaltTest is Bank {
    function _refusedHalt(ITradingHalt.Order memory order, bytes memory reason) private {
        bytes memory proof = _signed("guardian", tradingHalt.orderHash(order));
        vm.expectRevert(reason);
        tradingHalt.halt(order, proof);
    }

    function test_refuses_more_than_72_hours_or_nothing(uint64 durationS) public {
        _refusedHalt(
            _order(0), abi.encodeWithSelector(ITradingHalt.WrongDuration.selector, 72 hours, 0)
        );
        durationS = uint64(bound(durationS, 72 hours + 1, type(uint64).max));
        _refusedHalt(
            _order(durationS),
            abi.encodeWithSelector(ITradingHalt.WrongDuration.selector, 72 hours, durationS)
        );
    }

    function test_refuses_an_order_late_or_out_of_turn() public {
        ITradingHalt.Order memory order = _order(1 hours);
        order.deadline = uint64(block.timestamp - 1);
        _refusedHalt(
            order,
            abi.encodeWithSelector(
                ITradingHalt.DeadlinePassed.selector, order.deadline, block.timestamp
            )
        );
        order = _order(1 hours);
        order.number = 2;
        _refusedHalt(order, abi.encodeWithSelector(ITradingHalt.WrongNumber.selector, 1, 2));
        order.number = 1;
        tradingHalt.halt(order, _signed("guardian", tradingHalt.orderHash(order)));
        _refusedHalt(order, abi.encodeWithSelector(ITradingHalt.WrongNumber.selector, 2, 1));
    }

    function test_refuses_without_a_quorum() public {
        ITradingHalt.Order memory order = _order(1 hours);
        bytes32 digest = tradingHalt.orderHash(order);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITradingHalt.ProofRefused.selector, digest));
        tradingHalt.halt(order, "");
        bytes memory others = _signed("custodian", digest);
        vm.expectRevert(abi.encodeWithSelector(ITradingHalt.ProofRefused.selector, digest));
        tradingHalt.halt(order, others);
    }

    function test_refuses_to_be_chained_without_a_gap(uint64 seconds_) public {
        _halt(72 hours);
        uint64 earliest = tradingHalt.until() + 72 hours;
        vm.warp(bound(seconds_, block.timestamp, earliest - 1));
        _refusedHalt(
            _order(1),
            abi.encodeWithSelector(ITradingHalt.TooSoon.selector, earliest, block.timestamp)
        );
        vm.warp(earliest);
        _halt(72 hours);
    }

    function test_lift_refuses_when_nothing_is_halted_or_without_a_quorum() public {
        vm.expectRevert(abi.encodeWithSelector(ITradingHalt.NotHalted.selector));
        tradingHalt.lift("");
        _halt(1 hours);
        bytes32 digest = tradingHalt.liftHash(1);
        vm.expectRevert(abi.encodeWithSelector(ITradingHalt.ProofRefused.selector, digest));
        tradingHalt.lift("");
    }

    function test_guardians_are_set_by_the_council_alone() public {
        vm.prank(guardian);
        vm.expectRevert(_unauthorized(guardian));
        tradingHalt.setGuardians(custodians);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITradingHalt.ZeroGuardians.selector));
        tradingHalt.setGuardians(IVerifier(address(0)));
        vm.prank(admin);
        tradingHalt.setGuardians(custodians);
        assertEq(address(tradingHalt.guardians()), address(custodians), "set");
    }

    function test_S23_halts_at_most_72_hours_and_ends_by_itself(uint64 durationS) public {
        durationS = uint64(bound(durationS, 1, 72 hours));
        uint256 start = block.timestamp;
        assertTrue(!tradingHalt.isHalted(), "calm");
        _halt(durationS);
        assertTrue(tradingHalt.isHalted(), "halted");
        vm.warp(start + durationS - 1);
        assertTrue(tradingHalt.isHalted(), "to the last second");
        vm.warp(start + durationS);
        assertTrue(!tradingHalt.isHalted(), "by itself");
    }

    function test_lifts_early() public {
        _halt(72 hours);
        vm.warp(block.timestamp + 1 hours);
        tradingHalt.lift(_signed("guardian", tradingHalt.liftHash(1)));
        assertTrue(!tradingHalt.isHalted(), "lifted");
        _refusedHalt(
            _order(1),
            abi.encodeWithSelector(
                ITradingHalt.TooSoon.selector, block.timestamp + 72 hours, block.timestamp
            )
        );
    }

    function test_S23_money_moves_while_trading_is_halted() public {
        _bring(consumer, 10 * DOLLAR);
        vm.prank(consumer);
        currency.approve(address(savings), DOLLAR);
        vm.prank(consumer);
        savings.deposit(DOLLAR);
        _halt(72 hours);
        _redeem(consumer, DOLLAR);
        vm.prank(consumer);
        savings.withdraw(DOLLAR);
        vm.prank(consumer);
        currency.transfer(producer, DOLLAR);
        _bring(consumer, DOLLAR);
    }
}
