// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Passport} from "../../src/individual/Passport.sol";
import {IPassport} from "../../src/interfaces/IPassport.sol";
import {World} from "../World.sol";

/// @title Persons: three persons, their accounts, and an issuer who tries everything
/// @notice The fuzzer calls the verbs in any order; whatever is refused changes nothing.
contract Persons is World {
    uint256 public constant ACCOUNTS = 10;
    uint256 public constant PERSONS = 3;

    address[ACCOUNTS] public accounts; // the last one is a contract's, without identity
    bytes32[PERSONS] public persons;
    mapping(bytes32 person => address) public onHoldBy; // as the holding role left it

    address private issuer = _actor("issuer");

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            accounts[i] = vm.addr(1000 + i);
        }
        for (uint256 i = 0; i < PERSONS; ++i) {
            persons[i] = keccak256(abi.encode("person", i));
        }
        uint16[] memory countries = new uint16[](1);
        countries[0] = CANADA;
        vm.prank(admin);
        passport.accredit(issuer, type(uint40).max);
        vm.prank(admin);
        passport.setScope(issuer, countries, true);
        vm.prank(admin);
        passport.issue(accounts[ACCOUNTS - 1], 7, EXPIRY, CANADA);
        vm.prank(admin);
        manager.grantRole(0, secondOfficer, 0);
    }

    function the() external view returns (Passport) {
        return passport;
    }

    function admit(uint256 who, uint256 person, uint8 permissions, uint16 country) external {
        _try(
            abi.encodeCall(
                Passport.admit,
                (
                    _account(who),
                    persons[person % PERSONS],
                    permissions % 8,
                    EXPIRY,
                    country % 2 == 0 ? CANADA : country
                )
            )
        );
    }

    function issue(uint256 who, uint8 permissions) external {
        _try(abi.encodeCall(Passport.issue, (_account(who), permissions % 8, EXPIRY, CANADA)));
    }

    function revoke(uint256 who, uint8 permissions) external {
        _try(abi.encodeCall(Passport.revoke, (_account(who), permissions)));
    }

    function link(uint256 who, uint256 wallet) external {
        _try(abi.encodeCall(Passport.link, (_account(who), _account(wallet))));
    }

    function unlink(uint256 who) external {
        _try(abi.encodeCall(Passport.unlink, (_account(who))));
    }

    function rebind(uint256 who, uint256 wallet) external {
        _try(abi.encodeCall(Passport.rebind, (_account(who), _account(wallet))));
    }

    function holdByIssuer(uint256 who, bool frozen) external {
        assertTrue(
            !_try(abi.encodeCall(Passport.setFrozen, (_account(who), frozen))),
            "issuers hold nobody"
        );
    }

    /// Either officer sets and lifts, in any order; one that set a hold does not lift it.
    function hold(uint256 who, bool first, bool frozen) external {
        address account = accounts[who % (ACCOUNTS - 1)];
        bytes32 person = passport.identityOf(account);
        if (person == 0) return;
        address officer = first ? admin : secondOfficer;
        bool refused = !frozen && onHoldBy[person] == officer;
        vm.prank(officer);
        if (refused) {
            vm.expectRevert(
                abi.encodeWithSelector(IPassport.SameOfficer.selector, account, officer)
            );
        }
        passport.setFrozen(account, frozen);
        if (!frozen && !refused) onHoldBy[person] = address(0);
        if (frozen && onHoldBy[person] == address(0)) onHoldBy[person] = officer;
    }

    function _account(uint256 who) private view returns (address) {
        return accounts[who % ACCOUNTS];
    }

    function _try(bytes memory data) private returns (bool done) {
        vm.prank(issuer);
        (done,) = address(passport).call(data);
    }
}
