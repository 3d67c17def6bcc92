// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHeeding} from "./IHeeding.sol";
import {IVerifier} from "./IVerifier.sol";

/// @title TradingHalt: the emergency pause
/// @notice The only pause there is: a flag that venues read before a trade. Those that keep their
/// own note of it are told in the same transaction. A quorum of the guardians raises it for at most
/// 72 hours; it falls by itself, and cannot be raised again until as long a gap has passed.
/// Nothing else reads it: withdrawals, redemption, metering and payouts go on.
/// @dev Assumes that fewer than the quorum of guardians collude, and that a venue asks
/// `isHalted` where it trades and nowhere else. This contract calls nobody but the guardians'
/// verifier and holds nothing.
///
/// Warning: guardians that collude can halt trading half of the time, and nothing worse, until the
/// council sets others.
interface ITradingHalt {
    /// @notice What guardians sign to raise the flag (EIP-712).
    struct Order {
        uint64 number; // counts up by one; an order serves once
        uint64 durationS; // at most 72 hours
        uint64 deadline; // last second in which it may be handed in [UTC unix s]
        bytes32 reasonHash; // of the public reason
    }

    /// @notice Trading is halted until `until` at the latest.
    event Halted(uint64 indexed number, uint64 until, bytes32 reasonHash);

    /// @notice The guardians ended the halt early.
    event Lifted(uint64 indexed number);

    /// @notice These venues, and no others, are told when trading is halted or goes on.
    event VenuesSet(IHeeding[] venues);

    /// @notice Another verifier judges the guardians' signatures.
    event GuardiansSet(address guardians);

    /// @notice Thrown when the guardians would be nobody.
    error ZeroGuardians();

    /// @notice Thrown when more venues would be told than a halt can pay for.
    error TooManyVenues(uint256 most, uint256 given);

    /// @notice Thrown when an order is not the next one.
    error WrongNumber(uint64 expected, uint64 given);

    /// @notice Thrown when a halt would last no time or more than 72 hours.
    error WrongDuration(uint64 most, uint64 given);

    /// @notice Thrown when an order comes too late.
    error DeadlinePassed(uint64 deadline, uint256 now_);

    /// @notice Thrown when the gap after the last halt has not passed.
    error TooSoon(uint64 earliest, uint256 now_);

    /// @notice Thrown when there is no halt to end.
    error NotHalted();

    /// @notice Thrown when the quorum did not sign this.
    error ProofRefused(bytes32 digest);

    /// @notice Halts trading.
    /// @dev Called by anyone.
    /// @param proof that a quorum of the guardians signed `orderHash(order)`
    function halt(Order calldata order, bytes calldata proof) external;

    /// @notice Ends the halt; the gap begins now.
    /// @dev Called by anyone.
    /// @param proof that a quorum of the guardians signed `liftHash(number)` of this halt
    function lift(bytes calldata proof) external;

    /// @notice Sets who judges the guardians' signatures.
    /// @dev Called by the council, behind its delay.
    function setGuardians(IVerifier guardians) external;

    /// @notice Sets which venues are told, and tells them how things stand.
    /// @dev Called by the council, behind its delay. None of them may refuse: one that did would
    /// keep a halt from the others.
    function setVenues(IHeeding[] calldata venues) external;

    /// @notice The venues that are told.
    function venues() external view returns (IHeeding[] memory);

    /// @notice Is trading halted now?
    function isHalted() external view returns (bool);

    /// @notice First second in which trading goes on after the last halt; zero before the first.
    function until() external view returns (uint64);

    /// @notice Number of the last halt; zero before the first.
    function number() external view returns (uint64);

    /// @notice What guardians sign: the EIP-712 digest, bound to this chain and contract.
    function orderHash(Order calldata order) external view returns (bytes32);

    /// @notice What guardians sign to end halt `number_` early.
    function liftHash(uint64 number_) external view returns (bytes32);
}
