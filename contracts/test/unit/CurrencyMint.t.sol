// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../../src/interfaces/ICurrency.sol";
import {World} from "../World.sol";

contract CurrencyMintTest is World {
    function test_refuses_whoever_has_no_bucket() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICurrency.BucketExceeded.selector, admin, 0, 0, 1));
        currency.mint(admin, 1);
    }

    function test_refuses_more_than_the_bucket_holds(uint128 capacityUd, uint128 excessUd) public {
        capacityUd = uint128(bound(capacityUd, 0, type(uint128).max - 1));
        excessUd = uint128(bound(excessUd, 1, type(uint128).max - capacityUd));
        vm.prank(admin);
        currency.setBucket(facilitator, capacityUd);
        vm.prank(facilitator);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICurrency.BucketExceeded.selector, facilitator, capacityUd, 0, capacityUd + excessUd
            )
        );
        currency.mint(consumer, capacityUd + excessUd);
    }

    function test_refuses_once_the_bucket_is_closed() public {
        vm.prank(facilitator);
        currency.mint(consumer, 5);
        vm.prank(admin);
        currency.setBucket(facilitator, 0);
        vm.prank(facilitator);
        vm.expectRevert(
            abi.encodeWithSelector(ICurrency.BucketExceeded.selector, facilitator, 0, 5, 1)
        );
        currency.mint(consumer, 1);
    }

    function test_mints(uint128 amountUd) public {
        vm.expectEmit();
        emit ICurrency.Minted(facilitator, consumer, amountUd);
        vm.prank(facilitator);
        currency.mint(consumer, amountUd);
        (, uint128 level) = currency.bucketOf(facilitator);
        assertEq(level, amountUd, "level");
        assertEq(currency.balanceOf(consumer), amountUd, "balance");
        assertEq(currency.totalSupply(), amountUd, "supply");
    }
}
