// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Savings} from "../../src/bank/Savings.sol";
import {Passport} from "../../src/individual/Passport.sol";
import {Authority, Believer, Proof} from "./Proof.sol";

/// @title Shares of savings are rounded down on the way in: nobody owns more than was put in
/// @custom:long
/// @custom:bounds amounts of 8 bits at one `chi` above one: a wider quotient takes the solver
/// longer than its time.
contract SavingsProof is Proof {
    Currency private currency;
    Savings private savings;

    function setUp() public {
        vm.warp(START_S);
        address authority = address(new Authority());
        Passport passport = new Passport(authority);
        currency = new Currency(authority, passport, new Believer(passport));
        savings = new Savings(authority, currency, passport);
        passport.issue(CONSUMER, 2, uint40(START_S + 365 days), 124);
        passport.issue(PRODUCER, 2, uint40(START_S + 365 days), 124);
        currency.setBucket(FACILITATOR, type(uint128).max);
        _give(PRODUCER);
        _give(CONSUMER);
        savings.setRate(124, savings.RATE_MOST());
        vm.prank(PRODUCER);
        savings.addRevenue(1e9);
        vm.prank(PRODUCER);
        savings.deposit(1e9);
        vm.warp(START_S + 300 days);
        savings.accrue(124);
    }

    function _give(address account) private {
        vm.prank(FACILITATOR);
        currency.mint(account, 1e12);
        vm.prank(account);
        currency.approve(address(savings), type(uint256).max);
    }

    function check_saving_gives_no_more_than_was_put_in(uint8 amountUd) public {
        vm.prank(CONSUMER);
        savings.deposit(amountUd);

        assert(savings.balanceOf(CONSUMER) <= amountUd);
    }
}
