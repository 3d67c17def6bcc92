// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommunity} from "../../../src/interfaces/ICommunity.sol";
import {Coop} from "./Coop.sol";

contract CommunityVoteTest is Coop {
    function test_S14_releases_40_40_20_and_refuses_a_cent_more() public {
        _funded();
        _pay(0, 3600 * DOLLAR);
        _pay(1, 3600 * DOLLAR);
        vm.prank(installer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommunity.BudgetExceeded.selector, 9000 * DOLLAR, 9000 * DOLLAR + CENT
            )
        );
        community.claim(round, 2, uint64(1800 * DOLLAR + CENT), "evidence");
        _pay(2, 1800 * DOLLAR);
        assertEq(currency.balanceOf(installer), 9000 * DOLLAR, "paid");
        assertEq(fund.investedUd(), 9000 * DOLLAR, "invested");
        vm.prank(installer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommunity.BudgetExceeded.selector, 9000 * DOLLAR, 9000 * DOLLAR + 1
            )
        );
        community.claim(round, 2, 1, "evidence");
    }

    function test_refuses_a_milestone_out_of_turn_or_above_its_worth() public {
        _funded();
        vm.prank(installer);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.MilestoneInvalid.selector, 1, 1, 0));
        community.claim(round, 1, 1, "evidence");
        vm.prank(installer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommunity.MilestoneInvalid.selector, 0, 3600 * DOLLAR + 1, 3600 * DOLLAR
            )
        );
        community.claim(round, 0, uint64(3600 * DOLLAR + 1), "evidence");
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        community.claim(round, 0, 1, "evidence");
    }

    function test_two_claims_of_one_milestone_are_paid_once() public {
        _funded();
        uint256 first = _claim(0, 3600 * DOLLAR);
        uint256 second = _claim(0, 3600 * DOLLAR);
        _vote(prosumer, first, true);
        _vote(tenant, first, true);
        _vote(prosumer, second, true);
        _vote(tenant, second, true);
        vm.warp(block.timestamp + VOTING);
        community.carryOut(first);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.MilestoneInvalid.selector, 0, 3600 * DOLLAR, 0)
        );
        community.carryOut(second);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NotPassed.selector, first, 2, 0, 2));
        community.carryOut(first);
    }

    function test_S14_refuses_spending_before_the_quorum() public {
        _funded();
        uint256 id = _claim(0, 3600 * DOLLAR);
        _vote(prosumer, id, true);
        uint40 endsAt = community.proposalOf(id).endsAt;
        vm.expectRevert(abi.encodeWithSelector(ICommunity.VoteOpen.selector, id, endsAt));
        community.carryOut(id);
        vm.warp(endsAt);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NotPassed.selector, id, 1, 0, 2));
        community.carryOut(id);
        vm.prank(tenant);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.VoteOpen.selector, id, endsAt));
        community.vote(id, true);
    }

    function test_a_tie_does_not_pass() public {
        _funded();
        uint256 id = _claim(0, 3600 * DOLLAR);
        _vote(prosumer, id, true);
        _vote(tenant, id, false);
        vm.warp(community.proposalOf(id).endsAt);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NotPassed.selector, id, 1, 1, 2));
        community.carryOut(id);
    }

    function test_S14_nobody_votes_twice_not_even_by_two_wallets() public {
        _funded();
        uint256 id = _claim(0, 3600 * DOLLAR);
        _vote(prosumer, id, true);
        vm.prank(prosumer);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.AlreadyVoted.selector, id, prosumer));
        community.vote(id, false);
        // the second wallet is not admitted, for the person counts already
        bytes32[] memory persons = new bytes32[](1);
        persons[0] = "prosumer";
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.PersonCounted.selector, bytes32("prosumer"), prosumer)
        );
        community.admit(neighbour, ICommunity.Kind.Person, persons);
        // nor is whoever counts through a trust
        persons[0] = "trustee A";
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommunity.PersonCounted.selector, bytes32("trustee A"), household
            )
        );
        community.admit(neighbour, ICommunity.Kind.Person, persons);
        // and a new member has no vote on what was proposed before
        _member(neighbour, ICommunity.Kind.Person, "neighbour");
        vm.prank(neighbour);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.JoinedLater.selector, neighbour, block.timestamp)
        );
        community.vote(id, true);
    }

    function test_S14_the_operator_cannot_approve_her_own_claim() public {
        _funded();
        // the operator's account is another than her member's, and known to be the same person
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NotLinked.selector, admin));
        community.claim(round, 0, 1, "evidence");
        vm.prank(admin);
        community.link(admin, "tenant");
        vm.prank(admin);
        uint256 id = community.claim(round, 0, 1, "evidence");
        vm.prank(tenant);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.OwnClaim.selector, tenant));
        community.vote(id, true);
        // nor can a trust that counts the person who is paid
        vm.prank(admin);
        community.link(installer, "trustee A");
        vm.prank(household);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.OwnClaim.selector, household));
        community.vote(id, true);
    }

    function test_S14_a_member_leaves_with_notice() public {
        _funded();
        vm.prank(tenant);
        community.giveNotice();
        assertEq(community.members(), 2, "no vote any more");
        uint40 endsAt = uint40(block.timestamp) + NOTICE;
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NoticeRuns.selector, tenant, endsAt));
        community.finishNotice(tenant);
        uint256 shares = fund.balanceOf(tenant);
        vm.prank(tenant);
        fund.requestExit(shares);
        vm.warp(endsAt);
        community.finishNotice(tenant);
        assertEq(community.countedThrough("tenant"), address(0), "may count elsewhere");
        _pay(0, 3600 * DOLLAR);
        fund.serveExits(1);
        assertEq(fund.releasedOf(tenant), 0, "the pool stays whole");
        _mint(installer, 9000 * DOLLAR);
        vm.prank(installer);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(installer);
        fund.giveBack(uint64(3600 * DOLLAR));
        fund.serveExits(1);
        assertEq(fund.releasedOf(tenant), 1000 * DOLLAR, "paid by the published rule");
    }

    /// Money leaves a fund unasked, so the community looks at who gets it.
    function test_a_payee_on_hold_or_without_a_passport_waits() public {
        _funded();
        uint256 id = _claim(0, 3600 * DOLLAR);
        _vote(prosumer, id, true);
        _vote(household, id, true);
        vm.warp(community.proposalOf(id).endsAt);
        bytes memory reason = abi.encodeWithSelector(ICommunity.PassportInvalid.selector, installer);
        _freeze(installer, true);
        vm.expectRevert(reason);
        community.carryOut(id);
        _freeze(installer, false);
        vm.prank(admin);
        passport.issue(installer, 7, uint40(block.timestamp + 1), CANADA);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(reason);
        community.carryOut(id);
        _admit(installer);
        community.carryOut(id);
        assertEq(currency.balanceOf(installer), 3600 * DOLLAR, "then it is paid");
    }

    function test_S14_seats_are_limited_and_recorded() public {
        vm.prank(admin);
        vm.expectEmit();
        emit ICommunity.SeatSet(tenant, true, 1);
        community.setSeat(tenant, true);
        vm.prank(admin);
        community.setSeat(prosumer, true);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.SeatsTaken.selector, 2));
        community.setSeat(household, true);
        vm.prank(tenant);
        community.giveNotice();
        assertEq(community.seatsTaken(), 1, "free again");
    }

    function test_a_decision_is_recorded_with_its_turnout() public {
        vm.warp(START_S + 1);
        vm.prank(prosumer);
        uint256 id = community.propose("text");
        _vote(prosumer, id, true);
        _vote(household, id, true);
        vm.warp(START_S + 1 + VOTING);
        vm.expectEmit();
        emit ICommunity.Carried(id, 2, 0, 3);
        community.carryOut(id);
        assertTrue(community.passed(id), "passed");
    }

    function test_an_abandoned_round_frees_its_cash() public {
        _funded();
        _pay(0, 3600 * DOLLAR);
        vm.prank(tenant);
        uint256 id = community.proposeAbandon(round, "no permit");
        _vote(tenant, id, true);
        _vote(prosumer, id, true);
        vm.warp(community.proposalOf(id).endsAt);
        community.carryOut(id);
        assertEq(fund.committedUd(), 0, "free");
        vm.prank(installer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommunity.BudgetExceeded.selector, 3600 * DOLLAR, 3600 * DOLLAR + 1
            )
        );
        community.claim(round, 1, 1, "evidence");
    }

    function test_a_loss_is_written_off_by_vote() public {
        _funded();
        _pay(0, 3600 * DOLLAR);
        vm.prank(tenant);
        uint256 id = community.proposeWriteOff(fund, uint64(900 * DOLLAR), "appraisal");
        _vote(tenant, id, true);
        _vote(prosumer, id, true);
        vm.warp(community.proposalOf(id).endsAt);
        community.carryOut(id);
        assertEq(fund.totalAssets(), 8100 * DOLLAR, "the loss shows");
    }

    function test_S14_pledged_energy_counts_from_its_date_to_the_end_of_the_notice() public {
        bytes32 meter = "meter";
        uint40 since = uint40(START_S + 1 days);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ICommunity.NotMember.selector, stranger));
        community.pledgeEnergy(meter, since);
        vm.prank(household);
        community.pledgeEnergy(meter, since);
        vm.prank(tenant);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICommunity.EnergyPledgeInvalid.selector, meter, tenant, since + 1
            )
        );
        community.pledgeEnergy(meter, since + 1);
        assertEq(community.energyPledgeAt(meter, since - 1), address(0), "before");
        assertEq(community.energyPledgeAt(meter, since), household, "from then on");
        vm.warp(since);
        vm.prank(household);
        community.endEnergyPledge(meter);
        assertEq(community.energyPledgeAt(meter, since + NOTICE - 1), household, "the notice");
        assertEq(community.energyPledgeAt(meter, since + NOTICE), address(0), "over");
    }

    /// A meter is not lost to a member who pledged it and is gone, or never had it.
    function test_anybody_ends_the_energy_pledge_of_who_is_no_member_any_more() public {
        bytes32 meter = keccak256("meter");
        uint40 since = uint40(block.timestamp);
        vm.prank(tenant);
        community.pledgeEnergy(meter, since);
        vm.prank(household);
        vm.expectRevert(
            abi.encodeWithSelector(ICommunity.EnergyPledgeInvalid.selector, meter, household, 0)
        );
        community.endEnergyPledge(meter);
        vm.prank(admin);
        community.exclude(tenant);
        vm.expectEmit();
        emit ICommunity.EnergyPledgeEnded(meter, tenant, since + NOTICE);
        vm.prank(household);
        community.endEnergyPledge(meter);
        vm.prank(household);
        community.pledgeEnergy(meter, since + NOTICE);
        assertEq(community.energyPledgeAt(meter, since + NOTICE), household, "its owner's again");
    }
}
