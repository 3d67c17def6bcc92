// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../src/community/Fund.sol";
import {Estate} from "../Estate.sol";

/// @title HouseholdGas: what a transaction of layers 5 and 4 costs, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// forge-config: default.isolate = true
contract HouseholdGasTest is Estate {
    function _note(string memory name) private {
        vm.snapshotGasLastCall("Household", name);
    }

    function test_fund() public {
        Fund fund = _newFund(operator);
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        _put(fund, tenant, 100 * DOLLAR);
        _note("fund deposit, first of an account");
        vm.warp(START_S + 1 days);
        _mint(tenant, 100 * DOLLAR);
        vm.prank(tenant);
        fund.deposit(50 * DOLLAR, tenant);
        _note("fund deposit");
        vm.prank(prosumer);
        fund.transfer(tenant, shares / 2);
        _note("fund transfer");
        vm.prank(prosumer);
        fund.redeem(shares / 4, prosumer, prosumer);
        _note("fund redeem");
        _income(fund, 100 * DOLLAR);
        _note("fund income");
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        _note("fund close period, any number of holders");
        fund.claim(tenant);
        _note("fund claim, each holder");
        vm.prank(prosumer);
        fund.requestExit(shares / 4);
        _note("fund request exit");
        fund.serveExits(1);
        _note("fund serve an exit");
        vm.prank(prosumer);
        fund.withdrawExit();
        _note("fund withdraw exit");
    }
}
