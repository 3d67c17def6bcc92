// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "../../../src/interfaces/IExchange.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {Assets} from "../../../src/libraries/Assets.sol";
import {Market} from "./Market.sol";

contract ExchangeTakeTest is Market {
    function setUp() public override {
        super.setUp();
        _credit(producer, 10 * KWH);
        _cash(consumer, DOLLAR);
    }

    function test_refuses_a_taker_without_passport() public {
        IExchange.Fill memory fill = _fill("producer", true, 1000, 11 * CENT);
        _cash(stranger, DOLLAR);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, stranger, TRADE_ENERGY)
        );
        exchange.take(fill, 0);
    }

    /// B607: two wallets are one person, who would make prices with nobody.
    function test_refuses_to_trade_between_two_wallets_of_one_person() public {
        address phone = _actor("phone");
        address laptop = _actor("laptop");
        vm.prank(admin);
        passport.admit(phone, keccak256("person"), TRADE_ENERGY, EXPIRY, CANADA);
        vm.prank(admin);
        passport.link(phone, laptop);
        _credit(phone, KWH);
        _cash(laptop, DOLLAR);
        IExchange.Fill memory fill = _fill("phone", true, 1000, 11 * CENT);
        vm.prank(laptop);
        vm.expectRevert(abi.encodeWithSelector(IExchange.SelfTrade.selector, phone));
        exchange.take(fill, 0);
    }

    function test_refuses_charges_the_taker_does_not_accept() public {
        vm.prank(admin);
        exchange.setCharges(address(credits), 5000, 0);
        IExchange.Fill memory fill = _fill("producer", true, 1000, 11 * CENT);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IExchange.ChargesExceeded.selector, consumer, 4999, 5000)
        );
        exchange.take(fill, 4999);
    }

    function test_buys_at_the_limit_in_parts() public {
        IExchange.Order memory order = _order("producer", true, 3000, 11 * CENT);
        bytes32 hash = exchange.orderHash(order);
        IExchange.Fill memory fill = _fill("producer", order, 1000);
        vm.expectEmit();
        emit IExchange.Taken(hash, consumer, 1000, 11 * CENT);
        vm.prank(consumer);
        exchange.take(fill, 0);
        assertEq(currency.balanceOf(producer), 11 * CENT, "paid");
        assertEq(_creditsOf(consumer), 1000, "delivered");
        assertEq(exchange.filledOf(producer, hash), 1000, "in part");
        fill.amount = 2001;
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IExchange.Overfilled.selector, hash, 2000, 2001));
        exchange.take(fill, 0);
    }

    function test_sells_to_a_buyer_at_its_limit() public {
        IExchange.Fill memory fill = _fill("consumer", false, 1000, 14 * CENT);
        vm.prank(producer);
        exchange.take(fill, 0);
        assertEq(currency.balanceOf(producer), 14 * CENT, "paid");
        assertEq(_creditsOf(consumer), 1000, "delivered");
    }

    function test_trades_a_tracked_ERC20_and_keeps_its_rules() public {
        units.mint(producer, 5_000_000);
        vm.prank(producer);
        units.approve(address(exchange), type(uint256).max);
        IExchange.Order memory order = _order("producer", true, 5_000_000, DOLLAR / 10);
        (order.token, order.id) = (address(units), 0);
        IExchange.Fill memory fill = _fill("producer", order, 2_000_000);
        vm.prank(consumer);
        exchange.take(fill, 0);
        assertEq(units.balanceOf(consumer), 2_000_000, "bought");
        assertEq(currency.balanceOf(producer), 200_000, "20 c");
        assertEq(compliance.holdingOf(address(units), consumer), 2_000_000, "counted once");

        IRulebook.Rules memory rules = _free();
        rules.holdingMost = 2_000_000;
        _set(IRulebook.Kind.SHARE, CANADA, rules);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.HoldingCapExceeded.selector,
                address(units),
                consumer,
                2_000_000,
                2_000_000,
                2_000_000
            )
        );
        exchange.take(fill, 0);
    }

    // --- cancel

    function test_refuses_what_its_maker_cancelled() public {
        IExchange.Fill memory fill = _fill("producer", true, 1000, 11 * CENT);
        bytes32 hash = exchange.orderHash(fill.order);
        vm.prank(stranger);
        exchange.cancel(hash); // another's order: no effect
        vm.expectEmit();
        emit IExchange.Cancelled(producer, hash);
        vm.prank(producer);
        exchange.cancel(hash);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IExchange.Overfilled.selector, hash, 0, 1000));
        exchange.take(fill, 0);
    }

    function test_refuses_orders_of_a_past_epoch() public {
        IExchange.Fill memory fill = _fill("producer", true, 1000, 11 * CENT);
        vm.expectEmit();
        emit IExchange.EpochRaised(producer, 1);
        vm.prank(producer);
        exchange.raiseEpoch();
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IExchange.EpochPassed.selector, producer, 1, 0));
        exchange.take(fill, 0);
        fill.order.epoch = 1;
        fill = _fill("producer", fill.order, 1000);
        vm.prank(consumer);
        exchange.take(fill, 0);
    }

    // --- listing

    function test_refuses_a_listing_that_cannot_be() public {
        address[4] memory tokens = [address(credits), address(0), address(currency), stranger];
        for (uint256 i = 0; i < 4; ++i) {
            uint64 unit = i == 3 ? 0 : 1;
            vm.prank(admin);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IExchange.ListingRefused.selector, tokens[i], Assets.Standard.ERC20, unit
                )
            );
            exchange.list(tokens[i], Assets.Standard.ERC20, unit);
        }
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        exchange.list(stranger, Assets.Standard.ERC20, 1);
    }

    function test_refuses_charges_out_of_bounds() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IVenue.ShareTooHigh.selector, 301, 300));
        exchange.setCharges(address(credits), 0, 301);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NotListed.selector, stranger, 0));
        exchange.setCharges(stranger, 0, 0);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        exchange.setCharges(address(credits), 0, 0);
    }
}
