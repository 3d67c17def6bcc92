// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {World} from "../../World.sol";

contract PassportLinkTest is World {
    bytes32 private constant PERSON = keccak256("person");
    uint8 private constant ALL = 7;

    address private phone = _actor("phone");
    address private laptop = _actor("laptop");

    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        passport.admit(phone, PERSON, ALL, EXPIRY, CANADA);
    }

    function _link(address wallet) private {
        vm.prank(admin);
        passport.link(phone, wallet);
    }

    function test_refuses_whoever_has_no_issuing_role() public {
        bytes memory reason = _unauthorized(phone);
        vm.prank(phone);
        vm.expectRevert(reason);
        passport.link(phone, laptop);
        vm.prank(phone);
        vm.expectRevert(reason);
        passport.unlink(phone);
        vm.prank(phone);
        vm.expectRevert(reason);
        passport.rebind(phone, laptop);
    }

    function test_refuses_an_account_without_identity() public {
        bytes memory reason = abi.encodeWithSelector(IPassport.NoIdentity.selector, consumer);
        vm.prank(admin);
        vm.expectRevert(reason);
        passport.link(consumer, laptop);
        vm.prank(admin);
        vm.expectRevert(reason);
        passport.unlink(consumer);
        vm.prank(admin);
        vm.expectRevert(reason);
        passport.rebind(consumer, laptop);
    }

    function test_refuses_a_wallet_that_is_somebodys_or_nobody() public {
        vm.prank(admin);
        passport.admit(laptop, keccak256("other"), ALL, EXPIRY, CANADA);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IPassport.AlreadyBound.selector, laptop, keccak256("other"))
        );
        passport.link(phone, laptop);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.PassportExists.selector, consumer));
        passport.link(phone, consumer);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.ZeroAccount.selector));
        passport.link(phone, address(0));
    }

    function test_refuses_more_wallets_than_a_person_may_have() public {
        for (uint256 i = 1; i < passport.WALLETS_MOST(); ++i) {
            _link(vm.addr(100 + i));
        }
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.TooManyWallets.selector, PERSON, 8));
        passport.link(phone, laptop);
    }

    function test_links_another_wallet_with_the_same_passport() public {
        vm.expectEmit();
        emit IPassport.Linked(PERSON, laptop);
        vm.expectEmit();
        emit IPassport.Issued(laptop, ALL, EXPIRY, CANADA);
        _link(laptop);
        assertEq(passport.identityOf(laptop), PERSON, "same person");
        assertEq(passport.walletsOf(PERSON).length, 2, "two wallets");
        assertTrue(passport.areAllowed(phone, laptop, ALL), "both allowed");
    }

    function test_S03_a_hold_on_one_wallet_holds_all() public {
        _link(laptop);
        vm.expectEmit();
        emit IPassport.FrozenSet(phone, true);
        vm.expectEmit();
        emit IPassport.FrozenSet(laptop, true);
        _hold(laptop);
        assertTrue(!passport.isAllowed(phone, TRADE_ENERGY), "first held");
        assertTrue(!passport.isAllowed(laptop, TRADE_ENERGY), "second held");
        _link(stranger);
        assertTrue(!passport.isAllowed(stranger, TRADE_ENERGY), "a third one is born held");
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.SameOfficer.selector, stranger, admin));
        passport.setFrozen(stranger, false);
        _release(phone);
        assertTrue(passport.areAllowed(laptop, stranger, ALL), "all let go");
    }

    function test_what_is_revoked_or_issued_on_one_wallet_is_on_all(uint8 taken) public {
        _link(laptop);
        vm.prank(admin);
        passport.revoke(laptop, taken);
        (uint8 left,,,) = passport.passportOf(phone);
        assertEq(left, ALL & ~taken, "revoked on both");
        vm.prank(admin);
        passport.issue(phone, TRADE_ENERGY, EXPIRY + 1, 250);
        (uint8 permissions, uint40 expiry, uint16 country,) = passport.passportOf(laptop);
        assertEq(permissions, TRADE_ENERGY, "permissions on both");
        assertEq(expiry, EXPIRY + 1, "expiry on both");
        assertEq(country, 250, "country on both");
    }

    function test_unlinks_and_the_passport_goes_with_the_person() public {
        _link(laptop);
        vm.expectEmit();
        emit IPassport.Unlinked(PERSON, phone);
        vm.prank(admin);
        passport.unlink(phone);
        assertEq(passport.identityOf(phone), bytes32(0), "nobody's");
        assertTrue(!passport.isAllowed(phone, TRADE_ENERGY), "no passport");
        assertTrue(passport.isAllowed(laptop, ALL), "the other stays");
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.IdentityTaken.selector, PERSON, laptop));
        passport.admit(phone, PERSON, ALL, EXPIRY, CANADA);
    }

    function test_a_person_may_come_back_after_its_last_wallet() public {
        vm.prank(admin);
        passport.unlink(phone);
        assertEq(passport.walletsOf(PERSON).length, 0, "gone");
        vm.prank(admin);
        passport.admit(laptop, PERSON, ALL, EXPIRY, CANADA);
        assertTrue(passport.isAllowed(laptop, ALL), "back");
    }

    function test_no_hold_is_shed_by_unlinking() public {
        _hold(phone);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.OnHold.selector, phone));
        passport.unlink(phone);
    }

    function test_rebinds_a_lost_account_and_its_hold(bool held) public {
        if (held) _hold(phone);
        address officer = held ? admin : address(0);
        vm.prank(admin);
        passport.rebind(phone, laptop);
        assertEq(passport.identityOf(laptop), PERSON, "same person");
        assertEq(passport.identityOf(phone), bytes32(0), "the lost one is nobody's");
        assertEq(passport.walletsOf(PERSON).length, 1, "one wallet");
        (uint8 permissions,,,) = passport.passportOf(phone);
        assertEq(permissions, 0, "the lost one may do nothing");
        assertTrue(passport.isAllowed(laptop, ALL) != held, "allowed unless held");
        assertEq(passport.onHoldBy(laptop), officer, "by the same officer");
        assertEq(passport.onHoldBy(phone), address(0), "the lost one by nobody");
    }
}
