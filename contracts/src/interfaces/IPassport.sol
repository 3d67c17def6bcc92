// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Passport: what an account may do
/// @notice One slot an account: permissions, expiry, country and a hold. Other contracts ask
/// `isAllowed` before they serve an account; no personal data is kept.
/// @dev Assumes that whoever holds the issuing role has checked the person behind the account.
///
/// Warning: a hold or an expired passport stops payments to the account. The money stays the
/// account's own and is payable again once the passport is valid; nobody else can take it.
interface IPassport {
    /// @notice A passport was given, or replaced by a new one.
    /// @param expiry UTC unix seconds from which it is no longer valid
    event Issued(address indexed account, uint8 permissions, uint40 expiry, uint16 country);

    /// @notice Permissions were taken away.
    /// @param permissions what remains
    event Revoked(address indexed account, uint8 permissions);

    /// @notice The account was put on hold, or the hold was lifted.
    event FrozenSet(address indexed account, bool frozen);

    /// @notice Thrown when a passport would belong to nobody.
    error ZeroAccount();

    /// @notice Thrown when a permission is not one of those known, or none is given.
    error UnknownPermissions(uint8 permissions);

    /// @notice Thrown when a passport would be expired as it is issued.
    error ExpiryPassed(uint40 expiry, uint256 now_);

    /// @notice Thrown when an account without a passport is to be changed.
    error NoPassport(address account);

    /// @notice Bit of the permission to hold project shares.
    function INVEST() external view returns (uint8);

    /// @notice Bit of the permission to take part in an energy market.
    function TRADE_ENERGY() external view returns (uint8);

    /// @notice Bit of the permission to hold and retire certificates.
    function CARBON() external view returns (uint8);

    /// @notice Gives `account` a passport, or replaces its permissions, expiry and country. A hold
    /// stays as it was.
    /// @dev Called by the issuing role.
    /// @param permissions sum of permission bits, not zero
    /// @param expiry UTC unix seconds from which the passport is no longer valid
    /// @param country ISO 3166-1 numeric code
    function issue(address account, uint8 permissions, uint40 expiry, uint16 country) external;

    /// @notice Takes `permissions` away from `account`, at once. Those it never had are ignored.
    /// @dev Called by the issuing role.
    function revoke(address account, uint8 permissions) external;

    /// @notice Puts `account` on hold, or lifts the hold.
    /// @dev Called by the holding role.
    function setFrozen(address account, bool frozen) external;

    /// @notice What is written in the passport of `account`; all zero where there is none.
    function passportOf(address account)
        external
        view
        returns (uint8 permissions, uint40 expiry, uint16 country, bool frozen);

    /// @notice Does `account` hold all bits of `permissions`, unexpired and not on hold?
    function isAllowed(address account, uint8 permissions) external view returns (bool);
}
