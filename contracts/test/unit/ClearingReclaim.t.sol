// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";

contract ClearingReclaimTest is World {
    uint256 private constant OVERDUE_S = START_S + EXIT_WINDOW + 1;

    IClearing.Statement[] private none;

    function _reclaim(address account) private {
        vm.prank(account);
        clearing.reclaim(none);
    }

    function _refusedWith(address account, bytes memory reason) private {
        vm.prank(account);
        vm.expectRevert(reason);
        clearing.reclaim(none);
    }

    function test_refuses_who_did_not_ask_to_leave() public {
        _deposit(neighbour, 5);
        _refusedWith(neighbour, abi.encodeWithSelector(IClearing.NoExit.selector, neighbour));
    }

    function test_refuses_while_the_exit_may_be_served() public {
        _deposit(neighbour, 5);
        vm.prank(neighbour);
        clearing.requestExit();
        vm.warp(OVERDUE_S - 1);
        _refusedWith(
            neighbour,
            abi.encodeWithSelector(IClearing.ExitNotOverdue.selector, neighbour, OVERDUE_S - 1)
        );
    }

    function test_refuses_deposits_a_statement_accounts_for() public {
        _deposit(consumer, 100_000);
        _post(_traded()); // the consumer spent 40 000 and must escape by its leaf
        vm.prank(consumer);
        clearing.requestExit();
        vm.warp(OVERDUE_S);
        _refusedWith(
            consumer, abi.encodeWithSelector(IClearing.DepositsAccounted.selector, 100_000, 0)
        );
    }

    function test_refuses_without_passport() public {
        _deposit(neighbour, 5);
        vm.prank(neighbour);
        clearing.requestExit();
        vm.warp(OVERDUE_S);
        _hold(neighbour);
        _refusedWith(
            neighbour,
            abi.encodeWithSelector(IClearing.PassportInvalid.selector, neighbour, TRADE_ENERGY)
        );
    }

    function test_gives_back_what_no_statement_ever_knew() public {
        _deposit(consumer, 100_000);
        _deposit(neighbour, 5);
        _post(_traded()); // forgets the neighbour
        vm.prank(neighbour);
        clearing.requestExit();
        vm.warp(OVERDUE_S);
        vm.expectEmit();
        emit IClearing.WoundUp(1);
        vm.expectEmit();
        emit IClearing.Reclaimed(neighbour, 5);
        _reclaim(neighbour);
        assertEq(currency.balanceOf(neighbour), 5, "all of it");
        assertEq(clearing.funds(), 100_000, "the others'");
        _refusedWith(neighbour, abi.encodeWithSelector(IClearing.NoDeposits.selector, neighbour));
    }

    function test_gives_everything_back_where_nothing_was_ever_posted() public {
        _deposit(consumer, 100_000);
        _deposit(neighbour, 5);
        vm.prank(consumer);
        clearing.requestExit();
        vm.warp(OVERDUE_S);
        _reclaim(consumer);
        _reclaim(neighbour);
        assertEq(clearing.funds(), 0, "nothing is left");
    }

    function test_refuses_before_the_statements_not_yet_live_are_shown() public {
        _waits();
        bytes32 waiting = clearing.head().hash;
        _refusedWith(neighbour, abi.encodeWithSelector(IClearing.HeadVoid.selector, waiting));
        assertTrue(!clearing.terms().woundUp, "nothing happened");
    }

    function test_by_the_last_live_statement_behind_those_not_yet_live() public {
        _waits();
        IClearing.Statement[] memory statements = _backTo(1);
        vm.expectEmit();
        emit IClearing.WoundUp(1);
        vm.expectEmit();
        emit IClearing.Rewound(1, statements[1].previous);
        vm.prank(neighbour);
        clearing.reclaim(statements);
        assertEq(currency.balanceOf(neighbour), 5, "all of it");
    }

    /// Two statements account for the neighbour's deposit and are not live when its exit is
    /// overdue.
    function _waits() private {
        _deposit(consumer, 100_000);
        _post(_traded());
        _deposit(neighbour, 5);
        vm.prank(neighbour);
        clearing.requestExit();
        vm.warp(OVERDUE_S - 2);
        IClearing.Leaf[] memory three = new IClearing.Leaf[](3);
        IClearing.Leaf[] memory two = _traded();
        (three[0], three[1]) = (two[0], two[1]);
        three[2] = _leaf(neighbour, 5, 0, 5);
        _post(three);
        _post(three);
        vm.warp(OVERDUE_S);
    }

    function test_with_an_escape_in_either_order_pays_once(bool escapeFirst) public {
        // the producer has a leaf from its exports, and made its first deposit after it
        _deposit(consumer, 100_000);
        IClearing.Leaf[] memory leaves = _traded();
        _post(leaves);
        _deposit(producer, 5);
        vm.prank(producer);
        clearing.requestExit();
        vm.warp(OVERDUE_S);
        if (!escapeFirst) _reclaim(producer);
        bytes32[] memory proof = _proofOf(leaves, 1);
        vm.prank(producer);
        clearing.escape(1, leaves[1], proof);
        _refusedWith(producer, abi.encodeWithSelector(IClearing.NoDeposits.selector, producer));
        assertEq(currency.balanceOf(producer), 40_005, "payout and deposit, once");
        assertEq(clearing.funds(), 60_000, "the consumer's");
    }
}
