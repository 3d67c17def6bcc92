// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HouseholdTrustFactory} from "../../../src/household/HouseholdTrustFactory.sol";
import {Deal} from "../../../src/individual/Deal.sol";
import {Investment} from "../../../src/individual/Investment.sol";
import {IDeal} from "../../../src/interfaces/IDeal.sol";
import {IInvestment} from "../../../src/interfaces/IInvestment.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Market} from "../marketplace/Market.sol";

/// @title The rules of money hold for what two members agree, too
/// @notice An escrow is a venue, so the token itself does not ask: the escrow has to.
contract AgreementRulesTest is Market {
    uint64 private constant START = uint64(START_S + 2 hours);

    Deal private deal;
    Investment private investment;

    function setUp() public override {
        super.setUp();
        HouseholdTrustFactory trusts = new HouseholdTrustFactory(currency, passport, devices);
        deal = new Deal(currency, passport, compliance, trusts, verifier, tradingHalt, 0, feePot);
        investment = new Investment(currency, passport, compliance, trusts);
        _addVenue(address(deal));
        _addVenue(address(investment));
        _cash(consumer, 20_000 * DOLLAR);
        vm.prank(consumer);
        currency.approve(address(deal), type(uint256).max);
        vm.prank(consumer);
        currency.approve(address(investment), type(uint256).max);
        vm.prank(admin);
        passport.issue(consumer, 7, EXPIRY, CANADA);
    }

    function _held(uint256 amountUd) private view returns (bytes memory) {
        bytes32 id = compliance.transferId(address(currency), consumer, producer, amountUd);
        return
            abi.encodeWithSelector(
                IRulebook.HeldForTravelRule.selector, id, amountUd, 1000 * DOLLAR
            );
    }

    function _attest(uint256 amountUd) private {
        vm.prank(admin);
        compliance.setProvider(consumer, provider);
        vm.prank(admin);
        compliance.setProvider(producer, otherProvider);
        vm.prank(provider);
        compliance.attest(address(currency), consumer, producer, amountUd, "data");
        vm.prank(otherProvider);
        compliance.attest(address(currency), consumer, producer, amountUd, "data");
    }

    // --- deals

    /// One kWh at that price.
    function _kWh(uint64 priceUd) private view returns (IDeal.Terms memory) {
        uint64[] memory scheduledWh = new uint64[](1);
        scheduledWh[0] = 1000;
        return IDeal.Terms({
            seller: producer,
            buyer: consumer,
            start: START,
            interval: 3600,
            priceUdPerKwh: priceUd,
            expiry: START + 3600 + 2 days,
            salt: priceUd,
            scheduledWh: scheduledWh
        });
    }

    function _open(IDeal.Terms memory terms, bytes memory refusal) private {
        bytes memory signed = _signature("producer", deal.idOf(terms));
        vm.prank(consumer);
        if (refusal.length != 0) vm.expectRevert(refusal);
        deal.open(terms, signed, "");
    }

    function test_S21_a_deal_of_1000_dollars_is_held_until_both_providers_have_the_data() public {
        _open(_kWh(uint64(1000 * DOLLAR)), _held(1000 * DOLLAR));
        _open(_kWh(uint64(1000 * DOLLAR - 1)), "");
        _attest(1000 * DOLLAR);
        _open(_kWh(uint64(1000 * DOLLAR)), "");
    }

    function test_S21_a_daily_limit_counts_deals_and_raw_transfers_alike() public {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = uint64(500 * DOLLAR);
        _set(IRulebook.Kind.MONEY, CANADA, rules);
        _open(_kWh(uint64(300 * DOLLAR)), "");
        bytes memory reason = abi.encodeWithSelector(
            IRulebook.DailyLimitExceeded.selector,
            address(currency),
            consumer,
            300 * DOLLAR,
            201 * DOLLAR,
            500 * DOLLAR
        );
        _open(_kWh(uint64(201 * DOLLAR)), reason);
        vm.prank(consumer);
        vm.expectRevert(reason);
        currency.transfer(producer, 201 * DOLLAR);
    }

    // --- investments

    function _invested(uint64 amountUd) private view returns (IInvestment.Terms memory) {
        return IInvestment.Terms({
            investor: consumer,
            project: producer,
            share: units,
            units: 1,
            amountUd: amountUd,
            documentHash: keccak256("offering document"),
            thinkUntil: uint64(START_S + 2 days),
            closeBy: uint64(START_S + 90 days),
            salt: 0
        });
    }

    function test_S21_an_investment_of_1000_dollars_is_held_until_both_providers_have_the_data()
        public
    {
        IInvestment.Terms memory terms = _invested(uint64(1000 * DOLLAR));
        bytes memory signed = _signature("producer", investment.idOf(terms));
        bytes memory reason = _held(1000 * DOLLAR);
        vm.prank(consumer);
        vm.expectRevert(reason);
        investment.open(terms, "", signed);

        _attest(1000 * DOLLAR);
        vm.prank(consumer);
        investment.open(terms, "", signed);
        vm.warp(START_S + 2 days);
        units.mint(producer, 1);
        vm.prank(producer);
        units.approve(address(investment), 1);
        vm.prank(producer);
        investment.release(terms);
        investment.withdraw(producer);
        assertEq(currency.balanceOf(producer), 1000 * DOLLAR, "once they have it");
    }
}
