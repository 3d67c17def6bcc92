// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Council} from "../../../src/bank/Council.sol";
import {Timelock} from "../../../src/bank/Timelock.sol";
import {ICouncil} from "../../../src/interfaces/ICouncil.sol";
import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {Bank} from "../../Bank.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

contract CouncilVerbsTest is Bank {
    function setUp() public override {
        super.setUp();
        _handOver();
    }

    function _bucket() private view returns (Proposal memory) {
        return
            _proposal(address(currency), abi.encodeCall(ICurrency.setBucket, (address(reserve), 7)));
    }

    function _bit(IGovernor.ProposalState state) private pure returns (bytes32) {
        return bytes32(1 << uint8(state));
    }

    // --- made

    function test_refuses_a_delay_under_48_hours(uint256 delay) public {
        delay = bound(delay, 0, 48 hours - 1);
        vm.expectRevert(abi.encodeWithSelector(Timelock.DelayTooShort.selector, 48 hours, delay));
        new Council(seats, NOTICE, VOTE, delay);
    }

    function test_refuses_a_short_notice_or_vote() public {
        vm.expectRevert(abi.encodeWithSelector(ICouncil.TooShort.selector, 1 days, 1 days - 1));
        new Council(seats, 1 days - 1, VOTE, LOCK);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.TooShort.selector, 1 days, 5));
        new Council(seats, NOTICE, 5, LOCK);
    }

    function test_refuses_to_shorten_the_delay_or_to_exchange_the_lock() public {
        Proposal memory p = _proposal(
            address(timelock), abi.encodeCall(TimelockController.updateDelay, (48 hours - 1))
        );
        _ready(p);
        bytes32 hash = _textHash(p);
        vm.prank(councillors[1]);
        vm.expectRevert(
            abi.encodeWithSelector(Timelock.DelayTooShort.selector, 48 hours, 48 hours - 1)
        );
        council.execute(p.targets, p.values, p.calldatas, hash);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.TimelockFixed.selector));
        council.updateTimelock(timelock);
    }

    function test_the_lock_obeys_the_council_alone() public view {
        address[3] memory others = [admin, councillors[0], guardian];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 role = timelock.PROPOSER_ROLE();
            assertTrue(!timelock.hasRole(role, others[i]), "proposes");
            assertTrue(!timelock.hasRole(timelock.EXECUTOR_ROLE(), others[i]), "executes");
            assertTrue(!timelock.hasRole(timelock.CANCELLER_ROLE(), others[i]), "cancels");
            assertTrue(!timelock.hasRole(0, others[i]), "admin");
        }
        assertTrue(!timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)), "not open to all");
    }

    /// With a second executor, whoever proposes could execute too.
    function test_refuses_another_master_of_the_lock_whoever_decides() public {
        bytes32 role = timelock.EXECUTOR_ROLE();
        bytes[3] memory calls = [
            abi.encodeCall(timelock.grantRole, (role, address(0))),
            abi.encodeCall(timelock.grantRole, (timelock.PROPOSER_ROLE(), councillors[0])),
            abi.encodeCall(timelock.revokeRole, (role, address(council)))
        ];
        for (uint256 i = 0; i < 3; ++i) {
            Proposal memory p = _proposal(address(timelock), calls[i]);
            _ready(p);
            bytes32 hash = _textHash(p);
            vm.prank(councillors[1]);
            vm.expectRevert(abi.encodeWithSelector(Timelock.RolesFixed.selector));
            council.execute(p.targets, p.values, p.calldatas, hash);
        }
    }

    // --- propose

    function test_refuses_a_proposal_without_data_or_goal() public {
        Proposal memory p = _bucket();
        vm.prank(councillors[0]);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.BasisMissing.selector, 0, 0));
        council.propose(p.targets, p.values, p.calldatas, p.description);
        p.basis.goal = 0;
        vm.prank(councillors[0]);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.BasisMissing.selector, p.basis.dataHash, 0));
        council.propose(p.targets, p.values, p.calldatas, p.description, p.basis);
        p.basis = ICouncil.Basis(0, "goal");
        vm.prank(councillors[0]);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.BasisMissing.selector, 0, bytes32("goal")));
        council.propose(p.targets, p.values, p.calldatas, p.description, p.basis);
    }

    function test_refuses_a_proposal_from_outside() public {
        Proposal memory p = _bucket();
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, stranger, 0, 1
            )
        );
        council.propose(p.targets, p.values, p.calldatas, p.description, p.basis);
    }

    function test_the_basis_is_part_of_the_id(bytes32 dataHash, bytes32 goal) public {
        vm.assume(dataHash != 0 && goal != 0);
        Proposal memory p = _bucket();
        p.basis = ICouncil.Basis(dataHash, goal);
        uint256 id = _propose(p, councillors[0]);
        assertEq(council.basisOf(id).dataHash, dataHash, "data");
        assertEq(council.basisOf(id).goal, goal, "goal");
        p.basis.dataHash = keccak256(abi.encode(dataHash));
        assertTrue(_propose(p, councillors[0]) != id, "other data, other proposal");
    }

    // --- vote

    function test_refuses_a_second_vote() public {
        uint256 id = _propose(_bucket(), councillors[0]);
        vm.warp(block.timestamp + NOTICE + 1);
        vm.prank(councillors[0]);
        council.castVote(id, 1);
        vm.prank(councillors[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, councillors[0])
        );
        council.castVote(id, 1);
        vm.prank(stranger);
        council.castVote(id, 0);
        (uint256 against,,) = council.proposalVotes(id);
        assertEq(against, 0, "no seat, no vote");
    }

    function test_defeated_without_a_majority(uint256 for_) public {
        for_ = bound(for_, 0, 2);
        Proposal memory p = _bucket();
        uint256 id = _propose(p, councillors[0]);
        _vote(id, for_);
        bytes32 hash = _textHash(p);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                IGovernor.ProposalState.Defeated,
                _bit(IGovernor.ProposalState.Succeeded)
            )
        );
        council.queue(p.targets, p.values, p.calldatas, hash);
    }

    function test_defeated_without_half_of_the_seats() public {
        uint256 id = _propose(_bucket(), councillors[0]);
        vm.warp(block.timestamp + NOTICE + 1);
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(councillors[i]);
            council.castVote(id, 1);
        }
        vm.warp(block.timestamp + VOTE);
        assertEq(
            uint8(council.state(id)), uint8(IGovernor.ProposalState.Defeated), "two of five seats"
        );
    }

    /// Votes against don't help to a quorum.
    function test_defeated_by_two_for_and_one_against_of_five() public {
        uint256 id = _propose(_bucket(), councillors[0]);
        vm.warp(block.timestamp + NOTICE + 1);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(councillors[i]);
            council.castVote(id, i < 2 ? 1 : 0);
        }
        vm.warp(block.timestamp + VOTE);
        assertEq(
            uint8(council.state(id)), uint8(IGovernor.ProposalState.Defeated), "two of five are for"
        );
    }

    // --- execute

    function test_S22_refuses_execution_before_the_lock_ends(uint256 seconds_) public {
        Proposal memory p = _bucket();
        uint256 id = _propose(p, councillors[0]);
        _vote(id, 5);
        _queue(p);
        vm.warp(block.timestamp + bound(seconds_, 0, LOCK - 1));
        bytes32 hash = _textHash(p);
        bytes32 operation = timelock.hashOperationBatch(
            p.targets, p.values, p.calldatas, 0, bytes20(address(council)) ^ hash
        );
        vm.prank(councillors[1]);
        vm.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                operation,
                bytes32(uint256(1 << 2))
            )
        );
        council.execute(p.targets, p.values, p.calldatas, hash);
    }

    function test_S22_refuses_one_person_proposing_and_executing() public {
        Proposal memory p = _bucket();
        uint256 id = _ready(p);
        bytes32 hash = _textHash(p);
        vm.prank(councillors[0]);
        vm.expectRevert(
            abi.encodeWithSelector(ICouncil.ProposerExecutes.selector, id, councillors[0])
        );
        council.execute(p.targets, p.values, p.calldatas, hash);
        // nor through an account of theirs without a seat
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.NotSeated.selector, stranger));
        council.execute(p.targets, p.values, p.calldatas, hash);
        // nor past the council
        vm.prank(councillors[1]);
        (bool ok,) = address(timelock)
            .call(
                abi.encodeCall(
                    TimelockController.executeBatch,
                    (p.targets, p.values, p.calldatas, 0, bytes20(address(council)) ^ hash)
                )
            );
        assertTrue(!ok, "the lock obeys the council alone");
    }

    function test_S22_four_to_one_and_48_hours_later() public {
        Proposal memory p = _bucket();
        uint256 id = _ready(p);
        _execute(p, councillors[1]);
        (uint128 capacityUd,) = currency.bucketOf(address(reserve));
        assertEq(capacityUd, 7, "done");
        assertEq(uint8(council.state(id)), uint8(IGovernor.ProposalState.Executed), "executed");
        (uint256 executing,) = council.executing();
        assertEq(executing, 0, "nothing is being executed");
    }

    function test_a_longer_delay_is_allowed() public {
        _passed(
            _proposal(address(timelock), abi.encodeCall(TimelockController.updateDelay, (5 days)))
        );
        assertEq(timelock.getMinDelay(), 5 days, "delay");
    }
}
