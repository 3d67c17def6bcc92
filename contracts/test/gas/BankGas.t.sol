// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../../src/interfaces/ICurrency.sol";
import {ITradingHalt} from "../../src/interfaces/ITradingHalt.sol";
import {Bank} from "../Bank.sol";

/// @title BankGas: what a transaction of the bank costs, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// forge-config: default.isolate = true
contract BankGasTest is Bank {
    function _note(string memory name) private {
        vm.snapshotGasLastCall("BankGas", name);
    }

    function test_reserve() public {
        _bring(consumer, 100 * DOLLAR);
        _attest(100 * DOLLAR, 0);
        _note("attest, 2 signatures");
        _bring(consumer, 100 * DOLLAR);
        _note("issue, 2 signatures");
        vm.prank(consumer);
        currency.approve(address(reserve), type(uint256).max);
        vm.prank(consumer);
        reserve.redeem(DOLLAR, PAYEE);
        vm.prank(consumer);
        reserve.redeem(DOLLAR, PAYEE);
        _note("redeem");
    }

    function test_fund() public {
        _bring(neighbour, 10_000 * DOLLAR);
        vm.prank(neighbour);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(neighbour);
        fund.feed(9000 * DOLLAR);
        vm.prank(neighbour);
        fund.feed(DOLLAR);
        _note("feed");
        venue.set(72_000, 120_000);
        venue.give(producer, 1e9);
        vm.prank(producer);
        venue.approve(address(fund), type(uint256).max);
        vm.prank(producer);
        fund.support(venue, 1_000_000, 0);
        _note("support, first of a day");
        vm.prank(producer);
        fund.support(venue, 1_000_000, 0);
        _note("support");
    }

    function test_savings() public {
        vm.prank(admin);
        savings.setRate(CANADA, 1_547_125_957_863_212_448);
        _bring(consumer, 10_000 * DOLLAR);
        vm.prank(consumer);
        currency.approve(address(savings), type(uint256).max);
        vm.prank(consumer);
        savings.addRevenue(100 * DOLLAR);
        vm.prank(consumer);
        savings.deposit(100 * DOLLAR);
        vm.warp(block.timestamp + 1 days);
        vm.prank(consumer);
        savings.deposit(100 * DOLLAR);
        _note("save, with interest");
        vm.warp(block.timestamp + 1 days);
        vm.prank(consumer);
        savings.withdraw(100 * DOLLAR);
        _note("unsave, with interest");
    }

    function test_halt() public {
        ITradingHalt.Order memory order = _order(72 hours);
        bytes memory proof = _signed("guardian", tradingHalt.orderHash(order));
        tradingHalt.halt(order, proof);
        _note("halt, 2 signatures");
    }

    function test_council() public {
        _handOver();
        Proposal memory p = _proposal(
            address(currency), abi.encodeCall(ICurrency.setBucket, (address(reserve), 7))
        );
        uint256 id = _propose(p, councillors[0]);
        _note("propose");
        vm.warp(block.timestamp + NOTICE + 1);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(councillors[i]);
            council.castVote(id, 1);
        }
        _note("vote");
        vm.warp(block.timestamp + VOTE);
        bytes32 hash = _textHash(p);
        council.queue(p.targets, p.values, p.calldatas, hash);
        _note("queue");
        vm.warp(block.timestamp + LOCK);
        vm.prank(councillors[1]);
        council.execute(p.targets, p.values, p.calldatas, hash);
        _note("execute a bucket");
    }
}
