// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDevices} from "../interfaces/IDevices.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title Devices
/// @notice See `IDevices`.
contract Devices is IDevices, AccessManaged {
    mapping(bytes32 deviceId => Device) private _devices;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IDevices
    function register(bytes32 qx, bytes32 qy, address owner, uint8 kind, uint64 capacityW)
        external
        restricted
        returns (bytes32 deviceId)
    {
        if (owner == address(0)) revert ZeroOwner();
        if (!P256.isValidPublicKey(qx, qy)) revert NotOnCurve(qx, qy);
        deviceId = keccak256(abi.encode(qx, qy));
        if (_devices[deviceId].owner != address(0)) revert DeviceExists(deviceId);

        _devices[deviceId] = Device({
            qx: qx,
            qy: qy,
            owner: owner,
            kind: kind,
            capacityW: capacityW,
            verified: false,
            revoked: false,
            revokedAt: 0
        });
        emit Registered(deviceId, owner, qx, qy, kind, capacityW);
    }

    /// @inheritdoc IDevices
    function setVerified(bytes32 deviceId, bool verified) external restricted {
        _existing(deviceId).verified = verified;
        emit VerifiedSet(deviceId, verified);
    }

    /// @inheritdoc IDevices
    function revoke(bytes32 deviceId, uint64 atSequence) external {
        Device storage device = _existing(deviceId);
        if (msg.sender != device.owner) _checkCanCall(msg.sender, msg.data);
        if (device.revoked) revert AlreadyRevoked(deviceId, device.revokedAt);

        device.revoked = true;
        device.revokedAt = atSequence;
        emit Revoked(deviceId, atSequence);
    }

    /// @inheritdoc IDevices
    function deviceOf(bytes32 deviceId) external view returns (Device memory) {
        return _devices[deviceId];
    }

    /// @inheritdoc IDevices
    function acceptsSequence(bytes32 deviceId, uint64 sequence) external view returns (bool) {
        Device storage device = _devices[deviceId];
        return device.owner != address(0) && (!device.revoked || sequence <= device.revokedAt);
    }

    function _existing(bytes32 deviceId) private view returns (Device storage device) {
        device = _devices[deviceId];
        if (device.owner == address(0)) revert UnknownDevice(deviceId);
    }
}
