// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title ICountedToken: a token that knows how many hold it
/// @notice The rulebook asks it where a country's pack has a rule about holdings.
interface ICountedToken is IERC20 {
    /// @notice Thrown when more would be out than 128 bits hold.
    error SupplyTooLarge(uint256 total);

    /// @notice Accounts that hold some; venues are none.
    function holders() external view returns (uint256);

    /// @notice What `account` holds: its balance, here as with a token of many ids.
    function heldOf(address account) external view returns (uint256);
}
