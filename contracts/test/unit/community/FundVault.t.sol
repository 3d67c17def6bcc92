// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {Estate, Rulebook} from "../../Estate.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

contract FundVaultTest is Estate {
    Fund private fund;

    function setUp() public override {
        super.setUp();
        fund = _newFund(operator);
    }

    // --- who may hold shares

    function test_S11_refuses_a_wallet_without_a_passport() public {
        uint256 shares = _put(fund, prosumer, 500 * DOLLAR);
        bytes memory reason =
            abi.encodeWithSelector(IFund.PassportInvalid.selector, stranger, INVEST);
        assertTrue(!fund.canTransfer(prosumer, stranger, shares), "told before");
        vm.expectRevert(reason);
        fund.checkTransfer(prosumer, stranger, shares);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        fund.transfer(stranger, shares);
    }

    function test_refuses_a_deposit_for_whoever_may_not_invest() public {
        _money(prosumer, address(fund), DOLLAR);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, stranger, DOLLAR, 0)
        );
        fund.deposit(DOLLAR, stranger);
    }

    function test_refuses_a_frozen_holder() public {
        _put(fund, prosumer, DOLLAR);
        _freeze(prosumer, true);
        vm.prank(prosumer);
        vm.expectRevert(abi.encodeWithSelector(IFund.PassportInvalid.selector, prosumer, INVEST));
        fund.transfer(tenant, 1);
        assertEq(fund.maxRedeem(prosumer), 0, "redeem");
        vm.prank(prosumer);
        vm.expectRevert(abi.encodeWithSelector(IFund.PassportInvalid.selector, prosumer, INVEST));
        fund.requestExit(1);
    }

    function test_S11_refuses_what_a_rule_pack_forbids_and_names_it() public {
        _put(fund, prosumer, DOLLAR);
        rulebook.refuse(tenant);
        bytes memory reason = abi.encodeWithSelector(Rulebook.Refused.selector, tenant);
        vm.expectRevert(reason);
        fund.checkTransfer(prosumer, tenant, 1);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        fund.transfer(tenant, 1);
    }

    function test_refuses_shares_sent_to_the_fund() public {
        _put(fund, prosumer, DOLLAR);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(IFund.PassportInvalid.selector, address(fund), INVEST)
        );
        fund.transfer(address(fund), 1);
    }

    function test_refuses_more_than_the_cap() public {
        vm.prank(operator);
        fund.setCap(uint64(10 * DOLLAR));
        _put(fund, prosumer, 4 * DOLLAR);
        _money(tenant, address(fund), 7 * DOLLAR);
        vm.prank(tenant);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxDeposit.selector, tenant, 6 * DOLLAR + 1, 6 * DOLLAR
            )
        );
        fund.deposit(6 * DOLLAR + 1, tenant);
    }

    function test_only_the_manager_manages() public {
        bytes memory reason = abi.encodeWithSelector(IFund.NotManager.selector, admin);
        vm.prank(admin);
        vm.expectRevert(reason);
        fund.invest(admin, 1);
        vm.prank(admin);
        vm.expectRevert(reason);
        fund.subscribe(admin, 1, 0);
        vm.prank(admin);
        vm.expectRevert(reason);
        fund.writeOff(1);
        vm.prank(admin);
        vm.expectRevert(reason);
        fund.setCap(1);
    }

    // --- money in and out

    function test_deposits_and_redeems(uint256 amountUd, uint256 laterUd) public {
        amountUd = bound(amountUd, 1, 1e15);
        laterUd = bound(laterUd, 1, 1e15);
        uint256 shares = _put(fund, prosumer, amountUd);
        _put(fund, tenant, laterUd);
        assertEq(shares, amountUd * 1e6, "six digits more");
        vm.prank(prosumer);
        uint256 backUd = fund.redeem(shares, prosumer, prosumer);
        assertEq(backUd, amountUd, "a round trip costs nothing and earns nothing");
    }

    function test_first_depositor_inflation_is_unprofitable(uint256 giftUd, uint256 victimUd)
        public
    {
        giftUd = bound(giftUd, 1, 1e15);
        victimUd = bound(victimUd, DOLLAR, 1e12);
        _put(fund, neighbour, 1); // the attacker is first
        // a plain transfer moves nothing; the dearest way is to invest and give back more: refused
        _mint(neighbour, giftUd);
        vm.prank(neighbour);
        currency.transfer(address(fund), giftUd);
        vm.prank(neighbour);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(neighbour);
        vm.expectRevert(abi.encodeWithSelector(IFund.InvestedExceeded.selector, 0, 1));
        fund.giveBack(1);
        uint256 shares = _put(fund, tenant, victimUd);
        vm.prank(neighbour);
        uint256 backUd = fund.redeem(1e6, neighbour, neighbour);
        assertLe(backUd, 1, "the attacker's gift is gone");
        vm.prank(tenant);
        assertEq(fund.redeem(shares, tenant, tenant), victimUd, "the victim lost nothing");
    }

    function test_invests_and_is_given_back() public {
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        vm.prank(operator);
        fund.invest(installer, uint64(60 * DOLLAR));
        assertEq(fund.totalAssets(), 100 * DOLLAR, "at cost");
        assertEq(fund.maxRedeem(prosumer), shares * 4 / 10, "as far as the cash goes");
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IFund.CashExceeded.selector, 40 * DOLLAR, 40 * DOLLAR + 1)
        );
        fund.invest(installer, uint64(40 * DOLLAR + 1));
        vm.prank(installer);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(installer);
        fund.giveBack(uint64(50 * DOLLAR));
        vm.prank(operator);
        fund.writeOff(uint64(10 * DOLLAR));
        assertEq(fund.totalAssets(), 90 * DOLLAR, "the loss shows");
    }

    // --- the queue

    function test_exits_are_served_in_order_as_cash_comes() public {
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        _put(fund, tenant, 100 * DOLLAR);
        vm.prank(operator);
        fund.invest(installer, uint64(200 * DOLLAR));
        vm.prank(prosumer);
        uint256 first = fund.requestExit(shares);
        vm.prank(tenant);
        fund.requestExit(shares / 2);
        fund.serveExits(10);
        assertEq(fund.releasedOf(prosumer), 0, "no cash");

        vm.prank(installer);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(installer);
        fund.giveBack(uint64(60 * DOLLAR));
        assertEq(fund.maxRedeem(tenant), 0, "nobody jumps the queue");
        fund.serveExits(10);
        assertEq(fund.releasedOf(prosumer), 60 * DOLLAR, "partly");
        assertEq(fund.releasedOf(tenant), 0, "not yet");
        (, uint256 left) = fund.ticketOf(first);
        assertEq(left, shares * 4 / 10, "left");
        vm.prank(installer);
        fund.giveBack(uint64(140 * DOLLAR));
        fund.serveExits(10);
        assertEq(fund.releasedOf(prosumer), 100 * DOLLAR, "all");
        assertEq(fund.releasedOf(tenant), 50 * DOLLAR, "then the next");
        vm.prank(prosumer);
        assertEq(fund.withdrawExit(), 100 * DOLLAR, "paid");
        assertEq(fund.maxRedeem(tenant), shares / 2, "the queue is empty");
    }

    function test_a_ticket_is_taken_back_by_its_holder_only() public {
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        vm.prank(prosumer);
        uint256 ticket = fund.requestExit(shares);
        vm.prank(tenant);
        vm.expectRevert(abi.encodeWithSelector(IFund.NoTicket.selector, ticket, tenant));
        fund.cancelExit(ticket);
        vm.prank(prosumer);
        fund.cancelExit(ticket);
        assertEq(fund.balanceOf(prosumer), shares, "back");
        vm.prank(prosumer);
        vm.expectRevert(abi.encodeWithSelector(IFund.NoTicket.selector, ticket, prosumer));
        fund.cancelExit(ticket);
        fund.serveExits(1);
        (, uint256 first, uint256 next) = fund.queue();
        assertEq(first, next, "an empty ticket is passed over");
    }

    function test_queued_shares_earn_nothing() public {
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        _put(fund, tenant, 100 * DOLLAR);
        vm.prank(prosumer);
        fund.requestExit(shares);
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        assertEq(fund.claim(tenant), 90 * DOLLAR, "all of it");
    }
}
