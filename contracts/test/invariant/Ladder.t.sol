// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {IRevenueCascade} from "../../src/interfaces/IRevenueCascade.sol";
import {RevenueCascade} from "../../src/market/RevenueCascade.sol";
import {Base} from "../Base.sol";
import {LadderHands} from "./LadderHands.sol";

/// @title Ladder: money that comes down is conserved at every level, whoever lies
contract LadderTest is Base {
    LadderHands private hands;
    RevenueCascade private cascade;
    Currency private currency;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        hands = new LadderHands();
        hands.setUp();
        (address cascade_, address currency_) = hands.contracts();
        (cascade, currency) = (RevenueCascade(cascade_), Currency(currency_));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](6);
        verbs[0] = LadderHands.sell.selector;
        verbs[1] = LadderHands.publish.selector;
        verbs[2] = LadderHands.pay.selector;
        verbs[3] = LadderHands.passDown.selector;
        verbs[4] = LadderHands.hold.selector;
        verbs[5] = LadderHands.takeItself.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(hands), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(hands);
    }

    function invariant_money_held_is_what_the_levels_have_not_paid() public view {
        uint256 held = 0;
        for (uint256 i = 0; i < hands.count(); ++i) {
            IRevenueCascade.Level memory level = cascade.levelOf(hands.levels(i));
            assertLe(level.paidUd, level.amountUd, "no level pays more than came in");
            held += level.amountUd - level.paidUd;
        }
        assertEq(currency.balanceOf(address(cascade)), held, "held");
    }

    function invariant_all_that_came_in_is_held_or_was_paid_to_who_is_named() public view {
        uint256 held = currency.balanceOf(address(cascade));
        assertEq(held + hands.receivedUd(), hands.revenueUd(), "conserved");
    }
}
