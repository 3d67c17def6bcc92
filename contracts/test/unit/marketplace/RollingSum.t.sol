// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rolling} from "../../../src/libraries/Rolling.sol";
import {Base} from "../../Base.sol";

contract RollingSumTest is Base {
    using Rolling for Rolling.Log;

    uint256 private constant SPAN = 1 days;

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

    /// forge-config: default.fuzz.runs = 256
    function test_is_never_too_low_and_exact_while_few(uint256 seed, uint8 count) public {
        count = uint8(bound(count, 1, 60));
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + seed % (4 hours));
            _add((seed >> 128) % 1e9);
        }
        vm.warp(block.timestamp + seed % (2 * SPAN));
        uint256 since = block.timestamp - (seed >> 64) % SPAN;
        (uint256 truth,) = _truth(since);
        uint256 sum = log.sumSince(since);
        assertLe(truth, sum, "never too low");
        (uint256 most, uint256 entries) = _truth(0);
        assertLe(sum, most, "nothing invented");
        if (entries <= Rolling.SIZE + 1) assertEq(sum, truth, "exact");
    }
}
