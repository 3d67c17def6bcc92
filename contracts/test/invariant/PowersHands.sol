// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../../src/interfaces/ICurrency.sol";
import {ISavings} from "../../src/interfaces/ISavings.sol";
import {Bank} from "../Bank.sol";

/// @title PowersHands: a council that proposes anything, and people in a hurry
/// @notice Councillors propose, vote, queue and execute in any order and at any time; an operator,
/// a guardian and a deployer who kept his key call what is privileged. What is refused is passed
/// over; what is accepted is written down with its time.
contract PowersHands is Bank {
    struct Plan {
        uint128 capacityUd; // of the reserve's bucket
        address proposer;
        uint256 id;
        uint256 queuedAt; // zero: not yet                             [UTC unix s]
    }

    Plan[] public plans;
    uint128 public capacityUd; // as last decided
    uint256 public executed;
    bool public early; //       a plan acted before its lock was over
    bool public alone; //       a proposer executed her own
    bool public unasked; //     a power was used without the council

    function setUp() public override {
        super.setUp();
        capacityUd = type(uint128).max;
        _handOver();
    }

    function contracts() external view returns (address, address) {
        return (address(currency), address(reserve));
    }

    function count() external view returns (uint256) {
        return plans.length;
    }

    function propose(uint256 who, uint128 newCapacityUd) external {
        Plan memory plan = Plan(newCapacityUd, councillors[who % 5], 0, 0);
        plan.id = _propose(_proposalOf(plan, plans.length), plan.proposer);
        plans.push(plan);
    }

    function vote(uint256 which, uint256 votes) external {
        if (plans.length == 0) return;
        uint256 id = plans[which % plans.length].id;
        for (uint256 i = 0; i < 5; ++i) {
            _try(
                councillors[i],
                address(council),
                abi.encodeCall(council.castVote, (id, votes % 7 == 0 ? 0 : 1))
            );
        }
    }

    function queue(uint256 which) external {
        if (plans.length == 0) return;
        which %= plans.length;
        Proposal memory p = _proposalOf(plans[which], which);
        bytes memory call =
            abi.encodeCall(council.queue, (p.targets, p.values, p.calldatas, _textHash(p)));
        if (_try(stranger, address(council), call)) plans[which].queuedAt = block.timestamp;
    }

    function execute(uint256 which, uint256 who) external {
        if (plans.length == 0) return;
        which %= plans.length;
        Plan memory plan = plans[which];
        Proposal memory p = _proposalOf(plan, which);
        address executor = councillors[who % 5];
        bytes memory call =
            abi.encodeCall(council.execute, (p.targets, p.values, p.calldatas, _textHash(p)));
        if (!_try(executor, address(council), call)) return;
        early = early || plan.queuedAt == 0 || block.timestamp < plan.queuedAt + LOCK;
        alone = alone || executor == plan.proposer;
        capacityUd = plan.capacityUd;
        ++executed;
    }

    /// Whoever has any power calls what only the time lock may, at once.
    function grab(uint256 who, uint256 which, uint128 amountUd) external {
        address[6] memory people =
            [admin, operator, guardian, councillors[0], address(council), address(fund)];
        address[4] memory targets =
            [address(currency), address(savings), address(manager), address(timelock)];
        bytes[4] memory calls = [
            abi.encodeCall(ICurrency.setBucket, (people[who % 6], amountUd)),
            abi.encodeCall(ISavings.setRate, (CANADA, 1)),
            abi.encodeWithSignature(
                "grantRole(uint64,address,uint32)", ADMIN_ROLE, people[who % 6], 0
            ),
            abi.encodeWithSignature(
                "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
                address(currency),
                0,
                "",
                bytes32(0),
                bytes32(uint256(amountUd)),
                0
            )
        ];
        which %= 4;
        if (_try(people[who % 6], targets[which], calls[which])) unasked = true;
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 2 days));
    }

    /// The usual way, so that the others are seen to be unusual.
    function decide(uint128 newCapacityUd) external {
        Plan memory plan = Plan(newCapacityUd, councillors[0], 0, 0);
        Proposal memory p = _proposalOf(plan, plans.length);
        plan.id = _ready(p);
        plan.queuedAt = block.timestamp - LOCK;
        plans.push(plan);
    }

    function _proposalOf(Plan memory plan, uint256 number)
        private
        view
        returns (Proposal memory p)
    {
        p = _proposal(
            address(currency),
            abi.encodeCall(ICurrency.setBucket, (address(reserve), plan.capacityUd))
        );
        p.basis.dataHash = bytes32(number + 1);
    }

    function _try(address who, address target, bytes memory call) private returns (bool done) {
        vm.prank(who);
        (done,) = target.call(call);
    }
}
