// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../interfaces/ICurrency.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {ISavings} from "../interfaces/ISavings.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Savings
/// @notice See `ISavings`.
contract Savings is ISavings, AccessManaged {
    using SafeERC20 for ICurrency;
    using SafeCast for uint256;

    struct Position {
        uint128 shares;
        uint16 country; // of the pot they are of
    }

    uint256 private constant _RAY = 1e27;

    /// @notice Highest rate: 10 % a year [ray/s].
    uint64 public constant RATE_MOST = 3_022_265_980_097_387_650;

    /// @notice The money held.
    ICurrency public immutable currency;

    /// @notice Which country an account is of.
    IPassport public immutable passport;

    /// @inheritdoc ISavings
    uint256 public revenueUd;

    mapping(uint16 country => Pot) private _pots;
    mapping(address account => Position) private _positions;

    constructor(address authority, ICurrency currency_, IPassport passport_)
        AccessManaged(authority)
    {
        currency = currency_;
        passport = passport_;
    }

    /// @inheritdoc ISavings
    function addRevenue(uint128 amountUd) external {
        if (amountUd == 0) revert ZeroAmount();

        revenueUd += amountUd;
        emit RevenueAdded(msg.sender, amountUd);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc ISavings
    function deposit(uint128 amountUd) external returns (uint256 shares) {
        move(msg.sender);
        uint16 country = _positions[msg.sender].country;
        accrue(country);
        shares = _put(msg.sender, country, amountUd);
        if (shares == 0) revert ZeroAmount();

        emit Deposited(msg.sender, country, amountUd, shares);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc ISavings
    function withdraw(uint128 amountUd) external returns (uint256 shares) {
        if (amountUd == 0) revert ZeroAmount();
        Position memory position = _positions[msg.sender];
        accrue(position.country);
        uint256 balanceUd = balanceOf(msg.sender);
        if (amountUd > balanceUd) revert BeyondBalance(msg.sender, balanceUd, amountUd);

        shares = amountUd == balanceUd
            ? position.shares
            : _sharesUp(amountUd, _pots[position.country].chi);
        _take(msg.sender, position.country, shares, amountUd);
        emit Withdrawn(msg.sender, position.country, amountUd, shares);
        currency.safeTransfer(msg.sender, amountUd);
    }

    /// @inheritdoc ISavings
    function move(address account) public {
        uint16 to = _countryOf(account);
        Position memory position = _positions[account];
        if (to == position.country) return;

        if (position.shares != 0) {
            accrue(position.country);
            accrue(to);
            uint256 amountUd = balanceOf(account);
            _take(account, position.country, position.shares, amountUd);
            _put(account, to, amountUd);
            emit Moved(account, position.country, to, amountUd);
        }
        _positions[account].country = to;
    }

    /// @inheritdoc ISavings
    function accrue(uint16 country) public returns (uint256 chi) {
        Pot storage pot = _pots[country];
        chi = pot.chi;
        if (chi == 0) chi = _RAY;
        if (block.timestamp == pot.accruedAt) return chi;

        uint256 spanS = block.timestamp - pot.accruedAt;
        pot.accruedAt = uint40(block.timestamp);
        if (pot.shares == 0 || pot.ratePerS == 0) {
            pot.chi = uint128(chi);
            return chi;
        }
        (uint256 before, uint256 shares, uint256 owedUd) = (chi, pot.shares, pot.owedUd);
        chi += Math.mulDiv(chi, _growth(pot.ratePerS, spanS), _RAY);
        uint256 mostUd = owedUd + revenueUd;
        if (_worthUp(shares, chi) > mostUd) {
            chi = Math.max(before, Math.mulDiv(mostUd, _RAY, shares)); // only what there is
        }
        uint256 interestUd = _worthUp(shares, chi) - owedUd;
        pot.chi = chi.toUint128();
        pot.owedUd = (owedUd + interestUd).toUint128();
        revenueUd -= interestUd;
        emit Accrued(country, chi, interestUd);
    }

    /// @inheritdoc ISavings
    function setRate(uint16 country, uint64 ratePerS) external restricted {
        if (ratePerS > RATE_MOST || (country == 0 && ratePerS != 0)) {
            revert RateRefused(country, country == 0 ? 0 : RATE_MOST, ratePerS);
        }
        accrue(country);
        _pots[country].ratePerS = ratePerS;
        emit RateSet(country, ratePerS);
    }

    /// @inheritdoc ISavings
    function positionOf(address account) external view returns (uint256 shares, uint16 country) {
        Position memory position = _positions[account];
        return (position.shares, position.country);
    }

    /// @inheritdoc ISavings
    function potOf(uint16 country) external view returns (Pot memory pot) {
        pot = _pots[country];
        if (pot.chi == 0) pot.chi = uint128(_RAY);
    }

    /// @inheritdoc ISavings
    function balanceOf(address account) public view returns (uint256) {
        Position memory position = _positions[account];
        return Math.mulDiv(position.shares, _pots[position.country].chi, _RAY);
    }

    /// Puts `amountUd` into a pot that has accrued: shares rounded down.
    function _put(address account, uint16 country, uint256 amountUd)
        private
        returns (uint256 shares)
    {
        Pot storage pot = _pots[country];
        shares = Math.mulDiv(amountUd, _RAY, pot.chi);
        _positions[account].shares += shares.toUint128();
        pot.shares += uint128(shares);
        uint256 owedUd = _worthUp(pot.shares, pot.chi);
        revenueUd += pot.owedUd + amountUd - owedUd;
        pot.owedUd = owedUd.toUint128();
    }

    /// Takes `amountUd` out of a pot that has accrued, for at least as much in shares.
    function _take(address account, uint16 country, uint256 shares, uint256 amountUd) private {
        Pot storage pot = _pots[country];
        _positions[account].shares -= uint128(shares);
        pot.shares -= uint128(shares);
        uint256 owedUd = _worthUp(pot.shares, pot.chi);
        revenueUd += pot.owedUd - amountUd - owedUd;
        pot.owedUd = uint128(owedUd);
    }

    /// The strictest, 0, where the passport is not valid.
    function _countryOf(address account) private view returns (uint16 country) {
        if (!passport.isAllowed(account, 0)) return 0;
        (,, country,) = passport.passportOf(account);
    }

    /// e^(rate · span) − 1, three terms, rounded down [ray].
    function _growth(uint256 ratePerS, uint256 spanS) private pure returns (uint256) {
        uint256 first = ratePerS * spanS;
        uint256 second = Math.mulDiv(first, first, 2 * _RAY);
        uint256 third = Math.mulDiv(second, first, 3 * _RAY);
        return first + second + third;
    }

    function _worthUp(uint256 shares, uint256 chi) private pure returns (uint256) {
        return Math.mulDiv(shares, chi, _RAY, Math.Rounding.Ceil);
    }

    function _sharesUp(uint256 amountUd, uint256 chi) private pure returns (uint256) {
        return Math.mulDiv(amountUd, _RAY, chi, Math.Rounding.Ceil);
    }
}
