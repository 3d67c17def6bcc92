// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Venue: what every place of trade has in common
/// @notice Trades pay a marketplace fee and a stabilisation levy, in settlement money [ud], to two
/// pots that are fixed for ever. In an emergency trading stops for at most 72 hours and goes on by
/// itself; whatever lets members take out what is theirs never stops.
/// @dev Assumes that the currency moves exactly the amounts asked for and calls nobody, and that
/// the rulebook judges both sides of what it is told.
interface IVenue {
    /// @notice Trading stops until `until`.
    event Stopped(uint40 until);

    /// @notice Thrown when a pot, the currency or the rulebook would be nobody.
    error ZeroContract();

    /// @notice Thrown when nothing would be traded.
    error ZeroAmount();

    /// @notice Thrown when the caller's or order's time is over.
    error DeadlinePassed(uint40 deadline, uint256 now_);

    /// @notice Thrown while trading is stopped.
    error TradingStopped(uint40 until);

    /// @notice Thrown when trading would stop for longer than 72 hours, or for no time at all.
    error StopTooLong(uint40 until, uint256 most);

    /// @notice Thrown when trading was stopped less than 72 hours ago.
    error StoppedLately(uint40 until);

    /// @notice Thrown when a share of the price exceeds its bound, both in basis points.
    error ShareTooHigh(uint16 shareBps, uint16 mostBps);

    /// @notice Stops trading until `until`, at most 72 hours from now and not before 72 hours
    /// after the last stop ended.
    /// @dev Called by the guardian role.
    function stop(uint40 until) external;

    /// @notice First second in which trading goes on.
    function stoppedUntil() external view returns (uint40);
}
