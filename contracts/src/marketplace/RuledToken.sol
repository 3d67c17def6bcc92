// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {IRuledToken} from "../interfaces/IRuledToken.sol";
import {CountedToken} from "./CountedToken.sol";

/// @title RuledToken
/// @notice See `IRuledToken`.
abstract contract RuledToken is IRuledToken, CountedToken {
    /// @inheritdoc IRuledToken
    ICompliance public immutable compliance;

    /// @notice Who may hold it.
    IPassport public immutable passport;

    uint8 private immutable _KIND;
    uint8 internal immutable _PERMISSIONS;

    /// @param permissions passport bits its holders need; zero: any passport
    constructor(
        ICompliance compliance_,
        IPassport passport_,
        IRulebook.Kind kind,
        uint8 permissions
    ) {
        compliance = compliance_;
        passport = passport_;
        _KIND = uint8(kind);
        _PERMISSIONS = permissions;
    }

    /// @inheritdoc IRuledToken
    function acknowledge(address venue) external {
        if (!compliance.isVenue(venue)) revert NotVenue(venue);
        Holding storage holding = _holdings[venue];
        uint256 word = holding.word;
        if (word & _VENUE != 0) return;

        holding.word = word | _VENUE;
        if (_counts() && word != 0) --_supply.holders;
        emit VenueAcknowledged(venue);
    }

    /// Asks before a tracked token is made, as before it moves to `to`.
    function _askToMake(address to, uint256 value) internal {
        if (!passport.isPlain(to, to, _PERMISSIONS, _KIND, value)) {
            compliance.recordTransfer(address(this), address(0), to, value);
        }
    }

    /// Whoever makes tokens asks for itself.
    function _ask(address from, address to, uint256 value) internal virtual override {
        if (from == address(0)) return;
        if (!passport.isPlain(from, to, _PERMISSIONS, _KIND, value)) {
            compliance.recordTransfer(address(this), from, to, value);
        }
    }
}
