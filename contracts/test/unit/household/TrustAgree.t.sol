// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Investment} from "../../../src/individual/Investment.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {IInvestment} from "../../../src/interfaces/IInvestment.sol";
import {Family} from "./Family.sol";

/// @title A trust as a party of an agreement: what comes back to it is cash, not income
contract TrustAgreeTest is Family {
    Investment private investment;

    function setUp() public override {
        super.setUp();
        investment = new Investment(currency, passport, rulebook, factory);
        _addVenue(address(investment));
        _admit(operator);
        _cash(6000 * DOLLAR);
        IInvestment.Terms memory terms = _terms6000();
        bytes32 id = investment.idOf(terms);
        vm.prank(operator);
        investment.agree(id);
        _both(
            address(investment),
            6000 * DOLLAR,
            abi.encodeCall(IInvestment.open, (terms, bytes(""), bytes("")))
        );
        vm.prank(operator);
        investment.refund(terms);
    }

    function _terms6000() private view returns (IInvestment.Terms memory) {
        return IInvestment.Terms({
            investor: address(trust),
            project: operator,
            share: fund,
            units: SHARE,
            amountUd: uint64(6000 * DOLLAR),
            documentHash: keccak256("offering document"),
            thinkUntil: uint64(START_S + 2 days),
            closeBy: uint64(START_S + 90 days),
            salt: 0
        });
    }

    /// Sent by anybody it would arrive as income, and be split among the beneficiaries.
    function test_S12_refuses_to_send_a_trusts_own_money_back_over_its_head() public {
        vm.prank(minorsGuardian);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NothingOwed.selector, address(trust)));
        investment.withdraw(address(trust));
        vm.prank(minorsGuardian);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NothingOwed.selector, minorsGuardian));
        investment.collect();
    }

    function test_S12_a_trust_collects_its_own_money_as_cash() public {
        assertEq(investment.returned(address(trust)), 6000 * DOLLAR, "waits for it");
        _both(address(investment), 0, abi.encodeCall(IEscrow.collect, ()));
        (uint64 cashUd,, uint64 incomeUd,) = trust.moneyOf();
        assertEq(cashUd, 6000 * DOLLAR, "cash");
        assertEq(incomeUd, 0, "no income");
        assertEq(investment.returned(address(trust)), 0, "once");
    }
}
