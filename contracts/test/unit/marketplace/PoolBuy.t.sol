// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILiquidityPool} from "../../../src/interfaces/ILiquidityPool.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {Market} from "./Market.sol";

contract PoolBuyTest is Market {
    function setUp() public override {
        super.setUp();
        _provideS20();
        _cash(consumer, 100 * DOLLAR);
    }

    function _refused(uint128 moneyUd, uint128 leastWh, bytes memory reason) private {
        vm.prank(consumer);
        vm.expectRevert(reason);
        pool.buy(moneyUd, leastWh, LATER);
    }

    function test_refuses_a_stale_quote() public {
        vm.warp(LATER + 1);
        _refused(1, 0, abi.encodeWithSelector(IVenue.DeadlinePassed.selector, LATER, LATER + 1));
    }

    function test_refuses_nothing() public {
        _refused(0, 0, abi.encodeWithSelector(IVenue.ZeroAmount.selector));
    }

    function test_refuses_an_account_on_hold() public {
        _hold(consumer);
        _refused(
            12 * DOLLAR,
            0,
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, consumer, TRADE_ENERGY)
        );
    }

    function test_refuses_a_country_closed_to_credits() public {
        _moveTo(consumer, USA); // has a pack for money; the strictest for credits
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, LATER);
        IRulebook.Rules memory rules = _free();
        rules.closed = true;
        _set(IRulebook.Kind.CREDIT, USA, rules);
        _refused(
            DOLLAR,
            0,
            abi.encodeWithSelector(IRulebook.CountryClosed.selector, address(credits), USA)
        );
    }

    function test_S23_refuses_while_trading_is_halted_but_lets_providers_out() public {
        uint40 until = uint40(START_S + 72 hours);
        _halt(72 hours);
        bytes memory reason = abi.encodeWithSelector(IVenue.TradingHalted.selector, until);
        _refused(DOLLAR, 0, reason);
        _cash(neighbour, DOLLAR);
        vm.prank(neighbour);
        vm.expectRevert(reason);
        pool.provide(DOLLAR, 10 * KWH, 0, true, LATER);
        vm.prank(neighbour);
        pool.withdraw(1e6, 0, 0, LATER);
        vm.warp(until); // goes on by itself
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, until);
    }

    /// 12.00 CADx for 90.661 credits; at 5 % slippage it costs nothing, at 12 % it fills.
    function test_S20_quote_slippage_and_product() public {
        assertEq(pool.quoteBuy(12 * DOLLAR), 90_661, "quote");
        _refused(
            12 * DOLLAR,
            95_000,
            abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, 95_000, 90_661)
        );
        assertEq(currency.balanceOf(consumer), 100 * DOLLAR, "costs nothing");

        vm.expectEmit();
        emit ILiquidityPool.Bought(consumer, 12 * DOLLAR, 90_661, 0, 0);
        vm.prank(consumer);
        uint256 bought = pool.buy(12 * DOLLAR, 88_000, LATER);
        assertEq(bought, 90_661, "credits");
        assertEq(_creditsOf(consumer), 90_661, "held");
        assertEq(currency.balanceOf(consumer), 88 * DOLLAR, "paid");
        (uint256 moneyUd, uint256 assetsWh,) = pool.reserves();
        assertEq(moneyUd, 132 * DOLLAR, "money");
        assertEq(assetsWh, 909_339, "credits left");
        assertEq(moneyUd * assetsWh, 120_032_748 * 1e6, "k is 120,032.748");
        assertEq(12 * DOLLAR * 1e8 / bought / 1e6, 13_236, "average 0.13236");
    }

    function test_takes_fee_and_levy_to_their_pots() public {
        vm.prank(admin);
        pool.setSharesOfPrice(100, 200); // 1 % and 2 %
        vm.prank(consumer);
        pool.buy(12 * DOLLAR, 0, LATER);
        (uint256 moneyUd,,) = pool.reserves();
        assertEq(moneyUd, 131_640_000, "97 % went in");
        vm.expectEmit();
        emit ILiquidityPool.Collected(120_000, 240_000);
        pool.collect();
        assertEq(currency.balanceOf(feePot), 120_000, "fee");
        assertEq(currency.balanceOf(levyPot), 240_000, "levy");
        assertEq(currency.balanceOf(address(pool)), moneyUd, "the rest is the reserve");
        vm.expectRevert(abi.encodeWithSelector(IVenue.ZeroAmount.selector));
        pool.collect();
    }

    function test_refuses_charges_out_of_bounds() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IVenue.ShareTooHigh.selector, 301, 300));
        pool.setSharesOfPrice(301, 0);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IVenue.ShareTooHigh.selector, 301, 300));
        pool.setSharesOfPrice(0, 301);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        pool.setSharesOfPrice(0, 0);
    }

    function test_the_product_never_falls_and_the_quote_is_kept(
        uint128 moneyUd,
        uint16 feeBps,
        uint16 levyBps
    ) public {
        moneyUd = uint128(bound(moneyUd, 1000, 1e15));
        vm.prank(admin);
        pool.setSharesOfPrice(uint16(bound(feeBps, 0, 300)), uint16(bound(levyBps, 0, 300)));
        _cash(consumer, moneyUd);
        uint256 quote = pool.quoteBuy(moneyUd);
        vm.prank(consumer);
        uint256 bought = pool.buy(moneyUd, uint128(quote), LATER);
        assertEq(bought, quote, "as quoted");
        (uint256 money, uint256 assets,) = pool.reserves();
        assertLe(120 * DOLLAR * 1000 * KWH, money * assets, "k");
        uint256 held = currency.balanceOf(address(pool));
        assertEq(held, money + pool.feeDueUd() + pool.levyDueUd(), "held");
        assertEq(_creditsOf(address(pool)), assets, "assets");
    }
}
