// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Compliance: the rule packs a transfer must pass
/// @notice Every token and venue asks here, before it moves anything.
interface ICompliance {
    /// @notice Reverts with the named rule's error when a rule pack forbids the transfer.
    /// @dev Called by anybody. `amount` is in the token's own unit.
    function checkTransfer(address token, address from, address to, uint256 amount) external view;

    /// @notice The same check, and counts the transfer (holders, daily limits).
    /// @dev Called by registered tokens and venues.
    function recordTransfer(address token, address from, address to, uint256 amount) external;
}
