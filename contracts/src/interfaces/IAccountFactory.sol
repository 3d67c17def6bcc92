// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title AccountFactory: makes members' accounts
/// @notice An account's address follows from its first key, guardians, threshold and salt, so that
/// it is known, and can be given a passport or money, before the account is made.
/// @dev Assumes nothing of the caller: because the address holds all it starts with, nobody can
/// make another account at an address that was announced.
interface IAccountFactory {
    /// @notice An account was made.
    event Created(address indexed account, bytes32 qx, bytes32 qy);

    /// @notice Whose code accounts run.
    function template() external view returns (address);

    /// @notice Makes the account; where it was made before, only says its address.
    /// @dev Called by anybody, the entry point's deployer included (ERC-4337 `initCode`).
    /// @param qx P-256 public key, x
    /// @param qy P-256 public key, y
    /// @param threshold how many guardians a recovery takes
    /// @param salt tells accounts with the same key and guardians apart
    function create(
        bytes32 qx,
        bytes32 qy,
        address[] calldata guardians,
        uint8 threshold,
        bytes32 salt
    ) external returns (address account);

    /// @notice Where that account is, or will be.
    function addressOf(
        bytes32 qx,
        bytes32 qy,
        address[] calldata guardians,
        uint8 threshold,
        bytes32 salt
    ) external view returns (address account);

    /// @notice Was `account` made here?
    function isAccount(address account) external view returns (bool);
}
