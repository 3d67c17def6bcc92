// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Base} from "../Base.sol";
import {PowersHands} from "./PowersHands.sol";

/// @title Powers: nothing privileged changes before its delay, or without a decision
contract PowersTest is Base {
    PowersHands private hands;
    Currency private currency;
    address private reserve;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        hands = new PowersHands();
        hands.setUp();
        (address currency_, address reserve_) = hands.contracts();
        (currency, reserve) = (Currency(currency_), reserve_);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](7);
        verbs[0] = PowersHands.propose.selector;
        verbs[1] = PowersHands.vote.selector;
        verbs[2] = PowersHands.queue.selector;
        verbs[3] = PowersHands.execute.selector;
        verbs[4] = PowersHands.grab.selector;
        verbs[5] = PowersHands.wait.selector;
        verbs[6] = PowersHands.decide.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(hands), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(hands);
    }

    function invariant_no_privileged_change_before_its_delay() public view {
        assertTrue(!hands.early(), "48 hours in the lock");
        assertTrue(!hands.alone(), "and not by who proposed it");
    }

    function invariant_no_power_without_a_decision() public view {
        assertTrue(!hands.unasked(), "refused");
        (uint128 capacityUd,) = currency.bucketOf(reserve);
        assertEq(capacityUd, hands.capacityUd(), "as last decided");
        (capacityUd,) = currency.bucketOf(address(currency));
        assertEq(capacityUd, 0, "nobody else has a bucket");
    }

    /// And a plan that went the whole way acts, so that the others did not fail for nothing.
    function afterInvariant() public {
        uint256 before = hands.executed();
        hands.decide(7);
        hands.execute(hands.count() - 1, 1);
        assertEq(hands.executed(), before + 1, "decided and done");
    }
}
