// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHeeding} from "../../../src/interfaces/IHeeding.sol";
import {ITradingHalt} from "../../../src/interfaces/ITradingHalt.sol";
import {Bank} from "../../Bank.sol";

/// A venue that notes what the halt says.
contract Listener is IHeeding {
    ITradingHalt private immutable _halt;
    uint64 public until;

    constructor(ITradingHalt halt) {
        _halt = halt;
    }

    function heed() external {
        until = _halt.until();
    }
}

contract HaltVenuesTest is Bank {
    Listener private one;
    Listener private other;

    function setUp() public override {
        super.setUp();
        one = new Listener(tradingHalt);
        other = new Listener(tradingHalt);
    }

    function _list(uint256 count) private view returns (IHeeding[] memory list) {
        list = new IHeeding[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = i % 2 == 0 ? one : other;
        }
    }

    function test_refuses_a_list_by_another_than_the_council_or_too_long() public {
        vm.prank(guardian);
        vm.expectRevert(_unauthorized(guardian));
        tradingHalt.setVenues(_list(1));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITradingHalt.TooManyVenues.selector, 64, 65));
        tradingHalt.setVenues(_list(65));
    }

    function test_S23_tells_every_venue_when_trading_is_halted_and_when_it_goes_on() public {
        vm.prank(admin);
        tradingHalt.setVenues(_list(2));
        _halt(72 hours);
        assertEq(one.until(), block.timestamp + 72 hours, "one");
        assertEq(other.until(), block.timestamp + 72 hours, "other");
        vm.warp(block.timestamp + 1 hours);
        tradingHalt.lift(_signed("guardian", tradingHalt.liftHash(1)));
        assertEq(one.until(), block.timestamp, "goes on");
        assertEq(other.until(), block.timestamp, "goes on");
    }

    function test_tells_a_new_venue_how_things_stand() public {
        _halt(72 hours);
        assertEq(one.until(), 0, "not told");
        one.heed(); // as anyone may
        assertEq(one.until(), tradingHalt.until(), "told");
        vm.prank(admin);
        tradingHalt.setVenues(_list(2));
        assertEq(other.until(), tradingHalt.until(), "told");
        assertEq(tradingHalt.venues().length, 2, "both");
    }
}
