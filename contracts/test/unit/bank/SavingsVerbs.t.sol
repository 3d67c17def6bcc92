// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISavings} from "../../../src/interfaces/ISavings.sol";
import {Bank} from "../../Bank.sol";

contract SavingsVerbsTest is Bank {
    uint256 private constant RAY = 1e27;
    uint64 private constant FIVE = 1_547_125_957_863_212_448; // 5 % a year [ray/s]
    uint16 private constant ELSEWHERE = 276;
    uint40 private constant LATE = uint40(START_S + 100 * 365 days);

    function setUp() public override {
        super.setUp();
        address[3] memory members = [consumer, producer, neighbour];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(admin);
            passport.issue(members[i], TRADE_ENERGY, LATE, i == 2 ? CANADA : ELSEWHERE);
            _bring(members[i], 10_000 * DOLLAR);
            vm.prank(members[i]);
            currency.approve(address(savings), type(uint256).max);
        }
        vm.prank(admin);
        savings.setRate(ELSEWHERE, FIVE);
    }

    function _put(address account, uint256 amountUd) private {
        vm.prank(account);
        savings.deposit(uint128(amountUd));
    }

    function _revenue(uint256 amountUd) private {
        vm.prank(producer);
        savings.addRevenue(uint128(amountUd));
    }

    function test_refuses_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(ISavings.ZeroAmount.selector));
        savings.addRevenue(0);
        vm.expectRevert(abi.encodeWithSelector(ISavings.ZeroAmount.selector));
        savings.deposit(0);
        vm.expectRevert(abi.encodeWithSelector(ISavings.ZeroAmount.selector));
        savings.withdraw(0);
    }

    function test_refuses_more_than_the_account_has(uint128 amountUd) public {
        _put(consumer, DOLLAR);
        amountUd = uint128(bound(amountUd, DOLLAR + 1, type(uint128).max));
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(ISavings.BeyondBalance.selector, consumer, DOLLAR, amountUd)
        );
        savings.withdraw(amountUd);
    }

    function test_refuses_a_rate_too_high_or_for_nowhere_or_from_anybody() public {
        uint64 most = savings.RATE_MOST();
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(ISavings.RateRefused.selector, ELSEWHERE, most, most + 1)
        );
        savings.setRate(ELSEWHERE, most + 1);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ISavings.RateRefused.selector, 0, 0, 1));
        savings.setRate(0, 1);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        savings.setRate(ELSEWHERE, 0);
    }

    function test_pays_five_percent_in_a_year_out_of_revenue() public {
        _put(consumer, 1000 * DOLLAR);
        _revenue(100 * DOLLAR);
        vm.warp(block.timestamp + 365 days);
        savings.accrue(ELSEWHERE);
        // 50.00 but for three terms of e^x, and rounding down
        assertLe(savings.balanceOf(consumer), 1050 * DOLLAR, "at most");
        assertLe(1_049_999_000, savings.balanceOf(consumer), "nearly");
        assertEq(
            savings.revenueUd() + savings.potOf(ELSEWHERE).owedUd, 1100 * DOLLAR, "nothing minted"
        );
    }

    function test_pays_no_more_than_the_revenue_there_is() public {
        _put(consumer, 1000 * DOLLAR);
        _revenue(10 * DOLLAR);
        vm.warp(block.timestamp + 365 days);
        savings.accrue(ELSEWHERE);
        assertLe(savings.balanceOf(consumer), 1010 * DOLLAR, "what there is");
        assertLe(1010 * DOLLAR - 1, savings.balanceOf(consumer), "all of it");
        uint256 chi = savings.potOf(ELSEWHERE).chi;
        vm.warp(block.timestamp + 365 days);
        assertEq(savings.accrue(ELSEWHERE), chi, "no revenue, no interest");
        vm.prank(consumer);
        savings.withdraw(1010 * DOLLAR - 1);
    }

    function test_S22_no_interest_where_the_rules_forbid_it() public {
        _put(neighbour, 1000 * DOLLAR); // Canada
        _put(consumer, 1000 * DOLLAR);
        _revenue(100 * DOLLAR);
        vm.warp(block.timestamp + 365 days);
        assertEq(savings.accrue(CANADA), RAY, "chi stands still");
        savings.accrue(ELSEWHERE);
        assertEq(savings.balanceOf(neighbour), 1000 * DOLLAR, "to the unit what came in");
        assertLe(1049 * DOLLAR, savings.balanceOf(consumer), "elsewhere it grows");
    }

    function test_S22_idle_money_earns_nothing() public {
        uint256 before = currency.balanceOf(neighbour);
        _revenue(100 * DOLLAR);
        vm.warp(block.timestamp + 365 days);
        savings.accrue(CANADA);
        savings.accrue(ELSEWHERE);
        assertEq(currency.balanceOf(neighbour), before, "not put here, not paid");
        assertEq(savings.revenueUd(), 100 * DOLLAR, "nobody earned it");
    }

    function test_accrues_before_a_rate_changes() public {
        _put(consumer, 1000 * DOLLAR);
        _revenue(100 * DOLLAR);
        vm.warp(block.timestamp + 365 days);
        vm.prank(admin);
        savings.setRate(ELSEWHERE, 0);
        uint256 balanceUd = savings.balanceOf(consumer);
        assertLe(1_049_999_000, balanceUd, "the year before is paid");
        vm.warp(block.timestamp + 365 days);
        savings.accrue(ELSEWHERE);
        assertEq(savings.balanceOf(consumer), balanceUd, "the year after is not");
    }

    function test_moves_with_the_passport() public {
        _put(consumer, 1000 * DOLLAR);
        _revenue(100 * DOLLAR);
        vm.warp(block.timestamp + 365 days);
        vm.prank(admin);
        passport.issue(consumer, TRADE_ENERGY, LATE, CANADA);
        savings.move(consumer);
        uint256 balanceUd = savings.balanceOf(consumer);
        assertLe(1_049_999_000, balanceUd, "earned until then");
        vm.warp(block.timestamp + 365 days);
        savings.accrue(CANADA);
        assertEq(savings.balanceOf(consumer), balanceUd, "no more after");
        _hold(consumer);
        savings.move(consumer);
        (, uint16 country) = savings.positionOf(consumer);
        assertEq(country, 0, "the strictest");
        vm.prank(consumer);
        savings.withdraw(uint128(balanceUd));
        (uint256 shares,) = savings.positionOf(consumer);
        assertEq(shares, 0, "a hold stops no withdrawal");
    }

    function test_round_trips_never_profit(uint64 wait, uint128 inUd, uint128 outUd) public {
        _put(producer, 500 * DOLLAR);
        _revenue(100 * DOLLAR);
        vm.warp(block.timestamp + bound(wait, 0, 365 days));
        inUd = uint128(bound(inUd, 2, 1000 * DOLLAR));
        _put(consumer, inUd);
        uint256 balanceUd = savings.balanceOf(consumer);
        assertLe(balanceUd, inUd, "shares down");
        assertLe(inUd - 1, balanceUd + 1, "by a unit");
        outUd = uint128(bound(outUd, 1, balanceUd));
        vm.prank(consumer);
        savings.withdraw(outUd);
        assertLe(savings.balanceOf(consumer), balanceUd - outUd, "shares up");
    }

    function test_it_matters_little_how_often_it_accrues(uint64 every) public {
        every = uint64(bound(every, 1 days, 365 days));
        _put(consumer, 1000 * DOLLAR);
        _revenue(100 * DOLLAR);
        uint256 end = block.timestamp + 365 days;
        uint256 now_ = block.timestamp; // the optimizer may read the clock anew
        while (now_ + every < end) {
            now_ += every;
            vm.warp(now_);
            savings.accrue(ELSEWHERE);
        }
        vm.warp(end);
        savings.accrue(ELSEWHERE);
        assertLe(savings.balanceOf(consumer), 1050 * DOLLAR, "at most");
        assertLe(1_049_999_000, savings.balanceOf(consumer), "nearly");
    }
}
