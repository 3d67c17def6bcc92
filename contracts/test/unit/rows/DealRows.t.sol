// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeal} from "../../../src/interfaces/IDeal.sol";
import {DealWorld} from "../../DealWorld.sol";

/// @title Agreements of prosumers and of the grid's agent, row by row
contract DealRowsTest is DealWorld {
    /// 2.0 of 2.5 kWh delivered at 12.0 ¢: 24.0 ¢ and the fee of what was delivered; the rest back.
    function test_A12c_escrow_pays_what_was_delivered_and_returns_the_rest() public {
        IDeal.Terms memory terms = _hour(2500);
        uint256 before = currency.balanceOf(consumer);
        _open(terms);
        assertEq(before - currency.balanceOf(consumer), 312_500, "in escrow, with the fee");
        vm.warp(HOUR_S + 3600);
        _settle(terms, _wh(2000));
        assertEq(deal.owed(producer), 240_000, "delivered");
        assertEq(deal.owed(consumer), 62_500, "not delivered");
        assertEq(deal.owed(treasury), 10_000, "fee");
    }

    /// The grid's agent is a member with a passport, and a party as any other.
    function test_A13b_the_grid_agent_sells_at_the_price_both_signed() public {
        IDeal.Terms memory terms = _hour(1000);
        terms.seller = neighbour; // the grid's agent
        terms.priceUdPerKwh = 157_000; // the tariff in force
        _open(terms);
        vm.warp(HOUR_S + 3600);
        _settle(terms, _wh(1000));
        assertEq(deal.owed(neighbour), 157_000, "at the tariff");
        terms.priceUdPerKwh = 157_001;
        (bool done,) = address(deal).call(abi.encodeCall(deal.settle, (terms, _wh(1000), "")));
        assertTrue(!done, "a price nobody signed is no deal");
    }

    function test_B604_only_metered_energy_is_paid_for() public {
        IDeal.Terms memory terms = _hour(1000);
        _open(terms);
        vm.warp(HOUR_S + 3600);
        _settle(terms, _wh(0));
        assertEq(deal.owed(producer), 0, "nothing metered, nothing paid");
        assertEq(deal.owed(consumer), 125_000, "all back");
    }
}
