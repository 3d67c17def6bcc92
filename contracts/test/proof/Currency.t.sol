// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Passport} from "../../src/individual/Passport.sol";
import {Authority, Believer, Proof} from "./Proof.sol";

/// @title Currency is conserved: whatever was out before, whichever verb comes next
contract CurrencyProof is Proof {
    Currency private currency;

    function setUp() public {
        address authority = address(new Authority());
        Passport passport = new Passport(authority);
        currency = new Currency(authority, passport, new Believer(passport));
        currency.setBucket(FACILITATOR, type(uint128).max);
        currency.setBucket(OTHER_FACILITATOR, type(uint128).max);
    }

    /// Any two levels, held by any two accounts.
    function _given(address holder, uint128 oneUd, address other, uint128 otherUd) private {
        vm.prank(FACILITATOR);
        currency.mint(holder, oneUd);
        vm.prank(OTHER_FACILITATOR);
        currency.mint(other, otherUd);
    }

    function _levels() private view returns (uint256) {
        (, uint128 oneUd) = currency.bucketOf(FACILITATOR);
        (, uint128 otherUd) = currency.bucketOf(OTHER_FACILITATOR);
        return uint256(oneUd) + otherUd;
    }

    function check_mint_keeps_supply_the_sum_of_the_levels(
        address holder,
        uint128 oneUd,
        uint128 otherUd,
        uint128 capacityUd,
        address to,
        uint128 amountUd
    ) public {
        _given(holder, oneUd, CONSUMER, otherUd);
        currency.setBucket(FACILITATOR, capacityUd);
        uint256 before = currency.totalSupply();
        vm.prank(FACILITATOR);
        currency.mint(to, amountUd);

        assert(currency.totalSupply() == before + amountUd);
        assert(currency.totalSupply() == _levels());
        (, uint128 levelUd) = currency.bucketOf(FACILITATOR);
        assert(levelUd <= capacityUd);
    }

    function check_burn_keeps_supply_the_sum_of_the_levels(
        uint128 oneUd,
        uint128 otherUd,
        uint128 amountUd
    ) public {
        _given(FACILITATOR, oneUd, CONSUMER, otherUd);
        uint256 before = currency.totalSupply();
        vm.prank(FACILITATOR);
        currency.burn(amountUd);

        assert(currency.totalSupply() == before - amountUd);
        assert(currency.totalSupply() == _levels());
    }

    function check_transfer_moves_and_makes_nothing(
        uint128 oneUd,
        uint128 otherUd,
        address to,
        uint256 amountUd
    ) public {
        _given(PRODUCER, oneUd, CONSUMER, otherUd);
        vm.assume(to != PRODUCER);
        uint256 fromUd = currency.balanceOf(PRODUCER);
        uint256 toUd = currency.balanceOf(to);
        vm.prank(PRODUCER);
        currency.transfer(to, amountUd);

        assert(currency.balanceOf(PRODUCER) == fromUd - amountUd);
        assert(currency.balanceOf(to) == toUd + amountUd);
        assert(currency.totalSupply() == _levels());
    }

    function check_nobody_mints_without_a_bucket(address anybody, address to, uint128 amountUd)
        public
    {
        vm.assume(anybody != FACILITATOR && anybody != OTHER_FACILITATOR && amountUd != 0);
        vm.prank(anybody);
        (bool done,) = address(currency).call(abi.encodeCall(currency.mint, (to, amountUd)));

        assert(!done);
        assert(currency.totalSupply() == 0);
    }
}
