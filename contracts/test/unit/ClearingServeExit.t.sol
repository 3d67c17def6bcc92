// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract ClearingServeExitTest is World {
    uint64 private epoch;
    IClearing.Leaf[] private leaves;

    /// The consumer asks to leave after the first statement; the second gives all it has left.
    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
        _post(_traded());
        vm.prank(consumer);
        clearing.requestExit();
        _publish(_pair(100_000, 60_000, 0, 40_000));
    }

    function _publish(IClearing.Leaf[] memory published) private {
        delete leaves;
        for (uint256 i = 0; i < published.length; ++i) {
            leaves.push(published[i]);
        }
        epoch = _post(published);
        vm.warp(block.timestamp + DELAY);
    }

    function _serve(uint256 i) private {
        clearing.serveExit(epoch, leaves[i], _proofOf(leaves, i));
    }

    function _refusedWith(uint256 i, bytes memory reason) private {
        bytes32[] memory proof = _proofOf(leaves, i);
        vm.expectRevert(reason);
        clearing.serveExit(epoch, leaves[i], proof);
    }

    function test_refuses_before_live() public {
        vm.warp(START_S + DELAY - 1);
        _refusedWith(0, abi.encodeWithSelector(IClearing.NotLive.selector, epoch, START_S + DELAY));
    }

    function test_refuses_who_did_not_ask() public {
        _refusedWith(1, abi.encodeWithSelector(IClearing.NoExit.selector, producer));
    }

    function test_refuses_a_statement_from_before_the_request() public {
        IClearing.Leaf[] memory before = _traded();
        bytes32[] memory proof = _proofOf(before, 0);
        vm.expectRevert(abi.encodeWithSelector(IClearing.PostedBeforeRequest.selector, 1, 1));
        clearing.serveExit(1, before[0], proof);
    }

    function test_refuses_a_leaf_that_keeps_a_balance() public {
        _deposit(consumer, 1);
        _publish(_pair(100_001, 60_000, 1, 40_000));
        _refusedWith(
            0, abi.encodeWithSelector(IClearing.ExitIncomplete.selector, 1, 100_001, 100_000)
        );
    }

    function test_refuses_a_leaf_that_forgets_deposits() public {
        _serve(0);
        _deposit(consumer, 500);
        vm.prank(consumer);
        clearing.requestExit();
        _publish(_pair(100_000, 60_000, 0, 40_000));
        _refusedWith(
            0, abi.encodeWithSelector(IClearing.ExitIncomplete.selector, 0, 100_000, 100_500)
        );
    }

    function test_a_deposit_after_the_request_does_not_stop_it() public {
        _deposit(consumer, 500);
        _serve(0);
        assertEq(currency.balanceOf(consumer), 60_000, "served");
    }

    function test_serves_and_pays() public {
        vm.expectEmit();
        emit IClearing.ExitServed(consumer, epoch);
        vm.expectEmit();
        emit IERC20.Transfer(address(clearing), consumer, 60_000);
        vm.prank(stranger);
        _serve(0);
        (uint64 deadline,,) = clearing.exitOf(consumer);
        assertEq(deadline, 0, "cleared");
        assertEq(currency.balanceOf(consumer), 60_000, "paid");
        (address oldest,) = clearing.oldestExit();
        assertEq(oldest, address(0), "nobody waits");
    }

    function test_serves_what_was_withdrawn_before() public {
        clearing.withdraw(epoch, leaves[0], _proofOf(leaves, 0));
        _serve(0);
        assertEq(currency.balanceOf(consumer), 60_000, "paid once");
    }

    function test_serves_late_and_posting_goes_on() public {
        vm.warp(START_S + EXIT_WINDOW + 1);
        IClearing.Statement memory s = _statement(leaves);
        _refused(
            s,
            abi.encodeWithSelector(IClearing.ExitOverdue.selector, consumer, START_S + EXIT_WINDOW)
        );
        _serve(0);
        _post(s);
    }

    function test_a_lapsed_passport_holds_the_payout_but_not_the_community() public {
        _hold(consumer);
        _serve(0);
        assertEq(currency.balanceOf(consumer), 0, "held");
        _release(consumer);
        clearing.withdraw(epoch, leaves[0], _proofOf(leaves, 0));
        assertEq(currency.balanceOf(consumer), 60_000, "payable again");
    }

    function test_the_queue_stays_in_order(uint256 served) public {
        _deposit(producer, 1);
        _deposit(neighbour, 1);
        vm.prank(producer);
        clearing.requestExit();
        vm.prank(neighbour);
        clearing.requestExit();
        IClearing.Leaf[] memory three = new IClearing.Leaf[](3);
        three[0] = _leaf(consumer, 100_000, 60_000, 0);
        three[1] = _leaf(producer, 1, 40_001, 0);
        three[2] = _leaf(neighbour, 1, 1, 0);
        _publish(three);
        address[3] memory asked = [consumer, producer, neighbour];

        served = bound(served, 0, 2); // this one first, then the others from the oldest
        _serve(served);
        for (uint256 i = 0; i < 3; ++i) {
            if (i == served) continue;
            (address oldest,) = clearing.oldestExit();
            assertEq(oldest, asked[i], "oldest that waits");
            _serve(i);
        }
        (address none,) = clearing.oldestExit();
        assertEq(none, address(0), "nobody waits");
        vm.prank(consumer);
        clearing.requestExit();
        (address again,) = clearing.oldestExit();
        assertEq(again, consumer, "the queue begins anew");
    }
}
