// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../../src/individual/Account.sol";
import {Base} from "../Base.sol";
import {Guards} from "./Guards.sol";

/// @title Recovery: what is always true of an account whose key a thief holds
contract RecoveryTest is Base {
    Guards private guards;
    Account private account;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        guards = new Guards();
        guards.setUp();
        account = guards.the();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(guards);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = Guards.setUp.selector;
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(guards), verbs);
    }

    function invariant_nothing_leaves_a_locked_account() public view {
        assertEq(guards.movedLocked(), 0, "moved while locked");
    }

    function invariant_a_dead_key_moves_nothing() public view {
        assertEq(guards.movedDead(), 0, "moved by a dead key");
    }

    function invariant_no_key_and_no_guardian_comes_early() public view {
        assertEq(guards.recoveredEarly(), 0, "keys");
        assertEq(guards.guardiansEarly(), 0, "guardians");
    }

    function invariant_nobody_else_locks_or_unlocks() public view {
        assertEq(guards.lockedByCall(), 0, "by a stranger");
    }

    function invariant_locked_exactly_while_enough_guardians_stand_by() public view {
        (, bytes32 qx, bytes32 qy, uint40 readyAt) = account.recovery();
        (address[] memory list, uint8 threshold) = account.guardians();
        if (readyAt == 0) return;
        uint256 support;
        for (uint256 i = 0; i < list.length; ++i) {
            if (account.approvalOf(list[i]) == keccak256(abi.encode(qx, qy))) ++support;
        }
        assertLe(threshold, support, "guardians who stand by");
        (,, uint40 named) = account.namedGuardians();
        assertEq(named, 0, "none to come meanwhile");
    }
}
