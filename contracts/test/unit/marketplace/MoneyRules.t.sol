// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IRuledToken} from "../../../src/interfaces/IRuledToken.sol";
import {Market} from "./Market.sol";

/// @title MoneyRules: rules bind money however it is sent, and never a payout
contract MoneyRulesTest is Market {
    bytes32 private constant DATA = keccak256("originator and beneficiary");
    IRulebook.Kind private constant MONEY = IRulebook.Kind.MONEY;

    function setUp() public override {
        super.setUp();
        _cash(consumer, 20_000 * DOLLAR);
    }

    function _send(address to, uint256 amountUd) private {
        vm.prank(consumer);
        currency.transfer(to, amountUd);
    }

    function _refused(address from, address to, uint256 amountUd, bytes memory reason) private {
        vm.prank(from);
        vm.expectRevert(reason);
        currency.transfer(to, amountUd);
    }

    function _held(uint256 amountUd, uint256 heldFrom) private view returns (bytes memory) {
        bytes32 id = compliance.transferId(address(currency), consumer, producer, amountUd);
        return abi.encodeWithSelector(IRulebook.HeldForTravelRule.selector, id, amountUd, heldFrom);
    }

    function _limit(uint64 dailyMost) private {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = dailyMost;
        _set(MONEY, CANADA, rules);
    }

    // --- refusals

    /// $999.99 needs no data; $1,000.00 is held, by `transfer` and by `transferFrom`.
    function test_S21_a_raw_transfer_of_1000_dollars_is_held_until_both_providers_have_the_data()
        public
    {
        _send(producer, 999_990_000);
        _refused(consumer, producer, 1000 * DOLLAR, _held(1000 * DOLLAR, 1000 * DOLLAR));
        vm.prank(consumer);
        currency.approve(neighbour, type(uint256).max);
        bytes memory reason = _held(1000 * DOLLAR, 1000 * DOLLAR);
        vm.prank(neighbour);
        vm.expectRevert(reason);
        currency.transferFrom(consumer, producer, 1000 * DOLLAR);

        vm.prank(admin);
        compliance.setProvider(consumer, provider);
        vm.prank(admin);
        compliance.setProvider(producer, otherProvider);
        vm.prank(provider);
        compliance.attest(address(currency), consumer, producer, 1000 * DOLLAR, DATA);
        _refused(consumer, producer, 1000 * DOLLAR, _held(1000 * DOLLAR, 1000 * DOLLAR));
        vm.prank(otherProvider);
        compliance.attest(address(currency), consumer, producer, 1000 * DOLLAR, DATA);
        _send(producer, 1000 * DOLLAR);
        _refused(consumer, producer, 1000 * DOLLAR, _held(1000 * DOLLAR, 1000 * DOLLAR));
    }

    function test_S21_a_raw_transfer_to_europe_is_held_from_the_first_cent() public {
        _moveTo(producer, GERMANY);
        _refused(consumer, producer, CENT, _held(CENT, 1));
        _moveTo(producer, NOWHERE); // unknown: the strictest
        _refused(consumer, producer, CENT, _held(CENT, 1));
    }

    function test_S21_refuses_either_side_without_a_valid_passport() public {
        _cash(stranger, DOLLAR);
        bytes memory reason =
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, stranger, 0);
        _refused(consumer, stranger, 1, reason);
        _refused(stranger, consumer, 1, reason);
        _hold(producer);
        _refused(
            consumer,
            producer,
            1,
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, producer, 0)
        );
    }

    /// A deposit for somebody else is money sent there, by whichever of the three verbs.
    function test_S21_a_deposit_for_another_is_no_way_around_the_rules() public {
        vm.prank(consumer);
        currency.approve(address(clearing), type(uint256).max);
        bytes memory reason = _held(1000 * DOLLAR, 1000 * DOLLAR);
        vm.prank(consumer);
        vm.expectRevert(reason);
        clearing.deposit(producer, uint128(1000 * DOLLAR));
        vm.prank(consumer);
        clearing.deposit(consumer, uint128(1000 * DOLLAR)); // the own money is not asked about

        _hold(consumer);
        reason = abi.encodeWithSelector(IRulebook.PassportInvalid.selector, consumer, 0);
        (address[] memory accounts, uint128[] memory amountsUd) =
            (new address[](1), new uint128[](1));
        (accounts[0], amountsUd[0]) = (producer, 1);
        vm.prank(consumer);
        vm.expectRevert(reason);
        clearing.deposit(producer, 1);
        vm.prank(consumer);
        vm.expectRevert(reason);
        clearing.depositMany(accounts, amountsUd);
        vm.prank(consumer);
        vm.expectRevert(reason);
        clearing.depositWithPermit(producer, 1, 0, 0, 0, 0);
        assertEq(clearing.deposited(producer), 0, "nothing was paid in");
    }

    function test_a_facilitator_with_a_passport_pays_in_what_it_made() public {
        _admit(facilitator);
        vm.prank(facilitator);
        currency.mint(facilitator, uint128(1000 * DOLLAR));
        vm.prank(facilitator);
        currency.approve(address(clearing), 1000 * DOLLAR);
        vm.prank(facilitator);
        clearing.deposit(producer, uint128(1000 * DOLLAR));
        assertEq(clearing.deposited(producer), 1000 * DOLLAR, "the member's");
    }

    function test_a_till_without_a_passport_pays_in_what_was_made_for_it() public {
        vm.prank(facilitator);
        currency.mint(stranger, 500);
        vm.prank(stranger);
        currency.approve(address(clearing), 500);
        vm.prank(stranger);
        clearing.deposit(producer, 500);
        assertEq(clearing.deposited(producer), 500, "the member's");
    }

    function test_S03_raw_money_moves_again_once_a_second_officer_released_it() public {
        bytes memory reason =
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, consumer, 0);
        _hold(consumer);
        _refused(consumer, producer, 1, reason);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPassport.SameOfficer.selector, consumer, admin));
        passport.setFrozen(consumer, false);
        _refused(consumer, producer, 1, reason);
        _release(consumer);
        uint256 before = currency.balanceOf(producer);
        vm.prank(consumer);
        currency.transfer(producer, 1);
        assertEq(currency.balanceOf(producer) - before, 1, "moves again");
    }

    /// What is sent by hand and what is paid at a venue count together.
    function test_S21_a_daily_limit_counts_raw_transfers_and_trades_alike() public {
        _provideS20();
        _limit(20 * DOLLAR);
        _send(producer, 12 * DOLLAR);
        vm.prank(consumer);
        pool.buy(7 * DOLLAR, 0, LATER);
        assertEq(compliance.sentWithinDay(address(currency), consumer), 19 * DOLLAR, "counted");
        bytes memory reason = abi.encodeWithSelector(
            IRulebook.DailyLimitExceeded.selector,
            address(currency),
            consumer,
            19 * DOLLAR,
            2 * DOLLAR,
            20 * DOLLAR
        );
        _refused(consumer, producer, 2 * DOLLAR, reason);
        vm.prank(consumer);
        vm.expectRevert(reason);
        pool.buy(2 * DOLLAR, 0, LATER);
    }

    /// Leeway ends by itself when the next pack is in force; nobody need turn it over.
    function test_S21_the_next_pack_binds_from_its_first_second() public {
        IRulebook.Rules memory rules = _free();
        (rules.from, rules.heldFrom) = (uint40(START_S + 1 hours), CENT);
        _set(MONEY, CANADA, rules);
        vm.warp(START_S + 1 hours - 1);
        _send(producer, CENT);
        vm.warp(START_S + 1 hours);
        _refused(consumer, producer, CENT, _held(CENT, CENT));
        _send(producer, CENT - 1);
        compliance.turnOver(MONEY, CANADA);
        _refused(consumer, producer, CENT, _held(CENT, CENT));
        _send(producer, CENT - 1);
    }

    function test_S21_only_the_rulebook_gives_leeway() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        passport.setLeeway(CANADA, type(uint256).max);
        vm.prank(admin);
        vm.expectRevert(_unauthorized(admin));
        passport.setLeeway(CANADA, type(uint256).max);
    }

    function test_refuses_to_acknowledge_who_is_no_venue() public {
        vm.expectRevert(abi.encodeWithSelector(IRuledToken.NotVenue.selector, stranger));
        currency.acknowledge(stranger);
    }

    // --- what no rule stops

    /// Not a closed country, a hold, or a threshold: money in a venue comes out, and goes in.
    function test_S23_no_rule_stands_between_a_member_and_a_payout() public {
        IRulebook.Rules memory rules = _free();
        (rules.closed, rules.dailyMost, rules.heldFrom) = (true, 0, 1);
        _set(MONEY, CANADA, rules);
        _hold(consumer);
        _send(address(clearing), 10_000 * DOLLAR);
        vm.prank(address(clearing));
        currency.transfer(consumer, 10_000 * DOLLAR);
        assertEq(currency.balanceOf(consumer), 20_000 * DOLLAR, "there and back");
        assertEq(compliance.sentWithinDay(address(currency), consumer), 0, "and not counted");
    }

    function test_a_venue_not_yet_acknowledged_is_served_all_the_same() public {
        address venue = _actor("new venue");
        _refused(
            consumer, venue, 1, abi.encodeWithSelector(IRulebook.PassportInvalid.selector, venue, 0)
        );
        vm.prank(admin);
        compliance.addVenue(venue);
        _send(venue, 5000 * DOLLAR);
        vm.expectEmit();
        emit IRuledToken.VenueAcknowledged(venue);
        currency.acknowledge(venue);
        currency.acknowledge(venue); // says nothing new
        assertEq(currency.balanceOf(venue), 5000 * DOLLAR, "its balance stays");
        vm.prank(venue);
        currency.transfer(consumer, 5000 * DOLLAR);
    }

    // --- laws

    /// The short way and the long way say the same, whatever the packs and countries.
    function test_a_raw_transfer_passes_exactly_where_the_rulebook_allows_it(
        uint256 seed,
        uint64 heldFrom,
        uint64 amountUd
    ) public {
        IRulebook.Rules memory rules = _free();
        rules.heldFrom = seed % 3 == 0 ? NO_LIMIT : uint64(bound(heldFrom, 1, type(uint64).max));
        if (seed >> 8 & 7 == 0) rules.dailyMost = uint64(bound(seed >> 16, 0, 1e12));
        rules.closed = seed >> 11 & 7 == 0;
        if (seed >> 14 & 3 == 0) rules.from += 1 hours;
        _set(MONEY, CANADA, rules);
        uint16[4] memory countries = [CANADA, CANADA, USA, NOWHERE];
        _moveTo(consumer, countries[seed >> 80 & 3]);
        _moveTo(producer, countries[seed >> 82 & 3]);
        if (seed >> 84 & 15 == 0) _hold(producer);
        vm.warp(block.timestamp + (seed >> 88 & 3) * 20 minutes + (seed >> 90 & 1) * 1 hours);
        amountUd = uint64(bound(amountUd, 0, currency.balanceOf(consumer)));
        if (seed >> 91 & 1 == 0 && rules.heldFrom <= 20_000 * DOLLAR) {
            amountUd = rules.heldFrom - uint64(seed >> 92 & 1);
        }
        (bool allowed,) = compliance.canTransfer(address(currency), consumer, producer, amountUd);
        vm.prank(consumer);
        try currency.transfer(producer, amountUd) {
            assertTrue(allowed, "passed though refused");
        } catch {
            assertTrue(!allowed, "refused though allowed");
        }
    }

    /// A trade of the pool as well: where the passport answers alone, the rulebook would allow it.
    function test_a_plain_trade_is_one_the_rulebook_allows(uint256 seed) public {
        IRulebook.Rules memory rules = _free();
        if (seed & 3 == 0) rules.heldFrom = 1;
        if (seed >> 2 & 3 == 0) rules.dailyMost = 1;
        rules.closed = seed >> 4 & 3 == 0;
        _set(seed >> 6 & 1 == 0 ? MONEY : IRulebook.Kind.CREDIT, CANADA, rules);
        if (seed >> 7 & 7 == 0) _hold(consumer);
        if (!IPassport(passport).isPlainTrade(consumer, TRADE_ENERGY, 1, 2)) return;
        compliance.checkTransfer(address(currency), consumer, address(pool), 10_000 * DOLLAR);
        compliance.checkTransfer(address(currency), address(pool), consumer, 10_000 * DOLLAR);
        compliance.checkTransfer(address(credits), consumer, address(pool), 10_000 * KWH);
        compliance.checkTransfer(address(credits), address(pool), consumer, 10_000 * KWH);
    }
}
