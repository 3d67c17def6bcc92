// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Passport} from "../../src/individual/Passport.sol";
import {Base} from "../Base.sol";
import {Persons} from "./Persons.sol";

/// @title Passports: what is always true
contract PassportsTest is Base {
    Persons private persons;
    Passport private passport;

    function setUp() public {
        persons = new Persons();
        persons.setUp();
        passport = persons.the();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(persons);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = Persons.setUp.selector;
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(persons), verbs);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function invariant_a_wallet_is_one_persons_and_once() public view {
        uint256 bound_;
        uint256 listed;
        for (uint256 i = 0; i < persons.ACCOUNTS(); ++i) {
            if (passport.identityOf(persons.accounts(i)) != 0) ++bound_;
        }
        for (uint256 i = 0; i < persons.PERSONS(); ++i) {
            address[] memory wallets = passport.walletsOf(persons.persons(i));
            assertLe(wallets.length, passport.WALLETS_MOST(), "wallets");
            listed += wallets.length;
            for (uint256 j = 0; j < wallets.length; ++j) {
                assertEq(passport.identityOf(wallets[j]), persons.persons(i), "of this person");
                for (uint256 k = 0; k < j; ++k) {
                    assertTrue(wallets[k] != wallets[j], "once");
                }
            }
        }
        assertEq(listed, bound_, "as many listed as bound");
    }

    function invariant_a_person_has_one_passport() public view {
        for (uint256 i = 0; i < persons.PERSONS(); ++i) {
            address[] memory wallets = passport.walletsOf(persons.persons(i));
            for (uint256 j = 1; j < wallets.length; ++j) {
                assertEq(_hash(wallets[j]), _hash(wallets[0]), "the same on every wallet");
            }
        }
    }

    function invariant_a_hold_is_on_all_wallets_and_never_shed() public view {
        for (uint256 i = 0; i < persons.PERSONS(); ++i) {
            bytes32 person = persons.persons(i);
            address[] memory wallets = passport.walletsOf(person);
            address officer = persons.onHoldBy(person);
            if (officer != address(0)) assertTrue(wallets.length != 0, "a held person stays");
            for (uint256 j = 0; j < wallets.length; ++j) {
                (,,, bool frozen) = passport.passportOf(wallets[j]);
                assertEq(passport.onHoldBy(wallets[j]), officer, "as the holding role left it");
                assertTrue(frozen == (officer != address(0)), "on hold where somebody holds");
                if (frozen) assertTrue(!passport.isAllowed(wallets[j], 0), "held");
            }
        }
    }

    function invariant_an_issuer_changes_no_passport_without_identity() public view {
        (uint8 permissions,, uint16 country, bool frozen) =
            passport.passportOf(persons.accounts(persons.ACCOUNTS() - 1));
        assertTrue(permissions == 7 && country == 124 && !frozen, "the contract's");
    }

    function _hash(address account) private view returns (bytes32) {
        (uint8 permissions, uint40 expiry, uint16 country, bool frozen) =
            passport.passportOf(account);
        return keccak256(abi.encode(permissions, expiry, country, frozen));
    }
}
