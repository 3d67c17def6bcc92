// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {World} from "../../World.sol";

contract PassportAccreditTest is World {
    bytes32 private constant PERSON = keccak256("person");
    uint16 private constant FRANCE = 250;
    uint40 private constant UNTIL = uint40(START_S + 30 days);

    address private issuer = _actor("issuer");
    address private newcomer = _actor("newcomer");

    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        passport.accredit(issuer, UNTIL);
        _scope(CANADA, true);
    }

    function _scope(uint16 country, bool inScope) private {
        uint16[] memory countries = new uint16[](1);
        countries[0] = country;
        vm.prank(admin);
        passport.setScope(issuer, countries, inScope);
    }

    function _admitBy(address caller, uint16 country, bytes memory refusal) private {
        vm.prank(caller);
        if (refusal.length != 0) vm.expectRevert(refusal);
        passport.admit(newcomer, PERSON, 7, EXPIRY, country);
    }

    function test_refuses_whoever_has_no_accrediting_role() public {
        vm.prank(issuer);
        vm.expectRevert(_unauthorized(issuer));
        passport.accredit(issuer, UNTIL + 1);
        vm.prank(issuer);
        vm.expectRevert(_unauthorized(issuer));
        passport.setScope(issuer, new uint16[](1), true);
    }

    function test_refuses_to_accredit_nobody() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.ZeroAccount.selector));
        passport.accredit(address(0), UNTIL);
    }

    function test_an_issuer_acts_until_its_accreditation_ends() public {
        vm.warp(UNTIL);
        _admitBy(
            issuer,
            CANADA,
            abi.encodeWithSelector(IPassport.AccreditationEnded.selector, issuer, UNTIL)
        );
        vm.prank(admin);
        passport.accredit(issuer, 0);
        _admitBy(issuer, CANADA, _unauthorized(issuer));
    }

    function test_an_issuer_acts_within_its_countries(uint16 country) public {
        vm.assume(country != CANADA);
        bytes memory refusal =
            abi.encodeWithSelector(IPassport.OutOfScope.selector, issuer, country);
        _admitBy(issuer, country, refusal);
        _admitBy(issuer, CANADA, "");
        vm.prank(issuer);
        vm.expectRevert(refusal);
        passport.issue(newcomer, 7, EXPIRY, country);
        _scope(country, true);
        vm.prank(issuer);
        passport.issue(newcomer, 7, EXPIRY, country);
        _scope(country, false);
        vm.prank(issuer);
        vm.expectRevert(refusal);
        passport.revoke(newcomer, 1);
        vm.prank(issuer);
        vm.expectRevert(refusal);
        passport.issue(newcomer, 7, EXPIRY, CANADA);
    }

    function test_an_issuer_neither_gives_nor_changes_a_passport_without_identity() public {
        vm.prank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IPassport.NoIdentity.selector, newcomer));
        passport.issue(newcomer, 7, EXPIRY, CANADA);
        vm.prank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IPassport.NoIdentity.selector, consumer));
        passport.revoke(consumer, 7);
        vm.prank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IPassport.NoIdentity.selector, consumer));
        passport.admit(consumer, PERSON, 7, EXPIRY, CANADA);
    }

    function test_an_issuer_holds_nobody() public {
        _admitBy(issuer, CANADA, "");
        vm.prank(issuer);
        vm.expectRevert(_unauthorized(issuer));
        passport.setFrozen(newcomer, true);
    }

    function test_accredits() public {
        uint16[] memory countries = new uint16[](2);
        (countries[0], countries[1]) = (FRANCE, 840);
        vm.expectEmit();
        emit IPassport.Accredited(stranger, UNTIL);
        vm.prank(admin);
        passport.accredit(stranger, UNTIL);
        vm.expectEmit();
        emit IPassport.ScopeSet(stranger, FRANCE, true);
        vm.expectEmit();
        emit IPassport.ScopeSet(stranger, 840, true);
        vm.prank(admin);
        passport.setScope(stranger, countries, true);
        assertEq(passport.accreditedUntil(stranger), UNTIL, "until");
        assertTrue(passport.inScope(stranger, FRANCE) && passport.inScope(stranger, 840), "scope");
        _admitBy(stranger, FRANCE, "");
        assertTrue(passport.isAllowed(newcomer, 7), "admitted");
    }
}
