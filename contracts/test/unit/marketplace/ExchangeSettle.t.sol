// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "../../../src/interfaces/IExchange.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {Market} from "./Market.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @title Signer: a contract account that accepts one digest (ERC-1271)
contract Signer is ERC1155Holder {
    bytes32 public accepted;

    function accept(bytes32 digest) external {
        accepted = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == accepted ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

contract ExchangeSettleTest is Market {
    uint64 private constant FEE = CENT / 2; // 0.5 ¢/kWh

    IExchange.Fill[] private sells;
    IExchange.Fill[] private buys;

    /// S08: Prosumer 3.000 kWh at ≥ 11.0 ¢; Tenant 2.500 at ≤ 14.0 ¢, Neighbour 1.500 at ≤ 12.0 ¢.
    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        exchange.setCharges(address(credits), FEE, 0);
        _credit(producer, 10 * KWH);
        _cash(consumer, DOLLAR);
        _cash(neighbour, DOLLAR);
        _sell(_order("producer", true, 3000, 11 * CENT), "producer", 3000);
        _buy(_order("consumer", false, 2500, 14 * CENT), "consumer", 2500);
        _buy(_order("neighbour", false, 1500, 12 * CENT), "neighbour", 500);
    }

    function _sell(IExchange.Order memory order, string memory maker, uint256 amount) private {
        sells.push(_fill(maker, order, amount));
    }

    function _buy(IExchange.Order memory order, string memory maker, uint256 amount) private {
        buys.push(_fill(maker, order, amount));
    }

    /// Signs the sell order anew, after a change.
    function _resell(IExchange.Order memory order, uint256 amount) private {
        sells[0] = _fill("producer", order, amount);
    }

    function _refused(uint256 priceUd, bytes memory reason) private {
        vm.expectRevert(reason);
        exchange.settle(uint128(priceUd), sells, buys);
    }

    function _error(bytes4 selector, IExchange.Fill memory fill, uint256 a, uint256 b)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(selector, exchange.orderHash(fill.order), a, b);
    }

    // --- refusals

    function test_refuses_one_side_alone() public {
        delete buys;
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.OneSided.selector, 1, 0));
        delete sells;
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.OneSided.selector, 0, 0));
    }

    function test_refuses_a_token_that_is_not_listed() public {
        IExchange.Order memory order = sells[0].order;
        order.token = stranger;
        _resell(order, 3000);
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.NotListed.selector, stranger, SEASON));
        order.token = address(units); // an ERC-20 has no ids
        _resell(order, 3000);
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.NotListed.selector, units, SEASON));
    }

    function test_refuses_another_book() public {
        IExchange.Order memory order = buys[0].order;
        order.id = SEASON + 1;
        buys[0] = _fill("consumer", order, 2500);
        bytes32 hash = exchange.orderHash(order);
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.NotInBook.selector, hash));
        buys[0] = sells[0];
        hash = exchange.orderHash(sells[0].order);
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.NotInBook.selector, hash));
    }

    function test_refuses_after_the_deadline() public {
        vm.warp(LATER + 1);
        _refused(
            12 * CENT, abi.encodeWithSelector(IVenue.DeadlinePassed.selector, LATER, LATER + 1)
        );
    }

    function test_S23_refuses_while_trading_is_halted() public {
        _halt(60);
        _refused(12 * CENT, abi.encodeWithSelector(IVenue.TradingHalted.selector, START_S + 60));
        vm.warp(START_S + 60);
        exchange.settle(12 * CENT, sells, buys);
    }

    function test_refuses_another_settler() public {
        IExchange.Order memory order = sells[0].order;
        order.settler = operator;
        _resell(order, 3000);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NotSettler.selector, stranger, operator));
        exchange.settle(12 * CENT, sells, buys);
        vm.prank(operator);
        exchange.settle(12 * CENT, sells, buys);
    }

    function test_refuses_a_price_worse_than_a_limit() public {
        _refused(
            11 * CENT - 1, _error(IExchange.PriceWorse.selector, sells[0], 11 * CENT, 11 * CENT - 1)
        );
        _refused(
            12 * CENT + 1, _error(IExchange.PriceWorse.selector, buys[1], 12 * CENT, 12 * CENT + 1)
        );
    }

    /// At 11.5 ¢ Neighbour would want more than there is.
    function test_S08_refuses_a_price_that_does_not_clear() public {
        bytes32 hash = exchange.orderHash(buys[1].order);
        _refused(
            11 * CENT + FEE, abi.encodeWithSelector(IExchange.NotClearing.selector, hash, 1000)
        );
    }

    function test_refuses_more_than_an_order_is_for() public {
        sells[0].amount = 3001;
        _refused(12 * CENT, _error(IExchange.Overfilled.selector, sells[0], 3000, 3001));
        sells[0].amount = 3000;
        exchange.settle(12 * CENT, sells, buys);
        _refused(12 * CENT, _error(IExchange.Overfilled.selector, sells[0], 0, 3000));
    }

    function test_refuses_the_same_kilowatt_hour_sold_twice() public {
        sells.push(sells[0]);
        _refused(12 * CENT, _error(IExchange.Overfilled.selector, sells[0], 0, 3000));
    }

    function test_refuses_nothing() public {
        sells[0].amount = 0;
        _refused(12 * CENT, abi.encodeWithSelector(IVenue.ZeroAmount.selector));
    }

    function test_refuses_a_batch_that_does_not_balance() public {
        buys[1].amount = 499;
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.Unbalanced.selector, 3000, 2999));
    }

    function test_refuses_the_signature_of_another() public {
        bytes32 hash = exchange.orderHash(sells[0].order);
        sells[0].signature = _signature("stranger", hash);
        _refused(
            12 * CENT, abi.encodeWithSelector(IExchange.SignatureRefused.selector, hash, producer)
        );
    }

    function test_refuses_an_order_changed_after_it_was_signed() public {
        sells[0].order.priceUd -= 1;
        bytes32 hash = exchange.orderHash(sells[0].order);
        _refused(
            12 * CENT, abi.encodeWithSelector(IExchange.SignatureRefused.selector, hash, producer)
        );
    }

    function test_refuses_an_order_signed_for_another_chain() public {
        vm.chainId(99);
        bytes32 hash = exchange.orderHash(sells[0].order);
        _refused(
            12 * CENT, abi.encodeWithSelector(IExchange.SignatureRefused.selector, hash, producer)
        );
    }

    function test_refuses_charges_the_buyer_did_not_sign() public {
        vm.prank(admin);
        exchange.setCharges(address(credits), uint64(CENT + 1), 0);
        _refused(
            12 * CENT,
            abi.encodeWithSelector(IExchange.ChargesExceeded.selector, consumer, 25_000, 25_003)
        );
    }

    function test_refuses_to_trade_with_oneself() public {
        _cash(producer, DOLLAR);
        delete buys;
        _buy(_order("producer", false, 3000, 12 * CENT), "producer", 3000);
        _refused(12 * CENT, abi.encodeWithSelector(IExchange.SelfTrade.selector, producer));
    }

    function test_refuses_either_side_without_a_valid_passport() public {
        _hold(neighbour);
        _refused(
            12 * CENT,
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, neighbour, TRADE_ENERGY)
        );
        _release(neighbour);
        _hold(producer);
        _refused(
            12 * CENT,
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, producer, TRADE_ENERGY)
        );
    }

    function test_S21_holds_a_payment_of_1000_dollars_between_members() public {
        _setHeldFrom(CANADA, 300_000); // the tenant pays 30.00 ¢
        bytes32 id = compliance.transferId(address(currency), consumer, producer, 300_000);
        _refused(
            12 * CENT,
            abi.encodeWithSelector(IRulebook.HeldForTravelRule.selector, id, 300_000, 300_000)
        );
        vm.prank(admin);
        compliance.setProvider(consumer, provider);
        vm.prank(admin);
        compliance.setProvider(producer, provider);
        vm.prank(provider);
        compliance.attest(address(currency), consumer, producer, 300_000, bytes32(uint256(1)));
        exchange.settle(12 * CENT, sells, buys);
    }

    // --- success

    function test_S08_uniform_price_of_12_cents() public {
        vm.expectEmit();
        emit IExchange.Filled(
            exchange.orderHash(buys[0].order),
            consumer,
            address(credits),
            SEASON,
            false,
            2500,
            2500,
            12 * CENT,
            30 * CENT
        );
        vm.prank(stranger); // anyone may
        exchange.settle(12 * CENT, sells, buys);

        assertEq(_creditsOf(consumer), 2500, "tenant 2.500 kWh");
        assertEq(DOLLAR - currency.balanceOf(consumer), 312_500, "tenant pays 30.00 + 1.25 c");
        assertEq(_creditsOf(neighbour), 500, "neighbour 0.500 kWh");
        assertEq(DOLLAR - currency.balanceOf(neighbour), 62_500, "neighbour pays 6.00 + 0.25 c");
        assertEq(currency.balanceOf(producer), 36 * CENT, "prosumer receives 36.00 c");
        assertEq(_creditsOf(producer), 7000, "prosumer sold 3.000 kWh");
        assertEq(currency.balanceOf(feePot), 15_000, "fee");
        assertEq(currency.balanceOf(levyPot), 0, "no levy");
        assertEq(currency.balanceOf(address(exchange)), 0, "nothing stays");
        bytes32 hash = exchange.orderHash(buys[1].order);
        assertEq(exchange.filledOf(neighbour, hash), 500, "the other 1.000 kWh stay open");
    }

    function test_fills_the_rest_of_an_order_later() public {
        exchange.settle(12 * CENT, sells, buys);
        delete sells;
        delete buys;
        IExchange.Order memory order = _order("producer", true, 1000, 11 * CENT);
        order.salt = 1;
        _sell(order, "producer", 1000);
        _buy(_order("neighbour", false, 1500, 12 * CENT), "neighbour", 1000);
        exchange.settle(11 * CENT, sells, buys);
        assertEq(_creditsOf(neighbour), 1500, "whole");
    }

    function test_takes_the_levy_on_top() public {
        vm.prank(admin);
        exchange.setCharges(address(credits), 0, 200);
        exchange.settle(12 * CENT, sells, buys);
        assertEq(currency.balanceOf(levyPot), 7200, "2 % of 36 c");
        assertEq(currency.balanceOf(producer), 36 * CENT, "the seller's price is whole");
    }

    function test_accepts_a_contract_that_signs() public {
        Signer signer = new Signer();
        _admit(address(signer));
        _credit(address(signer), 3000);
        IExchange.Order memory order = sells[0].order;
        order.maker = address(signer);
        sells[0] = IExchange.Fill(order, "", 3000);
        bytes32 hash = exchange.orderHash(order);
        _refused(
            12 * CENT,
            abi.encodeWithSelector(IExchange.SignatureRefused.selector, hash, address(signer))
        );
        signer.accept(hash);
        exchange.settle(12 * CENT, sells, buys);
        assertEq(currency.balanceOf(address(signer)), 36 * CENT, "paid");
    }

    function test_hashes_an_order_as_EIP_712_says() public view {
        IExchange.Order memory order = sells[0].order;
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("SourceEnergy Exchange"),
                keccak256("1"),
                block.chainid,
                address(exchange)
            )
        );
        bytes32 struct_ = keccak256(abi.encode(exchange.ORDER_TYPE(), order));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, struct_));
        assertEq(exchange.orderHash(order), digest, "digest");
    }

    /// Any prices and amounts: the books balance, and nobody is worse off than its limit.
    function test_conserves_and_keeps_limits(
        uint128 priceUd,
        uint64 amount,
        uint64 first,
        uint64 feeUd,
        uint16 levyBps
    ) public {
        amount = uint64(bound(amount, 2, 1e12));
        first = uint64(bound(first, 1, amount - 1));
        priceUd = uint128(bound(priceUd, 0, 1e12));
        _setHeldFrom(CANADA, NO_LIMIT);
        vm.prank(admin);
        exchange.setCharges(
            address(credits), uint64(bound(feeUd, 0, 1e6)), uint16(bound(levyBps, 0, 300))
        );
        delete sells;
        delete buys;
        _credit(producer, amount);
        uint256 moneyUd = uint256(amount) * (priceUd + 1e6) / KWH * 2 + 10;
        _cash(consumer, moneyUd);
        _cash(neighbour, moneyUd);
        _sell(_order("producer", true, amount, priceUd), "producer", amount);
        IExchange.Order memory order = _order("consumer", false, first, priceUd);
        order.chargesMostUd = type(uint64).max;
        _buy(order, "consumer", first);
        order = _order("neighbour", false, amount - first, priceUd);
        order.chargesMostUd = type(uint64).max;
        _buy(order, "neighbour", amount - first);
        uint256 supply = currency.totalSupply();
        uint256 before = currency.balanceOf(producer);
        exchange.settle(priceUd, sells, buys);

        uint256 exactly = uint256(amount) * priceUd;
        uint256 received = currency.balanceOf(producer) - before;
        assertLe(received * KWH, exactly, "rounded down");
        assertLe(exactly, received * KWH + KWH - 1, "by less than a micro-dollar");
        assertEq(_creditsOf(consumer) + _creditsOf(neighbour), amount, "bought");
        assertEq(currency.balanceOf(address(exchange)), 0, "nothing stays");
        assertEq(_creditsOf(address(exchange)), 0, "no asset stays");
        assertEq(currency.totalSupply(), supply, "no money is made");
    }
}
