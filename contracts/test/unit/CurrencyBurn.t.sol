// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../../src/interfaces/ICurrency.sol";
import {World} from "../World.sol";

contract CurrencyBurnTest is World {
    function test_refuses_more_than_the_facilitator_made() public {
        vm.prank(facilitator);
        currency.mint(consumer, 5);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(ICurrency.BelowBucket.selector, consumer, 0, 5));
        currency.burn(5);
    }

    function test_burns(uint128 madeUd, uint128 burntUd) public {
        burntUd = uint128(bound(burntUd, 0, madeUd));
        vm.prank(facilitator);
        currency.mint(facilitator, madeUd);
        vm.expectEmit();
        emit ICurrency.Burned(facilitator, burntUd);
        vm.prank(facilitator);
        currency.burn(burntUd);
        (, uint128 level) = currency.bucketOf(facilitator);
        assertEq(level, madeUd - burntUd, "level");
        assertEq(currency.totalSupply(), madeUd - burntUd, "supply");
    }
}
