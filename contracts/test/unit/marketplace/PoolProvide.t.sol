// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILiquidityPool} from "../../../src/interfaces/ILiquidityPool.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {Assets} from "../../../src/libraries/Assets.sol";
import {LiquidityPool} from "../../../src/marketplace/LiquidityPool.sol";
import {Market} from "./Market.sol";

contract PoolProvideTest is Market {
    function setUp() public override {
        super.setUp();
        _cash(consumer, 1e12);
        _credit(consumer, 1e12);
        _cash(producer, 1e12);
        _credit(producer, 1e12);
    }

    function _provide(address account, uint128 moneyUd, uint128 assets)
        private
        returns (uint256 shares)
    {
        vm.prank(account);
        return pool.provide(moneyUd, assets, 0, true, LATER);
    }

    function test_refuses_an_asset_that_cannot_be() public {
        IVenue.Terms memory terms = _venue();
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidityPool.AssetRefused.selector, address(units), SEASON, KWH, WINDOW
            )
        );
        new LiquidityPool(
            address(manager), terms, Assets.Standard.ERC20, address(units), SEASON, KWH, WINDOW
        );
        terms.levyPot = address(0);
        vm.expectRevert(abi.encodeWithSelector(IVenue.ZeroContract.selector));
        new LiquidityPool(
            address(manager), terms, Assets.Standard.ERC20, address(units), 0, KWH, WINDOW
        );
    }

    function test_S20_refuses_who_does_not_know_of_the_loss() public {
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(ILiquidityPool.LossNotUnderstood.selector));
        pool.provide(1e6, 1e6, 0, false, LATER);
    }

    function test_refuses_nothing() public {
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IVenue.ZeroAmount.selector));
        pool.provide(0, 1e6, 0, true, LATER);
    }

    function test_refuses_too_little_to_begin_with() public {
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.LiquidityTooSmall.selector, 1000, 1000)
        );
        pool.provide(1000, 1000, 0, true, LATER);
    }

    function test_refuses_who_has_no_passport() public {
        _cash(stranger, 1e6);
        _credit(stranger, 1e6);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, stranger, TRADE_ENERGY)
        );
        pool.provide(1e6, 1e6, 0, true, LATER);
    }

    function test_refuses_fewer_shares_than_accepted() public {
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, 1e6 - 999, 1e6 - 1000)
        );
        pool.provide(1e6, 1e6, 1e6 - 999, true, LATER);
    }

    function test_refuses_to_trade_without_liquidity() public {
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(ILiquidityPool.PoolEmpty.selector));
        pool.buy(1e6, 0, LATER);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(ILiquidityPool.PoolEmpty.selector));
        pool.withdraw(1, 0, 0, LATER);
    }

    function test_locks_a_minimum_of_the_first_shares() public {
        vm.expectEmit();
        emit ILiquidityPool.Provided(consumer, 4e6, 1e6, 2e6 - 1000, 1000);
        _provide(consumer, 4e6, 1e6);
        assertEq(pool.balanceOf(consumer), 2e6 - 1000, "shares");
        assertEq(pool.balanceOf(address(pool)), 1000, "locked");
        assertEq(compliance.holdingOf(address(pool), consumer), 2e6 - 1000, "counted");
    }

    function test_takes_only_the_proportion() public {
        _provide(consumer, 4e6, 1e6);
        uint256 money = currency.balanceOf(producer);
        uint256 assets = _creditsOf(producer);
        assertEq(_provide(producer, 8e6, 1e6), 2e6, "shares");
        assertEq(money - currency.balanceOf(producer), 4e6, "money");
        assertEq(assets - _creditsOf(producer), 1e6, "assets");
    }

    /// In and out again: never more than was put in, whoever else provides.
    function test_S20_liquidity_in_and_out_is_conserved(uint64 a, uint64 b, uint64 c, uint64 d)
        public
    {
        _provide(consumer, uint128(bound(a, 2000, 1e12)), uint128(bound(b, 2000, 1e12)));
        uint256 money = currency.balanceOf(producer);
        uint256 assets = _creditsOf(producer);
        try this.provideAs(
            producer, uint128(bound(c, 1, 1e12)), uint128(bound(d, 1, 1e12))
        ) returns (
            uint256 shares
        ) {
            vm.prank(producer);
            pool.withdraw(uint128(shares), 0, 0, LATER);
            assertLe(currency.balanceOf(producer), money, "money");
            assertLe(_creditsOf(producer), assets, "assets");
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == IVenue.ZeroAmount.selector, "too small for a share");
        }
        (uint256 moneyUd, uint256 assetsWh,) = pool.reserves();
        assertEq(currency.balanceOf(address(pool)), moneyUd, "money held");
        assertEq(_creditsOf(address(pool)), assetsWh, "assets held");
        uint256 left = pool.balanceOf(consumer);
        vm.prank(consumer);
        pool.withdraw(uint128(left), 0, 0, LATER);
        assertEq(pool.totalSupply(), 1000, "the locked minimum");
    }

    function provideAs(address account, uint128 moneyUd, uint128 assets)
        external
        returns (uint256)
    {
        return _provide(account, moneyUd, assets);
    }

    /// The first provider puts in the least it can, makes the pool a gift and waits for a victim
    /// who accepts any number of shares. Its gift is lost and the victim's shares are whole.
    function test_first_depositor_inflation_is_unprofitable(uint64 giftUd, uint64 victimUd) public {
        giftUd = uint64(bound(giftUd, 1, 1e11));
        victimUd = uint64(bound(victimUd, 1, 1e11));
        uint256 money = currency.balanceOf(consumer);
        uint256 assets = _creditsOf(consumer);
        _provide(consumer, 1001, 1001);
        vm.prank(consumer);
        currency.transfer(address(pool), giftUd);
        assertEq(_provide(producer, victimUd, victimUd), victimUd, "whole shares");
        vm.prank(consumer);
        pool.withdraw(1, 0, 0, LATER);
        assertEq(money - currency.balanceOf(consumer), giftUd + 1000, "the gift, and the minimum");
        assertEq(assets - _creditsOf(consumer), 1000, "the minimum");
    }

    /// It moves the price of its tiny pool instead. A victim that says how many shares it accepts
    /// is refused before it loses more than that.
    function test_a_price_moved_before_a_deposit_is_bounded(uint64 frontUd, uint64 victimUd)
        public
    {
        frontUd = uint64(bound(frontUd, 10, 1e11));
        victimUd = uint64(bound(victimUd, 1e6, 1e11));
        _provide(consumer, 1001, 1001);
        vm.prank(consumer);
        uint256 bought = pool.buy(frontUd, 0, LATER);
        uint128 least = uint128(uint256(victimUd) * 95 / 100);
        uint256 before = currency.balanceOf(consumer) + _creditsOf(consumer);
        vm.prank(producer);
        try pool.provide(victimUd, victimUd, least, true, LATER) {
            vm.prank(consumer);
            pool.sell(uint128(bought), 0, LATER);
            uint256 gained = currency.balanceOf(consumer) + _creditsOf(consumer) - before;
            assertLe(gained, uint256(victimUd) / 10, "a bounded gain");
        } catch (bytes memory reason) {
            assertTrue(
                bytes4(reason) == ILiquidityPool.SlippageExceeded.selector, "refused in time"
            );
        }
    }

    function test_shares_move_only_between_valid_passports_and_never_to_the_pool() public {
        _provide(consumer, 4e6, 1e6);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, stranger, TRADE_ENERGY)
        );
        pool.transfer(stranger, 1);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(ILiquidityPool.Unasked.selector, consumer, pool, 0));
        pool.transfer(address(pool), 1);
        vm.prank(consumer);
        pool.transfer(producer, 1);
        assertEq(pool.balanceOf(producer), 1, "moved");
    }

    // --- withdraw

    function test_withdraws_the_part_and_no_more() public {
        _provide(consumer, 4e6, 1e6);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, 2e6 + 1, 2e6)
        );
        pool.withdraw(1e6, 2e6 + 1, 0, LATER);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, 5e5 + 1, 5e5)
        );
        pool.withdraw(1e6, 0, 5e5 + 1, LATER);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IVenue.ZeroAmount.selector));
        pool.withdraw(0, 0, 0, LATER);
        vm.warp(LATER + 1);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IVenue.DeadlinePassed.selector, LATER, LATER + 1));
        pool.withdraw(1e6, 0, 0, LATER);
        vm.warp(LATER);
        vm.expectEmit();
        emit ILiquidityPool.Withdrawn(consumer, 2e6, 5e5, 1e6);
        vm.prank(consumer);
        pool.withdraw(1e6, 2e6, 5e5, LATER);
    }

    function test_takes_nobody_out_whose_passport_lapsed_and_keeps_its_share() public {
        _provide(consumer, 4e6, 1e6);
        _hold(consumer);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, consumer, TRADE_ENERGY)
        );
        pool.withdraw(1e6, 0, 0, LATER);
        _release(consumer);
        vm.prank(consumer);
        pool.withdraw(1e6, 0, 0, LATER);
    }
}
