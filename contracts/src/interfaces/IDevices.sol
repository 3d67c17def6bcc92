// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Devices: the keys that sign meter readings
/// @notice A device is known by the hash of its first P-256 key. Readings it signs count up by
/// one; a revocation names the last sequence that is still accepted.
/// @dev Assumes that whoever holds the registering role has seen the device's own signature over
/// its key. Readings themselves stay off chain.
///
/// Warning: a revocation cannot be undone or moved, so that nobody can make an old reading good or
/// bad afterwards. A device that goes on needs a new key. An owner may name a sequence that never
/// comes, which ends nothing: whoever vouched for the device takes that back (`setVerified`).
interface IDevices {
    /// @notice A registered device.
    struct Device {
        bytes32 qx; // P-256 public key, x
        bytes32 qy; // P-256 public key, y
        address owner; // may revoke it
        uint8 kind; // what it is, a code of the registering role
        uint64 capacityW; // nameplate power [W]
        bool verified; // an installer or auditor has seen it in place
        bool revoked;
        uint64 revokedAt; // last sequence still accepted, once revoked
    }

    /// @notice A device was registered.
    event Registered(
        bytes32 indexed deviceId,
        address indexed owner,
        bytes32 qx,
        bytes32 qy,
        uint8 kind,
        uint64 capacityW
    );

    /// @notice A device was seen in place, or is no longer vouched for.
    event VerifiedSet(bytes32 indexed deviceId, bool verified);

    /// @notice Readings after `atSequence` are no longer accepted from the device.
    event Revoked(bytes32 indexed deviceId, uint64 atSequence);

    /// @notice Thrown when a device would belong to nobody.
    error ZeroOwner();

    /// @notice Thrown when a key is no point of the curve P-256.
    error NotOnCurve(bytes32 qx, bytes32 qy);

    /// @notice Thrown when a key is registered already.
    error DeviceExists(bytes32 deviceId);

    /// @notice Thrown when a device was never registered.
    error UnknownDevice(bytes32 deviceId);

    /// @notice Thrown when a device was revoked before, at the sequence given.
    error AlreadyRevoked(bytes32 deviceId, uint64 revokedAt);

    /// @notice Registers the device that holds the P-256 key (`qx`, `qy`).
    /// @dev Called by the registering role.
    /// @param owner who may revoke it
    /// @param kind what it is, a code of the registering role
    /// @param capacityW nameplate power [W]
    /// @return deviceId keccak256(abi.encode(qx, qy))
    function register(bytes32 qx, bytes32 qy, address owner, uint8 kind, uint64 capacityW)
        external
        returns (bytes32 deviceId);

    /// @notice Says whether the device was seen in place.
    /// @dev Called by the verifying role.
    function setVerified(bytes32 deviceId, bool verified) external;

    /// @notice Ends the device's key: readings after `atSequence` are refused. Only once.
    /// @dev Called by the device's owner or the revoking role.
    function revoke(bytes32 deviceId, uint64 atSequence) external;

    /// @notice What is known of the device; all zero where it was never registered.
    function deviceOf(bytes32 deviceId) external view returns (Device memory);

    /// @notice Would a reading with this sequence, signed by the device, be accepted?
    function acceptsSequence(bytes32 deviceId, uint64 sequence) external view returns (bool);
}
