// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Passport} from "../../src/individual/Passport.sol";
import {IClearing} from "../../src/interfaces/IClearing.sol";
import {Clearing} from "../../src/market/Clearing.sol";
import {Authority, Believer, Proof} from "./Proof.sol";

/// @title A payout pays exactly the difference, whatever was authorised before and whatever now
/// @custom:bounds another leaf is one whose hash differs in the 208 bits a statement keeps of its
/// root; one that agrees in them takes 2²⁰⁸ hashes to find.
contract ClearingProof is Proof {
    uint32 private constant DELAY = 1 hours;

    Currency private currency;
    Passport private passport;
    Clearing private clearing;
    bytes32 private community;

    function setUp() public {
        vm.warp(START_S);
        address authority = address(new Authority());
        passport = new Passport(authority);
        Believer believer = new Believer(passport);
        currency = new Currency(authority, passport, believer);
        clearing = new Clearing(
            currency, passport, "Maple Street", PRODUCER, CONSUMER, address(believer), DELAY, 1 days
        );
        community = clearing.community();
        currency.acknowledge(address(clearing)); // as the factory does
        passport.issue(CONSUMER, 2, uint40(START_S + 365 days), 124);
        passport.issue(PRODUCER, 2, uint40(START_S + 365 days), 124);
        currency.setBucket(FACILITATOR, type(uint128).max);
    }

    function _deposit(uint64 amountUd) private {
        vm.prank(FACILITATOR);
        currency.mint(FACILITATOR, amountUd);
        vm.prank(FACILITATOR);
        currency.approve(address(clearing), amountUd);
        vm.prank(FACILITATOR);
        clearing.deposit(CONSUMER, amountUd);
    }

    /// A live statement of one leaf.
    function _post(IClearing.Leaf memory leaf, uint64 depositsUd, uint64 start)
        private
        returns (uint64)
    {
        IClearing.Head memory head = clearing.head();
        IClearing.Statement memory s;
        s.community = community;
        s.epoch = head.nextEpoch;
        (s.start, s.end) = (start, start + 900);
        s.previous = head.hash;
        s.payoutRoot = clearing.leafHash(leaf);
        s.depositsUd = depositsUd;
        s.payoutsUd = leaf.payoutUd;
        s.balancesUd = depositsUd - leaf.payoutUd;
        vm.prank(PRODUCER);
        clearing.post(s, "");
        vm.warp(start + 900 + DELAY);
        return s.epoch;
    }

    function _withdraw(uint64 epoch, IClearing.Leaf memory leaf) private returns (bool done) {
        (done,) = address(clearing)
            .call(abi.encodeCall(clearing.withdraw, (epoch, leaf, new bytes32[](0))));
    }

    function check_a_payout_pays_exactly_the_difference(
        uint64 depositsUd,
        uint64 firstUd,
        uint64 secondUd
    ) public {
        vm.assume(0 < firstUd && firstUd <= secondUd && secondUd <= depositsUd);
        _deposit(depositsUd);
        IClearing.Leaf memory leaf = IClearing.Leaf(PRODUCER, 0, firstUd, 0, bytes32("salt"));
        uint64 epoch = _post(leaf, depositsUd, uint64(START_S));
        assert(_withdraw(epoch, leaf));
        assert(currency.balanceOf(PRODUCER) == firstUd);

        leaf.payoutUd = secondUd;
        epoch = _post(leaf, depositsUd, uint64(START_S + 2 days));
        assert(_withdraw(epoch, leaf) == (secondUd > firstUd));
        assert(currency.balanceOf(PRODUCER) == secondUd);
        assert(clearing.paid(PRODUCER) == secondUd);
        assert(clearing.funds() == depositsUd - secondUd);
        assert(currency.balanceOf(address(clearing)) == depositsUd - secondUd);
        assert(!_withdraw(epoch, leaf));
    }

    function check_no_other_leaf_is_paid(
        uint64 depositsUd,
        uint64 payoutUd,
        IClearing.Leaf calldata other
    ) public {
        vm.assume(payoutUd <= depositsUd && depositsUd != 0);
        IClearing.Leaf memory leaf = IClearing.Leaf(PRODUCER, 0, payoutUd, 0, bytes32("salt"));
        vm.assume(bytes26(clearing.leafHash(other)) != bytes26(clearing.leafHash(leaf)));
        _deposit(depositsUd);
        uint64 epoch = _post(leaf, depositsUd, uint64(START_S));

        assert(!_withdraw(epoch, other));
        assert(currency.balanceOf(address(clearing)) == depositsUd);
    }
}
