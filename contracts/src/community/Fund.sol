// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICountedToken} from "../interfaces/ICountedToken.sol";
import {IFund} from "../interfaces/IFund.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {Slice, Slices} from "../libraries/Slices.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Fund
/// @notice See `IFund`.
/// @dev What every deposit writes shares one slot, as does what a transfer needs to know of a
/// holder: its shares, and the share-seconds they earned. The fund itself holds the queued shares,
/// which earn nothing; it has no passport, so nobody can send it others.
contract Fund is IFund, ICountedToken, ERC4626 {
    using SafeERC20 for IERC20;
    using Math for uint256;
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
        uint88 queued; //     shares that wait to leave
        uint40 startedAt; //  of the running period                        [UTC unix s]
    }

    struct Supply {
        uint88 shares; //     of all holders, those queued included
        uint32 holders;
    }

    struct Holder {
        Slice slice; //       shares and share-seconds
        // slot
        uint64 owed; //       of closed periods                            [ud]
        uint64 lent; //       by the float, to round up                    [ud]
        uint64 released; //   of served exits                              [ud]
    }

    struct Purse {
        uint64 income; //     of the running period                        [ud]
        uint64 dividends; //  shared, not yet paid                         [ud]
        uint64 float; //      lends what is rounded up                     [ud]
        uint64 released; //   of served exits                              [ud]
    }

    struct Ticket {
        address holder;
        uint96 shares; //     left
    }

    uint64 private constant CENT = 10_000; //      [ud]
    uint256 private constant VIRTUAL_SHARES = 1_000_000; // against the first depositor's tricks
    uint256 private constant WHOLE_PPM = 1_000_000;
    uint256 private constant Q128 = 2 ** 128;

    /// @notice Who may hold shares.
    IPassport public immutable passport;

    /// @notice Which transfers are allowed.
    ICompliance public immutable compliance;

    /// @inheritdoc IFund
    address public immutable manager;

    /// @inheritdoc IFund
    address public immutable treasury;

    /// @notice Part of income that goes to the treasury [10⁻⁶].
    uint32 public immutable reservePpm;

    /// @notice Shortest period [s].
    uint32 public immutable periodS;

    uint8 private immutable _INVEST;

    Pool private _pool;
    Book private _book;
    Supply private _supply;
    Purse private _purse;
    uint96 private _first; // ticket to serve next
    uint96 private _next; //  ticket to give next
    /// @inheritdoc IFund
    uint64 public committedUd;
    mapping(address holder => Holder) private _holders;
    mapping(uint32 period => Period) private _periods;
    mapping(uint256 ticket => Ticket) private _tickets;

    constructor(Terms memory terms)
        ERC20(terms.name, terms.symbol)
        ERC4626(IERC20(terms.currency))
    {
        if (
            terms.currency == address(0) || terms.passport == address(0)
                || terms.compliance == address(0) || terms.manager == address(0)
                || terms.treasury == address(0)
        ) revert ZeroAddress();
        if (terms.reservePpm > WHOLE_PPM) revert ReserveTooLarge(terms.reservePpm);

        passport = IPassport(terms.passport);
        compliance = ICompliance(terms.compliance);
        manager = terms.manager;
        treasury = terms.treasury;
        reservePpm = terms.reservePpm;
        periodS = terms.periodS;
        _INVEST = IPassport(terms.passport).INVEST();
        _pool.period = 1;
        _pool.updatedAt = uint40(block.timestamp);
        _book.startedAt = uint40(block.timestamp);
        _book.cap = terms.capUd;
        emit CapSet(terms.capUd);
    }

    modifier onlyManager() {
        if (msg.sender != manager) revert NotManager(msg.sender);
        _;
    }

    // --- income ---------------------------------------------------------------------------------

    /// @inheritdoc IFund
    function receiveIncome(uint64 amountUd) external {
        if (amountUd == 0) revert ZeroAmount();

        _purse.income += amountUd;
        emit IncomeReceived(msg.sender, _pool.period, amountUd);
        _transferIn(msg.sender, amountUd);
    }

    /// @inheritdoc IFund
    function closePeriod() external {
        Book memory book = _book;
        Pool memory pool = _accrued(book.queued);
        uint256 endsAt = uint256(book.startedAt) + periodS;
        if (block.timestamp < endsAt || block.timestamp == book.startedAt) {
            revert PeriodRuns(pool.period, endsAt);
        }
        uint64 incomeUd = pool.points == 0 ? 0 : _purse.income;
        uint64 reserveUd = uint64(uint256(incomeUd) * reservePpm / WHOLE_PPM);
        uint64 sharedUd = incomeUd - reserveUd;
        // Up, so that whole numbers come out whole: by 2⁻¹⁶ ud a period for all holders together,
        // who round down to the ud each, so that their sum stays within what is shared.
        uint256 rate =
            pool.points == 0 ? 0 : Math.mulDiv(sharedUd, Q128, pool.points, Math.Rounding.Ceil);

        uint24 closed = pool.period;
        _periods[closed] = Period({
            endedAt: uint40(block.timestamp),
            rate: rate,
            growth: _periods[closed - 1].growth + rate * (block.timestamp - book.startedAt)
        });
        _purse.income -= incomeUd;
        _purse.dividends += sharedUd;
        emit PeriodClosed(closed, incomeUd, reserveUd, sharedUd, pool.points);
        pool.points = 0;
        pool.period = closed + 1;
        _pool = pool;
        _book.startedAt = uint40(block.timestamp);
        if (reserveUd != 0) _transferOut(treasury, reserveUd);
    }

    /// @inheritdoc IFund
    function claim(address holder) external returns (uint64 amountUd) {
        if (!passport.isAllowed(holder, 0)) revert PassportInvalid(holder, 0);
        Holder storage h = _holders[holder];
        h.slice = _sync(holder, _pool.period);
        Purse memory purse = _purse;
        (uint64 owedUd, uint64 lentUd) = (h.owed, h.lent);

        uint64 repaidUd = owedUd < lentUd ? owedUd : lentUd;
        owedUd -= repaidUd;
        lentUd -= repaidUd;
        purse.float += repaidUd;
        uint64 restUd = owedUd % CENT;
        uint64 missingUd = CENT - restUd;
        if (restUd >= CENT / 2 && missingUd <= purse.float) {
            purse.float -= missingUd;
            lentUd += missingUd;
            amountUd = owedUd + missingUd;
            purse.dividends -= repaidUd + owedUd;
            owedUd = 0;
        } else {
            amountUd = owedUd - restUd;
            purse.dividends -= repaidUd + amountUd;
            owedUd = restUd;
        }
        if (amountUd == 0) revert NothingDue(holder);

        (h.owed, h.lent) = (owedUd, lentUd);
        _purse = purse;
        emit Claimed(holder, amountUd, owedUd, lentUd);
        _transferOut(holder, amountUd);
    }

    /// @inheritdoc IFund
    function endow(uint64 amountUd) external {
        if (amountUd == 0) revert ZeroAmount();

        _purse.float += amountUd;
        emit Endowed(msg.sender, amountUd);
        _transferIn(msg.sender, amountUd);
    }

    // --- manage ---------------------------------------------------------------------------------

    /// @inheritdoc IFund
    function subscribe(address receiver, uint64 amountUd, uint256 waitedUdS)
        external
        onlyManager
        returns (uint256 shares)
    {
        if (amountUd == 0) revert ZeroAmount();
        uint256 mostUdS = uint256(amountUd) * (block.timestamp - _book.startedAt);
        if (waitedUdS > mostUdS) revert WaitedTooLong(waitedUdS, mostUdS);
        shares = previewDeposit(amountUd);

        if (passport.isAllowed(receiver, _INVEST)) _ask(address(0), receiver, shares);
        _make(receiver, amountUd, shares, Math.mulDiv(shares, waitedUdS, amountUd));
        emit Deposit(msg.sender, receiver, amountUd, shares);
        _transferIn(msg.sender, amountUd);
    }

    /// @inheritdoc IFund
    function invest(address to, uint64 amountUd) external onlyManager {
        uint64 cash = _pool.cash;
        if (amountUd > cash) revert CashExceeded(cash, amountUd);

        uint64 committed = committedUd;
        if (committed != 0) committedUd = committed > amountUd ? committed - amountUd : 0;
        _pool.cash = cash - amountUd;
        _book.invested += amountUd;
        emit Invested(to, amountUd, _book.invested);
        _transferOut(to, amountUd);
    }

    /// @inheritdoc IFund
    function setCommitted(uint64 committedUd_) external onlyManager {
        committedUd = committedUd_;
        emit CommittedSet(committedUd_);
    }

    /// @inheritdoc IFund
    function giveBack(uint64 amountUd) external {
        _lessInvested(amountUd);
        _pool.cash += amountUd;
        emit GivenBack(msg.sender, amountUd, _book.invested);
        _transferIn(msg.sender, amountUd);
    }

    /// @inheritdoc IFund
    function writeOff(uint64 amountUd) external onlyManager {
        _lessInvested(amountUd);
        emit WrittenOff(amountUd, _book.invested);
    }

    /// @inheritdoc IFund
    function setCap(uint64 capUd_) external onlyManager {
        _book.cap = capUd_;
        emit CapSet(capUd_);
    }

    // --- exit -----------------------------------------------------------------------------------

    /// @inheritdoc IFund
    function requestExit(uint256 shares) external returns (uint256 ticket) {
        if (shares == 0) revert ZeroAmount();
        if (!passport.isAllowed(msg.sender, _INVEST)) revert PassportInvalid(msg.sender, _INVEST);

        _pool = _accrued(_book.queued);
        _move(msg.sender, address(this), shares);
        _book.queued += shares.toUint88();
        ticket = _next++;
        _tickets[ticket] = Ticket(msg.sender, shares.toUint96());
        emit ExitRequested(ticket, msg.sender, shares);
    }

    /// @inheritdoc IFund
    function cancelExit(uint256 ticket) external {
        Ticket memory t = _tickets[ticket];
        if (t.holder != msg.sender || t.shares == 0) revert NoTicket(ticket, msg.sender);

        delete _tickets[ticket];
        _pool = _accrued(_book.queued);
        _book.queued -= uint88(t.shares);
        _move(address(this), msg.sender, t.shares);
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

    /// @inheritdoc IFund
    function owedOf(address holder) external view returns (uint64 owedUd, uint64 lentUd) {
        (, uint64 earnedUd) = _synced(holder, _pool.period);
        return (_holders[holder].owed + earnedUd, _holders[holder].lent);
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
        return (_book.queued, _first, _next);
    }

    /// @inheritdoc IFund
    function running()
        external
        view
        returns (uint32 period, uint40 startedAt, uint256 shareSeconds)
    {
        Pool memory pool = _accrued(_book.queued);
        return (pool.period, _book.startedAt, pool.points);
    }

    /// @inheritdoc IFund
    function periodOf(uint32 period) external view returns (Period memory) {
        return _periods[period];
    }

    /// @inheritdoc IFund
    function pots() external view returns (Pots memory) {
        Purse memory purse = _purse;
        return Pots(_pool.cash, purse.income, purse.dividends, purse.float, purse.released);
    }

    /// @inheritdoc IFund
    function investedUd() external view returns (uint64) {
        return _book.invested;
    }

    /// @inheritdoc IFund
    function capUd() external view returns (uint64) {
        return _book.cap;
    }

    /// @notice Shares of `holder`.
    function balanceOf(address holder) public view override(ERC20, IERC20) returns (uint256) {
        return _holders[holder].slice.shares();
    }

    /// @notice Shares of all holders, those queued included.
    function totalSupply() public view override(ERC20, IERC20) returns (uint256) {
        return _supply.shares;
    }

    /// @inheritdoc ICountedToken
    function holders() external view returns (uint256) {
        return _supply.holders;
    }

    /// @notice Cash held and money invested, at cost [ud].
    function totalAssets() public view override(ERC4626, IERC4626) returns (uint256) {
        return uint256(_pool.cash) + _book.invested;
    }

    /// @notice What `receiver` may deposit: up to the cap, with a passport [ud].
    function maxDeposit(address receiver)
        public
        view
        override(ERC4626, IERC4626)
        returns (uint256)
    {
        return passport.isAllowed(receiver, _INVEST) ? _room() : 0;
    }

    /// @notice Shares `receiver` may mint: up to the cap, with a passport.
    function maxMint(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return convertToShares(maxDeposit(receiver));
    }

    /// @notice Shares `owner` may redeem at once: as far as the cash goes, when nobody queues.
    function maxRedeem(address owner) public view override(ERC4626, IERC4626) returns (uint256) {
        if (_book.queued != 0 || !passport.isAllowed(owner, _INVEST)) return 0;
        return Math.min(balanceOf(owner), convertToShares(_freeUd()));
    }

    // --- vault ----------------------------------------------------------------------------------

    /// @notice Makes shares of `receiver` for `assets` of the caller.
    /// @dev The cap is looked up here; the passport, once, with the rules.
    function deposit(uint256 assets, address receiver)
        public
        override(ERC4626, IERC4626)
        returns (uint256 shares)
    {
        uint256 total = totalAssets();
        uint256 cap = _book.cap;
        if (total > cap || assets > cap - total) {
            revert ERC4626ExceededMaxDeposit(receiver, assets, maxDeposit(receiver));
        }
        unchecked {
            // as `previewDeposit`; assets have 64 bits now, and the supply 88
            shares = assets * (totalSupply() + VIRTUAL_SHARES) / (total + 1);
        }
        _deposit(msg.sender, receiver, assets, shares);
    }

    /// What the cap leaves.
    function _room() private view returns (uint256) {
        (uint256 assets, uint256 cap) = (totalAssets(), _book.cap);
        return cap > assets ? cap - assets : 0;
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        return assets.mulDiv(totalSupply() + VIRTUAL_SHARES, totalAssets() + 1, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        return shares.mulDiv(totalAssets() + 1, totalSupply() + VIRTUAL_SHARES, rounding);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares)
        internal
        override
    {
        if (caller != receiver && !passport.isAllowed(caller, 0)) {
            revert PassportInvalid(caller, 0);
        }
        if (!_isPlain(receiver, receiver, shares)) {
            if (!passport.isAllowed(receiver, _INVEST)) {
                revert ERC4626ExceededMaxDeposit(receiver, assets, 0);
            }
            compliance.recordTransfer(address(this), address(0), receiver, shares);
        }
        _make(receiver, assets, shares, 0);
        emit Deposit(caller, receiver, assets, shares);
        _transferIn(caller, assets);
    }

    /// Makes shares that nobody questions any longer.
    /// @param points share-seconds they come with
    function _make(address receiver, uint256 assets, uint256 shares, uint256 points) private {
        Supply memory supply = _supply;
        Pool memory pool = _grown(supply.shares - _book.queued);
        Slice slice = _sync(receiver, pool.period);
        supply.shares = (supply.shares + shares).toUint88();
        if (slice.shares() == 0 && shares != 0) ++supply.holders;
        _supply = supply;
        _holders[receiver].slice = slice.withPoints(points).more(shares);
        pool.points = (pool.points + points).toUint112();
        pool.cash = (pool.cash + assets).toUint64();
        _pool = pool;
        emit Transfer(address(0), receiver, shares);
    }

    function _withdraw(
        address caller,
        address receiver,
        address owner,
        uint256 assets,
        uint256 shares
    ) internal override {
        if (!passport.isAllowed(receiver, 0)) revert PassportInvalid(receiver, 0);
        if (caller != owner) _spendAllowance(owner, caller, shares);
        _pool.cash -= assets.toUint64();
        _burn(owner, shares);
        emit Withdraw(caller, receiver, owner, assets, shares);
        _transferOut(receiver, assets);
    }

    function _update(address from, address to, uint256 shares) internal override {
        if (from != address(0)) {
            uint256 held = balanceOf(from);
            if (held < shares) revert ERC20InsufficientBalance(from, held, shares);
        }
        if (to != address(0)) _ask(from, to, shares);
        if (from == address(0) || to == address(0)) _pool = _accrued(_book.queued);
        _move(from, to, shares);
    }

    /// Asks for passports and rules: the passport alone where no rule speaks to it.
    function _ask(address from, address to, uint256 shares) private {
        if (_isPlain(from == address(0) ? to : from, to, shares)) return;
        _checkPassports(from, to);
        compliance.recordTransfer(address(this), from, to, shares);
    }

    function _isPlain(address from, address to, uint256 shares) private view returns (bool) {
        return passport.isPlain(from, to, _INVEST, uint8(IRulebook.Kind.SHARE), shares);
    }

    /// Moves shares once they may. Call it with the pool accrued, where the supply or the queue
    /// changes.
    function _move(address from, address to, uint256 shares) private {
        uint24 period = _pool.period;
        bool leaves = false;
        bool joins = false;
        if (from != address(0)) {
            Slice slice = _sync(from, period);
            uint256 held = slice.shares();
            if (held < shares) revert ERC20InsufficientBalance(from, held, shares);
            _holders[from].slice = slice.less(shares);
            leaves = held == shares;
        }
        if (to != address(0)) {
            Slice slice = _sync(to, period);
            joins = slice.shares() == 0;
            _holders[to].slice = slice.more(shares);
        }
        if (from == address(0) || to == address(0) || (joins != leaves && shares != 0)) {
            Supply memory supply = _supply;
            if (from == address(0)) supply.shares = (supply.shares + shares).toUint88();
            if (to == address(0)) supply.shares -= uint88(shares);
            if (joins && shares != 0) ++supply.holders;
            if (leaves && shares != 0) --supply.holders;
            _supply = supply;
        }
        emit Transfer(from, to, shares);
    }

    function _checkPassports(address from, address to) private view {
        if (from != address(0) && !passport.isAllowed(from, _INVEST)) {
            revert PassportInvalid(from, _INVEST);
        }
        if (!passport.isAllowed(to, _INVEST)) revert PassportInvalid(to, _INVEST);
    }

    // --- share-seconds --------------------------------------------------------------------------

    /// The pool as of now. Call it before the supply or the queue changes.
    function _accrued(uint256 queued) private view returns (Pool memory) {
        return _grown(totalSupply() - queued);
    }

    function _grown(uint256 earning) private view returns (Pool memory pool) {
        pool = _pool;
        uint256 points;
        unchecked {
            points = pool.points + earning * (block.timestamp - pool.updatedAt); // 88 bits of shares
        }
        pool.points = points.toUint112();
        pool.updatedAt = uint40(block.timestamp);
    }

    /// The holder's slice as of now, and what it earned in periods closed meanwhile. Write both
    /// before its shares change.
    function _synced(address holder, uint24 period)
        private
        view
        returns (Slice slice, uint64 earnedUd)
    {
        slice = _holders[holder].slice;
        if (holder == address(this)) return (slice, 0); // queued shares earn nothing
        if (slice.period() == period) return (slice.grown(), 0);
        if (slice.shares() != 0 || slice.points() != 0) {
            earnedUd = _earned(slice, period).toUint64();
        }
        slice = slice.startedAt(period, _book.startedAt).grown();
    }

    /// Income of all closed periods since the holder was last looked at; each of the two parts is
    /// rounded down.
    function _earned(Slice slice, uint24 period) private view returns (uint256) {
        uint256 shares = slice.shares();
        Period memory then = _periods[uint32(slice.period())];
        uint256 points = slice.points() + shares * (then.endedAt - slice.updatedAt());
        uint256 growth = _periods[period - 1].growth - then.growth;
        return Math.mulDiv(points, then.rate, Q128) + Math.mulDiv(shares, growth, Q128);
    }

    /// Writes what the holder earned; the caller writes the slice.
    function _sync(address holder, uint24 period) private returns (Slice slice) {
        uint64 earnedUd;
        (slice, earnedUd) = _synced(holder, period);
        if (earnedUd != 0) _holders[holder].owed += earnedUd;
    }

    // --- writes ---------------------------------------------------------------------------------

    /// Cash that is not set aside.
    function _freeUd() private view returns (uint64) {
        uint64 cash = _pool.cash;
        return cash > committedUd ? cash - committedUd : 0;
    }

    function _lessInvested(uint64 amountUd) private {
        uint64 invested = _book.invested;
        if (amountUd == 0) revert ZeroAmount();
        if (amountUd > invested) revert InvestedExceeded(invested, amountUd);
        _book.invested = invested - amountUd;
    }

    /// Burns queued shares at today's price, rounded down; neither earned, so no points change.
    function _serve(uint256 ticket, address holder, uint256 shares) private {
        uint64 amountUd = previewRedeem(shares).toUint64();
        _book.queued -= uint88(shares);
        _move(address(this), address(0), shares);
        _pool.cash -= amountUd;
        _holders[holder].released += amountUd;
        _purse.released += amountUd;
        emit ExitServed(ticket, holder, shares, amountUd);
    }
}
