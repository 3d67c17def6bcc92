// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DynamicPrice} from "../libraries/DynamicPrice.sol";

/// @title Tariff: the price of a kWh, interval by interval, that anyone can recompute
/// @notice At least `quorum` of the reporters sign what the grid says: zonal price, demand and the
/// retail tariff. Handed in during one interval it makes the price of the next, by the formula of
/// `DynamicPrice`; so everybody knows a price before it holds, and it never changes while it does.
/// Every price is kept with all it was computed from.
///
/// Interval n is the span [n · seconds, (n + 1) · seconds) of UTC unix time. Prices are
/// micro-dollars per kWh [ud/kWh], power watts [W], times UTC unix seconds [s].
///
/// Without fresh inputs the last good price is held and flagged; when they are too old the price
/// walks to the last reported tariff, at most a step an interval, and is flagged. It is never zero
/// and never jumps by more than the step.
///
/// @dev Assumptions. Fewer than `quorum` reporters collude. The traded price is time-weighted by
/// its source and its source does not return malformed data.
///
/// Warning: **floor and cap go before the step.** When governance moves one of them past the price,
/// the next interval's price is inside the new bounds, however far that is. Nothing else passes
/// the step.
///
/// Warning: **inputs that move too far are refused**, and the price goes stale. What is too far
/// grows with every interval without a report, so that a true shock is accepted late rather than
/// never.
interface ITariff {
    /// @notice What reporters sign (EIP-712).
    struct Input {
        int64 gridUdPerKwh; // zonal price; may be negative
        uint64 demandW; // of the grid
        uint64 tariffUdPerKwh; // retail price of this time, to fall back to
        uint64 observedAt;
    }

    /// @notice A price and all it was computed from.
    struct Record {
        int64 gridUdPerKwh;
        uint64 demandW;
        uint64 tariffUdPerKwh;
        uint40 observedAt; // zero: the price the contract began with
        uint24 policyVersion;
        // slot
        uint64 priceUdPerKwh; // zero: no record
        uint64 tradedUdPerKwh; // zero: did not count
        uint64 beforeUdPerKwh; // price of the interval before
        uint40 previous; // interval of the record before
        uint16 flags; // of `DynamicPrice`
    }

    /// @notice Why the price is what it is.
    struct Explanation {
        uint64 interval;
        uint64 priceUdPerKwh; // in force
        uint16 flags; // of `DynamicPrice`
        uint64 ageS; // of the inputs; since 1970 where there were none yet
        uint64 nextUdPerKwh; // of the next interval, as things stand
        uint16 nextFlags;
        uint64 recordInterval; // first interval `record` priced
        Record record; // the inputs behind the price in force
        DynamicPrice.Policy policy; // in force
    }

    /// @notice A price was made; `record` holds all it was computed from.
    event Priced(uint64 indexed interval, Record record, uint32 parties);

    /// @notice Version `version` of the policy holds from `interval` on.
    event PolicySet(uint24 indexed version, uint64 indexed interval, DynamicPrice.Policy policy);

    /// @notice `reporter` may sign, or no longer; `quorum` signatures are needed.
    event ReporterSet(address indexed reporter, bool on, uint8 quorum);

    /// @notice The traded price comes from `source` (zero: it does not count).
    event SourceSet(address indexed source);

    /// @notice Thrown when intervals would last no time.
    error ZeroInterval();

    /// @notice Thrown when a policy is outside the bounds in code.
    error PolicyRefused(DynamicPrice.Policy policy);

    /// @notice Thrown when a policy set before does not hold yet.
    error PolicyPending(uint64 from);

    /// @notice Thrown when a reporter would be nobody, or the quorum none or more than there are.
    error QuorumRefused(address reporter, uint8 quorum, uint256 reporters);

    /// @notice Thrown when the next interval has its price.
    error AlreadyReported(uint64 interval);

    /// @notice Thrown when inputs are not newer than the last ones, or from the future, or stale.
    error WrongTime(uint64 after_, uint64 notAfter, uint64 given);

    /// @notice Thrown when an input is zero, or beyond the largest price.
    error InputOutOfRange(Input input);

    /// @notice Thrown when the zonal price moved too far.
    error GridDeviates(int64 last, int64 given, uint256 mostUdPerKwh);

    /// @notice Thrown when demand moved too far.
    error DemandDeviates(uint64 last, uint64 given, uint256 mostW);

    /// @notice Thrown when the tariff moved too far.
    error TariffDeviates(uint64 last, uint64 given, uint256 mostUdPerKwh);

    /// @notice Thrown when there are too few signatures, or a part of one.
    error TooFewSignatures(uint256 length, uint8 quorum);

    /// @notice Thrown when a signature is no reporter's, or not in strictly ascending order of
    /// address.
    error SignatureRefused(address signer, address previous);

    /// @notice Thrown when no price was made for this interval.
    error NoRecord(uint64 interval);

    /// @notice Makes the price of the next interval.
    /// @dev Called by anyone, once an interval.
    /// @param signatures of 65 bytes (r, s, v), one after the other, by reporters in strictly
    /// ascending order of address, each over `inputHash(input)`
    /// @return priceUdPerKwh of the next interval
    function report(Input calldata input, bytes calldata signatures)
        external
        returns (uint64 priceUdPerKwh);

    /// @notice Sets the policy from the next interval on.
    /// @dev Called by the policy role, behind a delay.
    function setPolicy(DynamicPrice.Policy calldata policy) external;

    /// @notice Makes `reporter` one, or no longer one, and sets the quorum.
    /// @dev Called by the reporter role.
    function setReporter(address reporter, bool on, uint8 quorum_) external;

    /// @notice Sets where the traded price comes from; zero for nowhere.
    /// @dev Called by the policy role.
    function setSource(address source_) external;

    /// @notice Price in force [ud/kWh] and its flags. Never zero.
    function price() external view returns (uint64 priceUdPerKwh, uint16 flags);

    /// @notice Price in force, its inputs, ages, flags and policy, and the next price.
    function explain() external view returns (Explanation memory);

    /// @notice All that the price made for `interval` was computed from; zero where none was made
    /// for it.
    function recordOf(uint64 interval) external view returns (Record memory);

    /// @notice The same price, computed anew from its record. For every record but the one the
    /// contract began with it equals the recorded price.
    function recompute(uint64 interval) external view returns (uint64 priceUdPerKwh, uint16 flags);

    /// @notice A version of the policy.
    function policyOf(uint24 version) external view returns (DynamicPrice.Policy memory);

    /// @notice What reporters sign: the EIP-712 digest, bound to this chain and contract.
    function inputHash(Input calldata input) external view returns (bytes32);
}
