// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {IIncentives} from "../../../src/interfaces/IIncentives.sol";
import {Bank} from "../../Bank.sol";
import {Merkle} from "../../Merkle.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

contract IncentivesVerbsTest is Bank {
    uint64 private constant HALF_CENT = 5000; // [ud/kWh]
    uint128 private constant BUDGET = 100 * DOLLAR;

    uint40 private start;
    uint40 private end;
    uint256 private proposalId;

    function setUp() public override {
        super.setUp();
        start = uint40(block.timestamp + 30 days);
        end = start + 30 days;
        _bring(address(timelock), 1000 * DOLLAR);
    }

    function _open() private {
        _handOver();
        Proposal memory p;
        p.targets = new address[](2);
        p.values = new uint256[](2);
        p.calldatas = new bytes[](2);
        p.targets[0] = address(currency);
        p.calldatas[0] = abi.encodeCall(IERC20.approve, (address(incentives), BUDGET));
        p.targets[1] = address(incentives);
        p.calldatas[1] = abi.encodeCall(IIncentives.open, (HALF_CENT, BUDGET, start, end));
        p.description = "Half a cent at peak";
        p.basis.dataHash = keccak256("snapshot");
        p.basis.goal = "less peak";
        proposalId = _passed(p);
    }

    /// The producer's energy, and the consumer's.
    function _leaves(uint128 producerWh, uint128 consumerWh)
        private
        view
        returns (IIncentives.Leaf[] memory leaves)
    {
        leaves = new IIncentives.Leaf[](2);
        leaves[0] = IIncentives.Leaf(producer, producerWh, keccak256("salt 1"));
        leaves[1] = IIncentives.Leaf(consumer, consumerWh, keccak256("salt 2"));
    }

    function _hashesOf(IIncentives.Leaf[] memory leaves)
        private
        view
        returns (bytes32[] memory hashes)
    {
        hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            hashes[i] = incentives.leafHash(1, leaves[i]);
        }
    }

    function _settle(uint128 energyWh, bytes32 root) private {
        incentives.settle(
            1, energyWh, root, _proof(incentives.settlementHash(1, energyWh, root), 0, 1)
        );
    }

    function _settled(uint128 producerWh, uint128 consumerWh)
        private
        returns (IIncentives.Leaf[] memory leaves)
    {
        leaves = _leaves(producerWh, consumerWh);
        vm.warp(end);
        _settle(producerWh + consumerWh, Merkle.root(_hashesOf(leaves)));
    }

    function _pay(IIncentives.Leaf[] memory leaves, uint256 i) private returns (uint256) {
        return incentives.pay(1, leaves[i], Merkle.proof(_hashesOf(leaves), i));
    }

    function _refusedOpen(
        uint64 rate,
        uint128 budgetUd,
        uint40 start_,
        uint40 end_,
        bytes memory reason
    ) private {
        vm.prank(admin);
        vm.expectRevert(reason);
        incentives.open(rate, budgetUd, start_, end_);
    }

    function test_open_refuses_what_is_out_of_bounds() public {
        _refusedOpen(
            0, 1, start, end, abi.encodeWithSelector(IIncentives.RateRefused.selector, 100_000, 0)
        );
        _refusedOpen(
            100_001,
            1,
            start,
            end,
            abi.encodeWithSelector(IIncentives.RateRefused.selector, 100_000, 100_001)
        );
        _refusedOpen(
            1, 0, start, end, abi.encodeWithSelector(IIncentives.BudgetRefused.selector, 1e12, 0)
        );
        _refusedOpen(
            1, 1, end, start, abi.encodeWithSelector(IIncentives.SpanRefused.selector, end, start)
        );
        _refusedOpen(1, 1, start, end, abi.encodeWithSelector(IIncentives.ProposalMissing.selector));
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        incentives.open(1, 1, start, end);
    }

    /// The bounds themselves get as far as the next question.
    function test_open_refuses_more_than_a_million_a_year_and_the_past() public {
        bytes memory next = abi.encodeWithSelector(IIncentives.ProposalMissing.selector);
        _refusedOpen(1, 1e12, start, end, next);
        _refusedOpen(
            1,
            1e12 + 1,
            start,
            end,
            abi.encodeWithSelector(IIncentives.BudgetRefused.selector, 1e12, 1e12 + 1)
        );
        uint40 now_ = uint40(block.timestamp);
        uint40[2][3] memory spans = [[now_ - 1, end], [start, start], [start, start + 366 days + 1]];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IIncentives.SpanRefused.selector, spans[i][0], spans[i][1]);
            _refusedOpen(1, 1, spans[i][0], spans[i][1], reason);
        }
        _refusedOpen(1, 1, now_, now_ + 1, next);
        _refusedOpen(1, 1, start, start + 366 days, next);
    }

    function test_settle_refuses_early_twice_unsigned_or_unknown() public {
        vm.expectRevert(abi.encodeWithSelector(IIncentives.NoProgramme.selector, 1));
        incentives.settle(1, 1, PAYEE, "");
        _open();
        vm.expectRevert(abi.encodeWithSelector(IIncentives.TooEarly.selector, 1, end));
        incentives.settle(1, 1, PAYEE, "");
        vm.warp(end);
        bytes32 digest = incentives.settlementHash(1, 1, PAYEE);
        vm.expectRevert(abi.encodeWithSelector(IIncentives.ProofRefused.selector, digest));
        incentives.settle(1, 1, PAYEE, "");
        _settle(1, PAYEE);
        vm.expectRevert(abi.encodeWithSelector(IIncentives.AlreadyEnded.selector, 1));
        incentives.settle(1, 1, PAYEE, "");
        vm.expectRevert(abi.encodeWithSelector(IIncentives.AlreadyEnded.selector, 1));
        incentives.close(1);
    }

    function test_pay_refuses_unsettled_twice_and_false_leaves() public {
        _open();
        IIncentives.Leaf[] memory leaves = _leaves(12_000, 1000);
        bytes32[] memory proof = Merkle.proof(_hashesOf(leaves), 0);
        vm.expectRevert(abi.encodeWithSelector(IIncentives.NotSettled.selector, 1));
        incentives.pay(1, leaves[0], proof);
        _settled(12_000, 1000);
        IIncentives.Leaf memory more = leaves[0];
        more.energyWh += 1;
        vm.expectRevert(abi.encodeWithSelector(IIncentives.LeafRefused.selector, 1, producer));
        incentives.pay(1, more, proof);
        leaves = _leaves(12_000, 1000);
        _pay(leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(IIncentives.AlreadyPaid.selector, 1, producer));
        incentives.pay(1, leaves[0], proof);
    }

    function test_pay_waits_for_a_valid_passport() public {
        _open();
        IIncentives.Leaf[] memory leaves = _settled(12_000, 1000);
        bytes32[] memory proof = Merkle.proof(_hashesOf(leaves), 0);
        vm.prank(address(timelock));
        passport.setFrozen(producer, true);
        vm.expectRevert(abi.encodeWithSelector(IIncentives.NotAllowed.selector, producer));
        incentives.pay(1, leaves[0], proof);
        vm.prank(address(timelock));
        manager.grantRole(ADMIN_ROLE, secondOfficer, 0);
        vm.prank(secondOfficer);
        passport.setFrozen(producer, false);
        assertEq(_pay(leaves, 0), 60_000, "six cents");
    }

    function test_pay_refuses_leaves_that_add_up_to_more() public {
        _open();
        IIncentives.Leaf[] memory leaves = _leaves(20_000_000, 20_000_000);
        vm.warp(end);
        _settle(20_000_000, Merkle.root(_hashesOf(leaves)));
        bytes32[] memory proof = Merkle.proof(_hashesOf(leaves), 1);
        _pay(leaves, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IIncentives.BeyondPayable.selector, BUDGET, BUDGET, BUDGET)
        );
        incentives.pay(1, leaves[1], proof);
    }

    function test_close_gives_the_budget_back_when_nobody_settles() public {
        _open();
        vm.expectRevert(abi.encodeWithSelector(IIncentives.TooEarly.selector, 1, end + 90 days));
        incentives.close(1);
        vm.warp(end + 90 days);
        incentives.close(1);
        assertEq(currency.balanceOf(address(timelock)), 1000 * DOLLAR, "all of it");
        vm.expectRevert(abi.encodeWithSelector(IIncentives.NotSettled.selector, 1));
        incentives.amountOf(1, 1);
    }

    function test_S22_the_budget_binds() public {
        _open();
        IIncentives.Leaf[] memory leaves = _leaves(12_000, 24_988_000); // 25,000 kWh
        vm.warp(end);
        bytes32 root = Merkle.root(_hashesOf(leaves));
        bytes memory proof = _proof(incentives.settlementHash(1, 25_000_000, root), 0, 1);
        vm.expectEmit();
        emit IIncentives.Settled(1, 25_000_000, 125 * DOLLAR, 100 * DOLLAR, root);
        incentives.settle(1, 25_000_000, root, proof);
        assertEq(incentives.amountOf(1, 1000), 4000, "0.4 cents a kWh");
        bytes32[] memory path = Merkle.proof(_hashesOf(leaves), 0);
        vm.expectEmit();
        emit IIncentives.Paid(1, producer, proposalId, 12_000, 48_000);
        vm.prank(stranger);
        incentives.pay(1, leaves[0], path);
        assertEq(currency.balanceOf(producer), 48_000, "4.8 cents");
        _pay(leaves, 1);
        IIncentives.Programme memory p = incentives.programmeOf(1);
        assertEq(p.paidUd, 100 * DOLLAR, "$100 paid");
        assertEq(p.goal, bytes32("less peak"), "goal");
        assertEq(currency.balanceOf(address(incentives)), 0, "nothing left");
    }

    function test_pays_by_the_rate_and_returns_the_rest(uint128 oneWh, uint128 twoWh) public {
        _open();
        oneWh = uint128(bound(oneWh, 0, 1e8));
        twoWh = uint128(bound(twoWh, 0, 1e8));
        IIncentives.Leaf[] memory leaves = _settled(oneWh, twoWh);
        uint256 oneUd = _pay(leaves, 0);
        uint256 twoUd = _pay(leaves, 1);
        assertLe(oneUd, uint256(oneWh) * HALF_CENT / 1000, "at most the rate");
        assertLe(twoUd, uint256(twoWh) * HALF_CENT / 1000, "at most the rate");
        assertLe(oneUd + twoUd, BUDGET, "at most the budget");
        assertLe(currency.balanceOf(address(incentives)), 1, "all but a unit went out");
        assertLe(
            1000 * DOLLAR - 1,
            currency.balanceOf(address(timelock)) + oneUd + twoUd,
            "the rest came back"
        );
    }
}
