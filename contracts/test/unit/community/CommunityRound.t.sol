// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommunity} from "../../../src/interfaces/ICommunity.sol";
import {Rulebook} from "../../Estate.sol";
import {Coop} from "./Coop.sol";

contract CommunityRoundTest is Coop {
    function _state() private view returns (ICommunity.State state) {
        (, state) = community.moneyOf(round);
    }

    function _held() private view returns (uint64) {
        (ICommunity.RoundMoney memory money,) = community.moneyOf(round);
        return money.heldUd;
    }

    function test_S11_refuses_a_project_without_a_document() public {
        ICommunity.RoundTerms memory terms = _terms();
        terms.document = 0;
        vm.prank(admin);
        vm.expectRevert(_error(ICommunity.DocumentMissing.selector));
        community.openRound(terms);
    }

    function test_refuses_a_budget_above_the_target_and_another_manager() public {
        ICommunity.RoundTerms memory terms = _terms();
        terms.milestonesUd[2] += 1;
        vm.prank(admin);
        vm.expectRevert(_error(ICommunity.RoundInvalid.selector));
        community.openRound(terms);
        terms = _terms();
        terms.fund = _newFund(operator);
        vm.prank(admin);
        vm.expectRevert(_error(ICommunity.RoundInvalid.selector));
        community.openRound(terms);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        community.openRound(terms);
    }

    function test_refuses_a_pledge_that_may_not_be() public {
        _money(neighbour, address(community), DOLLAR);
        vm.prank(neighbour);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NotMember.selector, neighbour));
        community.pledge(round, 1, DOCUMENT);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.DocumentDiffers.selector, DOCUMENT, bytes32("other"))
        );
        community.pledge(round, 1, "other");
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.CapExceeded.selector, 2 * TARGET, 2 * TARGET + 1)
        );
        community.pledge(round, 2 * TARGET + 1, DOCUMENT);
        rulebook.refuse(prosumer);
        vm.prank(prosumer);
        vm.expectRevert(abi.encodeWithSelector(Rulebook.Refused.selector, prosumer));
        community.pledge(round, 1, DOCUMENT);
        vm.warp(DEADLINE);
        vm.prank(tenant);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.WrongState.selector, round, ICommunity.State.Missed)
        );
        community.pledge(round, 1, DOCUMENT);
    }

    function test_S11_a_pledge_is_taken_back_within_the_cooling_off_time() public {
        _pledge(prosumer, 500 * DOLLAR);
        vm.warp(START_S + COOLING - 1);
        vm.prank(prosumer);
        community.withdrawPledge(round);
        assertEq(currency.balanceOf(prosumer), 500 * DOLLAR, "in full");
        _pledge(prosumer, 500 * DOLLAR);
        uint256 endsAt = START_S + 2 * COOLING - 1;
        vm.warp(endsAt);
        vm.prank(prosumer);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.CoolingOff.selector, endsAt));
        community.withdrawPledge(round);
    }

    function test_S11_target_missed_every_cent_returns_without_an_operator() public {
        _pledge(prosumer, 500 * DOLLAR);
        _pledge(household, 8_499_990_000);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.WrongState.selector, round, ICommunity.State.Open)
        );
        community.refund(round, prosumer);
        vm.warp(DEADLINE);
        assertTrue(_state() == ICommunity.State.Missed, "nobody needs to say so");
        vm.prank(stranger);
        community.refund(round, prosumer);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.TrustCollects.selector, household));
        community.refund(round, household);
        vm.prank(household);
        community.refund(round, household);
        assertEq(currency.balanceOf(prosumer), 500 * DOLLAR, "every cent");
        assertEq(currency.balanceOf(household), 8_499_990_000, "every cent");
        assertEq(_held(), 0, "nothing stays");
        assertEq(fund.totalSupply(), 0, "no units were minted");
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NoPledge.selector, round, prosumer));
        community.refund(round, prosumer);
    }

    function test_a_hold_stops_a_refund_an_expired_passport_does_not() public {
        _pledge(prosumer, DOLLAR);
        _pledge(tenant, DOLLAR);
        _freeze(prosumer, true);
        vm.warp(EXPIRY);
        community.refund(round, tenant);
        assertEq(currency.balanceOf(tenant), DOLLAR, "expired");
        vm.expectRevert(abi.encodeWithSelector(ICommunity.PassportInvalid.selector, prosumer));
        community.refund(round, prosumer);
    }

    function test_S14_the_pool_fills_and_units_are_minted_only_then() public {
        _pool();
        assertEq(_held(), TARGET, "$9,000");
        assertEq(fund.totalSupply(), 0, "not yet");
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.WrongState.selector, round, ICommunity.State.Open)
        );
        community.close(round);
        vm.warp(DEADLINE);
        community.close(round);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.WrongState.selector, round, ICommunity.State.Funded)
        );
        community.refund(round, prosumer);
        community.convert(round, prosumer);
        community.convert(round, household);
        community.convert(round, tenant);
        assertEq(fund.balanceOf(prosumer), 2000 * SHARE, "prosumer");
        assertEq(fund.balanceOf(household), 6000 * SHARE, "household");
        assertEq(fund.balanceOf(tenant), 1000 * SHARE, "tenant");
        assertEq(fund.totalSupply(), 9000 * SHARE, "register");
        assertEq(currency.balanceOf(address(fund)), TARGET, "money");
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NoPledge.selector, round, prosumer));
        community.convert(round, prosumer);
    }

    /// Pledges to two rounds of one fund are bought one after the other, and must both be allowed.
    function test_S11_a_limit_counts_the_pledges_of_all_rounds_of_a_fund() public {
        rulebook.limit(2500 * SHARE);
        _pledge(prosumer, 2000 * DOLLAR);
        uint256 first = round;
        vm.prank(admin);
        round = community.openRound(_terms());
        _money(prosumer, address(community), 501 * DOLLAR);
        bytes memory reason =
            abi.encodeWithSelector(Rulebook.TooMuch.selector, 2500 * SHARE, 2500 * SHARE + 1e6);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        community.pledge(round, uint64(500 * DOLLAR + 1), DOCUMENT);
        _pledge(prosumer, 500 * DOLLAR);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        community.pledge(first, 1, DOCUMENT);
        vm.prank(prosumer);
        community.withdrawPledge(round);
        vm.prank(prosumer);
        community.pledge(first, uint64(500 * DOLLAR), DOCUMENT);
    }

    /// What was pledged is bought; whoever is on hold or expired has shares that cannot move.
    function test_a_hold_or_an_expired_passport_does_not_undo_a_purchase() public {
        _pool();
        vm.warp(DEADLINE);
        community.close(round);
        _freeze(prosumer, true);
        vm.prank(admin);
        passport.issue(household, 7, uint40(block.timestamp + 1), CANADA);
        vm.warp(block.timestamp + 1);
        community.convert(round, prosumer);
        community.convert(round, household);
        assertEq(currency.balanceOf(address(fund)), 8000 * DOLLAR, "the project has its money");
        assertEq(fund.balanceOf(prosumer), 2000 * SHARE, "held");
        assertTrue(!fund.canTransfer(prosumer, tenant, 1), "and stuck while on hold");
        assertTrue(!fund.canTransfer(household, tenant, 1), "or expired");
        rulebook.refuse(tenant);
        vm.expectRevert(abi.encodeWithSelector(Rulebook.Refused.selector, tenant));
        community.convert(round, tenant);
    }

    function test_S15_money_that_waited_in_a_round_earns_from_its_first_day() public {
        _funded();
        (,, uint256 shareSeconds) = fund.running();
        assertEq(shareSeconds, (180_000 + 540_000 + 45_000) * 1 days * SHARE, "dollar-days");
        _money(stranger, address(fund), CENT);
        vm.prank(stranger);
        fund.endow(uint64(CENT));
        _income(fund, 1350 * DOLLAR);
        fund.closePeriod();
        assertEq(fund.claim(prosumer), 28_588 * CENT, "prosumer");
        assertEq(fund.claim(household), 85_765 * CENT, "household");
        assertEq(fund.claim(tenant), 7147 * CENT, "tenant");
        assertEq(currency.balanceOf(treasury), 135 * DOLLAR, "reserve");
    }

    function test_a_full_round_closes_once_nobody_may_withdraw() public {
        _pledge(prosumer, 2 * TARGET);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.CoolingOff.selector, START_S + COOLING));
        community.close(round);
        vm.warp(START_S + COOLING);
        community.close(round);
        assertTrue(_state() == ICommunity.State.Funded, "before the deadline");
    }

    /// The budgets of all rounds are set aside together.
    function test_a_second_round_sets_its_budget_aside_too() public {
        _funded();
        ICommunity.RoundTerms memory terms = _terms();
        terms.deadline = uint40(block.timestamp + 90 days);
        vm.prank(admin);
        round = community.openRound(terms);
        _pledge(prosumer, 2 * TARGET);
        vm.warp(block.timestamp + COOLING);
        community.close(round);
        assertEq(fund.committedUd(), 2 * TARGET, "both budgets");
        community.convert(round, prosumer);
        assertEq(fund.maxWithdraw(prosumer), TARGET, "the rest is free");
    }

    function test_who_redeems_does_not_take_the_budget_along() public {
        _funded();
        assertEq(fund.maxRedeem(prosumer), 0, "all is set aside");
        _pay(0, 3600 * DOLLAR);
        assertEq(fund.committedUd(), 5400 * DOLLAR, "left");
    }
}
