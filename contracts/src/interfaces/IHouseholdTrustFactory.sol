// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHouseholdTrust} from "./IHouseholdTrust.sol";

/// @title HouseholdTrustFactory: makes trusts, and knows whose energy a device counts to
/// @notice A trust's address is known before it is made. A device's energy counts to its owner until
/// the owner moves it into a trust, and from then on to the trust, until the trust moves it out: at
/// any second to exactly one of them.
/// @dev Assumes `IDevices` for who owns a device.
///
/// Warning: a move cannot be dated back, nor before the last one, so that no settled interval
/// changes.
interface IHouseholdTrustFactory {
    /// @notice What a trust is made of.
    struct Terms {
        address[] trustees;
        uint8 threshold; // trustees who must act together
        IHouseholdTrust.Rule rule;
        uint64 limitUd; //  one trustee may buy for, in a day   [ud]
        uint32 delayS; //   a trustee said to be lost may object [s]
    }

    /// @notice A trust was made.
    event Created(address indexed trust, address indexed creator);

    /// @notice From `since` on, a device's energy counts to `holder`; zero: to its owner.
    event DeviceMoved(
        bytes32 indexed deviceId, address indexed from, address indexed holder, uint48 since
    );

    /// @notice Thrown when a trust is made by whoever is not one of its trustees.
    error NotTrustee(address caller);

    /// @notice Thrown when a trust's objection delay is too short to notice it.
    error DelayTooShort(uint32 delayS);

    /// @notice Thrown when a trust was not made here.
    error UnknownTrust(address trust);

    /// @notice Thrown when another than the owner moves a device in, or than the trust moves it out.
    error NotHolder(bytes32 deviceId, address caller);

    /// @notice Thrown when a device's owner is neither trustee nor beneficiary of the trust.
    error NotOfTrust(address owner, address trust);

    /// @notice Thrown when a device is in a trust already.
    error InTrust(bytes32 deviceId, address trust);

    /// @notice Thrown when a move is dated back, or not after the last one.
    error TimeNotLater(uint256 notBefore, uint48 since);

    /// @notice Makes a trust. Every trustee needs a valid passport.
    /// @dev Called by one of the trustees.
    function create(Terms calldata terms, bytes32 salt) external returns (address trust);

    /// @notice Moves the caller's device into a trust, as of `since` [UTC unix s].
    /// @dev Called by the device's owner, who is a trustee or beneficiary of the trust.
    function moveIn(bytes32 deviceId, address trust, uint48 since) external;

    /// @notice Moves a device of the calling trust back to its owner, as of `since` [UTC unix s].
    /// @dev Called by the trust: m trustees.
    function moveOut(bytes32 deviceId, uint48 since) external;

    /// @notice Where `create` with the same terms, salt and creator makes the trust.
    function addressOf(Terms calldata terms, bytes32 salt, address creator)
        external
        view
        returns (address);

    /// @notice Was the trust made here?
    function isTrust(address trust) external view returns (bool);

    /// @notice Whom the device's energy counts to at `time`; zero where it was never registered.
    function holderAt(bytes32 deviceId, uint48 time) external view returns (address);
}
