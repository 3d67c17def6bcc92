// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Paymaster} from "../../src/individual/Paymaster.sol";
import {Base} from "../Base.sol";
import {EntryPoint} from "../EntryPoint.sol";
import {Bundler} from "./Bundler.sol";

/// @title Budget: what is always true of the house's gas
contract BudgetTest is Base {
    Bundler private bundler;
    Paymaster private paymaster;
    EntryPoint private entryPoint;
    address private beneficiary;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        bundler = new Bundler();
        bundler.setUp();
        (paymaster, entryPoint, beneficiary) = bundler.the();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(bundler);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = Bundler.setUp.selector;
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(bundler), verbs);
    }

    function invariant_a_person_costs_at_most_its_budget_a_period() public view {
        for (uint256 i = 0; i < bundler.MEMBERS(); ++i) {
            bytes32 person = paymaster.personOf(bundler.accounts(i));
            uint256 cost = bundler.costOf(bundler.period(), person);
            assertLe(cost, paymaster.spentBy(person), "the cost is counted");
            assertLe(paymaster.spentBy(person), paymaster.MEMBER_MOST(), "within the bound");
        }
    }

    function invariant_the_house_costs_at_most_its_budget_a_period() public view {
        assertLe(bundler.costIn(bundler.period()), paymaster.spent(), "the cost is counted");
        assertLe(paymaster.spent(), paymaster.TOTAL_MOST(), "within the bound");
    }

    function invariant_the_house_counts_what_the_persons_count() public view {
        uint256 sum = paymaster.spentBy(paymaster.personOf(bundler.accounts(0)))
            + paymaster.spentBy(paymaster.personOf(bundler.accounts(2)));
        assertEq(paymaster.spent(), sum, "sum over persons");
    }

    function invariant_the_deposit_pays_for_gas_and_nothing_else() public view {
        assertEq(
            entryPoint.balanceOf(address(paymaster)), bundler.put() - bundler.costs(), "deposit"
        );
        assertEq(beneficiary.balance, bundler.costs(), "the operator got the gas");
    }
}
