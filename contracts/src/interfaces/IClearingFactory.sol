// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "./IClearing.sol";

/// @title ClearingFactory: opens communities, each in an `IClearing` of its own
/// @notice A name belongs to the first who opened it, for ever. The factory has no power over what
/// it made.
///
/// A community is a venue from the moment it is opened: the rulebook lists it and the currency
/// knows it, so that no rule about transfers between members ever stands between a member and its
/// payout. Both or neither: where one refuses, nothing is opened.
/// @dev Assumes a rulebook that lets the factory add venues, and is the one the currency asks.
/// Whoever reads statements of a community should ask `clearingOf` for its contract: anybody
/// can put another `IClearing` on the chain under the same name.
interface IClearingFactory {
    /// @notice A community was opened.
    event Opened(
        bytes32 indexed community,
        IClearing clearing,
        string name,
        address operator,
        address guardian,
        address verifier,
        uint32 delay,
        uint32 exitWindow
    );

    /// @notice Thrown when the name is taken.
    error NameTaken(string name, IClearing clearing);

    /// @notice Opens a community and makes it a venue.
    /// @dev Called by the opening role.
    /// @param name a name nobody used here before
    /// @param operator who posts statements
    /// @param guardian who may veto them before they are live
    /// @param verifier the `IVerifier` that judges their proofs
    /// @param delay from posting to live [s]
    /// @param exitWindow within which an exit must be served [s], longer than `delay`
    function open(
        string calldata name,
        address operator,
        address guardian,
        address verifier,
        uint32 delay,
        uint32 exitWindow
    ) external returns (IClearing clearing);

    /// @notice The contract of the community of that name; zero where there is none.
    function clearingOf(string calldata name) external view returns (IClearing);
}
