// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {TariffWorld} from "./TariffWorld.sol";

contract TariffReportTest is TariffWorld {
    function test_S18_refuses_an_input_without_a_signature() public {
        ITariff.Input memory input = _input();
        vm.expectRevert(abi.encodeWithSelector(ITariff.TooFewSignatures.selector, 0, 2));
        tariff.report(input, "");
    }

    function test_refuses_fewer_signatures_than_the_quorum() public {
        ITariff.Input memory input = _input();
        bytes memory one = _signature(_reporterRole(0), tariff.inputHash(input));
        vm.expectRevert(abi.encodeWithSelector(ITariff.TooFewSignatures.selector, 65, 2));
        tariff.report(input, one);
        vm.expectRevert(abi.encodeWithSelector(ITariff.TooFewSignatures.selector, 131, 2));
        tariff.report(input, bytes.concat(one, one, hex"00"));
    }

    function test_refuses_the_same_signer_twice() public {
        ITariff.Input memory input = _input();
        bytes memory one = _signature(_reporterRole(0), tariff.inputHash(input));
        address signer = vm.addr(_key(_reporterRole(0)));
        vm.expectRevert(abi.encodeWithSelector(ITariff.SignatureRefused.selector, signer, signer));
        tariff.report(input, bytes.concat(one, one));
    }

    function test_refuses_who_is_no_reporter() public {
        ITariff.Input memory input = _input();
        bytes memory one = _signature("stranger", tariff.inputHash(input));
        vm.expectRevert(
            abi.encodeWithSelector(ITariff.SignatureRefused.selector, stranger, address(0))
        );
        tariff.report(input, bytes.concat(one, one));
    }

    function test_refuses_signatures_over_other_inputs_another_contract_or_chain() public {
        ITariff.Input memory input = _input();
        bytes memory signatures = _signed(input, 0, 1);
        input.gridUdPerKwh += 1;
        _refusedAs(input, signatures);
        input.gridUdPerKwh -= 1;
        vm.chainId(5);
        _refusedAs(input, signatures);
    }

    function _refusedAs(ITariff.Input memory input, bytes memory signatures) private {
        try tariff.report(input, signatures) {
            assertTrue(false, "accepted");
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == ITariff.SignatureRefused.selector, "refused");
        }
    }

    function test_refuses_a_second_report_in_an_interval() public {
        _report(_input());
        vm.warp(START_S + 60);
        _refused(_input(), abi.encodeWithSelector(ITariff.AlreadyReported.selector, FIRST + 1));
    }

    function test_refuses_time_that_does_not_go_forward() public {
        ITariff.Input memory input = _input();
        _report(input);
        _nextInterval();
        uint64 now_ = uint64(block.timestamp);
        _refused(input, abi.encodeWithSelector(ITariff.WrongTime.selector, START_S, now_, START_S));
    }

    function test_refuses_inputs_from_the_future() public {
        ITariff.Input memory input = _input();
        input.observedAt += 1;
        _refused(
            input,
            abi.encodeWithSelector(
                ITariff.WrongTime.selector, START_S - 30 minutes - 1, START_S, START_S + 1
            )
        );
    }

    function test_refuses_stale_inputs() public {
        ITariff.Input memory input = _input();
        vm.warp(START_S + 30 minutes + 1);
        _refused(
            input,
            abi.encodeWithSelector(ITariff.WrongTime.selector, START_S, block.timestamp, START_S)
        );
        vm.warp(START_S + 30 minutes);
        _report(input);
    }

    function test_refuses_inputs_out_of_range() public {
        ITariff.Input memory input = _input();
        input.demandW = 0;
        _refused(input, abi.encodeWithSelector(ITariff.InputOutOfRange.selector, input));
        input = _input();
        input.tariffUdPerKwh = 0;
        _refused(input, abi.encodeWithSelector(ITariff.InputOutOfRange.selector, input));
        input.tariffUdPerKwh = 1e8 + 1;
        _refused(input, abi.encodeWithSelector(ITariff.InputOutOfRange.selector, input));
        input = _input();
        input.gridUdPerKwh = -1e8 - 1;
        _refused(input, abi.encodeWithSelector(ITariff.InputOutOfRange.selector, input));
        input.gridUdPerKwh = type(int64).min;
        _refused(input, abi.encodeWithSelector(ITariff.InputOutOfRange.selector, input));
    }

    function test_refuses_what_moves_too_far() public {
        _report(_input());
        _nextInterval();
        ITariff.Input memory input = _input();
        input.gridUdPerKwh = GRID - 500_001;
        _refused(
            input,
            abi.encodeWithSelector(ITariff.GridDeviates.selector, GRID, input.gridUdPerKwh, 500_000)
        );
        input = _input();
        input.demandW = NORMAL_W + 3_000_000_001;
        _refused(
            input,
            abi.encodeWithSelector(
                ITariff.DemandDeviates.selector, NORMAL_W, input.demandW, 3_000_000_000
            )
        );
        input = _input();
        input.tariffUdPerKwh = RETAIL + 300_001;
        _refused(
            input,
            abi.encodeWithSelector(
                ITariff.TariffDeviates.selector, RETAIL, input.tariffUdPerKwh, 300_000
            )
        );
    }

    function test_a_true_shock_is_accepted_late_rather_than_never() public {
        _report(_input());
        vm.warp(START_S + 4 * INTERVAL);
        ITariff.Input memory input = _input();
        input.gridUdPerKwh = GRID + 2_000_001;
        _refused(
            input,
            abi.encodeWithSelector(
                ITariff.GridDeviates.selector, GRID, input.gridUdPerKwh, 2_000_000
            )
        );
        input.gridUdPerKwh -= 1;
        _report(input);
    }

    function test_a_report_makes_the_price_of_the_next_interval_and_not_of_this_one() public {
        uint64 before = _priceNow();
        uint64 made = _report(_input());
        assertEq(made, RETAIL - 25_000, "one step from where it began");
        assertEq(_priceNow(), before, "this interval keeps its price");
        vm.warp(START_S + INTERVAL - 1);
        assertEq(_priceNow(), before, "to its last second");
        vm.warp(START_S + INTERVAL);
        assertEq(_priceNow(), made, "the next has the new one");
    }

    function test_keeps_all_a_price_was_computed_from() public {
        marketplace.set(120_000, 5, uint64(START_S));
        vm.expectEmit();
        ITariff.Record memory expected = ITariff.Record({
            gridUdPerKwh: GRID,
            demandW: NORMAL_W,
            tariffUdPerKwh: RETAIL,
            observedAt: uint40(START_S),
            policyVersion: 1,
            priceUdPerKwh: RETAIL - 25_000,
            tradedUdPerKwh: 120_000,
            beforeUdPerKwh: RETAIL,
            previous: uint40(FIRST),
            flags: DynamicPrice.STEPPED
        });
        emit ITariff.Priced(FIRST + 1, expected, 5);
        _report(_input());
        ITariff.Record memory record = tariff.recordOf(FIRST + 1);
        assertEq(keccak256(abi.encode(record)), keccak256(abi.encode(expected)), "record");
    }

    function test_S18_every_past_price_is_recomputed_from_the_chain_alone(uint256 seed) public {
        for (uint256 i = 0; i < 6; ++i) {
            ITariff.Input memory input = _input();
            input.gridUdPerKwh = int64(int256(seed % 200_000)) - 50_000;
            input.demandW = uint64(NORMAL_W + seed % 1_000_000_000);
            marketplace.set(uint128(seed % 300_000), uint32(seed % 9), uint64(block.timestamp));
            _report(input);
            if (i == 2) {
                DynamicPrice.Policy memory policy = _policy();
                policy.tradedWeightPpm = 300_000;
                vm.prank(admin);
                tariff.setPolicy(policy);
            }
            _nextInterval();
            seed = uint256(keccak256(abi.encode(seed)));
        }
        for (uint64 interval = FIRST + 1; interval <= FIRST + 6; ++interval) {
            ITariff.Record memory record = tariff.recordOf(interval);
            (uint64 again, uint16 flags) = tariff.recompute(interval);
            assertEq(again, record.priceUdPerKwh, "price");
            assertEq(flags, record.flags, "flags");
            assertEq(record.previous, interval - 1, "chained");
        }
    }

    function test_refuses_to_recompute_what_was_never_made() public {
        vm.expectRevert(abi.encodeWithSelector(ITariff.NoRecord.selector, FIRST + 1));
        tariff.recompute(FIRST + 1);
    }

    // --- S18

    function test_S18_ten_percent_more_demand_never_lowers_the_price(uint256 grid, uint256 demand)
        public
    {
        ITariff.Input memory input = _input();
        input.gridUdPerKwh = int64(int256(bound(grid, 0, 400_000))) - 100_000;
        input.demandW = uint64(bound(demand, 1e9, 20e9));
        uint64 lower = _settled(input);
        input.demandW = input.demandW * 11 / 10;
        uint64 higher = _settled(input);
        assertLe(lower, higher, "not lower");
    }

    function test_S18_the_traded_price_moves_it_by_weight_times_move() public {
        ITariff.Input memory input = _input();
        uint64[3] memory averages = [uint64(120_000), 132_000, 108_000];
        uint64[3] memory expected = [uint64(57_000), 59_400, 54_600]; // a fifth of ± 12,000
        for (uint256 i = 0; i < 3; ++i) {
            uint64 made;
            for (uint256 n = 0; n < 8; ++n) {
                _nextInterval();
                marketplace.set(averages[i], 5, uint64(block.timestamp));
                input.observedAt = uint64(block.timestamp);
                made = _report(input);
            }
            assertEq(made, expected[i], "price");
        }
    }

    function test_S18_trades_of_fewer_than_five_parties_do_not_count() public {
        ITariff.Input memory input = _input();
        uint64 quiet = _settled(input);
        _nextInterval();
        marketplace.set(399_999, 4, uint64(block.timestamp));
        input.observedAt = uint64(block.timestamp);
        assertEq(_report(input), quiet, "the whale and three friends move nothing");
        assertEq(
            tariff.recordOf(uint64(block.timestamp / INTERVAL) + 1).flags,
            DynamicPrice.UNTRADED,
            "flag"
        );
    }

    function test_S18_a_whales_minute_moves_the_price_by_less_than_a_percent() public {
        // Six parties trade at 12 ¢ through a day; a whale pays the cap, 40 ¢, for its last minute.
        ITariff.Input memory input = _input();
        uint64 made;
        for (uint256 n = 0; n < 8; ++n) {
            _nextInterval();
            marketplace.set(120_000, 6, uint64(block.timestamp));
            input.observedAt = uint64(block.timestamp);
            made = _report(input);
        }
        _nextInterval();
        uint128 average = uint128((120_000 * uint256(1439) + 400_000) / 1440);
        marketplace.set(average, 6, uint64(block.timestamp));
        input.observedAt = uint64(block.timestamp);
        uint64 moved = _report(input);
        assertLe((moved - made) * 100, made, "under a percent");
    }

    function test_old_future_or_absurd_averages_and_broken_sources_do_not_count() public {
        vm.warp(START_S + 1 days);
        uint64 now_ = uint64(block.timestamp);
        uint128[5] memory averages = [uint128(120_000), 120_000, 0, 1e8 + 1, 120_000];
        uint64[5] memory times = [now_ - 30 minutes - 1, now_ + 1e6, now_, now_, now_];
        for (uint256 i = 0; i < 5; ++i) {
            marketplace.set(averages[i], 9, times[i]);
            marketplace.setBroken(i == 4);
            _nextInterval();
            _report(_input());
            uint64 interval = uint64(block.timestamp / INTERVAL) + 1;
            assertEq(tariff.recordOf(interval).tradedUdPerKwh, 0, "does not count");
        }
        vm.prank(admin);
        tariff.setSource(address(0));
        _nextInterval();
        _report(_input());
    }

    function test_S18_a_spike_passes_only_step_by_step() public {
        ITariff.Input memory input = _input();
        uint64 before = _settled(input);
        input.gridUdPerKwh = 500_000;
        for (uint256 i = 0; i < 20; ++i) {
            _nextInterval();
            input.observedAt = uint64(block.timestamp);
            uint64 made = _report(input);
            assertLe(made - before, 25_000, "step");
            before = made;
        }
        assertEq(before, 400_000, "the cap");
    }
}
