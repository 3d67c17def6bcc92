// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../src/interfaces/IPassport.sol";
import {World} from "../World.sol";

contract PassportSetFrozenTest is World {
    function test_refuses_whoever_has_no_holding_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        passport.setFrozen(consumer, true);
    }

    function test_refuses_where_there_is_no_passport() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.NoPassport.selector, stranger));
        passport.setFrozen(stranger, true);
    }

    function test_refuses_whoever_set_the_hold_to_lift_it() public {
        _hold(consumer);
        _refusedToRelease();
    }

    function test_a_second_hold_changes_nobody_and_nothing() public {
        _hold(consumer);
        _let(secondOfficer);
        vm.recordLogs();
        vm.prank(secondOfficer);
        passport.setFrozen(consumer, true);
        _hold(consumer);
        assertEq(vm.getRecordedLogs().length, 0, "nothing happened");
        assertEq(passport.onHoldBy(consumer), admin, "the first one's");
        _refusedToRelease();
    }

    function test_to_release_what_is_not_on_hold_changes_nothing() public {
        vm.recordLogs();
        vm.prank(admin);
        passport.setFrozen(consumer, false);
        assertEq(vm.getRecordedLogs().length, 0, "nothing happened");
        assertTrue(passport.isAllowed(consumer, TRADE_ENERGY), "as before");
    }

    /// The manager calls for everybody who has a role: it would be the officer of every hold.
    function test_refuses_a_hold_through_the_manager_which_names_nobody() public {
        bytes memory reason =
            abi.encodeWithSelector(IPassport.NotInPerson.selector, address(manager));
        vm.prank(admin);
        vm.expectRevert(reason);
        manager.execute(address(passport), abi.encodeCall(IPassport.setFrozen, (consumer, true)));
        _hold(consumer);
        vm.prank(admin);
        vm.expectRevert(reason);
        manager.execute(address(passport), abi.encodeCall(IPassport.setFrozen, (consumer, false)));
    }

    function test_a_new_passport_does_not_change_whose_the_hold_is() public {
        _hold(consumer);
        _let(secondOfficer);
        vm.prank(secondOfficer);
        passport.issue(consumer, 7, EXPIRY + 1, 840);
        assertEq(passport.onHoldBy(consumer), admin, "the first officer's");
        _refusedToRelease();
        vm.warp(EXPIRY + 1);
        _refusedToRelease();
    }

    function test_holds_and_lets_go() public {
        vm.expectEmit();
        emit IPassport.FrozenSet(consumer, true);
        _hold(consumer);
        assertTrue(!passport.isAllowed(consumer, TRADE_ENERGY), "on hold");
        assertEq(passport.onHoldBy(consumer), admin, "by the officer");
        _let(secondOfficer);
        vm.expectEmit();
        emit IPassport.FrozenSet(consumer, false);
        vm.prank(secondOfficer);
        passport.setFrozen(consumer, false);
        assertTrue(passport.isAllowed(consumer, TRADE_ENERGY), "let go");
        assertEq(passport.onHoldBy(consumer), address(0), "by nobody");
    }

    function test_who_released_may_hold_and_then_the_first_releases() public {
        _hold(consumer);
        _release(consumer);
        vm.prank(secondOfficer);
        passport.setFrozen(consumer, true);
        vm.prank(secondOfficer);
        vm.expectRevert(_sameOfficer(secondOfficer));
        passport.setFrozen(consumer, false);
        vm.prank(admin);
        passport.setFrozen(consumer, false);
        assertTrue(passport.isAllowed(consumer, TRADE_ENERGY), "let go");
    }

    /// Whoever it is that holds, no question but that of the hold sees it.
    function test_an_account_is_on_hold_whatever_the_address_of_the_officer(uint160 officer)
        public
    {
        vm.assume(officer != 0 && officer != uint160(address(manager)));
        _let(address(officer));
        vm.prank(address(officer));
        passport.setFrozen(consumer, true);
        (uint8 permissions, uint40 expiry, uint16 country, bool frozen) =
            passport.passportOf(consumer);
        assertTrue(
            permissions == TRADE_ENERGY && expiry == EXPIRY && country == CANADA, "as it was"
        );
        assertTrue(frozen && !passport.isAllowed(consumer, 0), "on hold");
        assertTrue(!passport.isPlain(producer, consumer, TRADE_ENERGY, 1, 1), "not plain");
        assertEq(passport.onHoldBy(consumer), address(officer), "by the officer");
    }

    function _let(address officer) private {
        vm.prank(admin);
        manager.grantRole(0, officer, 0);
    }

    function _refusedToRelease() private {
        vm.prank(admin);
        vm.expectRevert(_sameOfficer(admin));
        passport.setFrozen(consumer, false);
        assertTrue(!passport.isAllowed(consumer, 0), "still on hold");
    }

    function _sameOfficer(address officer) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPassport.SameOfficer.selector, consumer, officer);
    }
}
