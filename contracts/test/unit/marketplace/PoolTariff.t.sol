// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {Tariff} from "../../../src/market/Tariff.sol";
import {Market} from "./Market.sol";

/// @title The pool itself is the tariff's source, as it is deployed
contract PoolTariffTest is Market {
    uint40 private constant EVER = type(uint40).max;
    uint32 private constant INTERVAL = 15 minutes;
    uint32 private constant TRADED_PPM = 200_000;

    Tariff private tariff;

    function setUp() public override {
        super.setUp();
        DynamicPrice.Policy memory policy = DynamicPrice.Policy({
            normalW: 17e9,
            floorUdPerKwh: 20_000,
            capUdPerKwh: 400_000,
            stepUdPerKwh: 400_000,
            demandWeightPpm: 1_500_000,
            tradedWeightPpm: TRADED_PPM,
            freshFor: 30 minutes,
            heldFor: 2 hours,
            gridDeviationUdPerKwh: 500_000,
            demandDeviationW: 3e9,
            tariffDeviationUdPerKwh: 300_000
        });
        tariff = new Tariff(address(manager), INTERVAL, 157_000, policy);
        vm.prank(admin);
        tariff.setReporter(_actor("reporter"), true, 1);
        vm.prank(admin);
        tariff.setSource(address(pool));
        _provideS20();
    }

    function _buyAs(string memory role) private {
        address account = _actor(role);
        _cash(account, DOLLAR);
        vm.prank(account);
        pool.buy(DOLLAR, 0, EVER);
    }

    function _reported() private returns (ITariff.Record memory) {
        ITariff.Input memory input = ITariff.Input(41_250, 17e9, 157_000, uint64(block.timestamp));
        tariff.report(input, _signature("reporter", tariff.inputHash(input)));
        return tariff.recordOf(uint64(block.timestamp / INTERVAL + 1));
    }

    /// An average over less than a window would let a short trade weigh much.
    function test_says_nothing_before_a_whole_window_is_over() public {
        (uint128 tradedUd, uint32 parties,) = pool.tradedPrice();
        assertEq(tradedUd + parties, 0, "just begun");
        _admit(_actor("first"));
        _buyAs("first");
        vm.warp(START_S + WINDOW - 1);
        (tradedUd, parties,) = pool.tradedPrice();
        assertEq(tradedUd + parties, 0, "a second too early");
        vm.warp(START_S + WINDOW);
        (tradedUd, parties,) = pool.tradedPrice();
        assertEq(parties, 1, "a window old");
        assertLe(12 * CENT, tradedUd, "its average");
    }

    function test_B205_four_parties_of_the_pool_do_not_count() public {
        string[4] memory roles = ["first", "second", "third", "fourth"];
        for (uint256 i = 0; i < roles.length; ++i) {
            _admit(_actor(roles[i]));
            _buyAs(roles[i]);
        }
        vm.warp(START_S + WINDOW);
        ITariff.Record memory record = _reported();
        assertEq(record.tradedUdPerKwh, 0, "too few");
        assertEq(record.priceUdPerKwh, 41_250, "the grid's alone");
    }

    /// S18: five wallets of a whale are one party, in this window and over both.
    function test_S18_the_wallets_of_one_person_are_one_party() public {
        address whale = _actor("first");
        vm.prank(admin);
        passport.admit(whale, keccak256("whale"), TRADE_ENERGY, EXPIRY, CANADA);
        _buyAs("first");
        string[4] memory roles = ["second", "third", "fourth", "fifth"];
        for (uint256 i = 0; i < roles.length; ++i) {
            vm.prank(admin);
            passport.link(whale, _actor(roles[i]));
            _buyAs(roles[i]);
        }
        (, uint256 parties,) = pool.average();
        assertEq(parties, 1, "one person");
        vm.warp(START_S + WINDOW);
        _buyAs("third");
        _buyAs("first");
        (, parties,) = pool.average();
        assertEq(parties, 1, "still the same");
    }

    /// B207 at the same time: the price moves by its weight.
    function test_B205_the_pools_average_counts_from_five_parties_on() public {
        string[5] memory roles = ["first", "second", "third", "fourth", "fifth"];
        for (uint256 i = 0; i < roles.length; ++i) {
            _admit(_actor(roles[i]));
            _buyAs(roles[i]);
        }
        vm.warp(START_S + WINDOW);
        (uint256 averageUd,,) = pool.average();
        (uint128 tradedUd, uint32 parties, uint64 asOf) = pool.tradedPrice();
        assertEq(tradedUd, averageUd, "the time-weighted average");
        assertEq(parties, 5, "parties");
        assertEq(asOf, block.timestamp, "up to now");

        ITariff.Record memory record = _reported();
        assertEq(record.tradedUdPerKwh, averageUd, "counted");
        assertEq(record.priceUdPerKwh, (41_250 * 8 + averageUd * 2) / 10, "by its weight");
    }
}
