// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "./ICompliance.sol";

/// @title IRuledToken: a token whose every transfer between members the rules allow
/// @notice A transfer between two members is asked about before it takes place. Where the
/// passport knows that no rule of either country speaks to it (its `isPlain`), that answer will do;
/// else the rulebook judges it, counts it, and refuses it by the rule's own error.
///
/// So it is with tokens that are made against something other than money: credits for metered
/// energy, basket shares for certificates.
///
/// A transfer to or from a venue is not asked about: a venue is a contract of the platform, judges
/// whom it serves itself, and reports what it trades. So no rule can keep money or shares within a
/// venue, and nothing is counted twice.
/// @dev Assumes that the rulebook and the passport call nobody but each other and the token's
/// views.
interface IRuledToken {
    /// @notice The token knows this venue of the rulebook, and asks no longer about its transfers.
    event VenueAcknowledged(address indexed venue);

    /// @notice Thrown when the rulebook knows no such venue.
    error NotVenue(address account);

    /// @notice The rule packs a transfer between members must pass.
    function compliance() external view returns (ICompliance);

    /// @notice Notes that `venue` is one, as the rulebook says. It changes no judgement, since the
    /// rulebook lets a venue's transfers pass when asked; it makes them cheaper.
    /// @dev Called by anyone. A venue of the rulebook is one for ever.
    function acknowledge(address venue) external;
}
