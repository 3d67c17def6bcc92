// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title AveragePrice: what an energy credit cost over a span of time
/// @notice A venue answers with its time-weighted average.
/// @dev Assumes that the average is weighted by time, so that one trade that lasts a second counts
/// a second.
interface IAveragePrice {
    /// @notice Time-weighted average of the last `spanS` seconds [ud/kWh]; zero where the venue
    /// does not know the whole span.
    function averagePrice(uint32 spanS) external view returns (uint256 udPerKwh);
}
