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

    function test_holds_and_lets_go() public {
        vm.expectEmit();
        emit IPassport.FrozenSet(consumer, true);
        _hold(consumer);
        assertTrue(!passport.isAllowed(consumer, TRADE_ENERGY), "on hold");
        vm.prank(admin);
        passport.setFrozen(consumer, false);
        assertTrue(passport.isAllowed(consumer, TRADE_ENERGY), "let go");
    }
}
