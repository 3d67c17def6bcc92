// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISeats} from "../../../src/interfaces/ISeats.sol";
import {Bank} from "../../Bank.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract SeatsVerbsTest is Bank {
    function test_only_the_council_gives_and_takes() public {
        vm.prank(councillors[0]);
        vm.expectRevert(_unauthorized(councillors[0]));
        seats.give(stranger);
        vm.prank(councillors[0]);
        vm.expectRevert(_unauthorized(councillors[0]));
        seats.take(councillors[1]);
    }

    function test_refuses_a_second_seat_and_taking_none() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ISeats.AlreadySeated.selector, councillors[0], 1));
        seats.give(councillors[0]);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ISeats.NotSeated.selector, stranger));
        seats.take(stranger);
    }

    function test_refuses_to_change_hands() public {
        vm.prank(councillors[0]);
        vm.expectRevert(abi.encodeWithSelector(ISeats.SeatBound.selector, 1));
        seats.transferFrom(councillors[0], stranger, 1);
        vm.prank(councillors[0]);
        seats.approve(stranger, 1);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ISeats.SeatBound.selector, 1));
        seats.transferFrom(councillors[0], councillors[1], 1);
    }

    function test_refuses_to_lend_the_vote() public {
        vm.prank(councillors[0]);
        vm.expectRevert(abi.encodeWithSelector(ISeats.VoteBound.selector, councillors[0]));
        seats.delegate(councillors[1]);
        vm.expectRevert(abi.encodeWithSelector(ISeats.VoteBound.selector, address(this)));
        seats.delegateBySig(councillors[1], 0, 0, 27, 0, 0);
    }

    function test_one_seat_one_vote_remembered() public {
        uint256 before = block.timestamp - 1;
        assertEq(seats.getPastVotes(councillors[0], before), 1, "one");
        assertEq(seats.getPastTotalSupply(before), 5, "five");
        vm.prank(admin);
        seats.take(councillors[0]);
        vm.prank(admin);
        uint256 seat = seats.give(stranger);
        assertEq(seat, 6, "never used again");
        assertEq(seats.getVotes(councillors[0]), 0, "taken");
        assertEq(seats.getVotes(stranger), 1, "given");
        assertEq(seats.getPastVotes(councillors[0], before), 1, "then");
        assertEq(seats.seatOf(stranger), 6, "seat");
    }

    function test_is_locked_as_ERC5192_says() public {
        assertTrue(seats.supportsInterface(0xb45a3c0e), "ERC-5192");
        assertTrue(seats.supportsInterface(0x80ac58cd), "ERC-721");
        assertTrue(seats.locked(1), "locked");
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 9));
        seats.locked(9);
    }
}
