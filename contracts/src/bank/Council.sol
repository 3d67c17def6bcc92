// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICouncil} from "../interfaces/ICouncil.sol";
import {Timelock} from "./Timelock.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title Council
/// @notice See `ICouncil`.
contract Council is ICouncil, GovernorCountingSimple, GovernorVotes, GovernorTimelockControl {
    /// @notice Shortest public notice, and shortest vote [s].
    uint256 public constant SPAN_LEAST = 24 hours;

    uint256 private immutable _NOTICE; // [s]
    uint256 private immutable _VOTE; //   [s]

    mapping(uint256 proposalId => Basis) private _bases;
    uint256 private _executing;

    /// @param notice from proposal to vote [s]
    /// @param vote how long it lasts [s]
    /// @param delay of the time lock [s]
    constructor(IVotes seats, uint256 notice, uint256 vote, uint256 delay)
        Governor("SourceEnergy Council")
        GovernorVotes(seats)
        GovernorTimelockControl(new Timelock(delay, address(this)))
    {
        if (notice < SPAN_LEAST) revert TooShort(SPAN_LEAST, notice);
        if (vote < SPAN_LEAST) revert TooShort(SPAN_LEAST, vote);
        _NOTICE = notice;
        _VOTE = vote;
    }

    // --- propose and execute --------------------------------------------------------------------

    /// @inheritdoc ICouncil
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        Basis calldata basis
    ) external returns (uint256 proposalId) {
        if (basis.dataHash == 0 || basis.goal == 0) {
            revert BasisMissing(basis.dataHash, basis.goal);
        }

        proposalId = super.propose(targets, values, calldatas, textOf(description, basis));
        _bases[proposalId] = basis;
        emit BasisSet(proposalId, basis.dataHash, basis.goal);
    }

    /// @notice Refused: a proposal needs a basis.
    function propose(address[] memory, uint256[] memory, bytes[] memory, string memory)
        public
        pure
        override
        returns (uint256)
    {
        revert BasisMissing(0, 0);
    }

    /// @notice Executes a proposal whose time lock has passed.
    /// @dev Called by an account that had a seat at the vote and has one now, but not by the
    /// proposer.
    function execute(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public payable override returns (uint256 proposalId) {
        proposalId = getProposalId(targets, values, calldatas, descriptionHash);
        address proposer = proposalProposer(proposalId);
        if (msg.sender == proposer) revert ProposerExecutes(proposalId, proposer);
        if (
            token().getVotes(msg.sender) == 0
                || getVotes(msg.sender, proposalSnapshot(proposalId)) == 0
        ) revert NotSeated(msg.sender);

        uint256 outer = _executing;
        _executing = proposalId;
        super.execute(targets, values, calldatas, descriptionHash);
        _executing = outer;
    }

    /// @notice Refused: the time lock is the council's for ever.
    function updateTimelock(TimelockController) public pure override {
        revert TimelockFixed();
    }

    // --- what is so -----------------------------------------------------------------------------

    /// @inheritdoc ICouncil
    function basisOf(uint256 proposalId) external view returns (Basis memory) {
        return _bases[proposalId];
    }

    /// @inheritdoc ICouncil
    function executing() external view returns (uint256 proposalId, bytes32 goal) {
        return (_executing, _bases[_executing].goal);
    }

    /// @inheritdoc ICouncil
    function textOf(string memory description, Basis calldata basis)
        public
        pure
        returns (string memory)
    {
        return string.concat(
            description,
            "\n\nData: ",
            Strings.toHexString(uint256(basis.dataHash), 32),
            "\nGoal: ",
            Strings.toHexString(uint256(basis.goal), 32)
        );
    }

    /// @notice Public notice before the vote [s].
    function votingDelay() public view override returns (uint256) {
        return _NOTICE;
    }

    /// @notice How long the vote lasts [s].
    function votingPeriod() public view override returns (uint256) {
        return _VOTE;
    }

    /// @notice More than half of the seats there were.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        return token().getPastTotalSupply(timepoint) / 2 + 1;
    }

    /// @notice Who proposes has a seat.
    function proposalThreshold() public pure override returns (uint256) {
        return 1;
    }

    /// @inheritdoc IGovernor
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    /// @inheritdoc IGovernor
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }
}
