// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEnergyCredit} from "../../src/interfaces/IEnergyCredit.sol";
import {IExchange} from "../../src/interfaces/IExchange.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {Assets} from "../../src/libraries/Assets.sol";
import {EnergyCredit} from "../../src/marketplace/EnergyCredit.sol";
import {LiquidityPool} from "../../src/marketplace/LiquidityPool.sol";
import {Market} from "../unit/marketplace/Market.sol";

/// @title MarketplaceGas: what a trade costs, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// forge-config: default.isolate = true
contract MarketplaceGasTest is Market {
    EnergyCredit private credit;
    LiquidityPool private creditPool;

    function _note(string memory name) private {
        vm.snapshotGasLastCall("MarketplaceGas", name);
    }

    function test_pool() public {
        _provideS20();
        _cash(consumer, 100 * DOLLAR);
        _credit(consumer, 100 * KWH);
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, LATER);
        _note("pool buy, first of an account");
        vm.warp(START_S + 60);
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, LATER);
        _note("pool buy");
        vm.warp(START_S + 120);
        vm.prank(consumer);
        pool.sell(KWH, 0, LATER);
        _note("pool sell");
        vm.warp(START_S + WINDOW + 1);
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, type(uint40).max);
        _note("pool buy, first of a window");
        vm.prank(consumer);
        pool.provide(DOLLAR, 10 * KWH, 0, true, type(uint40).max);
        _note("pool provide, first of an account");
        vm.prank(consumer);
        pool.withdraw(1e4, 0, 0, type(uint40).max);
        _note("pool withdraw");
    }

    function test_pool_under_a_daily_limit() public {
        _provideS20();
        _cash(consumer, 100 * DOLLAR);
        IRulebook.Rules memory rules = _free();
        (rules.from, rules.dailyMost) = (uint40(START_S + 1), 50 * DOLLAR);
        _set(IRulebook.Kind.MONEY, CANADA, rules);
        vm.warp(START_S + 2);
        compliance.turnOver(IRulebook.Kind.MONEY, CANADA);
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, type(uint40).max);
        vm.warp(START_S + 25 hours);
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, type(uint40).max);
        _note("pool buy under a daily limit, first of a window");
        vm.warp(START_S + 50 hours);
        vm.prank(neighbour);
        pool.withdraw(1e6, 0, 0, type(uint40).max);
        vm.prank(consumer);
        pool.buy(DOLLAR, 0, type(uint40).max);
        _note("pool buy under a daily limit");
    }

    function test_exchange() public {
        _cash(consumer, 100 * DOLLAR);
        _cash(neighbour, 100 * DOLLAR);
        _credit(producer, 100 * KWH);
        credits.mint(consumer, SEASON, 1);
        credits.mint(neighbour, SEASON, 1);
        IExchange.Fill[] memory sells = _one(_fill("producer", true, 3000, 11 * CENT));
        IExchange.Fill[] memory buys = new IExchange.Fill[](2);
        buys[0] = _fill("consumer", false, 2500, 14 * CENT);
        buys[1] = _fill("neighbour", _order("neighbour", false, 1500, 12 * CENT), 500);
        exchange.settle(12 * CENT, sells, buys);
        _note("exchange settle, 1 seller and 2 buyers");
        IExchange.Fill memory fill = _fill("producer", true, 1000, 10 * CENT);
        vm.prank(consumer);
        exchange.take(fill, 0);
        _note("exchange take");
        vm.prank(consumer);
        exchange.cancel(bytes32(uint256(1)));
        _note("exchange cancel");
        vm.prank(consumer);
        exchange.raiseEpoch();
        _note("exchange raise epoch, first of an account");
    }

    function test_compliance() public {
        units.mint(consumer, 100);
        units.mint(producer, 100);
        vm.prank(consumer);
        units.transfer(producer, 1);
        _note("share transfer, a pack that counts nothing");
        vm.prank(admin);
        compliance.setProvider(consumer, provider);
        vm.prank(provider);
        compliance.attest(address(units), consumer, producer, 1, bytes32(uint256(1)));
        _note("attest");
        _set(IRulebook.Kind.SHARE, USA, _free());
        _note("set rules, first of a country");
    }

    /// Money and a season's credits, asked about by the real rulebook. "Counts nothing" is a pack
    /// of a travel-rule threshold and no limit a day, of a year, or of what is held.
    function test_ruled() public {
        _openCredit();
        _noteTransfers("a pack that counts nothing");
        _limit(IRulebook.Kind.MONEY);
        _limit(IRulebook.Kind.CREDIT);
        vm.prank(producer);
        currency.transfer(consumer, DOLLAR);
        vm.prank(producer);
        credit.transfer(consumer, KWH);
        _noteTransfers("a daily limit");
    }

    /// Credits of a season against money, fee 1 % and levy 2 %, all prices summed up.
    function test_credit_pool() public {
        _openCredit();
        vm.prank(producer);
        creditPool.provide(120 * DOLLAR, 1000 * KWH, 0, true, LATER);
        vm.prank(consumer);
        creditPool.buy(DOLLAR, 0, LATER);
        vm.warp(START_S + 60);
        vm.prank(consumer);
        creditPool.buy(DOLLAR, 0, LATER);
        _note("pool buy, season credits, a pack that counts nothing");
        vm.warp(START_S + 120);
        vm.prank(consumer);
        creditPool.sell(KWH, 0, LATER);
        _note("pool sell, season credits, a pack that counts nothing");
        _limit(IRulebook.Kind.MONEY);
        vm.prank(consumer);
        creditPool.buy(DOLLAR, 0, LATER);
        vm.warp(START_S + 180);
        vm.prank(consumer);
        creditPool.buy(DOLLAR, 0, LATER);
        _note("pool buy, season credits, a daily limit");
    }

    function _noteTransfers(string memory rules) private {
        vm.prank(producer);
        currency.transfer(consumer, DOLLAR);
        _note(string.concat("money transfer, ", rules));
        vm.prank(producer);
        credit.transfer(consumer, KWH);
        _note(string.concat("credit transfer, ", rules));
    }

    function _limit(IRulebook.Kind kind) private {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = uint64(1000 * DOLLAR);
        _set(kind, CANADA, rules);
    }

    /// A season's credits, a pool of them, and both in the hands of producer and consumer.
    function _openCredit() private {
        credit = new EnergyCredit(
            address(manager),
            currency,
            passport,
            compliance,
            IEnergyCredit.Season("Season", "KWH", uint64(START_S), uint64(START_S + 1 days), 1000)
        );
        creditPool = new LiquidityPool(
            address(manager), _venue(), Assets.Standard.ERC20, address(credit), 0, KWH, WINDOW
        );
        _register(address(credit), IRulebook.Kind.CREDIT, true);
        _register(address(creditPool), IRulebook.Kind.CREDIT, true);
        _addVenue(address(credit));
        _addVenue(address(creditPool));
        credit.acknowledge(address(creditPool));
        vm.prank(admin);
        creditPool.setSharesOfPrice(100, 200);
        _cash(admin, 1e12);
        vm.prank(admin);
        currency.approve(address(credit), type(uint256).max);
        address[2] memory members = [producer, consumer];
        for (uint256 i = 0; i < 2; ++i) {
            _cash(members[i], 1000 * DOLLAR);
            vm.prank(members[i]);
            currency.approve(address(creditPool), type(uint256).max);
            vm.prank(admin);
            credit.mint(members[i], uint128(2000 * KWH), bytes32(i));
            vm.prank(members[i]);
            credit.approve(address(creditPool), type(uint256).max);
        }
    }
}
