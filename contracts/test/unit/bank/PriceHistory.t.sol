// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PriceHistory} from "../../../src/bank/PriceHistory.sol";
import {ICumulativePrice, IPriceHistory} from "../../../src/interfaces/IPriceHistory.sol";
import {Base} from "../../Base.sol";

/// @title Pool: a price as a test says, added up
contract Pool is ICumulativePrice {
    uint256 private _price;
    uint256 private _sum;
    uint256 private _since;

    function set(uint256 price) external {
        (_sum, _since, _price) = (cumulativePrice(), block.timestamp, price);
    }

    function cumulativePrice() public view returns (uint256) {
        return _sum + (_price << 32) * (block.timestamp - _since);
    }
}

contract PriceHistoryTest is Base {
    Pool private pool;
    PriceHistory private history;
    uint256 private now_ = START_S;

    function setUp() public {
        vm.warp(now_);
        pool = new Pool();
        pool.set(120_000);
        history = new PriceHistory(pool);
    }

    /// Lets hours pass and notes each.
    function _hours(uint256 many) private {
        for (; many > 0; --many) {
            now_ += 1 hours;
            vm.warp(now_);
            history.note();
        }
    }

    function test_refuses_no_pool_a_second_note_and_wrong_spans() public {
        vm.expectRevert(abi.encodeWithSelector(IPriceHistory.ZeroPool.selector));
        new PriceHistory(ICumulativePrice(address(0)));
        history.note();
        vm.expectRevert(
            abi.encodeWithSelector(IPriceHistory.AlreadyNoted.selector, START_S / 1 hours)
        );
        history.note();
        vm.expectRevert(abi.encodeWithSelector(IPriceHistory.SpanRefused.selector, 7 days, 0));
        history.averagePrice(0);
        vm.expectRevert(
            abi.encodeWithSelector(IPriceHistory.SpanRefused.selector, 7 days, 7 days + 1)
        );
        history.averagePrice(7 days + 1);
    }

    function test_zero_without_notes() public {
        assertEq(history.averagePrice(1 hours), 0, "none");
        _hours(24);
        assertEq(history.averagePrice(1 hours), 120_000, "an hour");
        assertEq(history.averagePrice(7 days), 0, "not a week");
        now_ += 5 hours; // nobody notes
        vm.warp(now_);
        assertEq(history.averagePrice(1 hours), 0, "too long ago");
        assertEq(history.averagePrice(6 hours), 120_000, "an older one");
    }

    function test_S23_an_hour_and_a_week() public {
        _hours(8 * 24);
        pool.set(72_000); // 40 % down
        assertEq(history.averagePrice(1 hours), 120_000, "the hour before");
        _hours(1);
        assertEq(history.averagePrice(1 hours), 72_000, "an hour later");
        assertEq(
            history.averagePrice(7 days), uint256(167 * 120_000 + 72_000) / 168, "of 168 hours"
        );
    }

    function test_S18_a_minute_counts_a_minute(uint256 seconds_) public {
        seconds_ = bound(seconds_, 0, 60);
        _hours(8 * 24);
        pool.set(120_000 * 10);
        vm.warp(now_ + seconds_);
        pool.set(120_000);
        vm.warp(now_ + 1 hours);
        uint256 expected = 120_000 + 1_080_000 * seconds_ / 3600;
        assertEq(history.averagePrice(1 hours), expected, "a sixtieth of the hour");
        assertLe(history.averagePrice(7 days), 120_108, "and a ten-thousandth of the week");
    }
}
