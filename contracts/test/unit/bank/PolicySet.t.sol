// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Policy} from "../../../src/bank/Policy.sol";
import {ICouncil} from "../../../src/interfaces/ICouncil.sol";
import {IPolicy} from "../../../src/interfaces/IPolicy.sol";
import {Bank} from "../../Bank.sol";

contract PolicySetTest is Bank {
    IPolicy.Parameter private constant LOAN = IPolicy.Parameter.LoanRate;

    function _setting(uint128 value, uint48 from) private view returns (Proposal memory) {
        return _proposal(address(policy), abi.encodeCall(IPolicy.set, (LOAN, value, from)));
    }

    function _refusedSet(uint128 value, uint48 from, bytes memory reason) private {
        vm.prank(admin);
        vm.expectRevert(reason);
        policy.set(LOAN, value, from);
    }

    function test_refuses_first_values_out_of_bounds_or_missing() public {
        uint128[] memory values = new uint128[](5);
        values[3] = 301;
        vm.expectRevert(
            abi.encodeWithSelector(
                IPolicy.OutOfBounds.selector, IPolicy.Parameter.MarketplaceFee, 0, 300, 301
            )
        );
        new Policy(address(manager), council, values);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.WrongLength.selector, 5, 4));
        new Policy(address(manager), council, new uint128[](4));
    }

    function test_S22_refuses_a_parameter_out_of_bounds(uint128 value) public {
        value = uint128(bound(value, 1201, type(uint128).max));
        _refusedSet(
            value,
            uint48(block.timestamp),
            abi.encodeWithSelector(IPolicy.OutOfBounds.selector, LOAN, 0, 1200, value)
        );
    }

    function test_refuses_a_step_too_large(uint128 value) public {
        value = uint128(bound(value, 501, 1200));
        _refusedSet(
            value,
            uint48(block.timestamp + 1),
            abi.encodeWithSelector(IPolicy.StepTooLarge.selector, LOAN, 100, 400, value)
        );
        _refusedSet(
            299,
            uint48(block.timestamp + 1),
            abi.encodeWithSelector(IPolicy.StepTooLarge.selector, LOAN, 100, 400, 299)
        );
    }

    /// One decision, one step: several of a second each would be a leap.
    function test_refuses_a_second_step_by_the_same_proposal() public {
        _handOver();
        uint48 from = uint48(block.timestamp + 30 days);
        Proposal memory p;
        p.targets = new address[](2);
        p.values = new uint256[](2);
        p.calldatas = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            p.targets[i] = address(policy);
            p.calldatas[i] =
                abi.encodeCall(IPolicy.set, (LOAN, uint128(500 + 100 * i), uint48(from + i)));
        }
        p.basis = ICouncil.Basis(keccak256("snapshot"), "local supply");
        uint256 id = _ready(p);
        bytes32 hash = _textHash(p);
        vm.prank(councillors[1]);
        vm.expectRevert(abi.encodeWithSelector(IPolicy.AlreadySet.selector, LOAN, id));
        council.execute(p.targets, p.values, p.calldatas, hash);
        assertEq(policy.lastSetting(LOAN).value, 400, "nothing was set");
    }

    function test_refuses_the_past() public {
        uint48 now_ = uint48(block.timestamp);
        _refusedSet(
            450, now_ - 1, abi.encodeWithSelector(IPolicy.WrongTime.selector, now_, now_ - 1)
        );
    }

    function test_refuses_outside_a_proposal_and_from_anybody() public {
        _refusedSet(
            450, uint48(block.timestamp), abi.encodeWithSelector(IPolicy.ProposalMissing.selector)
        );
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        policy.set(LOAN, 450, uint48(block.timestamp));
    }

    function test_S22_the_loan_rate_goes_from_4_0_to_4_5() public {
        _handOver();
        uint48 before = uint48(block.timestamp);
        uint48 from = before + 30 days;
        uint256 id = _passed(_setting(450, from));
        assertEq(policy.valueOf(LOAN), 400, "not yet");
        vm.warp(from);
        assertEq(policy.valueOf(LOAN), 450, "from then on");
        assertEq(policy.valueAt(LOAN, before), 400, "an old trade is judged by the old rule");
        IPolicy.Setting memory setting = policy.settingAt(LOAN, from);
        assertEq(setting.proposalId, id, "which proposal");
        assertEq(setting.goal, bytes32("local supply"), "which goal");
        assertEq(setting.from, from, "from when");
        assertEq(policy.settingAt(LOAN, before).proposalId, 0, "the first value");
        assertEq(policy.lastSetting(LOAN).value, 450, "last");
    }

    function test_every_parameter_has_bounds_its_first_value_keeps() public view {
        for (uint256 i = 0; i <= uint256(type(IPolicy.Parameter).max); ++i) {
            IPolicy.Bounds memory bounds = policy.boundsOf(IPolicy.Parameter(i));
            uint128 value = policy.valueOf(IPolicy.Parameter(i));
            assertLe(bounds.least, value, "least");
            assertLe(value, bounds.most, "most");
            assertTrue(bounds.step != 0 && bounds.step <= bounds.most, "step");
        }
    }
}
