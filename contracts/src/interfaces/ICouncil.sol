// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Council: propose, public notice, vote, time lock, execute
/// @notice An OpenZeppelin Governor in which one seat has one vote. A proposal says on which data
/// it relies and which goal it serves; both are part of its text and so of its id. It passes when
/// more than half of the seats are for it or abstain and more are for it than against it, waits in
/// the time lock for at least 48 hours, and is executed by another seat than the one that proposed
/// it.
///
/// Times are UTC unix seconds [s].
///
/// @dev The time lock is made with the council, obeys nobody else, and cannot be exchanged; it
/// holds every power. Assumes that a person has one seat and does not lend the key.
///
/// Warning: **a passed proposal needs a second seat to execute it.** A council of one can do
/// nothing.
interface ICouncil {
    /// @notice Why a proposal is made.
    struct Basis {
        bytes32 dataHash; // of the data snapshot it relies on
        bytes32 goal; // it serves; a short text
    }

    /// @notice A proposal was made on this basis.
    event BasisSet(uint256 indexed proposalId, bytes32 dataHash, bytes32 indexed goal);

    /// @notice Thrown when a proposal names no data, or no goal.
    error BasisMissing(bytes32 dataHash, bytes32 goal);

    /// @notice Thrown when notice or vote would be too short.
    error TooShort(uint256 least, uint256 given);

    /// @notice Thrown when the proposer would execute the proposal too.
    error ProposerExecutes(uint256 proposalId, address proposer);

    /// @notice Thrown when an account without a seat, now or at the vote, would execute.
    error NotSeated(address account);

    /// @notice Thrown when the time lock would be exchanged.
    error TimelockFixed();

    /// @notice Proposes these calls. The proposal's text is `textOf(description, basis)`; its hash
    /// is what `queue` and `execute` ask for.
    /// @dev Called by an account with a seat.
    /// @param description plain words
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        Basis calldata basis
    ) external returns (uint256 proposalId);

    /// @notice The proposal's full text: the description, then its basis.
    function textOf(string memory description, Basis calldata basis)
        external
        pure
        returns (string memory);

    /// @notice On what the proposal was made; all zero where there is none.
    function basisOf(uint256 proposalId) external view returns (Basis memory);

    /// @notice The proposal that is being executed in this very call, and its goal; zero otherwise.
    function executing() external view returns (uint256 proposalId, bytes32 goal);
}
