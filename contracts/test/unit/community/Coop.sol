// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Community} from "../../../src/community/Community.sol";
import {Fund} from "../../../src/community/Fund.sol";
import {ICommunity} from "../../../src/interfaces/ICommunity.sol";
import {Estate} from "../../Estate.sol";

/// @title Coop: a community with three members and the round of S14
abstract contract Coop is Estate {
    bytes32 internal constant DOCUMENT = "offering document";
    uint64 internal constant TARGET = 9_000_000_000; // $9,000 [ud]
    uint32 internal constant VOTING = 7 days;
    uint32 internal constant NOTICE = 30 days;
    uint40 internal constant DEADLINE = uint40(START_S + 90 days);
    uint32 internal constant COOLING = 4 days;

    Community internal community;
    Fund internal fund;
    uint256 internal round;

    function setUp() public virtual override {
        super.setUp();
        community = new Community(
            address(manager), currency, passport, rulebook, VOTING, NOTICE, 500_000, 2
        );
        _addVenue(address(community));
        fund = _newFund(address(community));
        _member(prosumer, ICommunity.Kind.Person, "prosumer");
        _member(household, ICommunity.Kind.Trust, "trustee A");
        _member(tenant, ICommunity.Kind.Person, "tenant");
        _admit(installer);
        vm.prank(admin);
        community.link(installer, "installer");
        vm.prank(admin);
        round = community.openRound(_terms());
    }

    function _terms() internal view returns (ICommunity.RoundTerms memory terms) {
        terms.fund = fund;
        terms.payee = installer;
        terms.document = DOCUMENT;
        terms.targetUd = TARGET;
        terms.capUd = 2 * TARGET;
        terms.deadline = DEADLINE;
        terms.coolingS = COOLING;
        terms.milestonesUd = new uint64[](3);
        terms.milestonesUd[0] = uint64(3600 * DOLLAR);
        terms.milestonesUd[1] = uint64(3600 * DOLLAR);
        terms.milestonesUd[2] = uint64(1800 * DOLLAR);
    }

    function _member(address account, ICommunity.Kind kind, bytes32 person) internal {
        bytes32[] memory persons = new bytes32[](1);
        persons[0] = person;
        vm.prank(admin);
        community.admit(account, kind, persons);
    }

    function _pledge(address account, uint256 amountUd) internal {
        _money(account, address(community), amountUd);
        vm.prank(account);
        community.pledge(round, uint64(amountUd), DOCUMENT);
    }

    /// The pledges of S14: two on day 0, one on day 45.
    function _pool() internal {
        _pledge(prosumer, 2000 * DOLLAR);
        _pledge(household, 6000 * DOLLAR);
        vm.warp(START_S + 45 days);
        _pledge(tenant, 1000 * DOLLAR);
    }

    function _funded() internal {
        _pool();
        vm.warp(DEADLINE);
        community.close(round);
        community.convert(round, prosumer);
        community.convert(round, household);
        community.convert(round, tenant);
    }

    function _claim(uint16 milestone, uint256 amountUd) internal returns (uint256 id) {
        vm.prank(installer);
        id = community.claim(round, milestone, uint64(amountUd), "evidence");
    }

    function _vote(address account, uint256 id, bool yes) internal {
        vm.prank(account);
        community.vote(id, yes);
    }

    function _pay(uint16 milestone, uint256 amountUd) internal {
        uint256 id = _claim(milestone, amountUd);
        _vote(prosumer, id, true);
        _vote(household, id, true);
        vm.warp(community.proposalOf(id).endsAt);
        community.carryOut(id);
    }
}
