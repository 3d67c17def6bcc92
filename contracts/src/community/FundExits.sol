// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFund} from "../interfaces/IFund.sol";
import {Slice, Slices} from "../libraries/Slices.sol";
import {FundShares} from "./FundShares.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title FundExits: the queue of those who leave a fund whose money is invested
/// @notice See `IFund`.
/// @dev The fund itself holds the queued shares, which `_supply.queued` counts; it has no passport, so
/// nobody can send it others. They earn nothing: whatever is queued, taken back or burned, the pool
/// is accrued before. Who waits stays a holder, so that nobody takes its place before it may come
/// back.
abstract contract FundExits is FundShares {
    using SafeCast for uint256;
    using Slices for Slice;

    struct Ticket {
        address holder;
        uint96 shares; //     left
    }

    uint96 private _first; // ticket to serve next
    uint96 private _next; //  ticket to give next
    /// @inheritdoc IFund
    uint64 public committedUd;
    mapping(uint256 ticket => Ticket) private _tickets;

    /// @inheritdoc IFund
    function requestExit(uint256 shares) external returns (uint256 ticket) {
        if (shares == 0) revert ZeroAmount();
        if (!passport.isAllowed(msg.sender, _INVEST)) revert PassportInvalid(msg.sender, _INVEST);

        _pool = _accrued();
        ++_holders[msg.sender].waiting; // before, so that it stays a holder
        _take(msg.sender, shares);
        _supply.queued += shares.toUint88();
        ticket = _next++;
        _tickets[ticket] = Ticket(msg.sender, shares.toUint96());
        emit Transfer(msg.sender, address(this), shares);
        emit ExitRequested(ticket, msg.sender, shares);
    }

    /// @inheritdoc IFund
    function cancelExit(uint256 ticket) external {
        Ticket memory t = _tickets[ticket];
        if (t.holder != msg.sender || t.shares == 0) revert NoTicket(ticket, msg.sender);

        delete _tickets[ticket];
        _pool = _accrued();
        _supply.queued -= uint88(t.shares);
        _give(msg.sender, t.shares);
        --_holders[msg.sender].waiting; // after, so that it is not counted again
        emit Transfer(address(this), msg.sender, t.shares);
        emit ExitCancelled(ticket, msg.sender, t.shares);
    }

    /// @inheritdoc IFund
    function serveExits(uint256 most) external {
        uint96 first = _first;
        for (; most != 0 && first != _next; --most) {
            Ticket memory t = _tickets[first];
            uint256 freeUd = _freeUd();
            uint256 shares = previewRedeem(t.shares) <= freeUd ? t.shares : convertToShares(freeUd);
            if (shares == 0 && t.shares != 0) break;

            if (shares != 0) _serve(first, t.holder, shares);
            if (shares != t.shares) {
                _tickets[first].shares = t.shares - uint96(shares);
                break;
            }
            if (t.shares != 0) _leave(t.holder);
            delete _tickets[first++];
        }
        _first = first;
    }

    /// @inheritdoc IFund
    function withdrawExit() external returns (uint64 amountUd) {
        if (!passport.isAllowed(msg.sender, 0)) revert PassportInvalid(msg.sender, 0);
        amountUd = _holders[msg.sender].released;
        if (amountUd == 0) revert NothingDue(msg.sender);

        _holders[msg.sender].released = 0;
        _purse.released -= amountUd;
        emit ExitWithdrawn(msg.sender, amountUd);
        _transferOut(msg.sender, amountUd);
    }

    /// @inheritdoc IFund
    function releasedOf(address holder) external view returns (uint64) {
        return _holders[holder].released;
    }

    /// @inheritdoc IFund
    function ticketOf(uint256 ticket) external view returns (address holder, uint256 shares) {
        return (_tickets[ticket].holder, _tickets[ticket].shares);
    }

    /// @inheritdoc IFund
    function queue() external view returns (uint256 shares, uint256 first, uint256 next) {
        return (_supply.queued, _first, _next);
    }

    /// Cash that is not set aside.
    function _freeUd() internal view returns (uint64) {
        uint64 cash = _pool.cash;
        return cash > committedUd ? cash - committedUd : 0;
    }

    /// A ticket is served whole: its holder is one no longer, unless it has other shares.
    function _leave(address holder) private {
        Holder storage h = _holders[holder];
        if (--h.waiting == 0 && h.slice.shares() == 0) --_supply.holders;
    }

    /// Burns queued shares at today's price, rounded down; they did not earn, so no points change.
    function _serve(uint256 ticket, address holder, uint256 shares) private {
        uint64 amountUd = previewRedeem(shares).toUint64();
        Supply memory supply = _supply;
        supply.queued -= uint88(shares);
        supply.shares -= uint88(shares);
        _supply = supply;
        _pool.cash -= amountUd;
        _holders[holder].released += amountUd;
        _purse.released += amountUd;
        emit Transfer(address(this), address(0), shares);
        emit ExitServed(ticket, holder, shares, amountUd);
    }
}
