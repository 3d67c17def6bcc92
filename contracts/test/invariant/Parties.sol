// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Deal} from "../../src/individual/Deal.sol";
import {IDeal} from "../../src/interfaces/IDeal.sol";
import {DealWorld} from "../DealWorld.sol";

/// @title Parties: buyers, a seller, a quorum that may say any delivery, and a malicious operator
contract Parties is DealWorld {
    uint256 public constant MONEY = 2e12;

    IDeal.Terms[] private _deals;
    bytes32[] public ids;
    mapping(bytes32 id => uint256) public out; // credited for the deal [ud]
    uint256 public stolen; // times the operator got through

    address[4] public receivers; // whoever may ever be due money

    function setUp() public override {
        super.setUp();
        receivers = [producer, consumer, neighbour, treasury];
        _admit(operator);
    }

    function the() external view returns (Deal, Currency, address) {
        return (deal, currency, operator);
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    function openDeal(uint64[4] memory scheduled, uint64 price, bool who) external {
        uint64[] memory scheduledWh =
            _wh(scheduled[0] % 1e6 + 1, scheduled[1] % 1e6, scheduled[2] % 1e6, scheduled[3] % 1e6);
        IDeal.Terms memory terms = _terms(scheduledWh);
        terms.start = uint64((block.timestamp / 900 + 1) * 900);
        terms.expiry = terms.start + 3600 + 2 days;
        terms.priceUdPerKwh = price % 1e6;
        terms.buyer = who ? consumer : neighbour;
        terms.salt = ids.length;
        (,,, bool frozen) = passport.passportOf(producer);
        if (frozen) return;
        bytes32 id = _open(terms);
        ids.push(id);
        _deals.push(terms);
    }

    function settleDeal(uint256 which, uint256 parts, uint64[4] memory delivered) external {
        if (ids.length == 0) return;
        which %= ids.length;
        IDeal.Terms memory terms = _deals[which];
        IDeal.State memory state = deal.stateOf(ids[which]);
        if (!state.open || block.timestamp >= terms.expiry) return;
        uint256 ended = block.timestamp < terms.start ? 0 : (block.timestamp - terms.start) / 900;
        if (ended > 4) ended = 4;
        if (ended <= state.settled) return;
        uint64[] memory deliveredWh = new uint64[](bound(parts, 1, ended - state.settled));
        for (uint256 i = 0; i < deliveredWh.length; ++i) {
            deliveredWh[i] = delivered[i];
        }
        uint256 before = _due();
        _settle(terms, deliveredWh);
        out[ids[which]] += _due() - before;
    }

    function expireDeal(uint256 which) external {
        if (ids.length == 0) return;
        which %= ids.length;
        uint256 before = _due();
        try deal.expire(_deals[which]) {
            out[ids[which]] += _due() - before;
        } catch {}
    }

    function withdraw(uint256 who) external {
        try deal.withdraw(receivers[who % 4]) {} catch {}
    }

    /// The operator, who is no party and has one verifier's signature only.
    function steal(uint256 which) external {
        if (ids.length == 0) return;
        which %= ids.length;
        IDeal.Terms memory terms = _deals[which];
        uint64[] memory all = _wh(type(uint64).max);
        bytes32 digest = deal.deliveryHash(ids[which], deal.stateOf(ids[which]).settled, all);
        bytes memory one = _signature("first verifier", digest);
        vm.prank(operator);
        try deal.settle(terms, all, one) {
            ++stolen;
        } catch {}
        terms.seller = operator; // with the buyer's signature over other terms
        bytes memory buyer = _signature(_role(terms.buyer), ids[which]);
        vm.prank(operator);
        try deal.open(terms, "", buyer) {
            ++stolen;
        } catch {}
        vm.prank(operator);
        try deal.withdraw(operator) {
            ++stolen;
        } catch {}
    }

    function hold(bool frozen) external {
        if (frozen) _hold(producer);
        else _release(producer);
    }

    function wait_(uint256 seconds_) external {
        uint256 next = block.timestamp + bound(seconds_, 300, 12 hours);
        if (next < EXPIRY) vm.warp(next);
    }

    function _due() private view returns (uint256 sum) {
        for (uint256 i = 0; i < 4; ++i) {
            sum += deal.owed(receivers[i]);
        }
    }
}
