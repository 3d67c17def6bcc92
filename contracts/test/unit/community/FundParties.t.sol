// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {Estate} from "../../Estate.sol";

/// @title A fund is a venue: money passes it unasked, so it looks at both who pays and who is paid
contract FundPartiesTest is Estate {
    Fund private fund;

    function setUp() public override {
        super.setUp();
        fund = _newFund(operator);
        _put(fund, prosumer, 1000 * DOLLAR);
    }

    function _refused(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFund.PassportInvalid.selector, account, 0);
    }

    function test_pays_nobody_without_a_passport() public {
        vm.prank(prosumer);
        vm.expectRevert(_refused(stranger));
        fund.redeem(SHARE, stranger, prosumer);
        vm.prank(prosumer);
        vm.expectRevert(_refused(stranger));
        fund.withdraw(DOLLAR, stranger, prosumer);
        _freeze(tenant, true);
        vm.prank(prosumer);
        vm.expectRevert(_refused(tenant));
        fund.redeem(SHARE, tenant, prosumer);
        _freeze(tenant, false);
        vm.prank(prosumer);
        fund.redeem(SHARE, tenant, prosumer);
        assertEq(currency.balanceOf(tenant), DOLLAR, "who has one is paid");
    }

    /// Else a hold on an account could be walked around by shares for somebody else.
    function test_takes_no_money_of_an_account_on_hold() public {
        _money(tenant, address(fund), 2 * DOLLAR);
        _freeze(tenant, true);
        vm.prank(tenant);
        vm.expectRevert(_refused(tenant));
        fund.deposit(DOLLAR, prosumer);
        vm.prank(tenant);
        vm.expectRevert(_refused(tenant));
        fund.mint(SHARE, prosumer);
        _freeze(tenant, false);
        vm.prank(tenant);
        fund.deposit(DOLLAR, prosumer);
        assertEq(fund.balanceOf(prosumer), 1001 * SHARE, "off hold it may");
    }
}
