// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../../src/bank/Currency.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {IHouseholdTrust} from "../../../src/interfaces/IHouseholdTrust.sol";
import {Rulebook} from "../../Estate.sol";
import {Family} from "./Family.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";

contract TrustDistributeTest is Family {
    uint256 private constant S13 = 1_000_020_000; // $1,000.02 [ud]

    function test_refuses_less_than_a_cent() public {
        _mint(address(trust), CENT - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.NothingToDistribute.selector, CENT - 1)
        );
        trust.distribute();
    }

    function test_S13_income_splits_itself() public {
        _mint(address(trust), S13);
        vm.prank(stranger);
        trust.distribute();
        assertEq(fund.balanceOf(address(trust)), 50_001 * CENT * 1e6, "reinvested");
        assertEq(currency.balanceOf(trusteeA), 20_001 * CENT, "the tie: lowest number");
        assertEq(currency.balanceOf(trusteeB), 20_000 * CENT, "second");
        assertEq(currency.balanceOf(minorsGuardian), 10_000 * CENT, "the minor's");
        assertEq(currency.balanceOf(address(trust)), 0, "all of it");
    }

    function test_S13_a_frozen_beneficiary_is_held_and_the_others_paid() public {
        _freeze(trusteeB, true);
        _mint(address(trust), S13);
        vm.expectEmit();
        emit IHouseholdTrust.Held(trusteeB, uint64(20_000 * CENT));
        trust.distribute();
        assertEq(currency.balanceOf(trusteeA), 20_001 * CENT, "paid");
        assertEq(currency.balanceOf(minorsGuardian), 10_000 * CENT, "paid");
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.PassportInvalid.selector, trusteeB));
        trust.payHeld(trusteeB);
        _freeze(trusteeB, false);
        trust.payHeld(trusteeB);
        assertEq(currency.balanceOf(trusteeB), 20_000 * CENT, "paid later");
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NothingHeld.selector, trusteeB));
        trust.payHeld(trusteeB);
    }

    function test_S21_a_part_the_rules_hold_waits_and_the_others_are_paid() public {
        rulebook.refuse(trusteeB);
        _mint(address(trust), S13);
        vm.expectEmit();
        emit IHouseholdTrust.Held(trusteeB, uint64(20_000 * CENT));
        trust.distribute();
        assertEq(currency.balanceOf(trusteeA), 20_001 * CENT, "paid");
        assertEq(currency.balanceOf(minorsGuardian), 10_000 * CENT, "paid");
        assertEq(currency.balanceOf(address(trust)), 20_000 * CENT, "held");
        vm.expectRevert(abi.encodeWithSelector(Rulebook.Refused.selector, trusteeB));
        trust.payHeld(trusteeB);
        rulebook.refuse(address(0));
        trust.payHeld(trusteeB);
        assertEq(currency.balanceOf(trusteeB), 20_000 * CENT, "paid once they let it go");
    }

    function test_S13_a_closed_round_keeps_the_part_as_cash_and_says_so() public {
        vm.prank(operator);
        fund.setCap(0);
        _mint(address(trust), S13);
        vm.expectEmit();
        emit IHouseholdTrust.KeptAsCash(
            address(fund),
            uint64(50_001 * CENT),
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxDeposit.selector, address(trust), 50_001 * CENT, 0
            )
        );
        trust.distribute();
        (uint64 cashUd,, uint64 incomeUd,) = trust.moneyOf();
        assertEq(cashUd, 50_001 * CENT, "cash");
        assertEq(incomeUd, 0, "and not income again");
        assertEq(currency.allowance(address(trust), address(fund)), 0, "no allowance stays");
    }

    function test_S13_a_new_rule_needs_both_and_acts_on_later_income_only() public {
        IHouseholdTrust.Rule memory rule = _rule();
        rule.sharesPpm[0] = 0;
        rule.sharesPpm[2] = 600_000;
        bytes memory data = abi.encodeCall(IHouseholdTrust.setRule, (rule));
        _mint(address(trust), S13);
        uint256 id = _submit(address(trust), 0, data);
        (, uint32 version) = trust.ruleOf();
        assertEq(version, 1, "one signature is not enough");
        vm.prank(trusteeB);
        trust.approve(id);
        (, version) = trust.ruleOf();
        assertEq(version, 2, "both");
        assertEq(currency.balanceOf(trusteeA), 20_001 * CENT, "what came before, by the old rule");
        _mint(address(trust), 100 * DOLLAR);
        trust.distribute();
        assertEq(currency.balanceOf(trusteeA), 20_001 * CENT, "nothing more");
        assertEq(currency.balanceOf(minorsGuardian), 130 * DOLLAR, "by the new rule");
    }

    function test_S13_refuses_shares_that_do_not_add_to_one() public {
        IHouseholdTrust.Rule memory rule = _rule();
        rule.sharesPpm[2] = 199_999;
        uint256 id = _submit(address(trust), 0, abi.encodeCall(IHouseholdTrust.setRule, (rule)));
        vm.prank(trusteeB);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.SharesNotWhole.selector, 999_999));
        trust.approve(id);
    }

    /// A target that is no fund would stop every distribution, the one before a new rule included.
    function test_refuses_a_target_that_is_no_fund_of_this_money() public {
        address[2] memory others = [trusteeA, address(devices)];
        for (uint256 i = 0; i < 2; ++i) {
            IHouseholdTrust.Rule memory rule = _rule();
            rule.target = IFund(others[i]);
            uint256 id = _submit(address(trust), 0, abi.encodeCall(IHouseholdTrust.setRule, (rule)));
            vm.prank(trusteeB);
            vm.expectRevert(abi.encodeWithSelector(Errors.FailedCall.selector));
            trust.approve(id);
        }
        _mint(address(trust), S13);
        trust.distribute();
        assertEq(currency.balanceOf(trusteeA), 20_001 * CENT, "income goes on");
    }

    function test_refuses_a_fund_of_other_money() public {
        Currency other = new Currency(address(manager), passport, rulebook);
        IHouseholdTrust.Rule memory rule = _rule();
        currency = other;
        rule.target = _newFund(operator);
        uint256 id = _submit(address(trust), 0, abi.encodeCall(IHouseholdTrust.setRule, (rule)));
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrust.ReinvestmentInvalid.selector, 500_000, address(rule.target)
            )
        );
        trust.approve(id);
    }

    /// What nobody can ever receive would be held for ever.
    function test_refuses_nobody_or_the_trust_itself_as_a_beneficiary() public {
        address[2] memory others = [address(0), address(trust)];
        for (uint256 i = 0; i < 2; ++i) {
            IHouseholdTrust.Rule memory rule = _rule();
            rule.beneficiaries[1] = others[i];
            uint256 id = _submit(address(trust), 0, abi.encodeCall(IHouseholdTrust.setRule, (rule)));
            vm.prank(trusteeB);
            vm.expectRevert(
                abi.encodeWithSelector(IHouseholdTrust.BeneficiaryRefused.selector, others[i])
            );
            trust.approve(id);
        }
    }

    function test_refuses_a_rule_by_whoever_is_not_the_trust() public {
        vm.prank(trusteeA);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NotTrust.selector, trusteeA));
        trust.setRule(_rule());
    }

    function test_cash_is_no_income() public {
        _cash(6000 * DOLLAR);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NothingToDistribute.selector, 0));
        trust.distribute();
    }

    function test_splits_sum_to_one(uint256 incomeUd, uint32[5] memory weights, uint32 reinvestPpm)
        public
    {
        incomeUd = bound(incomeUd, CENT, 1e15);
        IHouseholdTrust.Rule memory rule = _rule();
        rule.reinvestPpm = uint32(bound(reinvestPpm, 0, 1_000_000));
        rule.beneficiaries = new address[](6);
        rule.sharesPpm = new uint32[](6);
        uint32 left = 1_000_000;
        for (uint256 i = 0; i < 6; ++i) {
            rule.beneficiaries[i] = vm.addr(1000 + i);
            _admit(rule.beneficiaries[i]);
            rule.sharesPpm[i] = i == 5 ? left : uint32(bound(weights[i], 0, left));
            left -= rule.sharesPpm[i];
        }
        _both(address(trust), 0, abi.encodeCall(IHouseholdTrust.setRule, (rule)));
        _mint(address(trust), incomeUd);
        trust.distribute();
        uint256 paidUd;
        uint256 sharedUd = incomeUd - incomeUd % CENT - fund.totalAssets();
        for (uint256 i = 0; i < 6; ++i) {
            uint256 balanceUd = currency.balanceOf(rule.beneficiaries[i]);
            uint256 exact = sharedUd * rule.sharesPpm[i];
            assertLe(exact, (balanceUd + CENT) * 1_000_000, "within a cent");
            assertLe(balanceUd * 1_000_000, exact + CENT * 1_000_000, "within a cent");
            paidUd += balanceUd;
        }
        assertEq(paidUd, sharedUd, "sum");
        assertEq(currency.balanceOf(address(trust)), incomeUd % CENT, "less than a cent waits");
    }
}
