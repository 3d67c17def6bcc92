// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Rolling: how much within the last hours, days or months
/// @notice A log keeps the newest entry in its first slot and older ones in a ring. Sums are exact
/// while no more than 17 entries fall within the span. From then on those of one bucket, a
/// sixteenth of the span by the clock, share an entry, which has the time of the last of them: sums
/// may then be too high, never too low, and nothing counts a bucket longer than it should, whatever
/// comes after it.
/// @dev No entry that counts is ever overwritten: at most 17 are kept that began within a bucket,
/// and while they count, 16 buckets begin.
library Rolling {
    using SafeCast for uint256;

    uint256 internal constant EXACT = 16;
    uint256 internal constant BUCKETS = 16;
    uint256 internal constant SIZE = EXACT + BUCKETS;

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

    /// @notice Adds an amount now. Entries before `since` will not be asked for again; it is always
    /// the same span ago.
    function add(Log storage log, uint256 amount, uint256 since) internal {
        uint40 time = log.time;
        if (time < since) {
            log.count = 0; // all entries are too old
        } else if (time == block.timestamp || _isShared(log, time, since)) {
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

    /// Does what comes now share the newest entry, being of its bucket and one of many?
    function _isShared(Log storage log, uint256 time, uint256 since) private view returns (bool) {
        uint256 bucket = (block.timestamp - since) / BUCKETS;
        return log.count >= EXACT && time / bucket == block.timestamp / bucket
            && log.older[(log.next + SIZE - EXACT) % SIZE] >> 64 >= since;
    }
}
