// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../src/interfaces/IPassport.sol";
import {World} from "../World.sol";

contract PassportIssueTest is World {
    uint8 private constant ALL = 7;

    function test_refuses_whoever_has_no_issuing_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        passport.issue(stranger, ALL, EXPIRY, CANADA);
    }

    function test_refuses_nobody() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.ZeroAccount.selector));
        passport.issue(address(0), ALL, EXPIRY, CANADA);
    }

    function test_refuses_unknown_permissions(uint8 permissions) public {
        permissions = permissions < 8 ? 0 : permissions;
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.UnknownPermissions.selector, permissions));
        passport.issue(stranger, permissions, EXPIRY, CANADA);
    }

    function test_refuses_an_expiry_that_has_passed() public {
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IPassport.ExpiryPassed.selector, uint40(START_S), START_S)
        );
        passport.issue(stranger, ALL, uint40(START_S), CANADA);
    }

    function test_issues(uint8 permissions, uint40 expiry, uint16 country) public {
        permissions = uint8(bound(permissions, 1, 7));
        expiry = uint40(bound(expiry, START_S + 1, type(uint40).max));
        vm.expectEmit();
        emit IPassport.Issued(stranger, permissions, expiry, country);
        vm.prank(admin);
        passport.issue(stranger, permissions, expiry, country);

        (uint8 p, uint40 e, uint16 c, bool frozen) = passport.passportOf(stranger);
        assertEq(p, permissions, "permissions");
        assertEq(e, expiry, "expiry");
        assertEq(c, country, "country");
        assertTrue(!frozen, "not on hold");
    }

    function test_allows_exactly_the_permissions_held_until_expiry(uint8 held, uint8 asked) public {
        held = uint8(bound(held, 1, 7));
        vm.prank(admin);
        passport.issue(stranger, held, EXPIRY, CANADA);
        vm.warp(EXPIRY - 1);
        assertTrue(passport.isAllowed(stranger, asked) == (asked & ~held == 0), "every bit asked");
        vm.warp(EXPIRY);
        assertTrue(!passport.isAllowed(stranger, asked), "expired");
    }

    function test_a_new_passport_does_not_lift_a_hold() public {
        _hold(consumer);
        _admit(consumer);
        assertTrue(!passport.isAllowed(consumer, TRADE_ENERGY), "still on hold");
    }
}
