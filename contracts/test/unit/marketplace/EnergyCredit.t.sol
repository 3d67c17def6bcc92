// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IEnergyCredits} from "../../../src/interfaces/IEnergyCredits.sol";
import {CreditWorld, Rules} from "./CreditWorld.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract EnergyCreditsOpenTest is CreditWorld {
    function test_refuses_a_stranger() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        credits.open(_season());
    }

    function test_refuses_a_season_that_overlaps() public {
        IEnergyCredit.Season memory season = _season();
        season.start = SEASON_END - 1;
        season.end = SEASON_END + 1;
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEnergyCredits.SeasonOverlaps.selector, SEASON_END, SEASON_END - 1
            )
        );
        credits.open(season);
    }

    function test_refuses_a_season_without_length_or_value() public {
        IEnergyCredit.Season memory season = _season();
        (season.start, season.end) = (SEASON_END, SEASON_END);
        _refused(season);
        (season.end, season.feedInUdPerKwh) = (SEASON_END + 1, 0);
        _refused(season);
        season.feedInUdPerKwh = 1e8 + 1;
        _refused(season);
    }

    function _refused(IEnergyCredit.Season memory season) private {
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEnergyCredit.SeasonRefused.selector,
                season.start,
                season.end,
                season.feedInUdPerKwh
            )
        );
        credits.open(season);
    }

    function test_makes_one_contract_a_season() public {
        IEnergyCredit.Season memory season = _season();
        (season.start, season.end) = (SEASON_END, SEASON_END + 180 days);
        vm.prank(admin);
        address next = credits.open(season);
        assertEq(credits.seasons(), 2, "seasons");
        assertEq(credits.creditOf(1), address(credit), "first");
        assertEq(credits.creditOf(2), next, "second");
        assertTrue(credits.isCredit(next) && !credits.isCredit(stranger), "made here");
        assertEq(credit.decimals(), 3, "a unit is a watt-hour");
        assertEq(keccak256(bytes(credit.symbol())), keccak256("KWH26W"), "symbol");
        assertEq(credit.start(), SEASON_START, "start");
        assertEq(credit.feedInUdPerKwh(), FEED_IN, "feed-in");
    }
}

contract EnergyCreditMintTest is CreditWorld {
    bytes32 private constant SOURCE = keccak256("metering record");

    function test_refuses_who_does_not_settle() public {
        vm.prank(producer);
        vm.expectRevert(_unauthorized(producer));
        credit.mint(producer, 1, SOURCE);
        vm.prank(admin);
        vm.expectRevert(_unauthorized(admin));
        credit.mint(producer, 1, SOURCE);
    }

    function test_refuses_before_and_after_the_season() public {
        uint256[2] memory times = [uint256(SEASON_START) - 1, SEASON_END];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(times[i]);
            vm.prank(settlement);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IEnergyCredit.OutOfSeason.selector, SEASON_START, SEASON_END, times[i]
                )
            );
            credit.mint(producer, 1, SOURCE);
        }
    }

    function test_refuses_no_energy() public {
        vm.prank(settlement);
        vm.expectRevert(abi.encodeWithSelector(IEnergyCredit.ZeroEnergy.selector));
        credit.mint(producer, 0, SOURCE);
    }

    function test_refuses_a_metering_record_that_has_counted() public {
        vm.prank(settlement);
        credit.mint(producer, 5000, SOURCE);
        vm.prank(settlement);
        vm.expectRevert(abi.encodeWithSelector(IEnergyCredit.SourceUsed.selector, SOURCE));
        credit.mint(neighbour, 5000, SOURCE);
    }

    function test_refuses_who_has_no_valid_passport() public {
        vm.prank(settlement);
        vm.expectRevert(_invalid(stranger));
        credit.mint(stranger, 1, SOURCE);
    }

    function test_refuses_credits_without_their_backing() public {
        vm.prank(settlement);
        currency.approve(address(credit), 250_004);
        vm.prank(settlement);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(credit), 250_004, 250_005
            )
        );
        credit.mint(producer, 5000, SOURCE);
    }

    function test_mints_one_for_a_metered_kWh_and_holds_its_feed_in_value() public {
        vm.expectEmit();
        emit IEnergyCredit.Minted(producer, SOURCE, 5000, 250_005);
        vm.prank(settlement);
        credit.mint(producer, 5000, SOURCE);
        assertEq(credit.balanceOf(producer), 5000, "5.000 credits");
        assertEq(credit.backingUd(), 250_005, "backing");
        assertEq(currency.balanceOf(address(credit)), 250_005, "held");
        assertTrue(credit.isMinted(SOURCE), "counted");
    }

    function test_backing_is_the_value_of_all_rounded_up_once(uint64[5] memory energiesWh) public {
        uint256 sum;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 energyWh = bound(energiesWh[i], 1, 1e9);
            _mint(producer, energyWh);
            sum += energyWh;
        }
        assertEq(credit.backingUd(), (sum * FEED_IN + 999) / 1000, "backing");
    }
}

contract EnergyCreditRedeemTest is CreditWorld {
    bytes32 private constant SOURCE = keccak256("consumption record");

    function setUp() public override {
        super.setUp();
        _mint(consumer, 5000);
    }

    function _refused(address account, uint128 energyWh, bytes memory reason) private {
        vm.prank(settlement);
        vm.expectRevert(reason);
        credit.redeem(account, energyWh, SOURCE);
    }

    function test_refuses_who_does_not_settle() public {
        vm.prank(consumer);
        vm.expectRevert(_unauthorized(consumer));
        credit.redeem(consumer, 1, SOURCE);
    }

    function test_refuses_without_the_holders_allowance() public {
        _refused(
            consumer,
            5000,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, settlement, 0, 5000
            )
        );
    }

    function test_refuses_more_than_the_holder_has() public {
        vm.prank(consumer);
        credit.approve(settlement, 5001);
        _refused(
            consumer,
            5001,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, consumer, 5000, 5001
            )
        );
    }

    function test_refuses_a_consumption_record_that_has_counted() public {
        vm.prank(consumer);
        credit.approve(settlement, 5000);
        vm.prank(settlement);
        credit.redeem(consumer, 1000, SOURCE);
        _refused(consumer, 1000, abi.encodeWithSelector(IEnergyCredit.SourceUsed.selector, SOURCE));
    }

    function test_refuses_no_energy_a_held_account_and_a_season_that_is_over() public {
        _refused(consumer, 0, abi.encodeWithSelector(IEnergyCredit.ZeroEnergy.selector));
        _hold(consumer);
        _refused(consumer, 1, _invalid(consumer));
        vm.warp(SEASON_END);
        _refused(
            consumer,
            1,
            abi.encodeWithSelector(
                IEnergyCredit.OutOfSeason.selector, SEASON_START, SEASON_END, SEASON_END
            )
        );
    }

    function test_uses_up_credits_and_gives_the_backing_back() public {
        uint256 before = currency.balanceOf(settlement);
        vm.prank(consumer);
        credit.approve(settlement, 3001);
        vm.expectEmit();
        // 5000 Wh need 250,005 ud; 1999 Wh need 99,951.999, rounded up
        emit IEnergyCredit.Redeemed(consumer, SOURCE, 3001, 250_005 - 99_952);
        vm.prank(settlement);
        credit.redeem(consumer, 3001, SOURCE);
        assertEq(credit.balanceOf(consumer), 1999, "left");
        assertEq(credit.backingUd(), 99_952, "backing");
        assertEq(currency.balanceOf(settlement) - before, 150_053, "released");
        assertTrue(credit.isRedeemed(SOURCE), "counted");
    }
}

contract EnergyCreditCashOutTest is CreditWorld {
    function setUp() public override {
        super.setUp();
        _mint(producer, 5001);
        _mint(neighbour, 3);
    }

    function test_refuses_before_the_season_is_over() public {
        vm.warp(SEASON_END - 1);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyCredit.SeasonNotOver.selector, SEASON_END, SEASON_END - 1)
        );
        credit.cashOut(producer);
    }

    function test_refuses_over_the_holders_head() public {
        vm.warp(SEASON_END);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        credit.cashOut(producer);
    }

    function test_refuses_who_has_none() public {
        vm.warp(SEASON_END);
        vm.prank(consumer);
        vm.expectRevert(abi.encodeWithSelector(IEnergyCredit.NothingDue.selector, consumer));
        credit.cashOut(consumer);
    }

    function test_holds_the_money_of_a_held_account() public {
        vm.warp(SEASON_END);
        _hold(producer);
        vm.prank(producer);
        vm.expectRevert(_invalid(producer));
        credit.cashOut(producer);
        _release(producer);
        vm.prank(producer);
        credit.cashOut(producer);
        assertEq(currency.balanceOf(producer), 250_055, "paid when it may be");
    }

    function test_pays_the_feed_in_value_so_that_nothing_is_lost() public {
        vm.warp(SEASON_END);
        vm.expectEmit();
        emit IEnergyCredit.CashedOut(producer, 5001, 250_055); // 250,055.001
        vm.prank(producer);
        credit.cashOut(producer);
        vm.prank(settlement);
        credit.cashOut(neighbour); // who forgot
        assertEq(currency.balanceOf(neighbour), 150, "150.003");
        assertEq(credit.totalSupply(), 0, "all out");
        assertLe(credit.backingUd(), 2, "but for less than a micro-dollar each");
    }

    function test_whatever_the_amounts_everybody_can_be_paid(uint64[3] memory energiesWh) public {
        address[3] memory holders = [producer, neighbour, consumer];
        for (uint256 i = 0; i < 3; ++i) {
            _mint(holders[i], bound(energiesWh[i], 1, 1e12));
        }
        vm.warp(SEASON_END);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(holders[i]);
            credit.cashOut(holders[i]);
        }
        assertEq(credit.totalSupply(), 0, "all out");
        assertEq(currency.balanceOf(address(credit)), credit.backingUd(), "books");
        assertLe(credit.backingUd(), 3, "dust");
    }
}

contract EnergyCreditTransferTest is CreditWorld {
    function setUp() public override {
        super.setUp();
        _mint(producer, 5000);
    }

    function _refused(address to, bytes memory reason) private {
        vm.prank(producer);
        vm.expectRevert(reason);
        credit.transfer(to, 1000);
    }

    function test_refuses_a_sender_or_receiver_without_a_valid_passport() public {
        _refused(stranger, _invalid(stranger));
        _hold(producer);
        _refused(consumer, _invalid(producer));
    }

    function test_refuses_what_a_rule_pack_forbids() public {
        rules.forbid(consumer);
        _refused(consumer, abi.encodeWithSelector(Rules.Forbidden.selector, consumer));
    }

    function test_transfers_and_is_counted_after_the_season_too() public {
        vm.prank(producer);
        credit.transfer(consumer, 1000);
        vm.warp(SEASON_END + 1);
        vm.prank(consumer);
        credit.approve(neighbour, 1000);
        vm.prank(neighbour);
        credit.transferFrom(consumer, neighbour, 1000);
        assertEq(credit.balanceOf(neighbour), 1000, "balance");
        assertEq(rules.recorded(), 7000, "counted, what was made too");
    }
}
