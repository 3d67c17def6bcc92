// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {Slice, Slices} from "../../../src/libraries/Slices.sol";
import {Estate} from "../../Estate.sol";

/// @title FundShareTime: income follows shares and seconds, whenever shares move
contract FundShareTimeTest is Estate {
    using Slices for Slice;

    uint256 private constant PEOPLE = 3;
    uint256 private constant INCOME = 100_000 * DOLLAR; // of a period

    Fund private fund;
    address[PEOPLE] private people;

    // what the fund should know, kept the long way
    uint256[PEOPLE] private shares;
    uint256[PEOPLE] private queued;
    uint256[PEOPLE] private points; //   of the running period
    uint256[PEOPLE] private owedUd; //   of closed periods
    uint256[PEOPLE] private tickets; //  number + 1
    uint256 private startedAt = START_S;
    uint256 private periods;

    function setUp() public override {
        super.setUp();
        fund = _newFund(operator);
        people = [prosumer, household, tenant];
    }

    function _send(address from, address to, uint256 amount) private {
        vm.prank(from);
        fund.transfer(to, amount);
    }

    function _close(uint256 time) private {
        _income(fund, 100 * DOLLAR);
        vm.warp(time);
        fund.closePeriod();
    }

    function _owed(address holder) private view returns (uint64 owed) {
        (owed,) = fund.owedOf(holder);
    }

    // --- transfers

    function test_refuses_more_shares_than_are_held() public {
        uint256 held = _put(fund, prosumer, DOLLAR);
        bytes memory reason = abi.encodeWithSignature(
            "ERC20InsufficientBalance(address,uint256,uint256)", prosumer, held, held + 1
        );
        vm.prank(prosumer);
        vm.expectRevert(reason);
        fund.transfer(tenant, held + 1);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        fund.requestExit(held + 1);
        _close(START_S + PERIOD); // its shares were last looked at in a period that is closed
        vm.prank(prosumer);
        vm.expectRevert(reason);
        fund.transfer(tenant, held + 1);
    }

    function test_a_transfer_when_the_period_may_end_and_does_not() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        _put(fund, tenant, 1000 * DOLLAR);
        vm.warp(START_S + PERIOD + 9 days); // nobody closed it
        _send(prosumer, tenant, held);
        _close(START_S + PERIOD + 9 days + 99 days);
        assertEq(_owed(prosumer), 22_500_000, "half of the first half");
        assertEq(_owed(tenant), 67_500_000, "the rest");
    }

    function test_a_transfer_long_after_both_were_looked_at() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        _put(fund, tenant, 1000 * DOLLAR);
        _close(START_S + PERIOD);
        _close(START_S + 2 * PERIOD);
        vm.warp(START_S + 2 * PERIOD + 45 days);
        _send(prosumer, tenant, held / 2);
        assertEq(_owed(prosumer), 90 * DOLLAR, "half of two periods");
        assertEq(_owed(tenant), 90 * DOLLAR, "the other half");
        _close(START_S + 3 * PERIOD);
        assertEq(_owed(prosumer), 90 * DOLLAR + 33_750_000, "1/2, then 1/4");
        assertEq(_owed(tenant), 90 * DOLLAR + 56_250_000, "1/2, then 3/4");
    }

    function test_a_transfer_in_the_second_of_the_close() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        _put(fund, tenant, 1000 * DOLLAR);
        _close(START_S + PERIOD);
        _send(prosumer, tenant, held);
        _close(START_S + 2 * PERIOD);
        assertEq(_owed(prosumer), 45 * DOLLAR, "the first period's half");
        assertEq(_owed(tenant), 135 * DOLLAR, "and all of the second");
    }

    function test_a_transfer_to_oneself_changes_nothing() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        vm.warp(START_S + 45 days);
        _send(prosumer, prosumer, held);
        _send(prosumer, prosumer, held / 3);
        assertEq(fund.balanceOf(prosumer), held, "shares");
        assertEq(fund.holders(), 1, "holders");
        _close(START_S + PERIOD);
        assertEq(_owed(prosumer), 90 * DOLLAR, "income");
    }

    function test_who_sold_all_and_comes_back_earned_twice_and_not_between() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        vm.warp(START_S + 30 days);
        _send(prosumer, tenant, held);
        vm.warp(START_S + 60 days);
        _send(tenant, prosumer, held);
        _close(START_S + PERIOD);
        assertEq(_owed(prosumer), 60 * DOLLAR, "two months");
        assertEq(_owed(tenant), 30 * DOLLAR, "and the month between");
    }

    function test_a_ticket_taken_back_earns_from_then_on() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        _put(fund, tenant, 1000 * DOLLAR);
        vm.prank(prosumer);
        uint256 ticket = fund.requestExit(held);
        vm.warp(START_S + 45 days);
        vm.prank(prosumer);
        fund.cancelExit(ticket);
        _close(START_S + PERIOD);
        assertEq(_owed(prosumer), 30 * DOLLAR, "half the time");
        assertEq(_owed(tenant), 60 * DOLLAR, "all of it");
    }

    function test_counts_its_holders_among_them_who_waits_to_leave_and_never_itself() public {
        uint256 held = _put(fund, prosumer, 1000 * DOLLAR);
        assertEq(fund.holders(), 1, "prosumer");
        _send(prosumer, tenant, 0);
        assertEq(fund.holders(), 1, "nobody joins with nothing");
        _send(prosumer, tenant, held / 2);
        assertEq(fund.holders(), 2, "and tenant");
        _send(prosumer, household, held / 2);
        assertEq(fund.holders(), 2, "one for another");
        _send(tenant, household, held / 2);
        assertEq(fund.holders(), 1, "household");
        vm.prank(household);
        uint256 ticket = fund.requestExit(held / 2);
        assertEq(fund.holders(), 1, "the fund is none");
        assertEq(fund.balanceOf(address(fund)), held / 2, "which holds the queued shares");
        vm.prank(household);
        fund.cancelExit(ticket);
        assertEq(fund.holders(), 1, "nobody came");
        vm.prank(household);
        ticket = fund.requestExit(held);
        assertEq(fund.holders(), 1, "who waits with all of it");
        vm.prank(household);
        fund.cancelExit(ticket);
        assertEq(fund.holders(), 1, "and comes back");
        vm.prank(household);
        fund.requestExit(held / 4);
        vm.prank(household);
        fund.requestExit(held / 4);
        _send(household, tenant, held - 2 * (held / 4));
        assertEq(fund.holders(), 2, "and tenant");
        _send(tenant, household, held - 2 * (held / 4));
        assertEq(fund.holders(), 1, "household, which was one");
        vm.prank(household);
        fund.requestExit(held - 2 * (held / 4));
        fund.serveExits(4);
        assertEq(fund.holders(), 1, "one ticket left");
        fund.serveExits(1);
        assertEq(fund.holders(), 0, "nobody");
        assertEq(fund.totalSupply(), 0, "nothing");
    }

    // --- laws

    /// Any order of verbs, against books kept the long way: every holder's share-seconds are looked
    /// up at every step, and every period's income is divided as it closes.
    function test_fuzz_income_follows_share_seconds(uint256[32] memory steps) public {
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 step = uint256(keccak256(abi.encode(steps[i], i)));
            _wait(step >> 128 & 3 == 0 ? 0 : (step >> 130) % 25 days);
            _do(step & 0xff, step >> 8 & 0xffff, step >> 24 & 0xffffffffffff);
            _checkShares();
        }
        _wait(PERIOD);
        _divide();
        for (uint256 i = 0; i < PEOPLE; ++i) {
            uint256 heldUd = currency.balanceOf(people[i]);
            assertLe(_owed(people[i]) + heldUd, owedUd[i] + periods, "no more");
            assertLe(owedUd[i], _owed(people[i]) + heldUd + periods, "no less, a ud a period aside");
        }
    }

    function _wait(uint256 passed) private {
        vm.warp(block.timestamp + passed);
        for (uint256 i = 0; i < PEOPLE; ++i) {
            points[i] += shares[i] * passed;
        }
    }

    function _do(uint256 verb, uint256 who, uint256 amount) private {
        uint256 from = who % PEOPLE;
        uint256 to = (who >> 8) % PEOPLE;
        if (verb < 50) {
            shares[from] += _put(fund, people[from], amount % 1e9 + 1);
        } else if (verb < 150) {
            amount = verb % 4 == 0 ? shares[from] : bound(amount, 0, shares[from]);
            _send(people[from], people[to], amount);
            shares[from] -= amount;
            shares[to] += amount;
        } else if (verb < 180 && tickets[from] == 0 && shares[from] != 0) {
            amount = bound(amount, 1, shares[from]);
            vm.prank(people[from]);
            tickets[from] = fund.requestExit(amount) + 1;
            shares[from] -= amount;
            queued[from] = amount;
        } else if (verb < 200 && tickets[from] != 0) {
            vm.prank(people[from]);
            fund.cancelExit(tickets[from] - 1);
            shares[from] += queued[from];
            (tickets[from], queued[from]) = (0, 0);
        } else if (verb < 210) {
            uint256 waitedS = (block.timestamp - startedAt) * (who >> 8) / 256;
            amount = amount % 1e9 + 1;
            _money(operator, address(fund), amount);
            vm.prank(operator);
            uint256 made = fund.subscribe(people[from], uint64(amount), amount * waitedS);
            shares[from] += made;
            points[from] += made * waitedS;
        } else if (verb < 230) {
            if (_owed(people[from]) >= CENT) fund.claim(people[from]);
        } else if (block.timestamp >= startedAt + PERIOD) {
            _divide();
        }
    }

    function _divide() private {
        uint256 total;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            total += points[i];
        }
        _income(fund, INCOME);
        (,, uint256 shareSeconds) = fund.running();
        assertEq(shareSeconds, total, "share-seconds of all");
        uint256 sharedUd = uint256(fund.pots().incomeUd) * 9 / 10;
        fund.closePeriod();
        startedAt = block.timestamp;
        ++periods;
        for (uint256 i = 0; i < PEOPLE && total != 0; ++i) {
            owedUd[i] += sharedUd * points[i] / total;
            points[i] = 0;
        }
    }

    function _checkShares() private view {
        uint256 supply;
        uint256 count;
        uint256 waiting;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            assertEq(fund.balanceOf(people[i]), shares[i], "shares");
            supply += shares[i] + queued[i];
            waiting += queued[i];
            if (shares[i] + queued[i] != 0) ++count;
        }
        assertEq(fund.balanceOf(address(fund)), waiting, "queued");
        assertEq(fund.totalSupply(), supply, "supply");
        assertEq(fund.holders(), count, "holders");
    }

    /// Two holders of all the shares there can be, for as long as share-seconds have bits.
    function test_fuzz_a_slice_is_exact_to_its_last_bit(
        uint256 all,
        uint256[8] memory moves,
        uint256[8] memory waits
    ) public {
        all = bound(all, 1, type(uint88).max);
        uint256 left = all;
        uint256[2] memory exact;
        Slice a = Slices.started(all, 7, uint40(block.timestamp));
        Slice b = Slices.started(0, 7, uint40(block.timestamp));
        for (uint256 i = 0; i < moves.length; ++i) {
            waits[i] = bound(waits[i], 0, 2 ** 24 / moves.length);
            vm.warp(block.timestamp + waits[i]);
            exact[0] += left * waits[i];
            exact[1] += (all - left) * waits[i];
            assertTrue(a.surelyRun(b, 2 ** 24 + 1), "both in the running period");
            uint256 moved = bound(moves[i], 0, i % 2 == 0 ? left : all - left);
            uint256 portion = a.portion(moved);
            (a, b) = i % 2 == 0
                ? (a.less(portion), b.more(portion))
                : (a.more(portion), b.less(portion));
            left = i % 2 == 0 ? left - moved : left + moved;
            assertEq(a.shares(), left, "shares");
            assertEq(b.shares(), all - left, "the others");
            assertEq(a.pointsAt(block.timestamp), exact[0], "share-seconds");
            assertEq(b.pointsAt(block.timestamp), exact[1], "of the other");
            assertEq(a.period() + b.period(), 14, "period");
        }
    }
}
