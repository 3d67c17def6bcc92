// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {Clearing} from "../../src/market/Clearing.sol";
import {World} from "../World.sol";

contract ClearingEscapeTest is World {
    uint256 private constant OVERDUE_S = START_S + EXIT_WINDOW + 1;

    IClearing.Leaf[] private leaves;

    /// The consumer asks to leave and the operator never answers.
    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
        IClearing.Leaf[] memory traded = _traded();
        for (uint256 i = 0; i < traded.length; ++i) {
            leaves.push(traded[i]);
        }
        _post(traded);
        vm.prank(consumer);
        clearing.requestExit();
    }

    function _escape(address caller, uint256 i) private {
        bytes32[] memory proof = _proofOf(leaves, i);
        vm.prank(caller);
        clearing.escape(1, leaves[i], proof);
    }

    function _refusedWith(address caller, uint64 epoch, uint256 i, bytes memory reason) private {
        bytes32[] memory proof = _proofOf(leaves, i);
        vm.prank(caller);
        vm.expectRevert(reason);
        clearing.escape(epoch, leaves[i], proof);
    }

    function test_refuses_while_the_exit_may_be_served() public {
        vm.warp(OVERDUE_S - 1);
        _refusedWith(
            consumer,
            1,
            0,
            abi.encodeWithSelector(IClearing.ExitNotOverdue.selector, consumer, OVERDUE_S - 1)
        );
    }

    function test_refuses_a_member_who_did_not_ask() public {
        vm.warp(OVERDUE_S);
        _refusedWith(producer, 1, 1, abi.encodeWithSelector(IClearing.NoExit.selector, producer));
    }

    function test_refuses_that_another_ends_the_community() public {
        vm.warp(OVERDUE_S);
        _refusedWith(
            stranger,
            1,
            0,
            abi.encodeWithSelector(IClearing.NotAccount.selector, stranger, consumer)
        );
    }

    function test_refuses_any_but_the_last_live_statement() public {
        _post(_pair(100_000, 0, 50_000, 50_000));
        vm.warp(OVERDUE_S);
        _refusedWith(consumer, 1, 0, abi.encodeWithSelector(IClearing.NotLatest.selector, 2, 1));
    }

    function test_refuses_where_no_statement_is_live() public {
        vm.prank(guardian);
        clearing.veto(1);
        vm.warp(OVERDUE_S);
        _refusedWith(consumer, 1, 0, abi.encodeWithSelector(IClearing.NotLatest.selector, 0, 1));
        _refusedWith(consumer, 0, 0, abi.encodeWithSelector(IClearing.UnknownEpoch.selector, 0));
    }

    function test_refuses_without_passport() public {
        vm.warp(OVERDUE_S);
        _hold(consumer);
        _refusedWith(
            consumer,
            1,
            0,
            abi.encodeWithSelector(IClearing.PassportInvalid.selector, consumer, TRADE_ENERGY)
        );
    }

    function test_refuses_a_second_time() public {
        vm.warp(OVERDUE_S);
        _escape(consumer, 0);
        _refusedWith(
            consumer, 1, 0, abi.encodeWithSelector(IClearing.NothingDue.selector, consumer, 60_000)
        );
    }

    function test_takes_payout_and_balance_and_ends_the_community() public {
        vm.warp(OVERDUE_S);
        vm.expectEmit();
        emit IClearing.WoundUp(1);
        vm.expectEmit();
        emit IClearing.Escaped(consumer, 1, 60_000, 60_000);
        _escape(consumer, 0);
        assertEq(currency.balanceOf(consumer), 60_000, "everything");
        assertTrue(clearing.terms().woundUp, "ended");

        bytes memory ended =
            abi.encodeWithSelector(IClearing.CommunityWoundUp.selector, clearing.community());
        _refused(_statement(leaves), ended);
        _fund(neighbour, 1);
        vm.prank(neighbour);
        vm.expectRevert(ended);
        clearing.deposit(neighbour, 1);
        vm.prank(consumer);
        vm.expectRevert(ended);
        clearing.requestExit();
    }

    function test_afterwards_anyone_may_have_the_others_paid() public {
        vm.warp(OVERDUE_S);
        _escape(consumer, 0);
        _escape(stranger, 1);
        assertEq(currency.balanceOf(producer), 40_000, "the producer");
        assertEq(clearing.funds(), 0, "nothing is left");
    }

    function test_takes_no_more_after_withdrawals_and_none_follow() public {
        vm.warp(OVERDUE_S);
        leaves[0].payoutUd = 25_000;
        leaves[0].balanceUd = 35_000;
        vm.warp(START_S + 10);
        _post(leaves);
        vm.warp(OVERDUE_S);
        bytes32[] memory proof = _proofOf(leaves, 0);
        clearing.withdraw(2, leaves[0], proof);
        vm.prank(consumer);
        clearing.escape(2, leaves[0], proof);
        assertEq(currency.balanceOf(consumer), 60_000, "payout and balance, once");
        vm.expectRevert(abi.encodeWithSelector(IClearing.NothingDue.selector, consumer, 60_000));
        clearing.withdraw(2, leaves[0], proof);
    }

    function test_voids_what_is_not_live_yet() public {
        vm.warp(OVERDUE_S - 2);
        IClearing.Leaf[] memory later = _pair(100_000, 0, 0, 100_000);
        _post(later);
        _post(later);
        vm.warp(OVERDUE_S);
        vm.expectEmit();
        emit IClearing.Vetoed(2, 3);
        _escape(consumer, 0);

        vm.warp(OVERDUE_S + DELAY);
        bytes32[] memory proof = _proofOf(later, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearing.StatementVetoed.selector, 2));
        clearing.withdraw(2, later[1], proof);
        _escape(stranger, 1);
        assertEq(clearing.funds(), 0, "enough for everyone");
    }

    function test_gives_deposits_after_the_leaf_back_once(uint32 laterUd) public {
        laterUd = uint32(bound(laterUd, 1, type(uint32).max));
        _deposit(consumer, laterUd);
        vm.warp(OVERDUE_S);
        vm.expectEmit();
        emit IClearing.Reclaimed(consumer, laterUd);
        _escape(consumer, 0);
        assertEq(currency.balanceOf(consumer), 60_000 + uint256(laterUd), "both");
        assertEq(clearing.paid(consumer), 60_000, "paid");
        assertEq(clearing.deposited(consumer), 100_000, "what the leaf knows");
        assertEq(clearing.funds(), 40_000, "the producer's");
        _refusedWith(
            consumer, 1, 0, abi.encodeWithSelector(IClearing.NothingDue.selector, consumer, 60_000)
        );
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IClearing.DepositsAccounted.selector, 100_000, 0));
        clearing.reclaim(new IClearing.Statement[](0));
    }

    function test_leaves_other_communities_alone() public {
        Clearing other = _openCommunity("Oak Street");
        _depositInto(other, neighbour, 7);
        vm.warp(OVERDUE_S);
        _escape(consumer, 0);
        assertTrue(!other.terms().woundUp, "goes on");
        assertEq(other.funds(), 7, "its funds");
    }
}
