// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../../src/interfaces/ITariff.sol";
import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {TariffWorld} from "../market/TariffWorld.sol";

/// @title The price of layer 3, row by row
contract PriceRowsTest is TariffWorld {
    function _trades(uint128 averageUd, uint32 parties) private returns (uint64 priceUd) {
        ITariff.Input memory input = _input();
        for (uint256 n = 0; n < 8; ++n) {
            _nextInterval();
            marketplace.set(averageUd, parties, uint64(block.timestamp));
            input.observedAt = uint64(block.timestamp);
            priceUd = _report(input);
        }
    }

    function test_B302_more_demand_never_lowers_the_price() public {
        ITariff.Input memory input = _input();
        uint64 before = _settled(input);
        input.demandW = NORMAL_W + NORMAL_W / 10;
        assertTrue(_settled(input) >= before, "ten percent more");
    }

    function test_B205_a_traded_price_counts_from_five_parties_on() public {
        uint64 quiet = _trades(132_000, 4);
        (, uint16 flags) = tariff.recompute(uint64(block.timestamp / INTERVAL) + 1);
        assertEq(flags & DynamicPrice.UNTRADED, DynamicPrice.UNTRADED, "four do not count");
        assertTrue(_trades(132_000, 5) != quiet, "five do");
    }

    function test_B207_a_tenth_more_at_the_market_moves_the_price_by_its_weight() public {
        uint64 before = _trades(120_000, 5);
        assertEq(_trades(132_000, 5), before + 2400, "a fifth of 12,000");
        assertEq(_trades(108_000, 5), before - 2400, "and the same way down");
    }

    function test_B305_a_past_price_is_recomputed_from_the_chain() public {
        uint64 made = _trades(120_000, 5);
        uint64 interval = uint64(block.timestamp / INTERVAL) + 1;
        _trades(300_000, 5);
        (uint64 again,) = tariff.recompute(interval);
        assertEq(again, made, "the same for ever");
    }
}
