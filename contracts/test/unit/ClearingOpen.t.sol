// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {IClearingFactory} from "../../src/interfaces/IClearingFactory.sol";
import {World} from "../World.sol";

contract ClearingOpenTest is World {
    function test_refuses_whoever_has_no_opening_role() public {
        vm.prank(operator);
        vm.expectRevert(_unauthorized(operator));
        clearings.open("Oak Street", operator, guardian, address(verifier), DELAY, EXIT_WINDOW);
    }

    function test_refuses_a_role_that_is_nobodys() public {
        address[3] memory roles = [operator, guardian, address(verifier)];
        for (uint256 i = 0; i < 3; ++i) {
            address held = roles[i];
            roles[i] = address(0);
            vm.prank(admin);
            vm.expectRevert(abi.encodeWithSelector(IClearing.ZeroRole.selector));
            clearings.open("Oak Street", roles[0], roles[1], roles[2], DELAY, EXIT_WINDOW);
            roles[i] = held;
        }
    }

    function test_refuses_a_window_in_which_no_root_could_be_live(uint32 delay, uint32 window)
        public
    {
        window = uint32(bound(window, 0, delay));
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.ExitWindowTooShort.selector, window, delay)
        );
        clearings.open("Oak Street", operator, guardian, address(verifier), delay, window);
    }

    function test_refuses_a_name_twice() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IClearingFactory.NameTaken.selector, NAME, clearing));
        clearings.open(NAME, stranger, guardian, address(verifier), DELAY, EXIT_WINDOW);
    }

    function test_opens(string calldata name) public {
        vm.assume(address(clearings.clearingOf(name)) == address(0));
        vm.prank(admin);
        IClearing opened =
            clearings.open(name, operator, guardian, address(verifier), DELAY, EXIT_WINDOW);
        assertEq(address(clearings.clearingOf(name)), address(opened), "found by its name");
        assertEq(
            opened.community(),
            keccak256(abi.encode(block.chainid, address(opened), keccak256(bytes(name)))),
            "id"
        );
        assertEq(address(opened.currency()), address(currency), "currency");
        assertEq(address(opened.passport()), address(passport), "passport");

        IClearing.Terms memory terms = opened.terms();
        assertEq(terms.operator, operator, "operator");
        assertEq(terms.guardian, guardian, "guardian");
        assertEq(terms.verifier, address(verifier), "verifier");
        assertEq(terms.delay, DELAY, "delay");
        assertEq(terms.exitWindow, EXIT_WINDOW, "exit window");
        assertTrue(!terms.woundUp, "not ended");
        IClearing.Head memory head = opened.head();
        assertEq(head.epoch, 0, "no statement yet");
        assertEq(head.nextEpoch, 1, "the first comes next");
    }
}
