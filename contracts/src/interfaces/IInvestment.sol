// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Investment: money for shares of a project, with time to think
/// @notice An agreement between a member and a project. The member's money is in escrow. Until the
/// time to think is over, the member takes it back whole; after it, and before the last day, the
/// project takes it by handing over the shares in the same transaction; after the last day the
/// money returns whole.
/// @dev Assumes that whoever writes the terms turns two business days into a time by the calendar
/// of the member's place; the contract sees to it that it is 48 hours at least. Assumes that the
/// share refuses holders who may not hold it, and counts what it must, as it is transferred.
///
/// Warning: limits on what a member may invest are asked before the escrow is taken and enforced
/// again by the share at the handover; money that waits in several escrows is counted only then.
interface IInvestment is IEscrow {
    /// @notice What is agreed. Its EIP-712 digest is the investment's id.
    struct Terms {
        address investor;
        address project; // gives the shares, gets the money
        IERC20 share;
        uint256 units; // of the share, in its smallest unit
        uint64 amountUd;
        bytes32 documentHash; // of the version of the document the investor signed
        uint64 thinkUntil; // first second the investor cannot take it back [UTC unix s]
        uint64 closeBy; // first second the project cannot take it [UTC unix s]
        uint256 salt; // tells equal terms apart
    }

    /// @notice Where an investment stands.
    enum Stage {
        None,
        Open,
        Rescinded, // by the investor, in the time to think
        Released, // money to the project, shares to the investor
        Refunded // the project declined, or the last day passed
    }

    /// @notice Money is in escrow.
    event Opened(
        bytes32 indexed id,
        address indexed investor,
        address indexed project,
        uint64 amountUd,
        bytes32 documentHash,
        uint64 thinkUntil,
        uint64 closeBy
    );

    /// @notice An investment is over.
    event Closed(bytes32 indexed id, Stage stage, uint64 amountUd);

    /// @notice Thrown when there is no document, no money or no share in the terms.
    error TermsIncomplete(bytes32 documentHash, uint64 amountUd, uint256 units);

    /// @notice Thrown when the time to think is shorter than `THINK_LEAST` from now.
    error ThinkTooShort(uint64 thinkUntil, uint256 least);

    /// @notice Thrown when the last day is not after the time to think.
    error CloseTooEarly(uint64 closeBy, uint64 thinkUntil);

    /// @notice Thrown when the caller is not the party who may.
    error NotParty(address caller, address party);

    /// @notice Time to think, at least [s].
    function THINK_LEAST() external view returns (uint64);

    /// @notice Takes the investor's money in escrow.
    /// @dev Called by anybody, with the agreement of both parties.
    /// @param investorSignature not read where the investor calls or agreed; likewise the project's
    function open(
        Terms calldata terms,
        bytes calldata investorSignature,
        bytes calldata projectSignature
    ) external returns (bytes32 id);

    /// @notice Gives the money back to the investor who thought better of it.
    /// @dev Called by the investor, in the time to think.
    function rescind(Terms calldata terms) external;

    /// @notice Gives the money to the project and the shares to the investor.
    /// @dev Called by the project, which has allowed this contract the shares.
    function release(Terms calldata terms) external;

    /// @notice Gives the money back to the investor.
    /// @dev Called by the project at any time, by anybody after the last day.
    function refund(Terms calldata terms) external;

    /// @notice EIP-712 digest of the terms.
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice Where the investment stands.
    function stageOf(bytes32 id) external view returns (Stage);
}
