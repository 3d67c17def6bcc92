// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Assets} from "../../../src/libraries/Assets.sol";
import {LiquidityPool} from "../../../src/marketplace/LiquidityPool.sol";
import {Market} from "../marketplace/Market.sol";
import {Units} from "../marketplace/Tokens.sol";

/// @title SwapTable: the numbers every constant-product pool with a fee of 0.3 % must give
/// @notice The inputs and outputs are those published with Uniswap v2, where reserves are whole
/// tokens of 18 digits. They hold here whichever side the input is.
contract SwapTableTest is Market {
    uint256 private constant ONE = 1e18;

    Units private gold;

    function setUp() public override {
        super.setUp();
        gold = new Units(compliance, passport);
        _register(address(gold), IRulebook.Kind.CREDIT, true);
        _setHeldFrom(CANADA, NO_LIMIT);
    }

    function _row(uint256 amountIn, uint256 reserveIn, uint256 reserveOut, uint256 amountOut)
        private
    {
        (amountIn, reserveIn, reserveOut) = (amountIn * ONE, reserveIn * ONE, reserveOut * ONE);
        LiquidityPool fresh = _pool(reserveIn, reserveOut);
        assertEq(fresh.quoteBuy(amountIn), amountOut, "bought with money");
        _cash(consumer, amountIn);
        vm.prank(consumer);
        currency.approve(address(fresh), amountIn);
        vm.prank(consumer);
        assertEq(fresh.buy(uint128(amountIn), uint128(amountOut), LATER), amountOut, "as quoted");

        fresh = _pool(reserveOut, reserveIn);
        assertEq(fresh.quoteSell(amountIn), amountOut, "sold for money");
        gold.mint(consumer, amountIn);
        vm.prank(consumer);
        gold.approve(address(fresh), amountIn);
        vm.prank(consumer);
        assertEq(fresh.sell(uint128(amountIn), uint128(amountOut), LATER), amountOut, "as quoted");
    }

    function _pool(uint256 money, uint256 assets) private returns (LiquidityPool fresh) {
        fresh = new LiquidityPool(
            address(manager), _venue(), Assets.Standard.ERC20, address(gold), 0, KWH, WINDOW
        );
        _register(address(fresh), IRulebook.Kind.CREDIT, true);
        _addVenue(address(fresh));
        _cash(neighbour, money);
        gold.mint(neighbour, assets);
        vm.prank(neighbour);
        currency.approve(address(fresh), money);
        vm.prank(neighbour);
        gold.approve(address(fresh), assets);
        vm.prank(neighbour);
        fresh.provide(uint128(money), uint128(assets), 0, true, LATER);
    }

    function test_one_into_5_and_10() public {
        _row(1, 5, 10, 1_662_497_915_624_478_906);
    }

    function test_one_into_10_and_5() public {
        _row(1, 10, 5, 453_305_446_940_074_565);
    }

    function test_two_into_5_and_10() public {
        _row(2, 5, 10, 2_851_015_155_847_869_602);
    }

    function test_two_into_10_and_5() public {
        _row(2, 10, 5, 831_248_957_812_239_453);
    }

    function test_one_into_10_and_10() public {
        _row(1, 10, 10, 906_610_893_880_149_131);
    }

    function test_one_into_100_and_100() public {
        _row(1, 100, 100, 987_158_034_397_061_298);
    }

    function test_one_into_1000_and_1000() public {
        _row(1, 1000, 1000, 996_006_981_039_903_216);
    }
}
