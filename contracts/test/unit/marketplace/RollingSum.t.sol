// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rolling} from "../../../src/libraries/Rolling.sol";
import {Base} from "../../Base.sol";

contract RollingSumTest is Base {
    using Rolling for Rolling.Log;

    uint256 private constant SPAN = 1 days;
    uint256 private constant BUCKET = SPAN / 16;

    Rolling.Log private log;
    uint256[] private times;
    uint256[] private amounts;

    function setUp() public {
        vm.warp(START_S);
    }

    function _add(uint256 amount) private {
        log.add(amount, block.timestamp - SPAN);
        times.push(block.timestamp);
        amounts.push(amount);
    }

    /// What a log that forgets nothing would say.
    function _truth(uint256 since) private view returns (uint256 sum, uint256 entries) {
        for (uint256 i = 0; i < times.length; ++i) {
            if (times[i] < since) continue;
            sum += amounts[i];
            ++entries;
        }
    }

    function test_is_nothing_at_first() public view {
        assertEq(log.sumSince(0), 0, "nothing");
    }

    function test_counts_24_hours_and_not_a_second_more() public {
        _add(5);
        vm.warp(START_S + SPAN);
        assertEq(log.sumSince(block.timestamp - SPAN), 5, "24 h");
        vm.warp(START_S + SPAN + 1);
        assertEq(log.sumSince(block.timestamp - SPAN), 0, "24 h 1 s");
    }

    function test_is_exact_for_17_entries_and_too_high_for_more() public {
        for (uint256 i = 0; i < 17; ++i) {
            vm.warp(START_S + i);
            _add(1);
        }
        assertEq(log.sumSince(START_S), 17, "all");
        assertEq(log.sumSince(START_S + 5), 12, "exact");
        vm.warp(START_S + 100);
        _add(1);
        assertEq(log.sumSince(START_S + 100), 2, "the newest took the time of the last");
        assertEq(log.sumSince(START_S), 18, "none is lost");
    }

    function test_dust_by_others_makes_nothing_count_longer_than_a_bucket() public {
        for (uint256 i = 0; i < 17; ++i) {
            vm.warp(START_S + i);
            _add(1);
        }
        vm.warp(START_S + 1 hours);
        _add(1000); // from here on every entry shares one
        for (uint256 i = 0; i < 260; ++i) {
            vm.warp(block.timestamp + 6 minutes);
            _add(1);
        }
        vm.warp(START_S + 1 hours + SPAN + BUCKET);
        assertLe(log.sumSince(block.timestamp - SPAN), 999, "it no longer counts");
    }

    function test_a_burst_is_kept_until_it_is_over_and_so_is_every_bucket_after_it() public {
        uint256 start = (START_S / BUCKET + 1) * BUCKET;
        for (uint256 i = 0; i < 40; ++i) {
            vm.warp(start - 40 + i); // 17 entries, and 23 that share the last
            _add(100);
        }
        for (uint256 i = 0; i < 16; ++i) {
            vm.warp(start + i * BUCKET + 1);
            _add(1);
            vm.warp(start + i * BUCKET + 2);
            _add(1);
        }
        vm.warp(start - 40 + SPAN);
        assertEq(log.sumSince(block.timestamp - SPAN), 4032, "none is lost");
        vm.warp(start + SPAN);
        assertEq(log.sumSince(block.timestamp - SPAN), 32, "the burst is over");
    }

    /// forge-config: default.fuzz.runs = 256
    function test_is_never_too_low_nor_a_bucket_late_and_exact_while_few(
        uint256 seed,
        uint8 count,
        uint256 gap
    ) public {
        count = uint8(bound(count, 1, 120));
        gap = bound(gap, 1, 4 hours); // dense, or so sparse that entries end
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + seed % gap);
            _add((seed >> 128) % 1e9);
        }
        vm.warp(block.timestamp + seed % (2 * SPAN));
        uint256 since = block.timestamp - (seed >> 64) % SPAN;
        (uint256 truth,) = _truth(since);
        uint256 sum = log.sumSince(since);
        assertLe(truth, sum, "never too low");
        (uint256 most,) = _truth(since - BUCKET + 1);
        assertLe(sum, most, "nothing counts a bucket longer");
        (, uint256 entries) = _truth(0);
        if (entries <= Rolling.EXACT + 1) assertEq(sum, truth, "exact");
    }
}
