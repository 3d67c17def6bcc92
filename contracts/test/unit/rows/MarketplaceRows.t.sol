// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "../../../src/interfaces/IExchange.sol";
import {ILiquidityPool} from "../../../src/interfaces/ILiquidityPool.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Market} from "../marketplace/Market.sol";

/// @title VmLogs: the cheatcodes that read events back
interface VmLogs {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
}

/// @title Layer 2, row by row
contract MarketplaceRowsTest is Market {
    VmLogs private constant VM_LOGS = VmLogs(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    uint256 private constant TRADED_WH = 2000;

    function _tradeOf2Kwh() private {
        _credit(producer, 3000);
        _cash(consumer, DOLLAR);
        exchange.settle(
            12 * CENT,
            _one(_fill("producer", true, TRADED_WH, 12 * CENT)),
            _one(_fill("consumer", false, TRADED_WH, 12 * CENT))
        );
    }

    function test_B201_energy_credits_and_units_trade_and_what_is_not_listed_does_not() public {
        _tradeOf2Kwh();
        assertEq(_creditsOf(consumer), TRADED_WH, "credits");
        IExchange.Order memory order = _order("producer", true, 1000, 12 * CENT);
        order.token = stranger;
        IExchange.Fill memory fill = _fill("producer", order, 1000);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NotListed.selector, stranger, SEASON));
        exchange.take(fill, uint128(CENT));
    }

    function test_B202_the_product_never_falls_and_slippage_is_honoured(uint64 moneyUd) public {
        _provideS20();
        moneyUd = uint64(bound(moneyUd, 1000, 1000 * DOLLAR));
        _cash(consumer, moneyUd);
        (uint256 money, uint256 assets,) = pool.reserves();
        uint256 quote = pool.quoteBuy(moneyUd);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, quote + 1, quote)
        );
        pool.buy(moneyUd, uint128(quote + 1), LATER);
        vm.prank(consumer);
        assertEq(pool.buy(moneyUd, uint128(quote), LATER), quote, "as quoted");
        (uint256 moneyAfter, uint256 assetsAfter,) = pool.reserves();
        assertLe(money * assets, moneyAfter * assetsAfter, "k");
    }

    function test_B203_a_trade_against_the_rules_is_refused_before_anything_moves() public {
        _credit(producer, 3000);
        _cash(consumer, DOLLAR);
        IExchange.Fill memory sell = _fill("producer", true, TRADED_WH, 12 * CENT);
        IExchange.Fill memory buy = _fill("consumer", false, TRADED_WH, 12 * CENT);
        IRulebook.Rules memory rules = _free();
        rules.closed = true;
        _set(IRulebook.Kind.CREDIT, CANADA, rules);
        (bool done,) = address(exchange)
            .call(abi.encodeCall(exchange.settle, (12 * CENT, _one(sell), _one(buy))));
        assertTrue(!done, "closed");
        assertEq(_creditsOf(consumer), 0, "no credit moved");
        assertEq(currency.balanceOf(consumer), DOLLAR, "no money moved");
    }

    function test_B102_who_moves_country_gets_that_countrys_rules_at_once() public {
        _credit(producer, 3000);
        _cash(consumer, DOLLAR);
        _moveTo(consumer, NOWHERE); // no pack: the strictest of all, which holds from one unit
        IExchange.Fill memory sell = _fill("producer", true, TRADED_WH, 12 * CENT);
        IExchange.Fill memory buy = _fill("consumer", false, TRADED_WH, 12 * CENT);
        bytes memory call = abi.encodeCall(exchange.settle, (12 * CENT, _one(sell), _one(buy)));
        (bool done,) = address(exchange).call(call);
        assertTrue(!done, "an unknown country");
        _moveTo(consumer, CANADA);
        (done,) = address(exchange).call(call);
        assertTrue(done, "home again");
    }

    /// Who reads nothing but events knows every trade and arrives at everybody's balance.
    function test_B204_history_is_rebuilt_from_events_alone() public {
        VM_LOGS.recordLogs();
        _tradeOf2Kwh();
        VmLogs.Log[] memory logs = VM_LOGS.getRecordedLogs();
        uint256 boughtWh;
        uint256 paidUd;
        uint256 fills;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (
                logs[i].emitter != address(exchange)
                    || logs[i].topics[0] != IExchange.Filled.selector
            ) continue;
            ++fills;
            (bool sells, uint256 amountWh,, uint256 priceUd, uint256 moneyUd) =
                _filled(logs[i].data);
            assertEq(priceUd, 12 * CENT, "price");
            if (!sells) (boughtWh, paidUd) = (boughtWh + amountWh, paidUd + moneyUd);
        }
        assertEq(fills, 2, "both sides");
        assertEq(boughtWh, _creditsOf(consumer), "energy");
        assertEq(paidUd, DOLLAR - currency.balanceOf(consumer), "money");
    }

    /// The last five words: sells, amount, filled, price, money.
    function _filled(bytes memory data)
        private
        pure
        returns (bool sells, uint256 amount, uint256 filled, uint256 priceUd, uint256 moneyUd)
    {
        bytes memory tail = new bytes(160);
        for (uint256 i = 0; i < 160; ++i) {
            tail[i] = data[data.length - 160 + i];
        }
        return abi.decode(tail, (bool, uint256, uint256, uint256, uint256));
    }

    function test_B004_metered_credits_become_money_through_the_pool_fees_shown() public {
        _provideS20();
        _credit(producer, 10 * KWH);
        uint256 quote = pool.quoteSell(10 * KWH);
        vm.prank(producer);
        uint256 receivedUd = pool.sell(uint128(10 * KWH), uint128(quote), LATER);
        assertEq(receivedUd, quote, "as quoted, after fees");
        assertEq(currency.balanceOf(producer), receivedUd, "settlement money");
        assertEq(_creditsOf(producer), 0, "from credits alone");
    }

    function test_X15_a_daily_limit_refuses() public {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = 20 * CENT;
        _set(IRulebook.Kind.MONEY, CANADA, rules);
        _credit(producer, 3000);
        _cash(consumer, DOLLAR);
        IExchange.Fill memory sell = _fill("producer", true, TRADED_WH, 12 * CENT);
        IExchange.Fill memory buy = _fill("consumer", false, TRADED_WH, 12 * CENT);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.DailyLimitExceeded.selector,
                address(currency),
                consumer,
                0,
                24 * CENT,
                20 * CENT
            )
        );
        exchange.settle(12 * CENT, _one(sell), _one(buy));
    }

    function _records(uint256 amountUd) private returns (bool done) {
        vm.prank(address(exchange));
        (done,) = address(compliance)
            .call(
                abi.encodeCall(
                    compliance.recordTransfer, (address(currency), consumer, producer, amountUd)
                )
            );
    }

    /// 24-hour aggregation: parts count as one.
    function test_X22_parts_within_24_hours_are_added_up() public {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = 1000 * DOLLAR;
        _set(IRulebook.Kind.MONEY, CANADA, rules);
        assertTrue(_records(600 * DOLLAR), "a part");
        assertEq(compliance.sentWithinDay(address(currency), consumer), 600 * DOLLAR, "counted");
        assertTrue(!_records(600 * DOLLAR), "together they are above the limit");
        vm.warp(START_S + 24 hours + 1 minutes);
        assertTrue(_records(600 * DOLLAR), "a day later they are not");
    }

    // --- A03a: price

    /// One block, any amount: the average that other contracts read does not move.
    function test_A03a_price_manipulation_in_one_block_moves_no_average(uint64 moneyUd) public {
        _provideS20();
        vm.warp(START_S + 2 days);
        (uint256 beforeUd,,) = pool.average();
        moneyUd = uint64(bound(moneyUd, DOLLAR, 100_000 * DOLLAR));
        _cash(consumer, moneyUd);
        vm.prank(consumer);
        uint256 bought = pool.buy(moneyUd, 0, type(uint40).max);
        (uint256 nowUd,,) = pool.average();
        assertEq(nowUd, beforeUd, "within the block");
        vm.prank(consumer);
        credits.setApprovalForAll(address(pool), true);
        vm.prank(consumer);
        pool.sell(uint128(bought), 0, type(uint40).max);
        (nowUd,,) = pool.average();
        assertEq(nowUd, beforeUd, "and after the way back");
        assertLe(currency.balanceOf(consumer), moneyUd, "which cost the fee twice");
    }

    /// An order is revealed only to the settler it names; who sees it first can't use it.
    function test_A03a_front_run_an_order_serves_its_settler_and_its_limit_alone() public {
        _credit(producer, 3000);
        _cash(consumer, DOLLAR);
        _cash(neighbour, DOLLAR);
        IExchange.Order memory order = _order("producer", true, TRADED_WH, 12 * CENT);
        order.settler = operator;
        IExchange.Fill memory fill = _fill("producer", order, TRADED_WH);
        vm.prank(neighbour);
        vm.expectRevert(abi.encodeWithSelector(IExchange.NotSettler.selector, neighbour, operator));
        exchange.take(fill, uint128(CENT));
        IExchange.Fill[] memory buys = _one(_fill("consumer", false, TRADED_WH, 12 * CENT));
        vm.prank(operator);
        exchange.settle(12 * CENT, _one(fill), buys);
        assertEq(_creditsOf(consumer), TRADED_WH, "served as agreed");
    }
}
