// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../../src/interfaces/ICurrency.sol";
import {World} from "../World.sol";

contract CurrencySetBucketTest is World {
    function test_refuses_whoever_has_no_bucket_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        currency.setBucket(stranger, 1);
    }

    function test_sets_the_capacity_and_leaves_the_level(uint128 levelUd, uint128 capacityUd)
        public
    {
        vm.prank(facilitator);
        currency.mint(consumer, levelUd);
        vm.expectEmit();
        emit ICurrency.BucketSet(facilitator, capacityUd);
        vm.prank(admin);
        currency.setBucket(facilitator, capacityUd);
        (uint128 capacity, uint128 level) = currency.bucketOf(facilitator);
        assertEq(capacity, capacityUd, "capacity");
        assertEq(level, levelUd, "level");
    }

    function test_is_a_dollar_of_six_digits() public view {
        assertEq(keccak256(bytes(currency.symbol())), keccak256("CADx"), "symbol");
        assertEq(currency.decimals(), 6, "digits");
    }
}
