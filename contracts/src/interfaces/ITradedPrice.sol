// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title TradedPrice: what energy credits cost at the marketplace
/// @notice A venue, or several behind an adapter, gives its time-weighted average.
/// @dev Assumes that the average is weighted by time, over at least an interval, so that a trade
/// that lasts a minute counts a minute.
interface ITradedPrice {
    /// @notice The average now.
    /// @return averageUdPerKwh time-weighted price of a credit [ud/kWh]; zero: none
    /// @return parties different persons that traded in its window
    /// @return asOf end of its window [UTC s]
    function tradedPrice()
        external
        view
        returns (uint128 averageUdPerKwh, uint32 parties, uint64 asOf);
}
