// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Market} from "./Market.sol";

/// @title Limits bind a person, by however many wallets it acts
contract CompliancePersonsTest is Market {
    address private phone = _actor("phone");
    address private laptop = _actor("laptop");

    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        passport.admit(phone, keccak256("person"), TRADE_ENERGY, EXPIRY, CANADA);
        vm.prank(admin);
        passport.link(phone, laptop);
    }

    function _moneyOf(address account, uint256 amountUd) private {
        vm.prank(facilitator);
        currency.mint(account, uint128(amountUd));
    }

    function test_refuses_a_day_of_two_wallets_above_the_limit() public {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = 1000 * DOLLAR;
        _set(IRulebook.Kind.MONEY, CANADA, rules);
        _moneyOf(phone, 700 * DOLLAR);
        _moneyOf(laptop, 700 * DOLLAR);
        vm.prank(phone);
        currency.transfer(consumer, 600 * DOLLAR);
        vm.prank(laptop);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.DailyLimitExceeded.selector,
                address(currency),
                laptop,
                600 * DOLLAR,
                401 * DOLLAR,
                1000 * DOLLAR
            )
        );
        currency.transfer(consumer, 401 * DOLLAR);
        vm.prank(laptop);
        currency.transfer(consumer, 400 * DOLLAR);
        assertEq(
            compliance.sentWithinDay(address(currency), phone),
            1000 * DOLLAR,
            "both are the person's"
        );
    }

    function test_refuses_holdings_of_two_wallets_above_the_cap() public {
        IRulebook.Rules memory rules = _free();
        rules.holdingMost = 1000;
        _set(IRulebook.Kind.SHARE, CANADA, rules);
        units.mint(phone, 600);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.HoldingCapExceeded.selector, address(units), laptop, 600, 401, 1000
            )
        );
        units.mint(laptop, 401);
        units.mint(laptop, 400);
        vm.prank(phone);
        units.transfer(laptop, 600); // adds nothing to what the person holds
        assertEq(units.balanceOf(laptop), 1000, "from one wallet to the other");
    }

    function test_refuses_what_two_wallets_acquire_in_a_year_above_the_limit() public {
        IRulebook.Rules memory rules = _free();
        rules.yearlyMost = 2500;
        _set(IRulebook.Kind.SHARE, CANADA, rules);
        units.mint(phone, 2000);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.InvestorLimitExceeded.selector, address(units), laptop, 2000, 501, 2500
            )
        );
        units.mint(laptop, 501);
        units.mint(laptop, 500);
    }

    function test_a_lock_up_follows_to_another_wallet() public {
        IRulebook.Rules memory rules = _free();
        rules.lockUp = 1 days;
        _set(IRulebook.Kind.SHARE, CANADA, rules);
        units.mint(phone, 100);
        vm.prank(phone);
        units.transfer(laptop, 100);
        vm.prank(laptop);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.LockedUp.selector, address(units), laptop, 0, 1)
        );
        units.transfer(consumer, 1);
        vm.warp(START_S + 1 days);
        vm.prank(laptop);
        units.transfer(consumer, 100);
    }
}
