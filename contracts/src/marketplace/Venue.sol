// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../interfaces/ICurrency.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {ITradingHalt} from "../interfaces/ITradingHalt.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Venue
/// @notice See `IVenue`.
abstract contract Venue is IVenue, AccessManaged, ReentrancyGuardTransient {
    /// @notice Highest fee, and highest levy, where it is a share of the price [basis points].
    uint16 public constant SHARE_MOST_BPS = 300;

    uint256 internal constant BPS = 10_000;

    /// @notice The money traded in.
    ICurrency public immutable currency;

    /// @notice Who judges every leg of a trade.
    IRulebook public immutable compliance;

    /// @notice The one pause, asked before every trade.
    ITradingHalt public immutable tradingHalt;

    /// @notice Where the marketplace fee goes.
    address public immutable feePot;

    /// @notice Where the stabilisation levy goes.
    address public immutable levyPot;

    constructor(Terms memory terms) {
        if (
            address(terms.currency) == address(0) || address(terms.compliance) == address(0)
                || address(terms.tradingHalt) == address(0) || terms.feePot == address(0)
                || terms.levyPot == address(0)
        ) revert ZeroContract();
        currency = terms.currency;
        compliance = terms.compliance;
        tradingHalt = terms.tradingHalt;
        feePot = terms.feePot;
        levyPot = terms.levyPot;
    }

    function _checkHalt() internal view {
        uint64 until = tradingHalt.until();
        if (block.timestamp < until) revert TradingHalted(until);
    }

    function _checkDeadline(uint40 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
    }

    /// A share of an amount, rounded up: against the trader. Amounts have at most 240 bits.
    function _shareUp(uint256 amountUd, uint256 shareBps) internal pure returns (uint256) {
        unchecked {
            return (amountUd * shareBps + BPS - 1) / BPS;
        }
    }
}
