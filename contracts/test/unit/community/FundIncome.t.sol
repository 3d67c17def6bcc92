// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {Estate} from "../../Estate.sol";

contract FundIncomeTest is Estate {
    Fund private fund;

    function setUp() public override {
        super.setUp();
        fund = _newFund(operator);
    }

    function _contributions() private {
        _put(fund, prosumer, 2000 * DOLLAR);
        _put(fund, household, 6000 * DOLLAR);
        vm.warp(START_S + 45 days);
        _put(fund, tenant, 1000 * DOLLAR);
    }

    function test_refuses_no_income() public {
        vm.expectRevert(_error(IFund.ZeroAmount.selector));
        fund.receiveIncome(0);
    }

    function test_refuses_to_close_early() public {
        vm.warp(START_S + PERIOD - 1);
        vm.expectRevert(abi.encodeWithSelector(IFund.PeriodRuns.selector, 1, START_S + PERIOD));
        fund.closePeriod();
    }

    function test_refuses_a_claim_of_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(IFund.NothingDue.selector, prosumer));
        fund.claim(prosumer);
    }

    function test_holds_income_while_frozen() public {
        _put(fund, prosumer, 1000 * DOLLAR);
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        _freeze(prosumer, true);
        vm.expectRevert(abi.encodeWithSelector(IFund.PassportInvalid.selector, prosumer, 0));
        fund.claim(prosumer);
        _freeze(prosumer, false);
        assertEq(fund.claim(prosumer), 90 * DOLLAR, "paid once the hold is lifted");
    }

    function test_S15_profit_is_shared_to_the_cent() public {
        _mint(stranger, CENT);
        vm.prank(stranger);
        currency.approve(address(fund), CENT);
        vm.prank(stranger);
        fund.endow(uint64(CENT));
        _contributions();
        _income(fund, 1350 * DOLLAR);
        vm.warp(START_S + 90 days);
        vm.expectEmit();
        emit IFund.PeriodClosed(
            1,
            uint64(1350 * DOLLAR),
            uint64(135 * DOLLAR),
            uint64(1215 * DOLLAR),
            (180_000 + 540_000 + 45_000) * 1 days * SHARE
        );
        fund.closePeriod();

        assertEq(currency.balanceOf(treasury), 135 * DOLLAR, "reserve");
        assertEq(fund.claim(prosumer), 28_588 * CENT, "prosumer");
        assertEq(fund.claim(household), 85_765 * CENT, "household");
        assertEq(fund.claim(tenant), 7147 * CENT, "tenant");
        assertEq(currency.balanceOf(prosumer), 28_588 * CENT, "paid");
        // all of the income left, and less than a cent of the float is out
        assertEq(28_588 + 85_765 + 7147 + 13_500, 135_000, "sum");
        assertEq(
            currency.balanceOf(address(fund)), 9000 * DOLLAR + CENT, "the assets and the float"
        );
    }

    function test_without_a_float_cents_are_rounded_down_and_stay_owed() public {
        _contributions();
        _income(fund, 1350 * DOLLAR);
        vm.warp(START_S + 90 days);
        fund.closePeriod();
        (uint64 owedUd,) = fund.owedOf(household);
        assertEq(owedUd, 857_647_058, "exact");
        assertEq(fund.claim(household), 85_764 * CENT, "down");
        (owedUd,) = fund.owedOf(household);
        assertEq(owedUd, 7058, "the rest");
    }

    function test_income_counts_in_the_period_it_arrives_in() public {
        _put(fund, prosumer, 1000 * DOLLAR);
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        // whoever joins now has no part in it, and an equal part of what comes next
        _put(fund, tenant, 1000 * DOLLAR);
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + 2 * PERIOD);
        fund.closePeriod();
        vm.warp(START_S + 3 * PERIOD);
        fund.closePeriod(); // without income
        assertEq(fund.claim(prosumer), 135 * DOLLAR, "both periods");
        assertEq(fund.claim(tenant), 45 * DOLLAR, "the second");
    }

    function test_income_of_a_period_without_holders_passes_on() public {
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        _put(fund, prosumer, DOLLAR);
        vm.warp(START_S + 2 * PERIOD);
        fund.closePeriod();
        assertEq(fund.claim(prosumer), 90 * DOLLAR, "all of it");
        assertEq(currency.balanceOf(treasury), 10 * DOLLAR, "reserve, once");
    }

    function test_a_transfer_takes_no_income_along() public {
        uint256 shares = _put(fund, prosumer, 1000 * DOLLAR);
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + PERIOD / 2);
        vm.prank(prosumer);
        fund.transfer(tenant, shares);
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        assertEq(fund.claim(prosumer), 45 * DOLLAR, "the first half");
        assertEq(fund.claim(tenant), 45 * DOLLAR, "the second half");
    }

    function test_the_float_lends_and_is_repaid() public {
        _money(stranger, address(fund), CENT);
        vm.prank(stranger);
        fund.endow(uint64(CENT));
        _put(fund, prosumer, 1000 * DOLLAR);
        _income(fund, 1_006_000); // 905 400 to share
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        assertEq(fund.claim(prosumer), 91 * CENT, "up");
        (, uint64 lentUd) = fund.owedOf(prosumer);
        assertEq(lentUd, 910_000 - 905_400, "lent");
        assertEq(fund.pots().floatUd, CENT - lentUd, "float");
        _income(fund, 100 * DOLLAR);
        vm.warp(START_S + 2 * PERIOD);
        fund.closePeriod();
        fund.claim(prosumer);
        // cumulative payout is the nearest cent of the cumulative income
        assertEq(currency.balanceOf(prosumer), 9091 * CENT, "nearest cent in total");
    }

    function test_fuzz_dividends_are_pro_rata_and_no_more_than_received(
        uint256[4] memory amountsUd,
        uint256[3] memory waits,
        uint256 incomeUd
    ) public {
        address[4] memory holders = [prosumer, household, tenant, neighbour];
        incomeUd = bound(incomeUd, 1, 1e15);
        uint256[4] memory weights;
        uint256 total;
        uint256 now_ = START_S;
        uint256 end = START_S + PERIOD;
        for (uint256 i = 0; i < 4; ++i) {
            amountsUd[i] = bound(amountsUd[i], 1, 1e14);
            if (i != 0) now_ += bound(waits[i - 1], 0, 30 days);
            vm.warp(now_);
            _put(fund, holders[i], amountsUd[i]);
            weights[i] = amountsUd[i] * (end - now_);
            total += weights[i];
        }
        _income(fund, incomeUd);
        vm.warp(end);
        fund.closePeriod();
        uint256 sharedUd = incomeUd - incomeUd / 10; // the reserve is rounded down
        uint256 sum;
        for (uint256 i = 0; i < 4 && total != 0; ++i) {
            (uint64 owedUd,) = fund.owedOf(holders[i]);
            uint256 exactUd = sharedUd * weights[i] / total;
            assertLe(owedUd, exactUd, "no more than the part");
            assertLe(exactUd, uint256(owedUd) + 1, "no less, but for one ud");
            sum += owedUd;
        }
        assertLe(sum, sharedUd, "no more than received");
    }
}
