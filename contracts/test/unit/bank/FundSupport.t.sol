// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StabilisationFund} from "../../../src/bank/StabilisationFund.sol";
import {IAveragePrice} from "../../../src/interfaces/IAveragePrice.sol";
import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {ISeats} from "../../../src/interfaces/ISeats.sol";
import {IStabilisationFund} from "../../../src/interfaces/IStabilisationFund.sol";
import {ITradingHalt} from "../../../src/interfaces/ITradingHalt.sol";
import {Bank} from "../../Bank.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract FundSupportTest is Bank {
    uint256 private constant STORM = 72_000; // 40 % below 120 000

    function setUp() public override {
        super.setUp();
        _bring(neighbour, 10_000 * DOLLAR);
        vm.prank(neighbour);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(neighbour);
        fund.feed(10_000 * DOLLAR);
        _supply(producer);
    }

    function _supply(address seller) private {
        venue.give(seller, 1e12);
        vm.prank(seller);
        venue.approve(address(fund), type(uint256).max);
    }

    /// Energy that costs `amountUd` in the storm, rounded up to the next whole unit.
    function _energyFor(uint256 amountUd) private pure returns (uint128) {
        return uint128((amountUd * 1000 + STORM - 1) / STORM);
    }

    function _support(address seller, uint128 amountWh) private returns (uint256) {
        vm.prank(seller);
        return fund.support(venue, amountWh, 0);
    }

    function _refusedSupport(address seller, uint128 amountWh, bytes memory reason) private {
        vm.prank(seller);
        vm.expectRevert(reason);
        fund.support(venue, amountWh, 0);
    }

    function test_refuses_while_the_price_is_within_the_band(uint256 hour) public {
        hour = bound(hour, 102_001, 1e9);
        venue.set(hour, 120_000);
        _refusedSupport(
            producer,
            1000,
            abi.encodeWithSelector(IStabilisationFund.WithinBand.selector, hour, 102_000)
        );
    }

    function test_refuses_to_be_made_of_nothing() public {
        bytes memory reason = abi.encodeWithSelector(IStabilisationFund.ZeroArgument.selector);
        vm.expectRevert(reason);
        new StabilisationFund(address(manager), ICurrency(address(0)), passport, seats, tradingHalt);
        vm.expectRevert(reason);
        new StabilisationFund(address(manager), currency, passport, ISeats(address(0)), tradingHalt);
        vm.expectRevert(reason);
        new StabilisationFund(address(manager), currency, passport, seats, ITradingHalt(address(0)));
    }

    /// Credits taken for no money at all would be a gift the seller did not mean.
    function test_refuses_so_little_that_it_is_worth_nothing() public {
        venue.set(999, 120_000);
        _refusedSupport(producer, 1, abi.encodeWithSelector(IStabilisationFund.ZeroAmount.selector));
        vm.prank(producer);
        vm.expectRevert(abi.encodeWithSelector(IStabilisationFund.ZeroAmount.selector));
        fund.release(venue, 0, 0);
    }

    /// The levy comes by plain transfer, which the fund notices at its next use.
    function test_money_that_came_by_transfer_raises_the_floor_for_good() public {
        _bring(neighbour, 10_000 * DOLLAR);
        vm.prank(neighbour);
        currency.transfer(address(fund), 10_000 * DOLLAR);
        venue.set(STORM, 120_000);
        _support(producer, _energyFor(4000 * DOLLAR) - 1);
        assertEq(fund.floorUd(), 5000 * DOLLAR, "a quarter of 20,000");
    }

    function test_refuses_without_a_price_or_a_listing() public {
        venue.set(0, 120_000);
        _refusedSupport(
            producer,
            1000,
            abi.encodeWithSelector(IStabilisationFund.NoPrice.selector, address(venue))
        );
        venue.set(STORM, 0);
        _refusedSupport(
            producer,
            1000,
            abi.encodeWithSelector(IStabilisationFund.NoPrice.selector, address(venue))
        );
        vm.prank(admin);
        fund.setCredit(venue, IAveragePrice(address(0)));
        _refusedSupport(
            producer,
            1000,
            abi.encodeWithSelector(IStabilisationFund.UnknownCredit.selector, address(venue))
        );
    }

    function test_S23_refuses_insiders() public {
        venue.set(STORM, 120_000);
        _supply(councillors[2]);
        _refusedSupport(
            councillors[2],
            1000,
            abi.encodeWithSelector(IStabilisationFund.Insider.selector, councillors[2])
        );
        vm.prank(admin);
        fund.setInsider(producer, true);
        _refusedSupport(
            producer, 1000, abi.encodeWithSelector(IStabilisationFund.Insider.selector, producer)
        );
        vm.prank(admin);
        fund.setInsider(producer, false);
        _support(producer, 1000);
    }

    /// Insiders are persons: another wallet of theirs is theirs.
    function test_S23_refuses_another_wallet_of_an_insider() public {
        venue.set(STORM, 120_000);
        address wallet = _actor("second wallet");
        vm.prank(admin);
        passport.admit(councillors[2], keccak256("councillor"), TRADE_ENERGY, EXPIRY, CANADA);
        vm.prank(admin);
        passport.link(councillors[2], wallet);
        _supply(wallet);
        _refusedSupport(
            wallet, 1000, abi.encodeWithSelector(IStabilisationFund.Insider.selector, wallet)
        );
        vm.prank(admin);
        seats.take(councillors[2]);
        _support(wallet, 1000);
        vm.prank(admin);
        fund.setInsider(wallet, true);
        assertTrue(fund.isInsider(councillors[2]), "and the other way");
    }

    function test_refuses_without_a_passport_or_while_halted() public {
        venue.set(STORM, 120_000);
        _refusedSupport(
            stranger, 1000, abi.encodeWithSelector(IStabilisationFund.NotAllowed.selector, stranger)
        );
        _halt(1 hours);
        _refusedSupport(producer, 1000, abi.encodeWithSelector(IStabilisationFund.Halted.selector));
        vm.warp(block.timestamp + 1 hours);
        _support(producer, 1000);
    }

    function test_refuses_nothing_and_a_price_the_seller_does_not_take() public {
        venue.set(STORM, 120_000);
        _refusedSupport(producer, 0, abi.encodeWithSelector(IStabilisationFund.ZeroAmount.selector));
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.LimitMissed.selector, 72_001, 72_000)
        );
        fund.support(venue, 1000, 72_001);
    }

    function test_only_roles_list_credits_and_insiders() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        fund.setCredit(venue, venue);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        fund.setInsider(stranger, false);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.UnknownCredit.selector, address(currency))
        );
        fund.setCredit(IERC20(address(currency)), venue);
    }

    function test_buys_at_the_price_of_the_hour(uint256 hour, uint128 amountWh) public {
        hour = bound(hour, 1000, 102_000);
        amountWh = uint128(bound(amountWh, 1, 19_000_000)); // at most 1,938 dollars
        venue.set(hour, 120_000);
        uint256 costUd = amountWh * hour / 1000;
        vm.expectEmit();
        emit IStabilisationFund.Supported(
            address(venue), producer, amountWh, costUd, hour, 120_000, 10_000 * DOLLAR - costUd
        );
        assertEq(_support(producer, amountWh), costUd, "paid");
        assertEq(currency.balanceOf(producer), costUd, "received");
        assertEq(venue.balanceOf(address(fund)), amountWh, "bought");
        assertEq(fund.availableUd(), 2000 * DOLLAR - costUd, "left today");
    }

    function test_S23_a_storm_day_by_day() public {
        venue.set(STORM, 120_000);
        assertEq(fund.availableUd(), 2000 * DOLLAR, "day 1 at most 2,000.00");
        uint128 energyWh = _energyFor(2000 * DOLLAR + 72);
        _refusedSupport(
            producer,
            energyWh,
            abi.encodeWithSelector(
                IStabilisationFund.BeyondLimit.selector,
                2000 * DOLLAR,
                uint256(energyWh) * STORM / 1000
            )
        );
        _support(producer, _energyFor(1500 * DOLLAR) - 1);
        _support(producer, _energyFor(500 * DOLLAR) - 1);
        assertLe(8000 * DOLLAR, currency.balanceOf(address(fund)), "2,000.00 and no more");
        assertLe(fund.availableUd(), 144 + 1, "day 1 is used up");

        vm.warp(block.timestamp + 1 days);
        assertLe(fund.availableUd(), 1600 * DOLLAR + 30, "day 2 at most 1,600.00");
        assertLe(1600 * DOLLAR, fund.availableUd(), "day 2 at least 1,600.00");
        uint256[6] memory mostUd = [uint256(1600), 1280, 1024, 820, 656, 122];
        for (uint256 i = 0; i < 6; ++i) {
            uint256 availableUd = fund.availableUd();
            assertLe(availableUd, mostUd[i] * DOLLAR + 1000, "20 % of the day before");
            _support(producer, uint128(availableUd * 1000 / STORM));
            vm.warp(block.timestamp + 1 days);
        }
        assertLe(2500 * DOLLAR, currency.balanceOf(address(fund)), "never below 2,500.00");
        assertLe(fund.availableUd(), 72, "the floor");
        assertEq(fund.floorUd(), 2500 * DOLLAR, "of the most it ever had");
    }

    function test_S23_stops_at_the_band() public {
        venue.set(STORM, 120_000);
        _support(producer, 1000);
        venue.set(102_001, 120_000);
        _refusedSupport(
            producer,
            1000,
            abi.encodeWithSelector(IStabilisationFund.WithinBand.selector, 102_001, 102_000)
        );
    }

    function test_a_gift_raises_the_floor_not_the_day() public {
        venue.set(STORM, 120_000);
        _support(producer, 1000);
        uint256 before = fund.availableUd();
        _bring(neighbour, 30_000 * DOLLAR);
        vm.prank(neighbour);
        fund.feed(30_000 * DOLLAR);
        assertEq(fund.availableUd(), before, "of what it had at the day's first use");
        assertLe(9999 * DOLLAR, fund.floorUd(), "a quarter of 40,000 less one sale");
    }

    // --- selling back

    function test_release_refuses_below_the_average() public {
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.UnknownCredit.selector, address(currency))
        );
        fund.release(currency, 1, 0);
        venue.set(119_999, 120_000);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.BelowAverage.selector, 119_999, 120_000)
        );
        fund.release(venue, 1000, type(uint128).max);
    }

    function test_release_sells_back_and_the_fund_gains(uint256 hour, uint128 amountWh) public {
        amountWh = uint128(bound(amountWh, 14, 20_000_000));
        venue.set(STORM, 120_000);
        uint256 paidUd = _support(producer, amountWh);
        hour = bound(hour, 120_000, 1_000_000);
        venue.set(hour, 120_000);
        uint256 priceUd = (amountWh * hour + 999) / 1000;
        _bring(consumer, priceUd);
        vm.prank(consumer);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.LimitMissed.selector, priceUd - 1, priceUd)
        );
        fund.release(venue, amountWh, uint128(priceUd - 1));
        vm.prank(consumer);
        fund.release(venue, amountWh, uint128(priceUd));
        assertEq(venue.balanceOf(consumer), amountWh, "credits");
        assertEq(
            currency.balanceOf(address(fund)), 10_000 * DOLLAR - paidUd + priceUd, "money back"
        );
        assertLe(paidUd, priceUd, "a round trip never profits");
    }
}
