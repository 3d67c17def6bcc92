// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {World} from "../../World.sol";

contract PassportAdmitTest is World {
    bytes32 private constant PERSON = keccak256("person");
    uint8 private constant ALL = 7;

    address private newcomer = _actor("newcomer");

    function _admitPerson(address account, bytes32 identity) private {
        vm.prank(admin);
        passport.admit(account, identity, ALL, EXPIRY, CANADA);
    }

    function test_refuses_whoever_has_no_issuing_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        passport.admit(newcomer, PERSON, ALL, EXPIRY, CANADA);
    }

    function test_refuses_nobody() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.ZeroIdentity.selector));
        passport.admit(newcomer, 0, ALL, EXPIRY, CANADA);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.ZeroAccount.selector));
        passport.admit(address(0), PERSON, ALL, EXPIRY, CANADA);
    }

    function test_refuses_unknown_permissions_and_a_passed_expiry() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.UnknownPermissions.selector, uint8(8)));
        passport.admit(newcomer, PERSON, 8, EXPIRY, CANADA);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IPassport.ExpiryPassed.selector, uint40(START_S), START_S)
        );
        passport.admit(newcomer, PERSON, ALL, uint40(START_S), CANADA);
    }

    function test_S03_refuses_a_second_account_of_the_same_person() public {
        _admitPerson(newcomer, PERSON);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.IdentityTaken.selector, PERSON, newcomer));
        passport.admit(stranger, PERSON, ALL, EXPIRY, CANADA);
        assertTrue(!passport.isAllowed(stranger, TRADE_ENERGY), "no second identity");
    }

    function test_refuses_a_second_person_on_one_account() public {
        _admitPerson(newcomer, PERSON);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.AlreadyBound.selector, newcomer, PERSON));
        passport.admit(newcomer, keccak256("other"), ALL, EXPIRY, CANADA);
    }

    function test_admits(uint8 permissions, uint16 country, bytes32 identity) public {
        permissions = uint8(bound(permissions, 1, 7));
        vm.assume(identity != 0);
        vm.expectEmit();
        emit IPassport.Linked(identity, newcomer);
        vm.expectEmit();
        emit IPassport.Issued(newcomer, permissions, EXPIRY, country);
        vm.prank(admin);
        passport.admit(newcomer, identity, permissions, EXPIRY, country);

        assertEq(passport.identityOf(newcomer), identity, "identity");
        assertEq(passport.walletsOf(identity).length, 1, "one wallet");
        assertEq(passport.walletsOf(identity)[0], newcomer, "the wallet");
        assertTrue(passport.isAllowed(newcomer, permissions), "allowed");
    }

    function test_binds_an_account_that_has_a_passport_and_keeps_its_hold() public {
        _hold(consumer);
        _admitPerson(consumer, PERSON);
        assertTrue(!passport.isAllowed(consumer, TRADE_ENERGY), "still on hold");
        assertEq(passport.onHoldBy(consumer), admin, "by the same officer");
    }

    function test_B603_each_permission_opens_and_closes_its_own_tool() public {
        uint8[3] memory tools = [passport.INVEST(), TRADE_ENERGY, passport.CARBON()];
        _admitPerson(newcomer, PERSON);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(admin);
            passport.revoke(newcomer, tools[i]);
            for (uint256 j = 0; j < 3; ++j) {
                assertTrue(passport.isAllowed(newcomer, tools[j]) == (i != j), "only that tool");
            }
            vm.prank(admin);
            passport.issue(newcomer, ALL, EXPIRY, CANADA);
        }
    }
}
