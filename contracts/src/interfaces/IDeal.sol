// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "./IEscrow.sol";
import {ITradingHalt} from "./ITradingHalt.sol";
import {IVerifier} from "./IVerifier.sol";

/// @title Deal: so many watt-hours in these intervals, at this price
/// @notice An agreement between two members, or a member and a grid agent. The buyer's money, fee
/// included, is in escrow before the first interval begins. After the intervals, settled metering
/// says what was delivered; the delivered part is paid, at most what was agreed in each interval,
/// and the rest returns to the buyer. What is not settled by the expiry counts as undelivered.
/// @dev Assumes that the verifier's quorum agrees on delivery only from settled metering, that it
/// counts no watt-hour in two deals, and that it settles before the expiry.
///
/// Escrow is rounded up, payments are rounded down, on the sum delivered so far, so that settling
/// in parts pays the same; what rounding leaves returns to the buyer.
///
/// Warning: a settlement is final here. A later correction of the meter is a delta of `IClearing`.
///
/// Warning: where the quorum fails until the expiry the seller is not paid, though it delivered.
interface IDeal is IEscrow {
    /// @notice What is agreed. Its EIP-712 digest is the deal's id.
    struct Terms {
        address seller;
        address buyer;
        uint64 start; // of the first interval, a multiple of the interval [UTC unix s]
        uint32 interval; // 300, 900, 1800 or 3600 [s]
        uint64 priceUdPerKwh;
        uint64 expiry; // first second nothing is settled any more [UTC unix s]
        uint256 salt; // tells equal terms apart
        uint64[] scheduledWh; // one an interval
    }

    /// @notice Where a deal stands.
    struct State {
        uint64 escrowUd; // taken from the buyer
        uint64 deliveredWh; // settled so far, at most as scheduled
        uint32 settled; // intervals settled
        bool open;
        bool opened; // ever
    }

    /// @notice Money is in escrow.
    event Opened(
        bytes32 indexed id,
        address indexed seller,
        address indexed buyer,
        uint64 start,
        uint32 interval,
        uint64 scheduledWh,
        uint64 priceUdPerKwh,
        uint64 escrowUd
    );

    /// @notice The delivery in `count` intervals from `first` on is settled.
    /// @param deliveredWh in them, at most as scheduled
    /// @param paidUd to the seller
    /// @param feeUd to the fee's receiver
    event Settled(
        bytes32 indexed id,
        uint32 first,
        uint256 count,
        uint64 deliveredWh,
        uint256 paidUd,
        uint256 feeUd
    );

    /// @notice The deal is over, and this much returns to the buyer.
    event Closed(bytes32 indexed id, uint256 returnedUd);

    /// @notice Thrown when the fee would go to nobody.
    error ZeroReceiver();

    /// @notice Thrown when an interval has another length than those known, or starts askew.
    error IntervalRefused(uint64 start, uint32 interval);

    /// @notice Thrown when there are no intervals, too many, or nothing to deliver in them.
    error ScheduleRefused(uint256 intervals, uint256 scheduledWh);

    /// @notice Thrown when the expiry leaves less than `SETTLE_LEAST` after the last interval.
    error ExpiryTooEarly(uint64 expiry, uint256 least);

    /// @notice Thrown when a settlement is of no interval, or of more than are left.
    error TooManyIntervals(uint256 count, uint256 left);

    /// @notice Thrown when trading is halted.
    error TradingHalted(uint64 until);

    /// @notice Thrown when the verifier does not accept the proof.
    error ProofRefused(bytes32 digest);

    /// @notice Last interval to expiry, at least [s].
    function SETTLE_LEAST() external view returns (uint64);

    /// @notice Most intervals of a deal.
    function INTERVALS_MOST() external view returns (uint256);

    /// @notice Fee on what is delivered, paid by the buyer [ud per kWh].
    function FEE_UD_PER_KWH() external view returns (uint64);

    /// @notice Who gets the fee.
    function feeTo() external view returns (address);

    /// @notice Who says what was delivered.
    function verifier() external view returns (IVerifier);

    /// @notice Who halts trading.
    function tradingHalt() external view returns (ITradingHalt);

    /// @notice Takes the buyer's money in escrow, before the first interval begins and while trading
    /// is not halted.
    /// @dev Called by anybody, with the agreement of both parties.
    /// @param sellerSignature not read where the seller calls or agreed; likewise the buyer's
    function open(
        Terms calldata terms,
        bytes calldata sellerSignature,
        bytes calldata buyerSignature
    ) external returns (bytes32 id);

    /// @notice Settles the next intervals, which must have ended.
    /// @dev Called by anybody, with a proof of the delivery over `deliveryHash`.
    /// @param deliveredWh one an interval, as metered; what exceeds the schedule is not paid here
    function settle(Terms calldata terms, uint64[] calldata deliveredWh, bytes calldata proof)
        external;

    /// @notice Closes a deal that was not settled by its expiry.
    /// @dev Called by anybody.
    function expire(Terms calldata terms) external;

    /// @notice EIP-712 digest of the terms.
    function idOf(Terms calldata terms) external view returns (bytes32);

    /// @notice EIP-712 digest of a delivery: Delivery(bytes32 deal,uint32 first,uint64[] deliveredWh).
    function deliveryHash(bytes32 id, uint32 first, uint64[] calldata deliveredWh)
        external
        view
        returns (bytes32);

    /// @notice What the buyer puts in escrow, rounded up [ud].
    function escrowFor(uint256 scheduledWh, uint64 priceUdPerKwh) external view returns (uint256);

    /// @notice Where the deal stands; all zero where it was never opened.
    function stateOf(bytes32 id) external view returns (State memory);
}
