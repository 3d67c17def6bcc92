// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHouseholdTrust} from "../../../src/interfaces/IHouseholdTrust.sol";
import {Family} from "../household/Family.sol";

/// @title Layer 5, row by row
contract HouseholdRowsTest is Family {
    function test_B501_the_trust_itself_buys_and_above_the_limit_both_sign() public {
        _cash(7000 * DOLLAR);
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrust.LimitExceeded.selector, 1000 * DOLLAR, 6000 * DOLLAR
            )
        );
        trust.buy(fund, uint64(6000 * DOLLAR));
        _both(
            address(fund),
            6000 * DOLLAR,
            abi.encodeCall(fund.deposit, (6000 * DOLLAR, address(trust)))
        );
        assertEq(fund.balanceOf(address(trust)), 6000 * SHARE, "the trust owns them");
        assertEq(fund.convertToAssets(6000 * SHARE), 6000 * DOLLAR, "and their value is on chain");
    }

    function test_B502_income_is_shared_and_reinvested_without_a_click() public {
        _mint(address(trust), 1000 * DOLLAR);
        vm.prank(stranger);
        trust.distribute();
        assertEq(fund.balanceOf(address(trust)), 500 * SHARE, "reinvested");
        assertEq(currency.balanceOf(trusteeA), 200 * DOLLAR, "40 % of the rest");
        assertEq(currency.balanceOf(minorsGuardian), 100 * DOLLAR, "20 % of the rest");
    }

    /// An edited row has another root, and the one anchored before stays.
    function test_B503_the_private_ledger_is_a_root_and_nothing_else() public {
        bytes32 root = keccak256("rows, salted");
        vm.prank(trusteeA);
        uint32 version = trust.anchor(root);
        (bytes32 anchored,) = trust.ledgerOf(version);
        assertEq(anchored, root, "anchored");
        assertTrue(anchored != keccak256("rows, one edited"), "an edit is seen");
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NotTrustee.selector, stranger));
        trust.anchor(root);
    }

    /// What goes up is the trust's: the fund knows one holder and none of its members.
    function test_B504_the_layer_above_sees_the_household_and_no_member() public {
        _mint(address(trust), 1000 * DOLLAR);
        trust.distribute();
        assertEq(fund.totalSupply(), fund.balanceOf(address(trust)), "one holder");
        assertEq(fund.balanceOf(trusteeA) + fund.balanceOf(trusteeB), 0, "no member");
    }

    function test_B505_each_members_share_of_a_return_is_an_event() public {
        _mint(address(trust), 1000 * DOLLAR);
        vm.expectEmit();
        emit IHouseholdTrust.Credited(0, trusteeA, uint64(200 * DOLLAR));
        trust.distribute();
    }

    /// Income is money that came; a unit worth more changes the value and no balance.
    function test_B507_income_is_paid_and_a_change_of_value_is_not_income() public {
        _mint(address(trust), 1000 * DOLLAR);
        trust.distribute();
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        fund.claim(address(trust));
        (,, uint64 incomeUd,) = trust.moneyOf();
        assertEq(incomeUd, 90 * DOLLAR, "less the reserve of a tenth");
        assertEq(fund.convertToAssets(500 * SHARE), 500 * DOLLAR, "and units are worth the same");
    }

    // --- A03a: two wallets, one guard

    /// A signature of one trustee, twice, is one.
    function test_A03a_replay_one_trustee_is_one_approval() public {
        _cash(100 * DOLLAR);
        uint256 id = _submit(trusteeA, 100 * DOLLAR, "");
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.CannotApprove.selector, id, trusteeA)
        );
        trust.approve(id);
        vm.prank(trusteeB);
        trust.approve(id);
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.CannotApprove.selector, id, trusteeB)
        );
        trust.approve(id);
        assertEq(currency.balanceOf(trusteeA), 100 * DOLLAR, "paid once");
    }
}
