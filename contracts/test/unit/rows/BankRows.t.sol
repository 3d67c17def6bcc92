// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBackingReserve} from "../../../src/interfaces/IBackingReserve.sol";
import {ICouncil} from "../../../src/interfaces/ICouncil.sol";
import {IPolicy} from "../../../src/interfaces/IPolicy.sol";
import {IStabilisationFund} from "../../../src/interfaces/IStabilisationFund.sol";
import {Bank} from "../../Bank.sol";

/// @title Layer 1, row by row
contract BankRowsTest is Bank {
    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 2; ++i) {
            address member = [consumer, producer][i];
            vm.prank(member);
            currency.approve(address(fund), type(uint256).max);
            vm.prank(member);
            currency.approve(address(savings), type(uint256).max);
        }
        venue.give(producer, 1_000_000);
        vm.prank(producer);
        venue.approve(address(fund), type(uint256).max);
    }

    function _levyOf150() private view returns (Proposal memory) {
        return _proposal(
            address(policy),
            abi.encodeCall(
                IPolicy.set,
                (IPolicy.Parameter.StabilisationLevy, 150, uint48(block.timestamp + 30 days))
            )
        );
    }

    /// A hundred held, a hundred out: not one unit more, whoever signs.
    function test_B101_issuance_above_the_backing_is_impossible() public {
        _bring(consumer, 100 * DOLLAR);
        IBackingReserve.Receipt memory r = _receipt(consumer, 1);
        bytes memory proof = _signed("custodian", reserve.receiptHash(r));
        vm.expectRevert(
            abi.encodeWithSelector(IBackingReserve.Unbacked.selector, 100 * DOLLAR, 100 * DOLLAR, 1)
        );
        reserve.issue(r, proof);
        assertEq(currency.totalSupply(), 100 * DOLLAR, "supply");
    }

    function test_B103_support_has_a_trigger_a_size_and_leaves_the_backing_alone() public {
        _bring(consumer, 1000 * DOLLAR);
        vm.prank(consumer);
        fund.feed(500 * DOLLAR);
        venue.set(110_000, 120_000);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.WithinBand.selector, 110_000, 102_000)
        );
        fund.support(venue, 1000, 0);
        venue.set(100_000, 120_000);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStabilisationFund.BeyondLimit.selector, 100 * DOLLAR, 100 * DOLLAR + 100
            )
        );
        fund.support(venue, 1_000_001, 0);
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        vm.prank(producer);
        assertEq(fund.support(venue, 1_000_000, 0), 100 * DOLLAR, "at today's price");
        (uint256 held, uint256 out, uint256 claims) = reserve.reserves();
        assertTrue(held == heldUd && out == outUd && claims == claimsUd, "backing untouched");
    }

    /// Whoever reads the setting finds the proposal and the goal: price, yield and pay carry its id.
    function test_B104_a_change_of_policy_carries_its_proposal_and_goal() public {
        _handOver();
        Proposal memory p = _levyOf150();
        uint256 id = _passed(p);
        IPolicy.Setting memory setting = policy.lastSetting(IPolicy.Parameter.StabilisationLevy);
        assertEq(setting.value, 150, "value");
        assertEq(setting.proposalId, id, "proposal");
        assertEq(setting.goal, p.basis.goal, "goal");
        assertEq(policy.valueOf(IPolicy.Parameter.StabilisationLevy), 200, "until its date");
        vm.warp(setting.from);
        assertEq(policy.valueOf(IPolicy.Parameter.StabilisationLevy), 150, "from its date");
    }

    function test_B105_use_of_the_fund_is_an_event_with_its_price_and_what_is_left() public {
        _bring(consumer, 1000 * DOLLAR);
        vm.expectEmit();
        emit IStabilisationFund.Fed(consumer, 500 * DOLLAR);
        vm.prank(consumer);
        fund.feed(500 * DOLLAR);
        venue.set(100_000, 120_000);
        vm.expectEmit();
        emit IStabilisationFund.Supported(
            address(venue), producer, 10_000, DOLLAR, 100_000, 120_000, 499 * DOLLAR
        );
        vm.prank(producer);
        fund.support(venue, 10_000, 0);
    }

    /// A halt reaches the market and stops at what is people's own.
    function test_B106_a_halt_stops_support_and_never_redemption_or_savings() public {
        _bring(consumer, 1000 * DOLLAR);
        vm.prank(consumer);
        savings.deposit(100 * DOLLAR);
        vm.prank(consumer);
        fund.feed(500 * DOLLAR);
        venue.set(100_000, 120_000);
        _halt(72 hours);
        vm.prank(producer);
        vm.expectRevert(abi.encodeWithSelector(IStabilisationFund.Halted.selector));
        fund.support(venue, 1000, 0);
        _redeem(consumer, 100 * DOLLAR);
        vm.prank(consumer);
        savings.withdraw(100 * DOLLAR);
        assertEq(currency.balanceOf(consumer), 400 * DOLLAR, "redeemed and withdrawn");
        vm.warp(block.timestamp + 72 hours);
        vm.prank(producer);
        fund.support(venue, 1000, 0);
    }

    function test_B107_a_proposal_attaches_the_hash_of_the_data_it_relies_on() public {
        Proposal memory p = _levyOf150();
        p.basis.dataHash = 0;
        vm.prank(councillors[0]);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.BasisMissing.selector, 0, p.basis.goal));
        council.propose(p.targets, p.values, p.calldatas, p.description, p.basis);
        p.basis.dataHash = keccak256("feeds of layers 2, 3 and 4");
        uint256 id = _propose(p, councillors[0]);
        assertEq(council.basisOf(id).dataHash, p.basis.dataHash, "for ever");
    }

    function test_B206_money_is_made_against_cash_and_burned_on_redemption() public {
        assertEq(currency.totalSupply(), 0, "no cash, no money");
        _bring(consumer, 1000 * DOLLAR);
        assertEq(currency.totalSupply(), 1000 * DOLLAR, "cash came in");
        _redeem(consumer, 400 * DOLLAR);
        assertEq(currency.totalSupply(), 600 * DOLLAR, "burned at par");
        (, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        assertEq(outUd + claimsUd, 1000 * DOLLAR, "and owed until the bank has paid");
    }

    function test_X18_who_proposed_alone_cannot_execute() public {
        _handOver();
        Proposal memory p = _levyOf150();
        _ready(p);
        bytes32 hash = _textHash(p);
        vm.prank(councillors[0]);
        (bool done,) = address(council)
            .call(abi.encodeCall(council.execute, (p.targets, p.values, p.calldatas, hash)));
        assertTrue(!done, "the proposer");
        _execute(p, councillors[1]);
    }

    /// No function of the money, the reserve or the fund takes from a member or changes a record.
    function test_A03b_neither_deployer_nor_council_nor_guardian_takes_a_members_money() public {
        _bring(consumer, 1000 * DOLLAR);
        address[4] memory powers = [admin, address(timelock), guardian, operator];
        for (uint256 i = 0; i < powers.length; ++i) {
            vm.prank(powers[i]);
            (bool moved,) = address(currency)
                .call(abi.encodeCall(currency.transferFrom, (consumer, powers[i], 1)));
            vm.prank(powers[i]);
            (bool burned,) = address(currency).call(abi.encodeCall(currency.burn, (1)));
            assertTrue(!moved && !burned, "refused");
        }
        assertEq(currency.balanceOf(consumer), 1000 * DOLLAR, "all there");
    }
}
