// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {ICountedToken} from "../../../src/interfaces/ICountedToken.sol";
import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {EnergyCredit} from "../../../src/marketplace/EnergyCredit.sol";
import {Market} from "../marketplace/Market.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Erc20Behaviour: what ERC-20 and ERC-6093 ask of a token, between members
/// @notice One contract a token; `consumer` holds `HELD` of it, `producer` and `neighbour` none.
abstract contract Erc20Behaviour is Market {
    uint256 internal constant HELD = 1_000_000;
    address private constant NOBODY = address(0);

    IERC20 internal token;

    function _giveToken() internal virtual;

    function setUp() public override {
        super.setUp();
        _setHeldFrom(CANADA, NO_LIMIT);
        _giveToken();
        assertEq(token.balanceOf(consumer), HELD, "given");
    }

    // --- refusals

    function _transferRefused(address from, address to, uint256 value, bytes memory reason)
        private
    {
        vm.prank(from);
        vm.expectRevert(reason);
        token.transfer(to, value);
    }

    function _approve(uint256 value) private {
        vm.prank(consumer);
        token.approve(producer, value);
    }

    function test_refuses_more_than_is_held(uint256 value) public {
        value = bound(value, HELD + 1, type(uint256).max);
        _transferRefused(
            consumer,
            producer,
            value,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, consumer, HELD, value
            )
        );
        _transferRefused(
            consumer,
            consumer,
            value,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, consumer, HELD, value
            )
        );
    }

    function test_says_that_the_balance_is_short_before_any_rule_of_a_stranger() public {
        _transferRefused(
            stranger,
            consumer,
            1,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, stranger, 0, 1)
        );
    }

    function test_refuses_to_send_to_nobody() public {
        _transferRefused(
            consumer,
            NOBODY,
            1,
            abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, NOBODY)
        );
        _approve(1);
        vm.prank(producer);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, NOBODY));
        token.transferFrom(consumer, NOBODY, 1);
    }

    function test_refuses_to_let_nobody_spend() public {
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSpender.selector, NOBODY));
        token.approve(NOBODY, 1);
    }

    function test_refuses_to_take_from_nobody() public {
        vm.prank(producer);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidApprover.selector, NOBODY));
        token.transferFrom(NOBODY, producer, 0);
    }

    function test_refuses_more_than_was_allowed(uint256 allowed, uint256 value) public {
        allowed = bound(allowed, 0, HELD - 1);
        value = bound(value, allowed + 1, type(uint256).max);
        _approve(allowed);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, producer, allowed, value
            )
        );
        token.transferFrom(consumer, producer, value);
    }

    function test_refuses_more_than_the_owner_holds_though_allowed() public {
        _approve(HELD + 2);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, consumer, HELD, HELD + 1
            )
        );
        token.transferFrom(consumer, producer, HELD + 1);
    }

    // --- success

    function test_transfers_with_an_event(uint256 value) public {
        value = bound(value, 0, HELD); // nothing, too, is a transfer
        uint256 supply = token.totalSupply();
        vm.expectEmit();
        emit IERC20.Transfer(consumer, producer, value);
        vm.prank(consumer);
        assertTrue(token.transfer(producer, value), "says so");
        assertEq(token.balanceOf(consumer), HELD - value, "sent");
        assertEq(token.balanceOf(producer), value, "received");
        assertEq(token.totalSupply(), supply, "supply");
    }

    function test_transfers_to_oneself_change_nothing(uint256 value) public {
        value = bound(value, 0, HELD);
        vm.expectEmit();
        emit IERC20.Transfer(consumer, consumer, value);
        vm.prank(consumer);
        assertTrue(token.transfer(consumer, value), "says so");
        assertEq(token.balanceOf(consumer), HELD, "as before");
    }

    function test_approves_with_an_event_and_replaces(uint256 first, uint256 second) public {
        _approve(first);
        vm.expectEmit();
        emit IERC20.Approval(consumer, producer, second);
        vm.prank(consumer);
        assertTrue(token.approve(producer, second), "says so");
        assertEq(token.allowance(consumer, producer), second, "replaced");
    }

    function test_spends_an_allowance(uint256 allowed, uint256 value) public {
        allowed = bound(allowed, 0, type(uint256).max - 1);
        value = bound(value, 0, allowed < HELD ? allowed : HELD);
        _approve(allowed);
        vm.expectEmit();
        emit IERC20.Transfer(consumer, neighbour, value);
        vm.prank(producer);
        assertTrue(token.transferFrom(consumer, neighbour, value), "says so");
        assertEq(token.allowance(consumer, producer), allowed - value, "spent");
        assertEq(token.balanceOf(neighbour), value, "received");
    }

    function test_an_infinite_allowance_stays(uint256 value) public {
        _approve(type(uint256).max);
        vm.prank(producer);
        token.transferFrom(consumer, producer, bound(value, 0, HELD));
        assertEq(token.allowance(consumer, producer), type(uint256).max, "infinite");
    }

    function test_the_supply_is_the_sum_of_all_balances(uint256 seed) public {
        uint256 supply = token.totalSupply();
        address[3] memory members = [consumer, producer, neighbour];
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address from = members[seed % 3];
            uint256 value = bound(seed >> 8, 0, token.balanceOf(from));
            vm.prank(from);
            token.transfer(members[(seed >> 4) % 3], value);
        }
        uint256 sum;
        for (uint256 i = 0; i < 3; ++i) {
            sum += token.balanceOf(members[i]);
        }
        assertEq(sum, HELD, "conserved");
        assertEq(token.totalSupply(), supply, "supply");
    }
}

contract CurrencyBehaviourTest is Erc20Behaviour {
    function _giveToken() internal override {
        token = currency;
        _cash(consumer, HELD);
    }
}

contract EnergyCreditBehaviourTest is Erc20Behaviour {
    function _giveToken() internal override {
        EnergyCredit credit = new EnergyCredit(
            address(manager),
            currency,
            passport,
            compliance,
            IEnergyCredit.Season("Season", "KWH", uint64(START_S), uint64(START_S + 1 days), 1000)
        );
        _register(address(credit), IRulebook.Kind.CREDIT, true);
        _addVenue(address(credit));
        _cash(admin, HELD);
        vm.prank(admin);
        currency.approve(address(credit), HELD);
        vm.prank(admin);
        credit.mint(consumer, uint128(HELD), "meter");
        token = credit;
    }
}

contract PoolShareBehaviourTest is Erc20Behaviour {
    function _giveToken() internal override {
        token = pool;
        _cash(consumer, HELD + 1000);
        _credit(consumer, HELD + 1000);
        vm.prank(consumer);
        pool.provide(uint128(HELD + 1000), uint128(HELD + 1000), 0, true, LATER);
    }

    function test_counts_who_holds_shares_and_not_the_pool() public {
        assertEq(ICountedToken(address(pool)).holders(), 1, "consumer");
        vm.prank(consumer);
        pool.transfer(producer, 1);
        assertEq(ICountedToken(address(pool)).holders(), 2, "and producer");
        vm.prank(producer);
        pool.transfer(consumer, 1);
        assertEq(ICountedToken(address(pool)).holders(), 1, "who left");
    }
}

contract FundShareBehaviourTest is Erc20Behaviour {
    function _giveToken() internal override {
        Fund fund = new Fund(
            IFund.Terms({
                name: "School Roof",
                symbol: "ROOF",
                currency: address(currency),
                passport: address(passport),
                compliance: address(compliance),
                manager: operator,
                treasury: operator,
                reservePpm: 0,
                periodS: 1 days,
                capUd: type(uint64).max
            })
        );
        vm.prank(admin);
        compliance.register(address(fund), IRulebook.Kind.SHARE, 1, true);
        _addVenue(address(fund));
        address[3] memory members = [consumer, producer, neighbour];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(admin);
            passport.issue(members[i], 3, EXPIRY, CANADA);
        }
        _cash(consumer, 1);
        vm.prank(consumer);
        currency.approve(address(fund), 1);
        vm.prank(consumer);
        fund.deposit(1, consumer); // a micro-dollar makes a million shares
        token = fund;
    }
}
