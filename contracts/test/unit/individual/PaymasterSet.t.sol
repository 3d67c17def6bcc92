// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Paymaster} from "../../../src/individual/Paymaster.sol";
import {IMemberPaymaster} from "../../../src/interfaces/IMemberPaymaster.sol";
import {SponsoredWorld} from "../../SponsoredWorld.sol";
import {
    Paymaster as ERC4337Paymaster
} from "@openzeppelin/contracts/account/paymaster/Paymaster.sol";

contract PaymasterSetTest is SponsoredWorld {
    function test_refuses_whoever_has_no_role() public {
        vm.prank(operator);
        vm.expectRevert(_unauthorized(operator));
        paymaster.setBudget(0, 0);
        vm.prank(operator);
        vm.expectRevert(_unauthorized(operator));
        paymaster.setTarget(operator, true);
    }

    function test_refuses_a_budget_above_its_bound(uint128 excess) public {
        excess = uint128(bound(excess, 1, type(uint128).max - TOTAL_MOST));
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMemberPaymaster.BudgetOutOfRange.selector, MEMBER_MOST + excess, MEMBER_MOST
            )
        );
        paymaster.setBudget(MEMBER_MOST + excess, 0);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMemberPaymaster.BudgetOutOfRange.selector, TOTAL_MOST + excess, TOTAL_MOST
            )
        );
        paymaster.setBudget(0, TOTAL_MOST + excess);
    }

    function test_refuses_a_house_without_sponsor_period_or_entry_point() public {
        bytes memory reason = abi.encodeWithSelector(IMemberPaymaster.ZeroParameter.selector);
        vm.expectRevert(reason);
        new Paymaster(address(manager), entryPoint, passport, factory, payable(0), PERIOD, 1, 1);
        vm.expectRevert(reason);
        new Paymaster(address(manager), entryPoint, passport, factory, sponsor, 0, 1, 1);
    }

    function test_nobody_but_the_sponsor_takes_the_deposit_or_the_stake(address caller) public {
        vm.assume(caller != sponsor);
        bytes memory reason =
            abi.encodeWithSelector(ERC4337Paymaster.PaymasterUnauthorized.selector, caller);
        vm.prank(caller);
        vm.expectRevert(reason);
        paymaster.withdraw(1);
        vm.prank(caller);
        vm.expectRevert(reason);
        paymaster.unlockStake();
        vm.prank(caller);
        vm.expectRevert(reason);
        paymaster.withdrawStake();
        vm.prank(caller);
        vm.expectRevert(reason);
        paymaster.addStake(1);
    }

    function test_the_sponsor_takes_its_own_back() public {
        vmP256.deal(sponsor, 1 ether);
        vm.prank(sponsor);
        paymaster.addStake{value: 1 ether}(1 days);
        assertEq(sponsor.balance, 0, "staked");
        vm.prank(sponsor);
        paymaster.unlockStake();
        vm.prank(sponsor);
        paymaster.withdrawStake();
        vm.prank(sponsor);
        paymaster.withdraw(DEPOSIT);
        assertEq(sponsor.balance, 1 ether + DEPOSIT, "all back");
    }

    function test_sets(uint128 member, uint128 total) public {
        member = uint128(bound(member, 0, MEMBER_MOST));
        total = uint128(bound(total, 0, TOTAL_MOST));
        vm.expectEmit();
        emit IMemberPaymaster.BudgetSet(member, total);
        vm.prank(admin);
        paymaster.setBudget(member, total);
        assertEq(paymaster.memberBudget(), member, "of a person");
        assertEq(paymaster.totalBudget(), total, "of the house");
        vm.expectEmit();
        emit IMemberPaymaster.TargetSet(address(currency), false);
        vm.prank(admin);
        paymaster.setTarget(address(currency), false);
        assertTrue(!paymaster.isTarget(address(currency)), "no longer");
    }
}
