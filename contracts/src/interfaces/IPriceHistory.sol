// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAveragePrice} from "./IAveragePrice.sol";

/// @title CumulativePrice: a pool that adds its price up
interface ICumulativePrice {
    /// @notice Sum over all time of the price [ud/kWh, times 2³²] times the seconds it was in
    /// force.
    function cumulativePrice() external view returns (uint256);
}

/// @title PriceHistory: averages over any span of a week, of one pool
/// @notice Anyone notes the pool's sum once an hour; two sums and the time between make an average
/// in which a trade that lasts a second counts a second.
/// @dev Assumes that the pool's sum never falls. It keeps 256 hours.
///
/// Warning: **without notes there is no average.** When nobody noted the sum in the three hours
/// before a span began, the average of that span is zero, and whoever asks has to do without.
interface IPriceHistory is IAveragePrice {
    /// @notice The sum was noted.
    event Noted(uint256 indexed hour, uint40 notedAt, uint256 cumulative);

    /// @notice Thrown when the pool would be nobody.
    error ZeroPool();

    /// @notice Thrown when the sum of this hour was noted before.
    error AlreadyNoted(uint256 hour);

    /// @notice Thrown when a span is nothing, or longer than a week.
    error SpanRefused(uint32 most, uint32 given);

    /// @notice Notes the pool's sum.
    /// @dev Called by anyone, once an hour of the clock.
    function note() external;
}
