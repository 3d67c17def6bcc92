// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Market} from "./Market.sol";

contract ComplianceRecordTest is Market {
    IRulebook.Kind private constant MONEY = IRulebook.Kind.MONEY;
    IRulebook.Kind private constant SHARE = IRulebook.Kind.SHARE;

    function _records(address from, address to, uint256 amountUd) private {
        vm.prank(address(exchange));
        compliance.recordTransfer(address(currency), from, to, amountUd);
    }

    function _refusesMoney(address from, address to, uint256 amountUd, bytes memory reason)
        private
    {
        (bool allowed, bytes memory given) =
            compliance.canTransfer(address(currency), from, to, amountUd);
        assertTrue(!allowed, "canTransfer");
        assertEq(keccak256(given), keccak256(reason), "reason");
        vm.prank(address(exchange));
        vm.expectRevert(reason);
        compliance.recordTransfer(address(currency), from, to, amountUd);
    }

    function _refusesUnits(address from, address to, uint256 amount, bytes memory reason) private {
        vm.prank(from);
        vm.expectRevert(reason);
        units.transfer(to, amount);
    }

    function _send(address from, address to, uint256 amount) private {
        vm.prank(from);
        units.transfer(to, amount);
    }

    function test_refuses_whoever_is_neither_venue_nor_the_token() public {
        bytes memory reason =
            abi.encodeWithSelector(IRulebook.NotReporter.selector, stranger, address(currency));
        vm.prank(stranger);
        vm.expectRevert(reason);
        compliance.recordTransfer(address(currency), consumer, producer, 1);
        reason = abi.encodeWithSelector(IRulebook.NotReporter.selector, stranger, address(units));
        vm.prank(stranger);
        vm.expectRevert(reason);
        compliance.recordTrade(address(units), consumer, producer, 1, address(currency), 1);
        vm.prank(address(units)); // a token cannot speak for another
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.NotReporter.selector, address(units), address(currency)
            )
        );
        compliance.recordTransfer(address(currency), consumer, producer, 1);
    }

    function test_refuses_an_unknown_token() public {
        vm.expectRevert(abi.encodeWithSelector(IRulebook.UnknownToken.selector, stranger));
        compliance.checkTransfer(stranger, consumer, producer, 1);
    }

    function test_refuses_either_side_without_a_valid_passport() public {
        bytes memory reason =
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, stranger, 0);
        _refusesMoney(stranger, consumer, 1, reason);
        _refusesMoney(consumer, stranger, 1, reason);
        vm.warp(EXPIRY);
        _refusesMoney(
            consumer,
            producer,
            1,
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, consumer, 0)
        );
    }

    function test_S21_refuses_a_closed_country() public {
        IRulebook.Rules memory rules = _free();
        rules.closed = true;
        _set(MONEY, USA, rules);
        _moveTo(producer, USA); // moving changes the pack at once
        bytes memory reason =
            abi.encodeWithSelector(IRulebook.CountryClosed.selector, address(currency), USA);
        _refusesMoney(consumer, producer, 1, reason);
        _refusesMoney(producer, consumer, 1, reason);
        _moveTo(producer, CANADA);
        _records(consumer, producer, 1);
    }

    /// Sent 4000 + 3500, then 2500: the third within 24 h counts with both, after 24 h 01 min with
    /// the second alone.
    function test_S21_daily_limit_at_24_hours_and_a_minute_later() public {
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = uint64(10_000 * DOLLAR - 1);
        _set(MONEY, CANADA, rules);
        _records(consumer, producer, 4000 * DOLLAR);
        vm.warp(START_S + 12 hours);
        _records(consumer, producer, 3500 * DOLLAR);
        vm.warp(START_S + 24 hours);
        _refusesMoney(
            consumer,
            producer,
            2500 * DOLLAR,
            abi.encodeWithSelector(
                IRulebook.DailyLimitExceeded.selector,
                address(currency),
                consumer,
                7500 * DOLLAR,
                2500 * DOLLAR,
                10_000 * DOLLAR - 1
            )
        );
        _records(neighbour, producer, 9999 * DOLLAR + 990_000); // 9,999.99 by another: none
        vm.warp(START_S + 24 hours + 1 minutes);
        _records(consumer, producer, 2500 * DOLLAR);
        assertEq(
            compliance.sentWithinDay(address(currency), consumer), 6000 * DOLLAR, "within 24 hours"
        );
    }

    function test_refuses_more_than_a_day_allows_in_any_parts(uint64 most, uint256 seed) public {
        most = uint64(bound(most, 1, 1e15));
        IRulebook.Rules memory rules = _free();
        rules.dailyMost = most;
        _set(MONEY, CANADA, rules);
        uint256 sent;
        for (uint256 i = 0; i < 20; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 amount = bound(seed, 1, most);
            vm.warp(block.timestamp + 1 hours);
            if (sent + amount > most) {
                _refusesMoney(
                    consumer,
                    producer,
                    amount,
                    abi.encodeWithSelector(
                        IRulebook.DailyLimitExceeded.selector,
                        address(currency),
                        consumer,
                        sent,
                        amount,
                        most
                    )
                );
            } else {
                _records(consumer, producer, amount);
                sent += amount;
            }
        }
    }

    function test_S21_lock_up() public {
        units.mint(consumer, 100);
        IRulebook.Rules memory rules = _free();
        rules.lockUp = 120 days;
        _set(SHARE, CANADA, rules);
        units.mint(consumer, 10);
        _refusesUnits(
            consumer,
            producer,
            101,
            abi.encodeWithSelector(IRulebook.LockedUp.selector, address(units), consumer, 100, 101)
        );
        _send(consumer, producer, 100); // acquired before the rule
        vm.warp(START_S + 120 days - 1);
        _refusesUnits(
            consumer,
            producer,
            1,
            abi.encodeWithSelector(IRulebook.LockedUp.selector, address(units), consumer, 0, 1)
        );
        units.burn(consumer, 1); // redemption is always open
        vm.warp(START_S + 120 days);
        _send(consumer, producer, 9);
    }

    function test_dust_from_others_does_not_prolong_a_lock_up() public {
        IRulebook.Rules memory rules = _free();
        rules.lockUp = 120 days;
        _set(SHARE, CANADA, rules);
        for (uint256 i = 0; i < 17; ++i) {
            vm.warp(block.timestamp + 1);
            units.mint(consumer, 1);
        }
        vm.warp(block.timestamp + 1 hours);
        units.mint(consumer, 100);
        for (uint256 i = 0; i < 143; ++i) {
            vm.warp(block.timestamp + 1 days); // the lock-up, and a sixteenth of a year
            units.mint(consumer, 1);
        }
        _send(consumer, producer, 100);
        assertEq(units.balanceOf(producer), 100, "sent");
    }

    function test_S21_holding_cap() public {
        IRulebook.Rules memory rules = _free();
        rules.holdingMost = 50;
        _set(SHARE, CANADA, rules);
        units.mint(consumer, 50);
        units.mint(producer, 1);
        _refusesUnits(
            producer,
            consumer,
            1,
            abi.encodeWithSelector(
                IRulebook.HoldingCapExceeded.selector, address(units), consumer, 50, 1, 50
            )
        );
        _send(consumer, consumer, 50); // to itself is no more
        _send(consumer, producer, 49);
        assertEq(compliance.holdingOf(address(units), producer), 50, "holding");
    }

    function test_S21_investor_limit() public {
        IRulebook.Rules memory rules = _free();
        rules.yearlyMost = 2500;
        _set(SHARE, CANADA, rules);
        units.mint(consumer, 2000);
        _send(consumer, producer, 1500);
        vm.warp(START_S + 365 days - 1); // still within the year, though most was sent on
        bytes memory reason = abi.encodeWithSelector(
            IRulebook.InvestorLimitExceeded.selector, address(units), consumer, 2000, 501, 2500
        );
        vm.expectRevert(reason);
        units.mint(consumer, 501);
        units.mint(consumer, 500);
    }

    function test_S21_holder_cap() public {
        IRulebook.Rules memory rules = _free();
        rules.holdersMost = 2;
        _set(SHARE, CANADA, rules);
        units.mint(consumer, 10);
        units.mint(producer, 10);
        _refusesUnits(
            consumer,
            neighbour,
            1,
            abi.encodeWithSelector(IRulebook.HolderCapReached.selector, address(units), 2, 2)
        );
        _send(consumer, producer, 10); // one holder leaves
        _send(producer, neighbour, 1); // and another may come
        (,,, uint32 holders) = compliance.tokenOf(address(units));
        assertEq(holders, 2, "holders");
    }

    function test_counts_holders_as_the_token_does(uint256 seed) public {
        address[3] memory members = [consumer, producer, neighbour];
        for (uint256 i = 0; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address from = members[seed % 3];
            address to = members[(seed >> 8) % 3];
            uint256 held = units.balanceOf(from);
            if (seed % 5 == 0) units.mint(to, seed % 100);
            else if (seed % 5 == 1) units.burn(from, bound(seed, 0, held));
            else if (seed % 5 == 2) _send(from, address(pool), bound(seed, 0, held));
            else _send(from, to, seed % 5 == 3 ? held : bound(seed, 0, held));
            uint256 holders;
            for (uint256 j = 0; j < 3; ++j) {
                uint256 balance = units.balanceOf(members[j]);
                assertEq(compliance.holdingOf(address(units), members[j]), balance, "holding");
                if (balance != 0) ++holders;
            }
            (,,, uint32 counted) = compliance.tokenOf(address(units));
            assertEq(counted, holders, "holders");
        }
    }

    function test_a_venue_may_check_a_tracked_token_but_does_not_count_it() public {
        units.mint(consumer, 5);
        vm.prank(address(exchange));
        compliance.recordTransfer(address(units), consumer, producer, 5);
        assertEq(compliance.holdingOf(address(units), consumer), 5, "the token counts");
    }
}
