// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IHeeding: whatever keeps its own note of how long trading is halted
/// @notice A pool reads the note with what it reads anyway, so that a halt costs a trade nothing.
interface IHeeding {
    /// @notice Takes the note from the bank's `ITradingHalt`.
    /// @dev Called by that contract when trading is halted and when the halt is lifted; by anyone
    /// at any time, since it only copies.
    function heed() external;
}
