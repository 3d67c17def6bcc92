// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFund} from "../interfaces/IFund.sol";
import {FundShares} from "./FundShares.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title FundIncome: income of a fund, period after period, and who is paid how much of it
/// @notice See `IFund`.
/// @dev Closing a period notes what a share-second of it earned; each holder's own are worked out
/// when its shares change or it claims.
abstract contract FundIncome is FundShares {
    uint64 private constant CENT = 10_000; //      [ud]
    uint256 private constant WHOLE_PPM = 1_000_000;

    /// @inheritdoc IFund
    address public immutable treasury;

    /// @notice Part of income that goes to the treasury [10⁻⁶].
    uint32 public immutable reservePpm;

    constructor(address treasury_, uint32 reservePpm_) {
        if (treasury_ == address(0)) revert ZeroAddress();
        if (reservePpm_ > WHOLE_PPM) revert ReserveTooLarge(reservePpm_);
        treasury = treasury_;
        reservePpm = reservePpm_;
    }

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
        Pool memory pool = _accrued();
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
            pool.points == 0 ? 0 : Math.mulDiv(sharedUd, _Q128, pool.points, Math.Rounding.Ceil);

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
        h.slice = _sync(h, _pool.period);
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

    /// @inheritdoc IFund
    function owedOf(address holder) external view returns (uint64 owedUd, uint64 lentUd) {
        Holder storage h = _holders[holder];
        (, uint64 earnedUd) = _synced(h, _pool.period);
        return (h.owed + earnedUd, h.lent);
    }
}
