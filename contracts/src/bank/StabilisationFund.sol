// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAveragePrice} from "../interfaces/IAveragePrice.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IEnergyCredit} from "../interfaces/IEnergyCredit.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {ISeats} from "../interfaces/ISeats.sol";
import {IStabilisationFund} from "../interfaces/IStabilisationFund.sol";
import {ITradingHalt} from "../interfaces/ITradingHalt.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title StabilisationFund
/// @notice See `IStabilisationFund`.
contract StabilisationFund is IStabilisationFund, AccessManaged {
    using SafeERC20 for IERC20;
    using SafeERC20 for ICurrency;
    using SafeCast for uint256;

    struct Day {
        uint32 number; //  days since 1970
        uint96 startUd; // held at the first use of the day  [ud]
        uint96 spentUd; // since                             [ud]
    }

    /// @notice Trigger: the price is this part of the average, or less [%].
    uint256 public constant BAND = 85;

    /// @notice Most of what was held that is spent in a day [%].
    uint256 public constant DAILY = 20;

    /// @notice Part of the most ever held that is never spent [%].
    uint256 public constant FLOOR = 25;

    /// @notice Span of the price that counts as today's [s].
    uint32 public constant HOUR = 1 hours;

    /// @notice Span of the average [s].
    uint32 public constant WEEK = 7 days;

    uint256 private constant _WH_PER_KWH = 1000;

    /// @notice The money held.
    ICurrency public immutable currency;

    /// @notice Who may deal with the fund.
    IPassport public immutable passport;

    /// @notice Who may not: whoever has a seat.
    ISeats public immutable seats;

    /// @notice Whether trading is halted.
    ITradingHalt public immutable tradingHalt;

    uint8 private immutable _TRADE_ENERGY;

    /// @notice The most the fund ever had, as far as it noticed [ud].
    uint256 public highWaterUd;

    /// @inheritdoc IStabilisationFund
    mapping(IERC20 credit => IAveragePrice) public sourceOf;

    mapping(address account => bool) private _isInsider;
    Day private _day;

    constructor(
        address authority,
        ICurrency currency_,
        IPassport passport_,
        ISeats seats_,
        ITradingHalt tradingHalt_
    ) AccessManaged(authority) {
        if (
            address(currency_) == address(0) || address(seats_) == address(0)
                || address(tradingHalt_) == address(0)
        ) revert ZeroArgument();
        currency = currency_;
        passport = passport_;
        seats = seats_;
        tradingHalt = tradingHalt_;
        _TRADE_ENERGY = passport_.TRADE_ENERGY();
    }

    /// @inheritdoc IStabilisationFund
    function feed(uint128 amountUd) external {
        uint256 heldUd = currency.balanceOf(address(this)) + amountUd;
        if (heldUd > highWaterUd) highWaterUd = heldUd;
        emit Fed(msg.sender, amountUd);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc IStabilisationFund
    function support(IERC20 credit, uint128 amountWh, uint128 leastUd)
        external
        returns (uint256 paidUd)
    {
        _check(amountWh);
        (uint256 price, uint256 average, uint256 band) = pricesOf(credit);
        if (price > band) revert WithinBand(price, band);
        paidUd = uint256(amountWh) * price / _WH_PER_KWH; // down: against the seller
        if (paidUd == 0) revert ZeroAmount();
        if (paidUd < leastUd) revert LimitMissed(leastUd, paidUd);
        uint256 heldUd = currency.balanceOf(address(this));
        if (heldUd > highWaterUd) highWaterUd = heldUd;
        uint256 available = _available(heldUd);
        if (paidUd > available) revert BeyondLimit(available, paidUd);

        uint32 today = _today();
        if (_day.number != today) _day = Day(today, heldUd.toUint96(), 0);
        _day.spentUd += uint96(paidUd);
        emit Supported(
            address(credit), msg.sender, amountWh, paidUd, price, average, heldUd - paidUd
        );
        credit.safeTransferFrom(msg.sender, address(this), amountWh);
        currency.safeTransfer(msg.sender, paidUd);
    }

    /// @inheritdoc IStabilisationFund
    function release(IERC20 credit, uint128 amountWh, uint128 mostUd)
        external
        returns (uint256 receivedUd)
    {
        _check(amountWh);
        (uint256 price, uint256 average,) = pricesOf(credit);
        if (price < average) revert BelowAverage(price, average);
        receivedUd = Math.ceilDiv(uint256(amountWh) * price, _WH_PER_KWH); // up: against the buyer
        if (receivedUd > mostUd) revert LimitMissed(mostUd, receivedUd);

        emit Released(address(credit), msg.sender, amountWh, receivedUd, price);
        currency.safeTransferFrom(msg.sender, address(this), receivedUd);
        credit.safeTransfer(msg.sender, amountWh);
    }

    /// @inheritdoc IStabilisationFund
    function cashOut(IEnergyCredit credit) external returns (uint256 receivedUd) {
        if (address(sourceOf[credit]) == address(0)) revert UnknownCredit(address(credit));

        uint256 amountWh = credit.balanceOf(address(this));
        receivedUd = credit.cashOut(address(this));
        emit CashedOut(address(credit), amountWh, receivedUd);
    }

    /// @inheritdoc IStabilisationFund
    function setCredit(IERC20 credit, IAveragePrice source) external restricted {
        if (address(credit) == address(currency)) revert UnknownCredit(address(credit));
        sourceOf[credit] = source;
        emit CreditSet(address(credit), address(source));
    }

    /// @inheritdoc IStabilisationFund
    function setInsider(address account, bool insider) external restricted {
        _isInsider[account] = insider;
        emit InsiderSet(account, insider);
    }

    /// @inheritdoc IStabilisationFund
    function availableUd() external view returns (uint256) {
        return _available(currency.balanceOf(address(this)));
    }

    /// @inheritdoc IStabilisationFund
    function floorUd() external view returns (uint256) {
        return _floor(currency.balanceOf(address(this)));
    }

    /// @inheritdoc IStabilisationFund
    function pricesOf(IERC20 credit)
        public
        view
        returns (uint256 priceUdPerKwh, uint256 averageUdPerKwh, uint256 bandUdPerKwh)
    {
        IAveragePrice source = sourceOf[credit];
        if (address(source) == address(0)) revert UnknownCredit(address(credit));
        priceUdPerKwh = source.averagePrice(HOUR);
        averageUdPerKwh = source.averagePrice(WEEK);
        if (priceUdPerKwh == 0 || averageUdPerKwh == 0) revert NoPrice(address(credit));
        bandUdPerKwh = averageUdPerKwh * BAND / 100;
    }

    /// @inheritdoc IStabilisationFund
    function isInsider(address account) public view returns (bool) {
        if (_isMarked(account)) return true;
        bytes32 person = passport.identityOf(account);
        if (person == 0) return false;
        address[] memory wallets = passport.walletsOf(person); // few
        for (uint256 i = 0; i < wallets.length; ++i) {
            if (_isMarked(wallets[i])) return true;
        }
        return false;
    }

    function _isMarked(address account) private view returns (bool) {
        return _isInsider[account] || seats.seatOf(account) != 0;
    }

    function _check(uint128 amountWh) private view {
        if (tradingHalt.isHalted()) revert Halted();
        if (amountWh == 0) revert ZeroAmount();
        if (isInsider(msg.sender)) revert Insider(msg.sender);
        if (!passport.isAllowed(msg.sender, _TRADE_ENERGY)) revert NotAllowed(msg.sender);
    }

    function _available(uint256 heldUd) private view returns (uint256) {
        bool used = _day.number == _today();
        uint256 capUd = (used ? _day.startUd : heldUd) * DAILY / 100;
        uint256 leftUd = Math.saturatingSub(capUd, used ? _day.spentUd : 0);
        return Math.min(leftUd, Math.saturatingSub(heldUd, _floor(heldUd)));
    }

    function _floor(uint256 heldUd) private view returns (uint256) {
        return Math.ceilDiv(Math.max(heldUd, highWaterUd) * FLOOR, 100);
    }

    function _today() private view returns (uint32) {
        return uint32(block.timestamp / 1 days);
    }
}
