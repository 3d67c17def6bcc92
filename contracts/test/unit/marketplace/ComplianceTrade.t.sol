// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IExchange} from "../../../src/interfaces/IExchange.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Assets} from "../../../src/libraries/Assets.sol";
import {EnergyCredit} from "../../../src/marketplace/EnergyCredit.sol";
import {LiquidityPool} from "../../../src/marketplace/LiquidityPool.sol";
import {Market} from "./Market.sol";

/// @title ComplianceTrade: a season's credits, which ask for themselves, at both venues
/// @notice Whatever the way, each leg of a trade is judged and counted once.
contract ComplianceTradeTest is Market {
    EnergyCredit private credit;
    LiquidityPool private creditPool;

    function setUp() public override {
        super.setUp();
        credit = new EnergyCredit(
            address(manager),
            currency,
            passport,
            compliance,
            IEnergyCredit.Season("Season", "KWH", uint64(START_S), uint64(START_S + 9 days), 1000)
        );
        creditPool = new LiquidityPool(
            address(manager), _venue(), Assets.Standard.ERC20, address(credit), 0, KWH, WINDOW
        );
        _register(address(credit), IRulebook.Kind.CREDIT, true);
        _register(address(creditPool), IRulebook.Kind.CREDIT, true);
        _addVenue(address(credit));
        _addVenue(address(creditPool));
        vm.prank(admin);
        exchange.list(address(credit), Assets.Standard.ERC20, KWH);
        _cash(admin, 1e12);
        vm.prank(admin);
        currency.approve(address(credit), type(uint256).max);
        address[3] memory members = [producer, consumer, neighbour];
        for (uint256 i = 0; i < 3; ++i) {
            _cash(members[i], 1000 * DOLLAR);
            vm.prank(members[i]);
            currency.approve(address(creditPool), type(uint256).max);
            vm.prank(admin);
            credit.mint(members[i], uint128(1000 * KWH), bytes32(i));
            vm.prank(members[i]);
            credit.approve(address(creditPool), type(uint256).max);
            vm.prank(members[i]);
            credit.approve(address(exchange), type(uint256).max);
        }
        vm.prank(neighbour);
        creditPool.provide(100 * DOLLAR, 1000 * KWH, 0, true, LATER);
    }

    function _limitCredits(uint64 dailyMost, uint64 holdingMost) private {
        IRulebook.Rules memory rules = _free();
        (rules.dailyMost, rules.holdingMost) = (dailyMost, holdingMost);
        _set(IRulebook.Kind.CREDIT, CANADA, rules);
    }

    function _take(uint128 amountWh) private {
        IExchange.Order memory order = _order("producer", true, 1000 * KWH, 10 * CENT);
        (order.token, order.id) = (address(credit), 0);
        IExchange.Fill memory fill = _fill("producer", order, amountWh);
        vm.prank(consumer);
        exchange.take(fill, 0);
    }

    function _sell(uint128 amountWh) private {
        vm.prank(producer);
        creditPool.sell(amountWh, 0, LATER);
    }

    function test_S20_position_and_daily_limits_hold_at_both_venues() public {
        _limitCredits(uint64(10 * KWH), uint64(1005 * KWH));
        _take(uint128(4 * KWH));
        _sell(uint128(5 * KWH));
        assertEq(compliance.sentWithinDay(address(credit), producer), 9 * KWH, "each counted once");
        bytes memory reason = abi.encodeWithSelector(
            IRulebook.DailyLimitExceeded.selector,
            address(credit),
            producer,
            9 * KWH,
            2 * KWH,
            10 * KWH
        );
        IExchange.Order memory order = _order("producer", true, 1000 * KWH, 10 * CENT);
        (order.token, order.id) = (address(credit), 0);
        IExchange.Fill memory fill = _fill("producer", order, 2 * KWH);
        vm.prank(consumer);
        vm.expectRevert(reason);
        exchange.take(fill, 0);
        vm.prank(producer);
        vm.expectRevert(reason);
        creditPool.sell(uint128(2 * KWH), 0, LATER);
        vm.prank(producer);
        vm.expectRevert(reason);
        credit.transfer(neighbour, 2 * KWH);

        uint256 assets = creditPool.quoteBuy(DOLLAR);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.HoldingCapExceeded.selector,
                address(credit),
                consumer,
                1004 * KWH,
                assets,
                1005 * KWH
            )
        );
        creditPool.buy(DOLLAR, 0, LATER);
    }

    function test_a_plain_trade_and_a_judged_one_move_the_same() public {
        uint256 quote = creditPool.quoteBuy(DOLLAR);
        vm.prank(consumer);
        assertEq(creditPool.buy(DOLLAR, 0, LATER), quote, "plain");
        _limitCredits(uint64(1000 * KWH), NO_LIMIT);
        quote = creditPool.quoteBuy(DOLLAR);
        vm.prank(consumer);
        assertEq(creditPool.buy(DOLLAR, 0, LATER), quote, "judged");
        assertEq(compliance.sentWithinDay(address(credit), address(creditPool)), 0, "no venue");
    }

    function test_refuses_a_plain_trade_on_hold() public {
        _hold(consumer);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, consumer, TRADE_ENERGY)
        );
        creditPool.buy(DOLLAR, 0, LATER);
    }
}
