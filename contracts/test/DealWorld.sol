// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TradingHalt} from "../src/bank/TradingHalt.sol";
import {HouseholdTrustFactory} from "../src/household/HouseholdTrustFactory.sol";
import {Deal} from "../src/individual/Deal.sol";
import {IDeal} from "../src/interfaces/IDeal.sol";
import {ITradingHalt} from "../src/interfaces/ITradingHalt.sol";
import {World} from "./World.sol";

/// @title DealWorld: a deal of four quarter-hours, from 13:00 EST on 15 January 2026
abstract contract DealWorld is World {
    uint64 internal constant HOUR_S = 1_768_500_000; // 2026-01-15T18:00:00Z
    uint64 internal constant PRICE = 120_000; //  12.0 ¢/kWh [ud]
    uint64 internal constant FEE = 5000; //        0.5 ¢/kWh [ud]

    address internal treasury = _actor("treasury");
    TradingHalt internal tradingHalt;
    HouseholdTrustFactory internal trusts;
    Deal internal deal;

    function setUp() public virtual override {
        super.setUp();
        tradingHalt = new TradingHalt(address(manager), verifier);
        trusts = new HouseholdTrustFactory(currency, passport, devices);
        deal = new Deal(
            currency, passport, currency.compliance(), trusts, verifier, tradingHalt, FEE, treasury
        );
        _admit(treasury);
        _money(consumer, 1e12);
        _money(neighbour, 1e12);
    }

    function _money(address account, uint256 amountUd) internal {
        vm.prank(facilitator);
        currency.mint(account, uint128(amountUd));
        vm.prank(account);
        currency.approve(address(deal), type(uint256).max);
    }

    /// The producer delivers `totalWh` to the consumer in one hour.
    function _hour(uint64 totalWh) internal view returns (IDeal.Terms memory terms) {
        terms = _terms(_wh(totalWh));
        terms.interval = 3600;
        terms.expiry = HOUR_S + 3600 + 2 days;
    }

    function _quarters() internal view returns (IDeal.Terms memory) {
        return _terms(_wh(700, 600, 600, 600));
    }

    function _terms(uint64[] memory scheduledWh) internal view returns (IDeal.Terms memory) {
        return IDeal.Terms({
            seller: producer,
            buyer: consumer,
            start: HOUR_S,
            interval: 900,
            priceUdPerKwh: PRICE,
            expiry: uint64(HOUR_S + scheduledWh.length * 900 + 2 days),
            salt: 0,
            scheduledWh: scheduledWh
        });
    }

    function _wh(uint64 a) internal pure returns (uint64[] memory list) {
        list = new uint64[](1);
        list[0] = a;
    }

    function _wh(uint64 a, uint64 b, uint64 c, uint64 d)
        internal
        pure
        returns (uint64[] memory list)
    {
        list = new uint64[](4);
        (list[0], list[1], list[2], list[3]) = (a, b, c, d);
    }

    function _role(address account) internal view returns (string memory) {
        return account == consumer ? "consumer" : account == producer ? "producer" : "neighbour";
    }

    /// Both parties sign, and somebody else hands it in.
    function _open(IDeal.Terms memory terms) internal returns (bytes32 id) {
        id = deal.idOf(terms);
        bytes memory seller = _signature(_role(terms.seller), id);
        bytes memory buyer = _signature(_role(terms.buyer), id);
        vm.prank(stranger);
        deal.open(terms, seller, buyer);
    }

    function _openRefused(IDeal.Terms memory terms, bytes memory reason) internal {
        bytes32 id = deal.idOf(terms);
        bytes memory seller = _signature(_role(terms.seller), id);
        bytes memory buyer = _signature(_role(terms.buyer), id);
        vm.expectRevert(reason);
        deal.open(terms, seller, buyer);
    }

    /// Nobody opens a deal for an hour.
    function _halt() internal {
        ITradingHalt.Order memory order = ITradingHalt.Order({
            number: tradingHalt.number() + 1,
            durationS: 1 hours,
            deadline: uint64(block.timestamp),
            reasonHash: keccak256("reason")
        });
        tradingHalt.halt(order, _proof(tradingHalt.orderHash(order), 0, 1));
    }

    function _quorum(IDeal.Terms memory terms, uint64[] memory deliveredWh)
        internal
        view
        returns (bytes memory)
    {
        bytes32 id = deal.idOf(terms);
        return _proof(deal.deliveryHash(id, deal.stateOf(id).settled, deliveredWh), 0, 1);
    }

    function _settle(IDeal.Terms memory terms, uint64[] memory deliveredWh) internal {
        bytes memory proof = _quorum(terms, deliveredWh);
        deal.settle(terms, deliveredWh, proof);
    }
}
