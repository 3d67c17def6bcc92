// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../src/interfaces/IPassport.sol";
import {World} from "../World.sol";

contract PassportRevokeTest is World {
    function test_refuses_whoever_has_no_issuing_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        passport.revoke(consumer, TRADE_ENERGY);
    }

    function test_refuses_where_there_is_no_passport() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.NoPassport.selector, stranger));
        passport.revoke(stranger, TRADE_ENERGY);
    }

    function test_takes_exactly_these_permissions(uint8 taken) public {
        vm.prank(admin);
        passport.issue(stranger, 7, EXPIRY, CANADA);
        vm.expectEmit();
        emit IPassport.Revoked(stranger, 7 & ~taken);
        vm.prank(admin);
        passport.revoke(stranger, taken);
        (uint8 left,,,) = passport.passportOf(stranger);
        assertEq(left, 7 & ~taken, "what remains");
    }
}
