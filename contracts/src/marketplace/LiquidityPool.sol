// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../interfaces/ICurrency.sol";
import {IHeeding} from "../interfaces/IHeeding.sol";
import {ILiquidityPool} from "../interfaces/ILiquidityPool.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {ITradedPrice} from "../interfaces/ITradedPrice.sol";
import {Assets} from "../libraries/Assets.sol";
import {CountedToken} from "./CountedToken.sol";
import {Venue} from "./Venue.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title LiquidityPool
/// @notice See `ILiquidityPool`.
/// @dev The price in force since the last change is summed up before every change. Sums are kept
/// by window, so that an average needs no reader who looked at the right time.
contract LiquidityPool is ILiquidityPool, CountedToken, ERC1155Holder, Venue {
    using SafeCast for uint256;
    using SafeERC20 for ICurrency;

    struct Reserves {
        uint104 money; //      [ud]
        uint104 assets; //     [smallest units]
        uint48 changedAt; //   [s]
    }

    struct Settings {
        uint16 feeBps; //      marketplace fee                 [basis points of the money side]
        uint16 levyBps; //     stabilisation levy              [basis points of the money side]
        uint80 feeDueUd; //    waits for `collect`             [ud]
        uint80 levyDueUd; //   waits for `collect`             [ud]
        uint32 haltedUntil; // as the trading halt says        [s]
        uint8 permissions; //  passport bits a trader needs, none known before the first liquidity
        uint8 moneyKind; //    of the rulebook, both
        uint8 assetKind;
    }

    struct Window {
        uint40 start; //       zero: there was none            [s]
        uint24 parties; //     distinct persons that traded
        uint24 shared; //      of these, in the window before, too
        uint168 cumulative; // price × 2³² × seconds, since start
    }

    /// @notice Shares locked for ever with the first liquidity, so that no later provider can be
    /// rounded out of a share.
    uint256 public constant LOCKED = 1000;

    uint256 private constant FEE_BASE = 1000; // 0.3 % of what goes in stays in the pool
    uint256 private constant FEE_LESS = 997;

    /// @notice The asset traded.
    address public immutable token;

    /// @notice Its id; zero for an ERC-20.
    uint256 public immutable id;

    /// @notice Its standard.
    Assets.Standard public immutable standard;

    /// @notice Smallest units of the asset the price is for.
    uint64 public immutable unit;

    /// @notice Length of a window of the average [s].
    uint32 public immutable window;

    /// @notice Who may trade without a question to the rulebook.
    IPassport public immutable passport;

    Settings private _settings;
    Reserves private _reserves;
    Window private _now;
    Window private _before;
    uint256 private _cumulative; // up to the start of `_now`
    // start of the window an account, and the person it belongs to, last traded in
    mapping(bytes32 party => uint40) private _tradedIn;

    constructor(
        address authority,
        Terms memory terms,
        Assets.Standard standard_,
        address token_,
        uint256 id_,
        uint64 unit_,
        uint32 window_
    ) ERC20("SourceEnergy Pool Share", "POOL") AccessManaged(authority) Venue(terms) {
        if (
            token_ == address(0) || standard_ == Assets.Standard.NONE || unit_ == 0 || window_ == 0
                || (standard_ == Assets.Standard.ERC20 && id_ != 0)
                || token_ == address(terms.currency)
        ) revert AssetRefused(token_, id_, unit_, window_);
        standard = standard_;
        token = token_;
        id = id_;
        unit = unit_;
        window = window_;
        passport = terms.compliance.passport();
        heed();
        _holdings[address(this)].word = _VENUE; // which holds what is locked
    }

    // --- trade ----------------------------------------------------------------------------------

    /// @inheritdoc ILiquidityPool
    function buy(uint128 moneyUd, uint128 assetsLeast, uint40 deadline)
        external
        nonReentrant
        returns (uint256 assets)
    {
        _checkDeadline(deadline);
        Reserves memory r = _reserves;
        Settings memory s = _settings;
        _checkHalt(s.haltedUntil);
        uint256 feeUd = _shareUp(moneyUd, s.feeBps);
        uint256 levyUd = _shareUp(moneyUd, s.levyBps);
        uint256 inUd = _less(moneyUd, feeUd + levyUd);
        assets = _out(inUd, r.money, r.assets);
        if (assets < assetsLeast) revert SlippageExceeded(assetsLeast, assets);

        _sumUp(r);
        _countParty();
        _store(r.money + inUd, r.assets - assets);
        _owe(s, feeUd, levyUd);
        emit Bought(msg.sender, moneyUd, assets, feeUd, levyUd);
        if (!_isPlain(s)) {
            compliance.recordTrade(
                token, address(this), msg.sender, assets, address(currency), moneyUd
            );
        }
        currency.safeTransferFrom(msg.sender, address(this), moneyUd);
        Assets.move(standard, token, id, address(this), msg.sender, assets);
    }

    /// @inheritdoc ILiquidityPool
    function sell(uint128 assets, uint128 moneyLeastUd, uint40 deadline)
        external
        nonReentrant
        returns (uint256 moneyUd)
    {
        _checkDeadline(deadline);
        Reserves memory r = _reserves;
        Settings memory s = _settings;
        _checkHalt(s.haltedUntil);
        uint256 outUd = _out(assets, r.assets, r.money);
        uint256 feeUd = _shareUp(outUd, s.feeBps);
        uint256 levyUd = _shareUp(outUd, s.levyBps);
        moneyUd = _less(outUd, feeUd + levyUd);
        if (moneyUd < moneyLeastUd) revert SlippageExceeded(moneyLeastUd, moneyUd);
        if (moneyUd == 0) revert ZeroAmount();

        _sumUp(r);
        _countParty();
        _store(r.money - outUd, uint256(r.assets) + assets);
        _owe(s, feeUd, levyUd);
        emit Sold(msg.sender, moneyUd, assets, feeUd, levyUd);
        if (!_isPlain(s)) {
            compliance.recordTrade(
                token, msg.sender, address(this), assets, address(currency), moneyUd
            );
        }
        Assets.move(standard, token, id, msg.sender, address(this), assets);
        currency.safeTransfer(msg.sender, moneyUd);
    }

    /// @inheritdoc IHeeding
    function heed() public {
        uint64 until = tradingHalt.until();
        _settings.haltedUntil = SafeCast.toUint32(until);
        emit Heeded(until);
    }

    // --- liquidity ------------------------------------------------------------------------------

    /// @inheritdoc ILiquidityPool
    function provide(
        uint128 moneyMostUd,
        uint128 assetsMost,
        uint128 sharesLeast,
        bool lossUnderstood,
        uint40 deadline
    ) external nonReentrant returns (uint256 shares) {
        _checkDeadline(deadline);
        _checkHalt(_settings.haltedUntil);
        if (!lossUnderstood) revert LossNotUnderstood();
        if (moneyMostUd == 0 || assetsMost == 0) revert ZeroAmount();
        Reserves memory r = _reserves;
        uint256 supply = totalSupply();
        (uint256 moneyUd, uint256 assets, uint256 locked) = (moneyMostUd, assetsMost, 0);
        if (supply == 0) {
            locked = LOCKED;
            shares = Math.sqrt(moneyUd * assets);
            if (shares <= locked) revert LiquidityTooSmall(shares, locked);
            shares -= locked;
        } else {
            shares = Math.min(moneyUd * supply / r.money, assets * supply / r.assets);
            moneyUd = Math.ceilDiv(shares * r.money, supply);
            assets = Math.ceilDiv(shares * r.assets, supply);
        }
        if (shares < sharesLeast) revert SlippageExceeded(sharesLeast, shares);
        if (shares == 0) revert ZeroAmount();

        _sumUp(r);
        _store(r.money + moneyUd, r.assets + assets);
        emit Provided(msg.sender, moneyUd, assets, shares, locked);
        _learn();
        compliance.recordTransfer(token, msg.sender, address(this), assets);
        compliance.recordTransfer(address(currency), msg.sender, address(this), moneyUd);
        if (locked != 0) _mint(address(this), locked); // which no verb takes out
        _mint(msg.sender, shares);
        currency.safeTransferFrom(msg.sender, address(this), moneyUd);
        Assets.move(standard, token, id, msg.sender, address(this), assets);
    }

    /// @inheritdoc ILiquidityPool
    function withdraw(uint128 shares, uint128 moneyLeastUd, uint128 assetsLeast, uint40 deadline)
        external
        nonReentrant
        returns (uint256 moneyUd, uint256 assets)
    {
        _checkDeadline(deadline);
        if (shares == 0) revert ZeroAmount();
        Reserves memory r = _reserves;
        uint256 supply = totalSupply();
        if (supply == 0) revert PoolEmpty();
        moneyUd = shares * uint256(r.money) / supply;
        assets = shares * uint256(r.assets) / supply;
        if (moneyUd < moneyLeastUd) revert SlippageExceeded(moneyLeastUd, moneyUd);
        if (assets < assetsLeast) revert SlippageExceeded(assetsLeast, assets);

        _sumUp(r);
        _store(r.money - moneyUd, r.assets - assets);
        _burn(msg.sender, shares);
        emit Withdrawn(msg.sender, moneyUd, assets, shares);
        compliance.recordTransfer(token, address(this), msg.sender, assets);
        compliance.recordTransfer(address(currency), address(this), msg.sender, moneyUd);
        currency.safeTransfer(msg.sender, moneyUd);
        Assets.move(standard, token, id, address(this), msg.sender, assets);
    }

    // --- fee and levy ---------------------------------------------------------------------------

    /// @inheritdoc ILiquidityPool
    function collect() external nonReentrant {
        (uint256 feeUd, uint256 levyUd) = (_settings.feeDueUd, _settings.levyDueUd);
        if (feeUd + levyUd == 0) revert ZeroAmount();

        (_settings.feeDueUd, _settings.levyDueUd) = (0, 0);
        emit Collected(feeUd, levyUd);
        currency.safeTransfer(feePot, feeUd);
        currency.safeTransfer(levyPot, levyUd);
    }

    /// @inheritdoc ILiquidityPool
    function setSharesOfPrice(uint16 feeBps_, uint16 levyBps_) external restricted {
        if (feeBps_ > SHARE_MOST_BPS) revert ShareTooHigh(feeBps_, SHARE_MOST_BPS);
        if (levyBps_ > SHARE_MOST_BPS) revert ShareTooHigh(levyBps_, SHARE_MOST_BPS);

        (_settings.feeBps, _settings.levyBps) = (feeBps_, levyBps_);
        emit SharesOfPriceSet(feeBps_, levyBps_);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @notice Marketplace fee [basis points of the money side].
    function feeBps() external view returns (uint16) {
        return _settings.feeBps;
    }

    /// @notice Stabilisation levy [basis points of the money side].
    function levyBps() external view returns (uint16) {
        return _settings.levyBps;
    }

    /// @notice Fee that waits for `collect` [ud].
    function feeDueUd() external view returns (uint256) {
        return _settings.feeDueUd;
    }

    /// @notice Levy that waits for `collect` [ud].
    function levyDueUd() external view returns (uint256) {
        return _settings.levyDueUd;
    }

    /// @inheritdoc ILiquidityPool
    function quoteBuy(uint256 moneyUd) external view returns (uint256 assets) {
        if (moneyUd > type(uint128).max) revert ReserveTooLarge(moneyUd);
        uint256 chargesUd =
            _shareUp(moneyUd, _settings.feeBps) + _shareUp(moneyUd, _settings.levyBps);
        return _out(_less(moneyUd, chargesUd), _reserves.money, _reserves.assets);
    }

    /// @inheritdoc ILiquidityPool
    function quoteSell(uint256 assets) external view returns (uint256 moneyUd) {
        uint256 outUd = _out(assets, _reserves.assets, _reserves.money);
        uint256 chargesUd = _shareUp(outUd, _settings.feeBps) + _shareUp(outUd, _settings.levyBps);
        return _less(outUd, chargesUd);
    }

    /// @inheritdoc ILiquidityPool
    function reserves() external view returns (uint256 moneyUd, uint256 assets, uint256 changedAt) {
        return (_reserves.money, _reserves.assets, _reserves.changedAt);
    }

    /// @inheritdoc ILiquidityPool
    function average() public view returns (uint256 priceUd, uint256 parties, uint256 since) {
        (Window memory current, Window memory before,) = _windows(_reserves);
        since = before.start == 0 ? current.start : before.start;
        if (since == 0) return (0, 0, 0);
        parties = uint256(before.parties) + current.parties - current.shared;
        priceUd = block.timestamp == since
            ? _price(_reserves) >> 32
            : (uint256(before.cumulative) + current.cumulative) / (block.timestamp - since) >> 32;
    }

    /// @inheritdoc ITradedPrice
    function tradedPrice()
        external
        view
        returns (uint128 averageUdPerKwh, uint32 parties, uint64 asOf)
    {
        (uint256 priceUd, uint256 parties_, uint256 since) = average();
        asOf = uint64(block.timestamp);
        if (since == 0 || block.timestamp < since + window) return (0, 0, asOf);
        return (uint128(priceUd), uint32(parties_), asOf); // 96 bits, and two numbers of 24
    }

    /// @inheritdoc ILiquidityPool
    function cumulativePrice() external view returns (uint256) {
        (Window memory current,, uint256 cumulative) = _windows(_reserves);
        return cumulative + current.cumulative;
    }

    /// @notice Accepts only what a verb of this pool moves in.
    function onERC1155Received(
        address operator,
        address from,
        uint256 id_,
        uint256 amount,
        bytes memory data
    ) public override returns (bytes4) {
        if (operator != address(this) || msg.sender != token || id_ != id) {
            revert Unasked(operator, msg.sender, id_);
        }
        return super.onERC1155Received(operator, from, id_, amount, data);
    }

    /// @notice Accepts nothing: no verb moves many.
    function onERC1155BatchReceived(
        address operator,
        address,
        uint256[] memory,
        uint256[] memory,
        bytes memory
    ) public view override returns (bytes4) {
        revert Unasked(operator, msg.sender, 0);
    }

    // --- price ----------------------------------------------------------------------------------

    /// What goes out for what goes in, rounded down: against the trader. Reserves have 104 bits; with
    /// an amount of 128 no product overflows, and a larger one could not be kept.
    function _out(uint256 amountIn, uint256 reserveIn, uint256 reserveOut)
        private
        pure
        returns (uint256 amountOut)
    {
        if (amountIn == 0) revert ZeroAmount();
        if (reserveIn == 0 || reserveOut == 0) revert PoolEmpty();
        if (amountIn > type(uint128).max) revert ReserveTooLarge(amountIn);
        unchecked {
            uint256 counted = amountIn * FEE_LESS;
            amountOut = counted * reserveOut / (reserveIn * FEE_BASE + counted);
        }
        if (amountOut == 0) revert ZeroAmount();
    }

    function _less(uint256 amount, uint256 part) private pure returns (uint256) {
        return amount > part ? amount - part : 0;
    }

    /// Price now, times 2³², rounded down; at most 128 bits, so that no sum overflows.
    function _price(Reserves memory r) private view returns (uint256 price) {
        if (r.assets == 0) return 0;
        unchecked {
            price = (uint256(r.money) * unit << 32) / r.assets; // 104 + 64 + 32 bits
        }
        if (price > type(uint128).max) price = type(uint128).max;
    }

    /// The windows as of now, without the change that is about to happen.
    function _windows(Reserves memory r)
        private
        view
        returns (Window memory current, Window memory before, uint256 cumulative)
    {
        (current, before, cumulative) = (_now, _before, _cumulative);
        if (current.start == 0) return (current, before, cumulative);
        uint256 price = _price(r);
        uint256 end = uint256(current.start) + window;
        if (block.timestamp < end) {
            current.cumulative += uint168(price * (block.timestamp - r.changedAt));
            return (current, before, cumulative);
        }
        current.cumulative += uint168(price * (end - r.changedAt));
        uint256 passed = (block.timestamp - current.start) / window;
        uint256 start = current.start + passed * window;
        cumulative += current.cumulative + price * (start - end);
        before =
            passed == 1 ? current : Window(uint40(start - window), 0, 0, uint168(price * window));
        current = Window(uint40(start), 0, 0, uint168(price * (block.timestamp - start)));
    }

    // --- writes ---------------------------------------------------------------------------------

    /// Sums the price up that was in force until now.
    function _sumUp(Reserves memory r) private {
        uint256 start = _now.start;
        if (start == 0) {
            _now.start = uint40(block.timestamp);
        } else if (block.timestamp < start + window) {
            unchecked {
                // a window has 32 bits of seconds and a price 128 bits, together less than 168
                _now.cumulative += uint168(_price(r) * (block.timestamp - r.changedAt));
            }
        } else {
            (_now, _before, _cumulative) = _windows(r);
        }
    }

    /// The wallets of one person are one party. An account's first trade of a window is looked
    /// into, the others cost one read.
    function _countParty() private {
        uint40 start = _now.start;
        bytes32 party = bytes32(uint256(uint160(msg.sender)));
        uint40 last = _tradedIn[party];
        if (last == start) return;
        _tradedIn[party] = start;
        bytes32 person = passport.identityOf(msg.sender);
        if (person != 0) {
            last = _tradedIn[person];
            if (last == start) return;
            _tradedIn[person] = start;
        }
        ++_now.parties;
        if (last != 0 && last == _before.start) ++_now.shared;
    }

    function _store(uint256 moneyUd, uint256 assets) private {
        if (moneyUd > type(uint104).max) revert ReserveTooLarge(moneyUd);
        if (assets > type(uint104).max) revert ReserveTooLarge(assets);
        _reserves = Reserves(uint104(moneyUd), uint104(assets), uint48(block.timestamp));
    }

    function _owe(Settings memory s, uint256 feeUd, uint256 levyUd) private {
        if (feeUd == 0 && levyUd == 0) return;
        s.feeDueUd = (s.feeDueUd + feeUd).toUint80();
        s.levyDueUd = (s.levyDueUd + levyUd).toUint80();
        _settings = s;
    }

    // --- rules ----------------------------------------------------------------------------------

    function _checkHalt(uint256 until) private view {
        if (block.timestamp < until) revert TradingHalted(uint64(until));
    }

    /// Does no rule speak to what the caller trades? The passport knows without the rulebook.
    function _isPlain(Settings memory s) private view returns (bool) {
        return passport.isPlainTrade(msg.sender, s.permissions, s.moneyKind, s.assetKind);
    }

    /// What the rulebook says about both assets, which never changes.
    function _learn() private {
        if (_settings.moneyKind != 0) return;
        (IRulebook.Kind moneyKind, uint8 forMoney,,) = compliance.tokenOf(address(currency));
        (IRulebook.Kind assetKind, uint8 forAsset,,) = compliance.tokenOf(token);
        _settings.permissions = forMoney | forAsset;
        _settings.moneyKind = uint8(moneyKind);
        _settings.assetKind = uint8(assetKind);
    }

    /// Shares are a tracked token: the rulebook is asked about every one that is made or moves.
    function _ask(address from, address to, uint256 shares) internal override {
        compliance.recordTransfer(address(this), from, to, shares);
    }

    function _move(address from, address to, uint256 shares) internal override {
        if (to == address(this)) revert Unasked(from, to, 0);
        super._move(from, to, shares);
    }
}
