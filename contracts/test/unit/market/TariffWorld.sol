// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../../../src/interfaces/ITariff.sol";
import {ITradedPrice} from "../../../src/interfaces/ITradedPrice.sol";
import {DynamicPrice} from "../../../src/libraries/DynamicPrice.sol";
import {Tariff} from "../../../src/market/Tariff.sol";
import {Base} from "../../Base.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Marketplace: says what it is told
contract Marketplace is ITradedPrice {
    uint128 private _average;
    uint32 private _parties;
    uint64 private _asOf;
    bool private _broken;

    error Broken();

    function set(uint128 average, uint32 parties, uint64 asOf) external {
        (_average, _parties, _asOf) = (average, parties, asOf);
    }

    function setBroken(bool broken) external {
        _broken = broken;
    }

    function tradedPrice() external view returns (uint128, uint32, uint64) {
        if (_broken) revert Broken();
        return (_average, _parties, _asOf);
    }
}

/// @title TariffWorld: a tariff with three reporters of whom two must sign
abstract contract TariffWorld is Base {
    uint32 internal constant INTERVAL = 15 minutes;
    uint64 internal constant NORMAL_W = 17_000_000_000;
    int64 internal constant GRID = 41_250; // $41.25/MWh
    uint64 internal constant RETAIL = 157_000; // mid-peak
    uint64 internal constant FIRST = uint64(START_S / INTERVAL);

    AccessManager internal manager;
    Tariff internal tariff;
    Marketplace internal marketplace;

    function setUp() public virtual {
        vm.warp(START_S);
        manager = new AccessManager(admin);
        tariff = new Tariff(address(manager), INTERVAL, RETAIL, _policy());
        marketplace = new Marketplace();
        for (uint256 i = 0; i < 3; ++i) {
            address reporter = vm.addr(_key(_reporterRole(i)));
            vm.prank(admin);
            tariff.setReporter(reporter, true, i == 0 ? 1 : 2);
        }
        vm.prank(admin);
        tariff.setSource(address(marketplace));
    }

    function _policy() internal pure returns (DynamicPrice.Policy memory) {
        return DynamicPrice.Policy({
            normalW: NORMAL_W,
            floorUdPerKwh: 20_000,
            capUdPerKwh: 400_000,
            stepUdPerKwh: 25_000,
            demandWeightPpm: 1_500_000,
            tradedWeightPpm: 200_000,
            freshFor: 30 minutes,
            heldFor: 2 hours,
            gridDeviationUdPerKwh: 500_000,
            demandDeviationW: 3_000_000_000,
            tariffDeviationUdPerKwh: 300_000
        });
    }

    function _reporterRole(uint256 i) internal pure returns (string memory) {
        return ["first reporter", "second reporter", "third reporter"][i];
    }

    function _input() internal view returns (ITariff.Input memory) {
        return ITariff.Input(GRID, NORMAL_W, RETAIL, uint64(block.timestamp));
    }

    /// Signatures by two reporters, in ascending order of address.
    function _signed(ITariff.Input memory input, uint256 i, uint256 j)
        internal
        view
        returns (bytes memory)
    {
        bytes32 digest = tariff.inputHash(input);
        bytes memory one = _signature(_reporterRole(i), digest);
        bytes memory two = _signature(_reporterRole(j), digest);
        return vm.addr(_key(_reporterRole(i))) < vm.addr(_key(_reporterRole(j)))
            ? bytes.concat(one, two)
            : bytes.concat(two, one);
    }

    function _report(ITariff.Input memory input) internal returns (uint64 priceUdPerKwh) {
        return tariff.report(input, _signed(input, 0, 1));
    }

    function _refused(ITariff.Input memory input, bytes memory reason) internal {
        bytes memory signatures = _signed(input, 0, 1);
        vm.expectRevert(reason);
        tariff.report(input, signatures);
    }

    function _nextInterval() internal {
        vm.warp((block.timestamp / INTERVAL + 1) * INTERVAL);
    }

    /// Reports the same until the price has come to rest.
    function _settled(ITariff.Input memory input) internal returns (uint64 priceUdPerKwh) {
        uint64 before;
        do {
            before = priceUdPerKwh;
            _nextInterval();
            input.observedAt = uint64(block.timestamp);
            priceUdPerKwh = _report(input);
        } while (priceUdPerKwh != before);
    }

    function _priceNow() internal view returns (uint64 priceUdPerKwh) {
        (priceUdPerKwh,) = tariff.price();
    }

    function _unauthorized(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }
}
