// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Policy: every parameter, within bounds nobody can move
/// @notice Each parameter has a least and a most value and a largest step, written in code. The
/// council changes a value by a proposal, and what is kept says which one, which goal it serves and
/// from when it holds. Nothing is overwritten: the value at any time stays known.
///
/// Prices are micro-dollars per kWh [ud/kWh], rates and fees basis points [10⁻⁴], times UTC unix
/// seconds [s].
///
/// @dev Assumes that whoever holds the setting role is the council's time lock; a change outside
/// the execution of a proposal is refused whoever asks. This contract holds no money.
///
/// Warning: floor and cap of the dynamic price are the tariff's own, with bounds in its code; the
/// rate of savings is the savings'.
///
/// Warning: contracts that read a parameter decide themselves what they do with it; this one only
/// keeps it.
interface IPolicy {
    /// @notice What can be set.
    enum Parameter {
        PeakIncentive, // for using less at peak [ud/kWh]
        LoanRate, // of liquidity loans, a year [bp]
        LateRate, // of late payments, a year [bp]
        MarketplaceFee, // of a sale [bp]
        StabilisationLevy // of a sale [bp]
    }

    /// @notice What nobody can move.
    struct Bounds {
        uint128 least;
        uint128 most;
        uint128 step; // largest change at a time
    }

    /// @notice A value and where it comes from.
    struct Setting {
        uint128 value;
        uint48 from; // holds from [UTC unix s]
        uint256 proposalId; // that set it; zero: the value the contract began with
        bytes32 goal; // it serves
    }

    /// @notice A parameter will have another value from `from` on.
    event ParameterSet(
        Parameter indexed parameter,
        uint256 indexed proposalId,
        bytes32 indexed goal,
        uint128 value,
        uint48 from
    );

    /// @notice Thrown when the first values are not one for each parameter.
    error WrongLength(uint256 expected, uint256 given);

    /// @notice Thrown when a value is outside the bounds.
    error OutOfBounds(Parameter parameter, uint128 least, uint128 most, uint128 given);

    /// @notice Thrown when a change is larger than the largest step.
    error StepTooLarge(Parameter parameter, uint128 step, uint128 last, uint128 given);

    /// @notice Thrown when one proposal would change a parameter twice, and so by more than a step.
    error AlreadySet(Parameter parameter, uint256 proposalId);

    /// @notice Thrown when a value would hold from the past, or from before one set earlier.
    error WrongTime(uint48 least, uint48 given);

    /// @notice Thrown when no proposal is being executed.
    error ProposalMissing();

    /// @notice Sets the value of `parameter` from `from` on. The step is measured from the value set
    /// last, in force or not; a proposal sets a parameter once.
    /// @dev Called by the council, behind its delay, while it executes a proposal.
    function set(Parameter parameter, uint128 value, uint48 from) external;

    /// @notice Value in force now.
    function valueOf(Parameter parameter) external view returns (uint128);

    /// @notice Value in force at `time`; zero before the contract.
    function valueAt(Parameter parameter, uint48 time) external view returns (uint128);

    /// @notice The setting in force at `time`; all zero before the contract.
    function settingAt(Parameter parameter, uint48 time) external view returns (Setting memory);

    /// @notice The setting made last, in force or not yet.
    function lastSetting(Parameter parameter) external view returns (Setting memory);

    /// @notice What nobody can move.
    function boundsOf(Parameter parameter) external pure returns (Bounds memory);
}
