// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {TradingHalt} from "../../src/bank/TradingHalt.sol";
import {Passport} from "../../src/individual/Passport.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../src/interfaces/IVenue.sol";
import {Assets} from "../../src/libraries/Assets.sol";
import {LiquidityPool} from "../../src/marketplace/LiquidityPool.sol";
import {Authority, Believer, Proof} from "./Proof.sol";

/// @title The pool's product never falls by a trade
/// @custom:bounds a pool of 7001 and 3001 smallest units, amounts of 8 bits: products and a
/// quotient of unknowns are hard for a solver. The invariants of `Marketplace` take wide ones.
contract PoolProof is Proof {
    uint256 private constant MONEY = 7001;
    uint256 private constant ASSETS = 3001;
    uint40 private constant LATER = uint40(START_S + 1 days);

    Currency private currency;
    Currency private asset; // any ERC-20 will do
    LiquidityPool private pool;

    function setUp() public {
        vm.warp(START_S);
        address authority = address(new Authority());
        Passport passport = new Passport(authority);
        Believer believer = new Believer(passport);
        currency = new Currency(authority, passport, believer);
        asset = new Currency(authority, passport, believer);
        pool = new LiquidityPool(
            authority,
            IVenue.Terms(
                currency,
                IRulebook(address(believer)),
                new TradingHalt(authority, believer),
                OTHER_FACILITATOR,
                OTHER_FACILITATOR
            ),
            Assets.Standard.ERC20,
            address(asset),
            0,
            1000,
            1 days
        );
        currency.acknowledge(address(pool));
        asset.acknowledge(address(pool));
        _give(currency, PRODUCER);
        _give(asset, PRODUCER);
        _give(currency, CONSUMER);
        _give(asset, CONSUMER);
        vm.prank(PRODUCER);
        pool.provide(uint128(MONEY), uint128(ASSETS), 0, true, LATER);
    }

    function _give(Currency token, address account) private {
        token.setBucket(FACILITATOR, type(uint128).max);
        vm.prank(FACILITATOR);
        token.mint(account, 1e12);
        vm.prank(account);
        token.approve(address(pool), type(uint256).max);
    }

    function _product() private view returns (uint256) {
        (uint256 moneyUd, uint256 assets,) = pool.reserves();
        return moneyUd * assets;
    }

    function check_the_product_never_falls_by_a_purchase(uint8 amountUd) public {
        vm.prank(CONSUMER);
        pool.buy(amountUd, 0, LATER);

        assert(_product() >= MONEY * ASSETS);
    }

    function check_the_product_never_falls_by_a_sale(uint8 amount) public {
        vm.prank(CONSUMER);
        pool.sell(amount, 0, LATER);

        assert(_product() >= MONEY * ASSETS);
    }
}
