// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../../../src/individual/Account.sol";
import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {IndividualWorld} from "../../IndividualWorld.sol";

/// @title Layer 6, row by row
contract PersonRowsTest is IndividualWorld {
    function test_B601_the_wallet_holds_money_and_a_thief_with_the_key_is_locked_out() public {
        vm.prank(facilitator);
        currency.mint(address(account), 1000);
        _lock();
        _refusedToAct(KEY, _transfer(thief, 1), "AA24 signature error");
        assertEq(currency.balanceOf(address(account)), 1000, "kept through the 48 hours");
    }

    function test_B602_a_person_is_verified_unique_and_expires() public {
        assertTrue(passport.isAllowed(address(account), TRADE_ENERGY), "verified");
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IPassport.IdentityTaken.selector, OWNER, address(account))
        );
        passport.admit(stranger, OWNER, ALL, EXPIRY, CANADA);
        vm.warp(EXPIRY);
        assertTrue(!passport.isAllowed(address(account), TRADE_ENERGY), "expired");
    }

    /// What the screening holds, another officer releases: nobody clears his own override, neither
    /// of her wallets nor by a new passport.
    function test_S03_B602_a_hold_is_released_by_a_second_officer_alone() public {
        vm.prank(admin);
        passport.link(address(account), stranger);
        _hold(address(account));
        address[2] memory wallets = [address(account), stranger];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(admin);
            passport.issue(wallets[i], ALL, EXPIRY, CANADA);
            vm.prank(admin);
            passport.setFrozen(wallets[i], true);
            vm.prank(admin);
            vm.expectRevert(
                abi.encodeWithSelector(IPassport.SameOfficer.selector, wallets[i], admin)
            );
            passport.setFrozen(wallets[i], false);
        }

        _release(stranger);
        assertTrue(passport.areAllowed(address(account), stranger, ALL), "both let go");
    }

    function test_B603_three_permissions_open_and_close_alone() public {
        for (uint8 i = 0; i < 3; ++i) {
            uint8 tool = uint8(1) << i;
            vm.prank(admin);
            passport.issue(address(account), ALL - tool, EXPIRY, CANADA);
            for (uint8 j = 0; j < 3; ++j) {
                assertTrue(
                    passport.isAllowed(address(account), uint8(1) << j) == (i != j), "only that one"
                );
            }
        }
    }

    /// Both routes to one person: her wallets count as one.
    function test_B607_two_wallets_are_one_person() public {
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IPassport.IdentityTaken.selector, OWNER, address(account))
        );
        passport.admit(neighbour, OWNER, ALL, EXPIRY, CANADA);
        assertEq(passport.walletsOf(OWNER).length, 1, "one");
    }

    /// A signed operation of the account counts for one nonce and one chain.
    function test_A03a_replay_an_operation_is_done_once() public {
        vm.prank(facilitator);
        currency.mint(address(account), 1000);
        _act(KEY, _transfer(neighbour, 10));
        assertEq(currency.balanceOf(neighbour), 10, "once");
        assertEq(entryPoint.getNonce(address(account), 0), 1, "its nonce is used");
    }

    function test_X10_a_lost_key_is_replaced_after_48_hours() public {
        _lock();
        (,,, uint40 readyAt) = account.recovery();
        assertEq(readyAt, block.timestamp + 48 hours, "the delay");
        vm.warp(readyAt);
        account.completeRecovery();
        (bytes32 x,) = account.signer();
        (bytes32 qx,) = _public(NEW_KEY);
        assertEq(x, qx, "the new key");
    }
}
