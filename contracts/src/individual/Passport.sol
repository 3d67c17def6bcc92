// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../interfaces/IPassport.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Passport
/// @notice See `IPassport`.
contract Passport is IPassport, AccessManaged {
    struct Entry {
        uint8 permissions; //  bits                      [INVEST | TRADE_ENERGY | CARBON]
        uint40 expiry; //      first second not covered  [UTC unix s]
        uint16 country; //     ISO 3166-1 numeric
        bool frozen; //        on hold
    }

    /// @inheritdoc IPassport
    uint8 public constant INVEST = 1;
    /// @inheritdoc IPassport
    uint8 public constant TRADE_ENERGY = 2;
    /// @inheritdoc IPassport
    uint8 public constant CARBON = 4;

    mapping(address account => Entry) private _entries;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IPassport
    function issue(address account, uint8 permissions, uint40 expiry, uint16 country)
        external
        restricted
    {
        if (account == address(0)) revert ZeroAccount();
        if (permissions == 0 || permissions > (INVEST | TRADE_ENERGY | CARBON)) {
            revert UnknownPermissions(permissions);
        }
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry, block.timestamp);

        _entries[account] = Entry(permissions, expiry, country, _entries[account].frozen);
        emit Issued(account, permissions, expiry, country);
    }

    /// @inheritdoc IPassport
    function revoke(address account, uint8 permissions) external restricted {
        Entry storage entry = _existing(account);

        entry.permissions &= ~permissions;
        emit Revoked(account, entry.permissions);
    }

    /// @inheritdoc IPassport
    function setFrozen(address account, bool frozen) external restricted {
        _existing(account).frozen = frozen;
        emit FrozenSet(account, frozen);
    }

    /// @inheritdoc IPassport
    function passportOf(address account)
        external
        view
        returns (uint8 permissions, uint40 expiry, uint16 country, bool frozen)
    {
        Entry memory entry = _entries[account];
        return (entry.permissions, entry.expiry, entry.country, entry.frozen);
    }

    /// @inheritdoc IPassport
    function isAllowed(address account, uint8 permissions) external view returns (bool) {
        Entry memory entry = _entries[account];
        return entry.permissions & permissions == permissions && block.timestamp < entry.expiry
            && !entry.frozen;
    }

    function _existing(address account) private view returns (Entry storage entry) {
        entry = _entries[account];
        if (entry.expiry == 0) revert NoPassport(account);
    }
}
