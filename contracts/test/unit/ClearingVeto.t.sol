// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";

contract ClearingVetoTest is World {
    bytes32[4] private hashes; // of epochs 1 to 3

    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
        for (uint64 epoch = 1; epoch <= 3; ++epoch) {
            _post(_traded());
            hashes[epoch] = clearing.head().hash;
            vm.warp(block.timestamp + 10);
        }
    }

    function test_refuses_whoever_is_not_the_guardian() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IClearing.NotGuardian.selector, operator, guardian));
        clearing.veto(3);
    }

    function test_refuses_an_unknown_epoch() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IClearing.UnknownEpoch.selector, 4));
        clearing.veto(4);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IClearing.UnknownEpoch.selector, 0));
        clearing.veto(0);
    }

    function test_refuses_once_live() public {
        vm.warp(START_S + DELAY);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IClearing.AlreadyLive.selector, 1, START_S + DELAY));
        clearing.veto(1);
    }

    function test_refuses_a_second_time() public {
        vm.prank(guardian);
        clearing.veto(2);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IClearing.StatementVetoed.selector, 3));
        clearing.veto(3);
    }

    function test_voids_this_and_all_later_ones(uint64 from) public {
        from = uint64(bound(from, 1, 3));
        vm.expectEmit();
        emit IClearing.Vetoed(from, 3);
        vm.prank(guardian);
        clearing.veto(from);
        for (uint64 epoch = 1; epoch <= 3; ++epoch) {
            bool vetoed = clearing.statementOf(epoch).vetoed;
            assertTrue(vetoed == (epoch >= from), "void from here on");
        }
        IClearing.Head memory head = clearing.head();
        assertEq(head.epoch, from - 1, "head went back");
        assertEq(head.nextEpoch, 4, "no epoch is used twice");
        clearing.rewind(_void());
        assertEq(clearing.head().hash, hashes[from - 1], "hash went back");
    }

    function test_the_next_one_builds_on_what_is_left_and_can_be_vetoed_too() public {
        vm.prank(guardian);
        clearing.veto(2);
        _post(_traded());
        assertEq(clearing.statementOf(4).previousEpoch, 1, "builds on the first");
        _post(_traded());
        vm.prank(guardian);
        clearing.veto(1);
        assertEq(clearing.head().epoch, 0, "nothing is left");
        assertTrue(clearing.statementOf(5).vetoed, "the newest too");
        _post(_traded());
        assertEq(clearing.head().epoch, 6, "begins anew");
    }
}
