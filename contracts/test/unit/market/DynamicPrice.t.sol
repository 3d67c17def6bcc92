// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {Base} from "../../Base.sol";

interface JsonNumbers {
    function parseJsonInt(string calldata json, string calldata key) external pure returns (int256);
    function toString(uint256 value) external pure returns (string memory);
}

/// @title The formula computes as the Python package does, and keeps its promises
contract DynamicPriceTest is Base {
    uint64 private constant MOST = 1e8;

    string private json;

    function setUp() public {
        json = vm.readFile("test/vectors/dynamic_price.json");
    }

    function _int(string memory at_, string memory key) private view returns (int256) {
        return JsonNumbers(address(vm)).parseJsonInt(json, string.concat(at_, key));
    }

    function _uint64(string memory at_, string memory key) private view returns (uint64) {
        return uint64(vm.parseJsonUint(json, string.concat(at_, key)));
    }

    function _at(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(list, "[", JsonNumbers(address(vm)).toString(i), "]");
    }

    function test_every_vector_comes_out() public view {
        uint256 count = vm.parseJsonUint(json, ".count");
        assertTrue(count >= 48, "vectors");
        for (uint256 i = 0; i < count; ++i) {
            string memory at_ = _at(".cases", i);
            DynamicPrice.Policy memory policy = _bounds(at_);
            policy.normalW = _uint64(at_, ".normalW");
            policy.demandWeightPpm = uint32(_uint64(at_, ".demandWeightPpm"));
            policy.tradedWeightPpm = uint32(_uint64(at_, ".tradedWeightPpm"));
            DynamicPrice.Inputs memory inputs = DynamicPrice.Inputs(
                int64(_int(at_, ".gridUdPerKwh")),
                _uint64(at_, ".demandW"),
                _uint64(at_, ".tradedUdPerKwh")
            );
            assertEq(
                uint256(DynamicPrice.blendDown(inputs, policy)),
                uint256(_int(at_, ".blendUdPerKwh")),
                at_
            );
            (uint64 priceUdPerKwh, uint16 flags) =
                DynamicPrice.price(inputs, policy, _uint64(at_, ".beforeUdPerKwh"));
            assertEq(priceUdPerKwh, _uint64(at_, ".priceUdPerKwh"), at_);
            assertEq(flags, _uint64(at_, ".flags"), at_);
        }
    }

    function test_every_fallback_vector_comes_out() public view {
        uint256 count = vm.parseJsonUint(json, ".fallbackCount");
        for (uint256 i = 0; i < count; ++i) {
            string memory at_ = _at(".fallbacks", i);
            uint64 priceUdPerKwh = DynamicPrice.fallbackPrice(
                _uint64(at_, ".lastUdPerKwh"),
                _uint64(at_, ".tariffUdPerKwh"),
                _bounds(at_),
                _uint64(at_, ".steps")
            );
            assertEq(priceUdPerKwh, _uint64(at_, ".priceUdPerKwh"), at_);
        }
    }

    function _bounds(string memory at_) private view returns (DynamicPrice.Policy memory policy) {
        policy.floorUdPerKwh = _uint64(at_, ".floorUdPerKwh");
        policy.capUdPerKwh = _uint64(at_, ".capUdPerKwh");
        policy.stepUdPerKwh = _uint64(at_, ".stepUdPerKwh");
    }

    // --- what is always true

    function _drawn(DynamicPrice.Inputs memory i, DynamicPrice.Policy memory p, uint64 before)
        private
        pure
        returns (uint64)
    {
        i.gridUdPerKwh =
            int64(int256(bound(uint64(i.gridUdPerKwh), 0, 2 * MOST)) - int256(uint256(MOST)));
        i.demandW = uint64(bound(i.demandW, 1, type(uint64).max));
        i.tradedUdPerKwh = uint64(bound(i.tradedUdPerKwh, 0, MOST));
        p.normalW = uint64(bound(p.normalW, 1, type(uint64).max));
        p.floorUdPerKwh = uint64(bound(p.floorUdPerKwh, 1, MOST));
        p.capUdPerKwh = uint64(bound(p.capUdPerKwh, p.floorUdPerKwh, MOST));
        p.stepUdPerKwh = uint64(bound(p.stepUdPerKwh, 1, MOST));
        p.demandWeightPpm = uint32(bound(p.demandWeightPpm, 0, 5_000_000));
        p.tradedWeightPpm = uint32(bound(p.tradedWeightPpm, 0, 500_000));
        return uint64(bound(before, p.floorUdPerKwh, p.capUdPerKwh));
    }

    function test_S18_never_outside_floor_and_cap_never_a_jump_above_the_step(
        DynamicPrice.Inputs memory i,
        DynamicPrice.Policy memory p,
        uint64 before
    ) public pure {
        before = _drawn(i, p, before);
        (uint64 made,) = DynamicPrice.price(i, p, before);
        assertTrue(made != 0, "never zero");
        assertLe(p.floorUdPerKwh, made, "floor");
        assertLe(made, p.capUdPerKwh, "cap");
        assertLe(made > before ? made - before : before - made, p.stepUdPerKwh, "step");
    }

    function test_S18_more_demand_never_lowers_the_price(
        DynamicPrice.Inputs memory i,
        DynamicPrice.Policy memory p,
        uint64 before,
        uint64 more
    ) public pure {
        before = _drawn(i, p, before);
        (uint64 lower,) = DynamicPrice.price(i, p, before);
        i.demandW = uint64(bound(more, i.demandW, type(uint64).max));
        (uint64 higher,) = DynamicPrice.price(i, p, before);
        assertLe(lower, higher, "not lower");
    }

    function test_S18_the_traded_price_moves_it_the_same_way_by_its_weight_at_most(
        DynamicPrice.Inputs memory i,
        DynamicPrice.Policy memory p,
        uint64 before,
        uint64 more
    ) public pure {
        before = _drawn(i, p, before);
        i.tradedUdPerKwh = uint64(bound(i.tradedUdPerKwh, 1, MOST));
        (uint64 lower,) = DynamicPrice.price(i, p, before);
        uint256 move = i.tradedUdPerKwh;
        i.tradedUdPerKwh = uint64(bound(more, i.tradedUdPerKwh, MOST));
        move = i.tradedUdPerKwh - move;
        (uint64 higher,) = DynamicPrice.price(i, p, before);
        assertLe(lower, higher, "the same way");
        assertLe(higher - lower, move * p.tradedWeightPpm / 1_000_000 + 1, "by its weight");
    }
}
