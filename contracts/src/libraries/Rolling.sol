// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Rolling: how much within the last hours, days or months
/// @notice A log keeps the newest entry in its first slot and up to `SIZE` older ones in a ring.
/// Sums are exact while no more entries than that fall within the span. A further one is added to
/// the newest, which takes its time: sums may then be too high, never too low.
library Rolling {
    using SafeCast for uint256;

    uint256 internal constant SIZE = 16;

    struct Log {
        uint40 time; //     of the newest entry  [s]
        uint64 amount; //   of the newest entry
        uint8 next; //      place in the ring for the next older entry
        uint8 count; //     older entries that may still count
        uint128[SIZE] older; // time << 64 | amount
    }

    /// @notice Sum of the amounts added at `since` or later.
    function sumSince(Log storage log, uint256 since) internal view returns (uint256 sum) {
        (uint256 time, uint256 amount, uint256 next, uint256 count) =
            (log.time, log.amount, log.next, log.count);
        if (time < since) return 0;
        sum = amount;
        for (; count != 0; --count) {
            next = (next + SIZE - 1) % SIZE;
            uint256 entry = log.older[next];
            if (entry >> 64 < since) break;
            sum += uint64(entry);
        }
    }

    /// @notice Adds an amount now. Entries before `since` will not be asked for again.
    function add(Log storage log, uint256 amount, uint256 since) internal {
        uint40 time = log.time;
        if (time < since) {
            log.count = 0; // all entries are too old
        } else if (time == block.timestamp || _isFull(log, since)) {
            amount += log.amount;
        } else if (log.amount != 0) {
            uint8 next = log.next;
            log.older[next] = uint128(time) << 64 | log.amount;
            log.next = uint8((next + 1) % SIZE);
            if (log.count != SIZE) ++log.count;
        }
        log.time = uint40(block.timestamp);
        log.amount = amount.toUint64();
    }

    function _isFull(Log storage log, uint256 since) private view returns (bool) {
        return log.count == SIZE && log.older[log.next] >> 64 >= since;
    }
}
