// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAveragePrice} from "../interfaces/IAveragePrice.sol";
import {ICumulativePrice, IPriceHistory} from "../interfaces/IPriceHistory.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title PriceHistory
/// @notice See `IPriceHistory`.
contract PriceHistory is IPriceHistory {
    using SafeCast for uint256;

    struct Note {
        uint40 notedAt; //     [UTC unix s]
        uint216 cumulative; // [ud/kWh · 2³² · s]
    }

    /// @notice Longest span [s].
    uint32 public constant SPAN_MOST = 7 days;

    uint256 private constant _HOUR = 1 hours;
    uint256 private constant _SLOTS = 256; // more hours than a week and a note's age
    uint256 private constant _NOTES_BEFORE = 3; // hours in which a span's first note is sought

    /// @notice Whose price.
    ICumulativePrice public immutable pool;

    mapping(uint256 slot => Note) private _notes;

    constructor(ICumulativePrice pool_) {
        if (address(pool_) == address(0)) revert ZeroPool();
        pool = pool_;
    }

    /// @inheritdoc IPriceHistory
    function note() external {
        uint256 hour = block.timestamp / _HOUR;
        if (_notes[hour % _SLOTS].notedAt / _HOUR == hour) revert AlreadyNoted(hour);

        uint256 cumulative = pool.cumulativePrice();
        _notes[hour % _SLOTS] = Note(uint40(block.timestamp), cumulative.toUint216());
        emit Noted(hour, uint40(block.timestamp), cumulative);
    }

    /// @inheritdoc IAveragePrice
    function averagePrice(uint32 spanS) external view returns (uint256 udPerKwh) {
        if (spanS == 0 || spanS > SPAN_MOST) revert SpanRefused(SPAN_MOST, spanS);
        uint256 since = block.timestamp - spanS;
        uint256 hour = since / _HOUR;
        for (uint256 i = 0; i <= _NOTES_BEFORE; ++i) {
            Note memory first = _notes[(hour - i) % _SLOTS];
            if (first.notedAt / _HOUR != hour - i || first.notedAt > since) continue;
            uint256 sum = pool.cumulativePrice() - first.cumulative;
            return sum / (block.timestamp - first.notedAt) >> 32; // down
        }
    }
}
