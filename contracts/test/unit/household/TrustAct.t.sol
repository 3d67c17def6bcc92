// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HouseholdTrust} from "../../../src/household/HouseholdTrust.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {IHouseholdTrust} from "../../../src/interfaces/IHouseholdTrust.sol";
import {IHouseholdTrustFactory} from "../../../src/interfaces/IHouseholdTrustFactory.sol";
import {Family} from "./Family.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract TrustActTest is Family {
    // --- create

    function test_S12_refuses_a_trust_without_a_verified_trustee() public {
        vm.prank(admin);
        passport.revoke(trusteeB, 7);
        _freeze(trusteeB, true);
        IHouseholdTrustFactory.Terms memory terms = _terms();
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.TrusteeUnverified.selector, trusteeB)
        );
        factory.create(terms, bytes32(uint256(1)));
    }

    function test_refuses_a_creator_who_is_no_trustee() public {
        IHouseholdTrustFactory.Terms memory terms = _terms();
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrustFactory.NotTrustee.selector, stranger)
        );
        factory.create(terms, bytes32(uint256(1)));
    }

    function test_the_address_is_known_before() public {
        address expected = factory.addressOf(_terms(), bytes32(uint256(1)), trusteeB);
        vm.prank(trusteeB);
        assertEq(factory.create(_terms(), bytes32(uint256(1))), expected, "address");
    }

    /// The factory carries no trust's code, and what it keeps of it can only be read.
    function test_the_code_of_a_trust_is_stored_once_and_runs_nothing() public {
        assertLe(address(factory).code.length, 24_576 - 2048, "head-room");
        bytes memory stored = factory.codeStore().code;
        bytes memory expected =
            bytes.concat(hex"00", vm.getCode("HouseholdTrust.sol:HouseholdTrust"));
        assertEq(keccak256(stored), keccak256(expected), "a stop, then the code");
        (bool ok, bytes memory said) = factory.codeStore().call("anything");
        assertTrue(ok && said.length == 0, "stops");
    }

    // --- buy

    function test_S12_one_trustee_cannot_buy_for_6000_both_can() public {
        _cash(6000 * DOLLAR);
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrust.LimitExceeded.selector, 1000 * DOLLAR, 6000 * DOLLAR
            )
        );
        trust.buy(fund, uint64(6000 * DOLLAR));
        bytes memory data = abi.encodeCall(IERC4626.deposit, (6000 * DOLLAR, address(trust)));
        uint256 id = _submit(address(fund), 6000 * DOLLAR, data);
        assertEq(fund.balanceOf(address(trust)), 0, "one alone cannot");
        vm.prank(trusteeB);
        trust.approve(id);
        assertEq(fund.balanceOf(address(trust)), 6000 * SHARE, "units belong to the trust");
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.CannotApprove.selector, id, trusteeB)
        );
        trust.approve(id);
    }

    function test_the_limit_is_of_a_day() public {
        _cash(6000 * DOLLAR);
        vm.prank(trusteeA);
        trust.buy(fund, uint64(600 * DOLLAR));
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrust.LimitExceeded.selector, 1000 * DOLLAR, 1200 * DOLLAR
            )
        );
        trust.buy(fund, uint64(600 * DOLLAR));
        vm.warp(START_S + 1 days);
        vm.prank(trusteeB);
        trust.buy(fund, uint64(1000 * DOLLAR));
        assertEq(fund.balanceOf(address(trust)), 1600 * SHARE, "bought");
    }

    function test_refuses_a_fund_the_trustees_do_not_know() public {
        _cash(DOLLAR);
        IFund other = _newFund(trusteeA);
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.FundUnknown.selector, address(other))
        );
        trust.buy(other, 1);
    }

    /// A payment is no dealing: its receiver could be a trustee's own contract, who then "sells" to
    /// the trust for a day's limit every day.
    function test_who_was_paid_is_no_fund_the_trustees_know() public {
        _cash(100 * DOLLAR);
        IFund own = _newFund(trusteeA);
        _both(address(own), DOLLAR, "");
        vm.prank(trusteeA);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.FundUnknown.selector, address(own)));
        trust.buy(own, uint64(DOLLAR));
    }

    /// B602 a: no valid passport, no investment and no withdrawal, from a trust either.
    function test_B602_a_trustee_on_hold_moves_no_money() public {
        _cash(100 * DOLLAR);
        uint256 id = _submit(trusteeA, DOLLAR, "");
        bytes memory reason =
            abi.encodeWithSelector(IHouseholdTrust.TrusteeUnverified.selector, trusteeB);
        _freeze(trusteeB, true);
        vm.prank(trusteeB);
        vm.expectRevert(reason);
        trust.buy(fund, uint64(DOLLAR));
        vm.prank(trusteeB);
        vm.expectRevert(reason);
        trust.submit(IHouseholdTrust.Action(trusteeB, uint64(DOLLAR), ""));
        vm.prank(trusteeB);
        vm.expectRevert(reason);
        trust.approve(id);
        vm.prank(trusteeB);
        vm.expectRevert(reason);
        trust.replace(trusteeA, successor);
        _freeze(trusteeB, false);
        vm.prank(trusteeB);
        trust.approve(id);
        assertEq(currency.balanceOf(trusteeA), DOLLAR, "paid once cleared");
    }

    /// What was approved while the trustee was good does not count once it is on hold.
    function test_B602_an_approval_of_a_trustee_on_hold_does_not_count() public {
        _cash(100 * DOLLAR);
        uint256 id = _submit(trusteeA, DOLLAR, "");
        _freeze(trusteeA, true);
        vm.prank(trusteeB);
        trust.approve(id);
        assertTrue(!trust.pendingOf(id).done, "one that counts is not two");
        assertEq(currency.balanceOf(trusteeA), 0, "nothing moved");
    }

    function test_S12_refuses_a_beneficiary_who_moves_funds() public {
        _cash(DOLLAR);
        vm.prank(minorsGuardian);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NotTrustee.selector, minorsGuardian));
        trust.buy(fund, 1);
        vm.prank(minorsGuardian);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NotTrustee.selector, minorsGuardian));
        trust.submit(IHouseholdTrust.Action(minorsGuardian, 1, ""));
    }

    function test_trustees_cannot_spend_income_or_held_parts() public {
        _freeze(trusteeB, true);
        _mint(address(trust), 100 * DOLLAR);
        uint256 id = _submit(trusteeA, 1, "");
        _freeze(trusteeB, false);
        vm.prank(trusteeB);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.CashExceeded.selector, 0, 1));
        trust.approve(id);
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.TargetRefused.selector, address(currency))
        );
        trust.submit(
            IHouseholdTrust.Action(
                address(currency), 0, abi.encodeCall(IERC20.approve, (trusteeA, 1))
            )
        );
    }

    function test_what_a_sale_brings_is_cash() public {
        _cash(DOLLAR);
        vm.prank(trusteeA);
        trust.buy(fund, uint64(DOLLAR));
        _both(
            address(fund),
            0,
            abi.encodeCall(IERC4626.redeem, (SHARE, address(trust), address(trust)))
        );
        (uint64 cashUd,, uint64 incomeUd,) = trust.moneyOf();
        assertEq(cashUd, DOLLAR, "cash");
        assertEq(incomeUd, 0, "no income");
        _both(trusteeA, DOLLAR, "");
        assertEq(currency.balanceOf(trusteeA), DOLLAR, "a payment");
    }

    // --- ledger

    function test_S12_anchors_the_root_of_the_private_ledger() public {
        vm.prank(minorsGuardian);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NotTrustee.selector, minorsGuardian));
        trust.anchor("root");
        vm.prank(trusteeA);
        trust.anchor("root");
        vm.prank(trusteeB);
        trust.anchor("later root");
        (bytes32 root, uint32 last) = trust.ledgerOf(1);
        assertEq(root, bytes32("root"), "never overwritten");
        assertEq(last, 2, "last");
    }

    // --- devices

    function test_S12_a_roof_moves_in_at_an_exact_second() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        bytes32 roof = devices.register(bytes32(x), bytes32(y), trusteeA, 1, 8000);
        uint48 time = 1_773_570_000; // 15 March 2026, 10:20 UTC
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrustFactory.NotHolder.selector, roof, trusteeB)
        );
        factory.moveIn(roof, address(trust), time);
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrustFactory.TimeNotLater.selector, START_S, START_S - 1
            )
        );
        factory.moveIn(roof, address(trust), uint48(START_S - 1));
        vm.prank(trusteeA);
        factory.moveIn(roof, address(trust), time);
        assertEq(factory.holderAt(roof, time - 1), trusteeA, "before: hers");
        assertEq(factory.holderAt(roof, time), address(trust), "from then on: the trust's");
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrustFactory.InTrust.selector, roof, address(trust))
        );
        factory.moveIn(roof, address(trust), time + 1);

        bytes memory same = abi.encodeCall(IHouseholdTrustFactory.moveOut, (roof, time));
        uint256 id = _submit(address(factory), 0, same);
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrustFactory.TimeNotLater.selector, time + 1, time)
        );
        trust.approve(id);
        _both(
            address(factory), 0, abi.encodeCall(IHouseholdTrustFactory.moveOut, (roof, time + 900))
        );
        assertEq(factory.holderAt(roof, time + 899), address(trust), "still");
        assertEq(factory.holderAt(roof, time + 900), trusteeA, "hers again");
    }

    /// Whose consumption would be the trust's to pay must be of the family.
    function test_refuses_a_device_of_a_stranger_to_the_trust() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(8);
        vm.prank(admin);
        bytes32 heater = devices.register(bytes32(x), bytes32(y), neighbour, 2, 8000);
        vm.prank(neighbour);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrustFactory.NotOfTrust.selector, neighbour, address(trust)
            )
        );
        factory.moveIn(heater, address(trust), uint48(START_S));
    }

    function test_a_beneficiary_moves_a_device_in() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(8);
        vm.prank(admin);
        bytes32 heater = devices.register(bytes32(x), bytes32(y), minorsGuardian, 2, 8000);
        vm.prank(minorsGuardian);
        factory.moveIn(heater, address(trust), uint48(START_S));
        assertEq(factory.holderAt(heater, uint48(START_S)), address(trust), "the trust's");
    }

    // --- replacement

    function test_S12_a_lost_trustee_is_replaced_after_the_delay() public {
        vm.prank(trusteeA);
        trust.replace(trusteeB, successor);
        uint256 readyAt = START_S + 30 days;
        vm.warp(readyAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.NoReplacement.selector, trusteeB, readyAt)
        );
        trust.finishReplacement(trusteeB);
        vm.warp(readyAt);
        vm.expectEmit();
        emit IHouseholdTrust.Replaced(trusteeB, successor);
        trust.finishReplacement(trusteeB);
        (address[] memory trustees, uint8 threshold, uint32 term) = trust.trusteesOf();
        assertEq(trustees[1], successor, "in its place");
        assertEq(threshold, 2, "threshold");
        assertEq(term, 2, "term");
    }

    function test_a_trustee_who_is_not_lost_objects() public {
        vm.prank(trusteeA);
        trust.replace(trusteeB, successor);
        vm.prank(trusteeB);
        trust.refuseReplacement();
        vm.warp(START_S + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NoReplacement.selector, trusteeB, 0));
        trust.finishReplacement(trusteeB);
    }

    function test_refuses_a_replacement_by_oneself_or_of_a_stranger() public {
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdTrust.CannotReplace.selector, trusteeB, successor, trusteeB
            )
        );
        trust.replace(trusteeB, successor);
        vm.prank(trusteeA);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdTrust.NotTrustee.selector, stranger));
        trust.replace(stranger, successor);
        vm.prank(trusteeA);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.TrusteeUnverified.selector, stranger)
        );
        trust.replace(trusteeB, stranger);
    }

    function test_actions_of_former_trustees_are_void() public {
        _cash(DOLLAR);
        uint256 id = _submit(trusteeA, DOLLAR, "");
        address[] memory trustees = new address[](2);
        (trustees[0], trustees[1]) = (trusteeB, successor);
        _both(address(trust), 0, abi.encodeCall(IHouseholdTrust.setTrustees, (trustees, 2)));
        vm.prank(trusteeB);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdTrust.CannotApprove.selector, id, trusteeB)
        );
        trust.approve(id);
    }
}
