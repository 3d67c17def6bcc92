// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Seats} from "../../../src/bank/Seats.sol";
import {StabilisationFund} from "../../../src/bank/StabilisationFund.sol";
import {TradingHalt} from "../../../src/bank/TradingHalt.sol";
import {IAveragePrice} from "../../../src/interfaces/IAveragePrice.sol";
import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IStabilisationFund} from "../../../src/interfaces/IStabilisationFund.sol";
import {CreditWorld} from "../marketplace/CreditWorld.sol";

/// @title What the fund bought in a storm is money again when the season ends
contract FundCashOutTest is CreditWorld, IAveragePrice {
    StabilisationFund private fund;

    function setUp() public override {
        super.setUp();
        fund = new StabilisationFund(
            address(manager),
            currency,
            passport,
            new Seats(address(manager)),
            new TradingHalt(address(manager), verifier)
        );
        _addVenue(address(fund));
        rules.addVenue(address(fund));
        credit.acknowledge(address(fund));
        vm.prank(admin);
        fund.setCredit(credit, this);
        vm.prank(facilitator);
        currency.mint(address(fund), 10e9);
        _mint(producer, 20_000_001);
        vm.prank(producer);
        credit.approve(address(fund), type(uint256).max);
        vm.prank(producer);
        fund.support(credit, 20_000_001, 0);
    }

    /// A storm: 4 ¢ of 12.
    function averagePrice(uint32 spanS) external pure returns (uint256) {
        return spanS == 1 hours ? 40_000 : 120_000;
    }

    function test_refuses_to_cash_out_before_the_season_is_over() public {
        vm.warp(SEASON_END - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyCredit.SeasonNotOver.selector, SEASON_END, SEASON_END - 1)
        );
        fund.cashOut(credit);
    }

    function test_refuses_to_cash_out_what_is_not_listed() public {
        vm.warp(SEASON_END);
        vm.expectRevert(
            abi.encodeWithSelector(IStabilisationFund.UnknownCredit.selector, address(this))
        );
        fund.cashOut(IEnergyCredit(address(this)));
    }

    function test_S23_credits_of_a_storm_are_cashed_out_by_anybody_when_the_season_ends() public {
        vm.warp(SEASON_END);
        uint256 before = currency.balanceOf(address(fund));
        uint256 dueUd = uint256(20_000_001) * FEED_IN / 1000;
        vm.expectEmit();
        emit IStabilisationFund.CashedOut(address(credit), 20_000_001, dueUd);
        vm.prank(stranger);
        assertEq(fund.cashOut(credit), dueUd, "the feed-in value");
        assertEq(currency.balanceOf(address(fund)), before + dueUd, "is money of the fund");
        assertEq(credit.balanceOf(address(fund)), 0, "and no credit is left");
    }
}
