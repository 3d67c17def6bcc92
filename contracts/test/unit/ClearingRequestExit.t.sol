// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";

contract ClearingRequestExitTest is World {
    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
    }

    function test_refuses_an_account_without_deposits() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IClearing.NoDeposits.selector, stranger));
        clearing.requestExit();
    }

    function test_refuses_a_second_request() public {
        vm.prank(consumer);
        clearing.requestExit();
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.ExitPending.selector, consumer, START_S + EXIT_WINDOW)
        );
        clearing.requestExit();
    }

    function test_requests() public {
        _post(_traded());
        vm.expectEmit();
        emit IClearing.ExitRequested(consumer, uint64(START_S + EXIT_WINDOW));
        vm.prank(consumer);
        clearing.requestExit();
        (uint64 deadline, uint64 requestedAfter, uint128 depositsUd) = clearing.exitOf(consumer);
        assertEq(deadline, START_S + EXIT_WINDOW, "deadline");
        assertEq(requestedAfter, 1, "last epoch then");
        assertEq(depositsUd, 100_000, "deposits then");
    }

    function test_the_oldest_request_counts() public {
        _deposit(producer, 1);
        vm.prank(producer);
        clearing.requestExit();
        vm.warp(START_S + 1);
        vm.prank(consumer);
        clearing.requestExit();
        (address oldest, uint64 deadline) = clearing.oldestExit();
        assertEq(oldest, producer, "who asked first");
        assertEq(deadline, START_S + EXIT_WINDOW, "its deadline");
    }
}
