// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICountedToken} from "../interfaces/ICountedToken.sol";
import {IFund} from "../interfaces/IFund.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {Slice, Slices} from "../libraries/Slices.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title FundShares: who holds how many shares of a fund, and for how long
/// @notice See `IFund`.
/// @dev The books of a fund, and all that moves shares in them. What every deposit writes shares
/// one slot, as does what a transfer needs to know of a holder: its shares, and the share-seconds
/// they earned. While the period of both sides cannot have ended, a transfer looks at nothing else.
abstract contract FundShares is IFund, ICountedToken, ERC4626 {
    using SafeCast for uint256;
    using Slices for Slice;

    struct Pool {
        uint112 points; //    share-seconds of the running period, as of `updatedAt`
        uint40 updatedAt; //                                               [UTC unix s]
        uint64 cash; //       to invest or to redeem                       [ud]
        uint24 period; //     running
    }

    struct Book {
        uint64 invested; //   at cost                                      [ud]
        uint64 cap; //        most assets                                  [ud]
        uint40 startedAt; //  of the running period                        [UTC unix s]
    }

    struct Supply {
        uint88 shares; //     of all holders, those queued included
        uint88 queued; //     of those that wait to leave, and earn nothing
        uint32 holders; //    of some; who waits to leave is one, the fund none
    }

    struct Holder {
        Slice slice; //       shares and share-seconds
        // slot
        uint64 owed; //       of closed periods                            [ud]
        uint64 lent; //       by the float, to round up                    [ud]
        uint64 released; //   of served exits                              [ud]
        uint64 waiting; //    tickets in the queue
    }

    struct Purse {
        uint64 income; //     of the running period                        [ud]
        uint64 dividends; //  shared, not yet paid                         [ud]
        uint64 float; //      lends what is rounded up                     [ud]
        uint64 released; //   of served exits                              [ud]
    }

    uint256 internal constant _Q128 = 2 ** 128;

    /// @notice Who may hold shares.
    IPassport public immutable passport;

    /// @notice Which transfers are allowed.
    ICompliance public immutable compliance;

    /// @notice Shortest period [s].
    uint32 public immutable periodS;

    uint8 internal immutable _INVEST;

    Pool internal _pool;
    Book internal _book;
    Supply internal _supply;
    Purse internal _purse;
    mapping(address holder => Holder) internal _holders;
    mapping(uint32 period => Period) internal _periods;

    constructor(Terms memory terms)
        ERC20(terms.name, terms.symbol)
        ERC4626(IERC20(terms.currency))
    {
        if (
            terms.currency == address(0) || terms.passport == address(0)
                || terms.compliance == address(0)
        ) revert ZeroAddress();

        passport = IPassport(terms.passport);
        compliance = ICompliance(terms.compliance);
        periodS = terms.periodS;
        _INVEST = IPassport(terms.passport).INVEST();
        _pool.period = 1;
        _pool.updatedAt = uint40(block.timestamp);
        _book.startedAt = uint40(block.timestamp);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IFund
    function checkTransfer(address from, address to, uint256 amount) public view {
        _checkPassports(from, to);
        compliance.checkTransfer(address(this), from, to, amount);
    }

    /// @inheritdoc IFund
    function canTransfer(address from, address to, uint256 amount) external view returns (bool) {
        if (from != address(0) && balanceOf(from) < amount) return false;
        try this.checkTransfer(from, to, amount) {
            return true;
        } catch {
            return false;
        }
    }

    /// @notice Shares of `holder`; the fund itself holds the queued ones.
    function balanceOf(address holder) public view override(ERC20, IERC20) returns (uint256) {
        uint256 shares = _holders[holder].slice.shares();
        return holder == address(this) ? shares + _supply.queued : shares;
    }

    /// @notice Shares of all holders, those queued included.
    function totalSupply() public view override(ERC20, IERC20) returns (uint256) {
        return _supply.shares;
    }

    /// @inheritdoc ICountedToken
    function heldOf(address account) external view returns (uint256) {
        return balanceOf(account);
    }

    /// @inheritdoc ICountedToken
    function holders() external view returns (uint256) {
        return _supply.holders;
    }

    /// @inheritdoc IFund
    function running()
        external
        view
        returns (uint32 period, uint40 startedAt, uint256 shareSeconds)
    {
        Pool memory pool = _accrued();
        return (pool.period, _book.startedAt, pool.points);
    }

    /// @inheritdoc IFund
    function periodOf(uint32 period) external view returns (Period memory) {
        return _periods[period];
    }

    // --- rules ----------------------------------------------------------------------------------

    /// Are both passports good, and does no rule speak to it? Then nobody else has to be asked.
    function _isPlain(address from, address to, uint256 shares) internal view returns (bool) {
        return passport.isPlain(from, to, _INVEST, uint8(IRulebook.Kind.SHARE), shares);
    }

    /// Asks passports and rulebook, each of which may refuse.
    function _askRules(address from, address to, uint256 shares) internal {
        _checkPassports(from, to);
        compliance.recordTransfer(address(this), from, to, shares);
    }

    function _checkPassports(address from, address to) private view {
        if (from != address(0) && !passport.isAllowed(from, _INVEST)) {
            revert PassportInvalid(from, _INVEST);
        }
        if (!passport.isAllowed(to, _INVEST)) revert PassportInvalid(to, _INVEST);
    }

    // --- shares ---------------------------------------------------------------------------------

    /// @notice Sends shares of the caller.
    /// @dev As OpenZeppelin's, in fewer steps: nobody calls from the zero address.
    function transfer(address to, uint256 value) public override(ERC20, IERC20) returns (bool) {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        _update(msg.sender, to, value);
        return true;
    }

    /// Moves shares, or burns them (`to` zero); `_make` makes them.
    function _update(address from, address to, uint256 shares) internal override {
        Holder storage sender = _holders[from];
        Slice left = sender.slice;
        _checkHas(from, left, shares);
        if (to == address(0)) {
            _pool = _accrued();
            _take(from, shares);
            _supply.shares -= uint88(shares);
        } else {
            if (!_isPlain(from, to, shares)) {
                _askRules(from, to, shares);
                left = sender.slice; // should an answer have moved some
                _checkHas(from, left, shares);
            }
            if (from != to) _move(sender, left, _holders[to], shares);
        }
        emit Transfer(from, to, shares);
    }

    /// Moves shares that the sender has.
    function _move(Holder storage sender, Slice left, Holder storage receiver, uint256 shares)
        private
    {
        Slice held = receiver.slice;
        if (!left.surelyRun(held, periodS)) {
            uint24 period = _pool.period;
            left = _sync(sender, period);
            held = _sync(receiver, period);
        }
        uint256 portion = left.portion(shares);
        sender.slice = left.less(portion);
        receiver.slice = held.more(portion);
        if (shares == 0) return;
        bool joins = held.shares() == 0 && receiver.waiting == 0;
        if (joins == (left.shares() == shares && sender.waiting == 0)) return;
        if (joins) ++_supply.holders;
        else --_supply.holders;
    }

    /// Makes shares that nobody questions any longer.
    /// @param points share-seconds they come with
    function _make(address to, uint256 assets, uint256 shares, uint256 points) internal {
        Supply memory supply = _supply;
        Pool memory pool = _grown(supply.shares, supply.queued);
        Holder storage holder = _holders[to];
        Slice slice = _sync(holder, pool.period);
        supply.shares = (supply.shares + shares).toUint88();
        if (slice.shares() == 0 && shares != 0 && holder.waiting == 0) ++supply.holders;
        _supply = supply;
        holder.slice = slice.more(slice.portion(shares)).withPoints(points);
        pool.points = (pool.points + points).toUint112();
        pool.cash = (pool.cash + assets).toUint64();
        _pool = pool;
        emit Transfer(address(0), to, shares);
    }

    /// Takes shares off a holder; the caller says where they went. Call it with the pool accrued.
    function _take(address from, uint256 shares) internal {
        Holder storage holder = _holders[from];
        Slice slice = _sync(holder, _pool.period);
        _checkHas(from, slice, shares);
        holder.slice = slice.less(slice.portion(shares));
        if (shares != 0 && slice.shares() == shares && holder.waiting == 0) --_supply.holders;
    }

    /// Gives a holder shares that were there before. Call it with the pool accrued.
    function _give(address to, uint256 shares) internal {
        Holder storage holder = _holders[to];
        Slice slice = _sync(holder, _pool.period);
        holder.slice = slice.more(slice.portion(shares));
        if (shares != 0 && slice.shares() == 0 && holder.waiting == 0) ++_supply.holders;
    }

    function _checkHas(address from, Slice slice, uint256 shares) private pure {
        uint256 held = slice.shares();
        if (held < shares) revert ERC20InsufficientBalance(from, held, shares);
    }

    // --- share-seconds --------------------------------------------------------------------------

    /// The pool as of now. Write it before the supply or the queue changes.
    function _accrued() internal view returns (Pool memory) {
        return _grown(_supply.shares, _supply.queued);
    }

    function _grown(uint256 shares, uint256 queued) private view returns (Pool memory pool) {
        pool = _pool;
        uint256 points;
        unchecked {
            // 88 bits of shares, and 40 of seconds
            points = pool.points + (shares - queued) * (block.timestamp - pool.updatedAt);
        }
        pool.points = points.toUint112();
        pool.updatedAt = uint40(block.timestamp);
    }

    /// The holder's slice in the running period, and what it earned in periods closed meanwhile.
    /// Write both before its shares change.
    function _synced(Holder storage holder, uint24 period)
        internal
        view
        returns (Slice slice, uint64 earnedUd)
    {
        slice = holder.slice;
        if (slice.period() == period) return (slice, 0);
        if (!slice.isEmpty()) earnedUd = _earned(slice, period).toUint64();
        slice = Slices.started(slice.shares(), period, _book.startedAt);
    }

    /// Income of all closed periods since the holder was last looked at; each of the two parts is
    /// rounded down.
    function _earned(Slice slice, uint24 period) private view returns (uint256) {
        Period memory then = _periods[uint32(slice.period())];
        uint256 growth = _periods[period - 1].growth - then.growth;
        return Math.mulDiv(slice.pointsAt(then.endedAt), then.rate, _Q128)
            + Math.mulDiv(slice.shares(), growth, _Q128);
    }

    /// Writes what the holder earned; the caller writes the slice.
    function _sync(Holder storage holder, uint24 period) internal returns (Slice slice) {
        uint64 earnedUd;
        (slice, earnedUd) = _synced(holder, period);
        if (earnedUd != 0) holder.owed += earnedUd;
    }
}
