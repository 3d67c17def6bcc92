// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBackingReserve} from "../../../src/interfaces/IBackingReserve.sol";
import {Bank} from "../../Bank.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract ReserveRedeemTest is Bank {
    function _refusedRedeem(uint128 amountUd) private {
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.NotWholeCents.selector, amountUd));
        reserve.redeem(amountUd, PAYEE);
    }

    function test_refuses_nothing_or_parts_of_a_cent(uint128 amountUd) public {
        _bring(consumer, 10 * DOLLAR);
        _refusedRedeem(0);
        vm.assume(amountUd % 10_000 != 0);
        _refusedRedeem(amountUd);
    }

    /// Money unmade for nobody could be paid to nobody.
    function test_refuses_a_redemption_for_nobody() public {
        _bring(consumer, 10 * DOLLAR);
        vm.prank(consumer);
        currency.approve(address(reserve), DOLLAR);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.ZeroPayee.selector));
        reserve.redeem(DOLLAR, 0);
    }

    function test_refuses_money_the_caller_has_not() public {
        _bring(producer, 10 * DOLLAR);
        vm.prank(consumer);
        currency.approve(address(reserve), DOLLAR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, consumer, 0, DOLLAR
            )
        );
        vm.prank(consumer);
        reserve.redeem(DOLLAR, PAYEE);
    }

    function test_refuses_to_tell_of_claims_there_are_not() public {
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.NoClaim.selector, 0));
        reserve.claimOf(0);
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.NoClaim.selector, 1));
        reserve.claimOf(1);
    }

    function test_redeems_at_par_and_is_paid_in_order(uint128 firstUd, uint128 secondUd) public {
        firstUd = uint128(bound(firstUd, 1, 1e12)) * 10_000;
        secondUd = uint128(bound(secondUd, 1, 1e12)) * 10_000;
        _bring(consumer, uint256(firstUd) + secondUd);
        vm.prank(consumer);
        currency.approve(address(reserve), type(uint256).max);
        vm.expectEmit();
        emit IBackingReserve.Redeemed(1, consumer, firstUd, PAYEE);
        vm.prank(consumer);
        assertEq(reserve.redeem(firstUd, PAYEE), 1, "first");
        vm.prank(consumer);
        assertEq(reserve.redeem(secondUd, PAYEE), 2, "second");

        assertEq(currency.totalSupply(), 0, "unmade");
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        assertEq(outUd, 0, "nothing out");
        assertEq(claimsUd, heldUd, "all of it claimed");
        assertEq(reserve.claimOf(1).amountUd, firstUd, "at par");
        assertEq(reserve.claimOf(2).amountUd, secondUd, "at par");
        assertTrue(!reserve.claimOf(1).paid, "not yet paid");

        _attest(secondUd, 1);
        assertTrue(reserve.claimOf(1).paid, "paid");
        assertTrue(!reserve.claimOf(2).paid, "next");
        (heldUd,, claimsUd) = reserve.reserves();
        assertEq(claimsUd, heldUd, "the rest");
    }

    function test_redeems_whatever_is_closed_stale_short_halted_or_on_hold() public {
        _bring(consumer, 10 * DOLLAR);
        vm.prank(admin);
        currency.setBucket(address(reserve), 0);
        vm.prank(admin);
        manager.setTargetClosed(address(currency), true);
        vm.prank(admin);
        manager.setTargetClosed(address(reserve), true);
        _hold(consumer);
        _halt(72 hours);
        _attest(0, 0);
        vm.warp(block.timestamp + 3650 days);
        _halt(72 hours);
        _redeem(consumer, 10 * DOLLAR);
        assertEq(currency.totalSupply(), 0, "unmade");
        assertEq(reserve.claimOf(1).amountUd, 10 * DOLLAR, "owed at par");
    }

    function test_S23_a_run_is_redeemed_at_par() public {
        _bring(consumer, 30_000 * DOLLAR);
        _bring(producer, 20_000 * DOLLAR);
        _redeem(consumer, 30_000 * DOLLAR);
        _attest(20_000 * DOLLAR, 1);
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        assertEq(currency.totalSupply(), 20_000 * DOLLAR, "supply");
        assertEq(outUd, 20_000 * DOLLAR, "out");
        assertEq(heldUd, 20_000 * DOLLAR, "backing");
        assertEq(claimsUd, 0, "all paid");
        assertTrue(reserve.claimOf(1).paid, "same day");
    }
}
