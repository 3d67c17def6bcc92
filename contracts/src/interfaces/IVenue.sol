// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "./ICurrency.sol";
import {IRulebook} from "./IRulebook.sol";
import {ITradingHalt} from "./ITradingHalt.sol";

/// @title Venue: what every place of trade has in common
/// @notice Trades pay a marketplace fee and a stabilisation levy, in settlement money [ud], to two
/// pots that are fixed for ever. Nothing is traded while the bank's `ITradingHalt` is up, which is
/// the only pause there is and falls by itself; whatever lets members take out what is theirs
/// never stops.
/// @dev Assumes that the currency moves exactly the amounts asked for and calls nobody, and that
/// the rulebook judges both sides of what it is told.
interface IVenue {
    /// @notice What a venue is made with. All of it is for ever.
    struct Terms {
        ICurrency currency; //       the money traded in
        IRulebook compliance; //     judges every leg of a trade
        ITradingHalt tradingHalt; // the one pause
        address feePot; //           where the marketplace fee goes
        address levyPot; //          where the stabilisation levy goes
    }

    /// @notice Thrown when a pot, the currency, the rulebook or the halt would be nobody.
    error ZeroContract();

    /// @notice Thrown when nothing would be traded.
    error ZeroAmount();

    /// @notice Thrown when the caller's or order's time is over.
    error DeadlinePassed(uint40 deadline, uint256 now_);

    /// @notice Thrown while trading is halted.
    error TradingHalted(uint64 until);

    /// @notice Thrown when a share of the price exceeds its bound, both in basis points.
    error ShareTooHigh(uint16 shareBps, uint16 mostBps);
}
