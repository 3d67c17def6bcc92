// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeal} from "../../../src/interfaces/IDeal.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {DealWorld} from "../../DealWorld.sol";

contract EscrowWithdrawTest is DealWorld {
    function _settled() private {
        IDeal.Terms memory terms = _hour(1000);
        _open(terms);
        vm.warp(HOUR_S + 3600);
        _settle(terms, _wh(1000));
    }

    function test_refuses_whoever_is_due_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NothingOwed.selector, stranger));
        deal.withdraw(stranger);
    }

    function test_refuses_an_account_on_hold_and_pays_it_later() public {
        _settled();
        _hold(producer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.PassportInvalid.selector, producer));
        deal.withdraw(producer);
        _release(producer);
        deal.withdraw(producer);
        assertEq(currency.balanceOf(producer), 120_000, "paid");
    }

    function test_pays_the_account_whoever_calls() public {
        _settled();
        vm.expectEmit();
        emit IEscrow.Withdrawn(producer, 120_000);
        vm.prank(stranger);
        assertEq(deal.withdraw(producer), 120_000, "amount");
        assertEq(currency.balanceOf(producer), 120_000, "paid");
        assertEq(deal.owed(producer), 0, "once");
    }
}
