// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Venue
/// @notice See `IVenue`.
abstract contract Venue is IVenue, AccessManaged, ReentrancyGuardTransient {
    /// @notice Longest stop, and shortest time between two [s].
    uint256 public constant STOP_MOST = 72 hours;

    /// @notice Highest fee, and highest levy, where it is a share of the price [basis points].
    uint16 public constant SHARE_MOST_BPS = 300;

    uint256 internal constant BPS = 10_000;

    /// @notice The money traded in.
    ICurrency public immutable currency;

    /// @notice Who judges every leg of a trade.
    ICompliance public immutable compliance;

    /// @notice Where the marketplace fee goes.
    address public immutable feePot;

    /// @notice Where the stabilisation levy goes.
    address public immutable levyPot;

    /// @inheritdoc IVenue
    uint40 public stoppedUntil;

    constructor(ICurrency currency_, ICompliance compliance_, address feePot_, address levyPot_) {
        if (
            address(currency_) == address(0) || address(compliance_) == address(0)
                || feePot_ == address(0) || levyPot_ == address(0)
        ) revert ZeroContract();
        currency = currency_;
        compliance = compliance_;
        feePot = feePot_;
        levyPot = levyPot_;
    }

    /// @inheritdoc IVenue
    function stop(uint40 until) external restricted {
        uint256 most = block.timestamp + STOP_MOST;
        if (until <= block.timestamp || until > most) revert StopTooLong(until, most);
        if (stoppedUntil != 0 && block.timestamp < stoppedUntil + STOP_MOST) {
            revert StoppedLately(stoppedUntil);
        }

        stoppedUntil = until;
        emit Stopped(until);
    }

    function _checkTrading(uint40 deadline) internal view {
        _checkDeadline(deadline);
        if (block.timestamp < stoppedUntil) revert TradingStopped(stoppedUntil);
    }

    function _checkDeadline(uint40 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
    }

    /// A share of an amount, rounded up: against the trader.
    function _shareUp(uint256 amountUd, uint256 shareBps) internal pure returns (uint256) {
        return (amountUd * shareBps + BPS - 1) / BPS;
    }
}
