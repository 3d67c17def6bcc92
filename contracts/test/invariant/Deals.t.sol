// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Deal} from "../../src/individual/Deal.sol";
import {IDeal} from "../../src/interfaces/IDeal.sol";
import {Base} from "../Base.sol";
import {Parties} from "./Parties.sol";

/// @title Deals: what is always true of the money in escrow
contract DealsTest is Base {
    Parties private parties;
    Deal private deal;
    Currency private currency;
    address private thief;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        parties = new Parties();
        parties.setUp();
        (deal, currency, thief) = parties.the();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(parties);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = Parties.setUp.selector;
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(parties), verbs);
    }

    function invariant_money_held_is_open_escrow_and_what_is_owed() public view {
        uint256 sum;
        for (uint256 i = 0; i < 4; ++i) {
            sum += deal.owed(parties.receivers(i));
        }
        for (uint256 i = 0; i < parties.count(); ++i) {
            bytes32 id = parties.ids(i);
            IDeal.State memory state = deal.stateOf(id);
            if (state.open) sum += state.escrowUd - parties.out(id);
        }
        assertEq(currency.balanceOf(address(deal)), sum, "held");
    }

    function invariant_a_deal_pays_its_escrow_and_no_more() public view {
        for (uint256 i = 0; i < parties.count(); ++i) {
            bytes32 id = parties.ids(i);
            IDeal.State memory state = deal.stateOf(id);
            if (state.open) assertLe(parties.out(id), state.escrowUd, "open: at most");
            else assertEq(parties.out(id), state.escrowUd, "closed: exactly");
        }
    }

    function invariant_money_is_conserved_and_the_operator_has_none() public view {
        uint256 sum = currency.balanceOf(address(deal));
        for (uint256 i = 0; i < 4; ++i) {
            sum += currency.balanceOf(parties.receivers(i));
        }
        assertEq(sum, parties.MONEY(), "all there");
        assertEq(currency.balanceOf(thief) + deal.owed(thief) + parties.stolen(), 0, "operator");
    }
}
