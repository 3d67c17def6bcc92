// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Market} from "./Market.sol";

contract PoolAverageTest is Market {
    uint40 private constant EVER = type(uint40).max;

    function setUp() public override {
        super.setUp();
        (uint256 priceUd, uint256 parties, uint256 since) = pool.average();
        assertEq(priceUd + parties + since, 0, "nothing yet");
        _provideS20();
        _cash(consumer, 1000 * DOLLAR);
        _credit(consumer, 1000 * KWH);
    }

    function _buy(address account, uint128 moneyUd) private returns (uint256 assets) {
        vm.prank(account);
        return pool.buy(moneyUd, 0, EVER);
    }

    function _average() private view returns (uint256 priceUd) {
        (priceUd,,) = pool.average();
    }

    function _parties() private view returns (uint256 parties) {
        (, parties,) = pool.average();
    }

    function test_is_the_price_while_nothing_happens() public {
        assertEq(_average(), 12 * CENT, "at once");
        vm.warp(START_S + 100 days);
        assertEq(_average(), 12 * CENT, "after a hundred days");
        assertEq(pool.cumulativePrice(), uint256(12 * CENT) * 100 days << 32, "sum");
    }

    function test_weighs_by_time() public {
        vm.warp(START_S + 6 hours);
        _buy(consumer, 12 * DOLLAR);
        uint256 later = uint256(132 * DOLLAR) * KWH / 909_339;
        vm.warp(START_S + 24 hours);
        uint256 expected = (uint256(12 * CENT) * 6 + later * 18) / 24;
        assertLe(_average(), expected, "not above");
        assertLe(expected, _average() + 1, "nor below, but for rounding");
    }

    /// The same by the accumulator alone, read twice, as in Uniswap v2.
    function test_agrees_with_the_accumulator_read_twice(uint32[6] memory waits, uint64 moneyUd)
        public
    {
        moneyUd = uint64(bound(moneyUd, 1000, DOLLAR * 100));
        for (uint256 i = 0; i < 6; ++i) {
            uint256 before = pool.cumulativePrice();
            (uint256 money, uint256 assets,) = pool.reserves();
            uint256 wait = bound(waits[i], 0, 5 days);
            vm.warp(block.timestamp + wait);
            assertEq(
                pool.cumulativePrice() - before,
                (money * KWH << 32) / assets * wait,
                "price times seconds"
            );
            uint256 sum = pool.cumulativePrice();
            _buy(consumer, moneyUd);
            assertEq(pool.cumulativePrice(), sum, "a trade changes no past");
        }
        (uint256 priceUd, uint256 parties, uint256 since) = pool.average();
        assertLe(since, block.timestamp, "since");
        assertLe(block.timestamp - since, 2 * WINDOW - 1, "two windows at most");
        assertLe(12 * CENT, priceUd, "never below the first price");
        assertEq(parties, 1, "one party");
    }

    /// A whale trades with itself for a minute: less than 1 %, and too few parties.
    function test_S18_a_minute_of_one_party_moves_it_by_less_than_one_percent() public {
        vm.warp(START_S + 23 hours);
        uint256 bought = _buy(consumer, 60 * DOLLAR); // more than doubles the price
        vm.warp(block.timestamp + 60);
        vm.prank(consumer);
        pool.sell(uint128(bought), 0, EVER);
        vm.warp(START_S + 24 hours);
        uint256 price = _average();
        assertLe(price, 12 * CENT * 101 / 100, "less than 1 % up");
        assertLe(12 * CENT * 99 / 100, price, "nor down");
        assertLe(_parties(), 4, "not fit for a tariff");
    }

    function test_moves_nothing_within_one_block() public {
        vm.warp(START_S + 1 hours);
        uint256 before = _average();
        _buy(consumer, 500 * DOLLAR);
        assertEq(_average(), before, "no time passed");
    }

    function test_counts_each_account_once_over_both_windows() public {
        address[5] memory members =
            [consumer, producer, neighbour, _actor("fourth"), _actor("fifth")];
        for (uint256 i = 0; i < 5; ++i) {
            _admit(members[i]);
            _cash(members[i], 10 * DOLLAR);
        }
        _buy(members[0], DOLLAR);
        _buy(members[0], DOLLAR);
        _buy(members[1], DOLLAR);
        assertEq(_parties(), 2, "two");
        vm.warp(START_S + WINDOW);
        assertEq(_parties(), 2, "of the last window");
        _buy(members[1], DOLLAR); // in both
        assertEq(_parties(), 2, "still two");
        _buy(members[2], DOLLAR);
        _buy(members[3], DOLLAR);
        _buy(members[4], DOLLAR);
        assertEq(_parties(), 5, "five");
        vm.warp(START_S + 2 * WINDOW);
        assertEq(_parties(), 4, "the first is too long ago");
        vm.warp(START_S + 3 * WINDOW);
        assertEq(_parties(), 0, "nobody for a whole window");
        _buy(members[0], DOLLAR);
        assertEq(_parties(), 1, "one");
    }
}
