// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEnergyCredit} from "./IEnergyCredit.sol";

/// @title EnergyCredits: makes one credit contract a season
/// @notice Seasons follow each other and never overlap, so that a kWh belongs to one.
interface IEnergyCredits {
    /// @notice A season's credit was made.
    event SeasonOpened(uint256 indexed number, address indexed credit, IEnergyCredit.Season season);

    /// @notice Thrown when a season begins before the one before it ends.
    error SeasonOverlaps(uint64 lastEnd, uint64 start);

    /// @notice Makes the credit of the next season.
    /// @dev Called by the season role. The credit's own roles are the same authority's to set.
    function open(IEnergyCredit.Season calldata season) external returns (address credit);

    /// @notice The credit of season `number`, from 1; zero where there is none.
    function creditOf(uint256 number) external view returns (address);

    /// @notice Seasons opened.
    function seasons() external view returns (uint256);

    /// @notice Was `credit` made here?
    function isCredit(address credit) external view returns (bool);
}
