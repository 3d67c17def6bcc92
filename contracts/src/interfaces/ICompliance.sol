// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Compliance: the rule packs a transfer must satisfy
/// @notice Every token and venue asks here before it moves anything. An issue has `from` zero.
interface ICompliance {
    /// @notice Would the transfer be allowed now? Reverts with the named rule's error when a rule
    /// pack forbids it.
    /// @param amount in the token's own smallest unit
    function checkTransfer(address token, address from, address to, uint256 amount) external view;

    /// @notice The same check, and counts the transfer (holders, daily limits).
    /// @dev Called by registered tokens and venues.
    function recordTransfer(address token, address from, address to, uint256 amount) external;
}
