// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ICompliance: one place to ask whether a transfer is allowed
/// @notice Amounts are in the smallest units of the token. Nobody stands for an account where
/// tokens are made (`from` zero) or unmade (`to` zero).
interface ICompliance {
    /// @notice Reverts with the named rule's error when a rule pack forbids the transfer.
    /// @dev Called by anyone.
    function checkTransfer(address token, address from, address to, uint256 amount) external view;

    /// @notice The same check; then counts the transfer (daily limits, what was acquired).
    /// @dev Called by registered tokens and venues, before the tokens move.
    function recordTransfer(address token, address from, address to, uint256 amount) external;

    /// @notice Is this a venue: a contract of the platform that judges whom it serves itself?
    function isVenue(address account) external view returns (bool);
}
