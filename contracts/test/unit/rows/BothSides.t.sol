// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "../../../src/interfaces/IExchange.sol";
import {Market} from "../marketplace/Market.sol";

/// @title Whoever trades, wherever and with whom: both sides hold valid passports
contract BothSidesTest is Market {
    function setUp() public override {
        super.setUp();
        _provideS20();
        _credit(producer, 10 * KWH);
        _cash(consumer, 10 * DOLLAR);
    }

    function test_both_sides_of_every_trade_hold_valid_passports(
        bool sellerOnHold,
        bool buyerOnHold,
        bool expired
    ) public {
        IExchange.Order memory order = _order("producer", true, KWH, 12 * CENT);
        order.deadline = type(uint40).max;
        IExchange.Fill memory sell = _fill("producer", order, KWH);
        order = _order("consumer", false, KWH, 12 * CENT);
        order.deadline = type(uint40).max;
        IExchange.Fill memory buy = _fill("consumer", order, KWH);
        if (sellerOnHold) _hold(producer);
        if (buyerOnHold) _hold(consumer);
        if (expired) vm.warp(EXPIRY);

        bool settled = _does(
            stranger,
            address(exchange),
            abi.encodeCall(exchange.settle, (12 * CENT, _one(sell), _one(buy)))
        );
        assertTrue(settled == !(sellerOnHold || buyerOnHold || expired), "the exchange");
        bool bought =
            _does(consumer, address(pool), abi.encodeCall(pool.buy, (DOLLAR, 0, type(uint40).max)));
        assertTrue(bought == !(buyerOnHold || expired), "the pool, buying");
        bool sold =
            _does(producer, address(pool), abi.encodeCall(pool.sell, (1000, 0, type(uint40).max)));
        assertTrue(sold == !(sellerOnHold || expired), "the pool, selling");
    }

    function _does(address who, address target, bytes memory call) private returns (bool done) {
        vm.prank(who);
        (done,) = target.call(call);
    }
}
