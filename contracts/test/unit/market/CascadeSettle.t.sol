// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../../src/interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../../../src/interfaces/IRevenueCascade.sol";
import {Split} from "../../../src/libraries/Split.sol";
import {Base} from "../../Base.sol";
import {PoolWorld} from "./PoolWorld.sol";

contract CascadeSettleTest is PoolWorld {
    uint256 private constant REVENUE_UD = 33_000_000; // 550 kWh at $60/MWh

    function setUp() public override {
        super.setUp();
        _contributeS17();
        _close(_run());
    }

    function _amountOf(IPoolAsset.Class class) private view returns (uint64) {
        return cascade.levelOf(_class(class)).amountUd;
    }

    // --- terms

    function test_refuses_terms_from_a_stranger_or_outside_the_bounds_in_code() public {
        IRevenueCascade.Terms memory t = _terms();
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        cascade.setTerms(t);
        t.feePpm = 50_001;
        _refusedTerms(t);
        t = _terms();
        t.levyPpm = 50_001;
        _refusedTerms(t);
        t = _terms();
        t.feeTo = address(0);
        _refusedTerms(t);
        t = _terms();
        t.levyTo = address(0);
        _refusedTerms(t);
    }

    function _refusedTerms(IRevenueCascade.Terms memory t) private {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.TermsRefused.selector, t));
        cascade.setTerms(t);
    }

    function test_terms_act_on_later_sales_only() public {
        _settle(REVENUE_UD);
        IRevenueCascade.Terms memory t = _terms();
        t.feePpm = 50_000;
        vm.prank(admin);
        cascade.setTerms(t);
        assertEq(cascade.saleOf(pool, 1).feeUd, 330_000, "as it was");
        assertEq(cascade.termsOf().feePpm, 50_000, "as it will be");
    }

    // --- refusals

    function test_refuses_who_is_not_the_seller() public {
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.NotSeller.selector, stranger, seller)
        );
        cascade.settle(pool, 1, 1);
    }

    function test_refuses_a_run_that_is_not_closed() public {
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.UnknownRun.selector, pool, 2));
        cascade.settle(pool, 2, 10_000);
    }

    function test_refuses_nothing_and_parts_of_cents() public {
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.NotWholeCents.selector, 0));
        cascade.settle(pool, 1, 0);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.NotWholeCents.selector, 10_001));
        cascade.settle(pool, 1, 10_001);
    }

    function test_S19_a_second_start_is_refused_and_takes_nothing() public {
        _settle(REVENUE_UD);
        _fund(seller, REVENUE_UD);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.AlreadySettled.selector, pool, 1));
        cascade.settle(pool, 1, uint128(REVENUE_UD));
        assertEq(currency.balanceOf(address(cascade)), 32_010_000, "came in once");
    }

    // --- S19

    function test_S19_fee_levy_and_the_three_classes_to_the_cent() public {
        _fund(seller, REVENUE_UD);
        vm.prank(seller);
        currency.approve(address(cascade), REVENUE_UD);
        vm.expectEmit();
        emit IRevenueCascade.Settled(
            cascade.traceOf(pool, 1),
            pool,
            1,
            REVENUE_UD,
            330_000,
            660_000,
            6_980_000,
            4_690_000,
            20_340_000
        );
        vm.prank(seller);
        cascade.settle(pool, 1, uint128(REVENUE_UD));
        assertEq(currency.balanceOf(fees), 330_000, "fee $0.33");
        assertEq(currency.balanceOf(stabilisation), 660_000, "levy $0.66");
        assertEq(currency.balanceOf(address(cascade)), 32_010_000, "distributable $32.01");
        assertEq(_amountOf(IPoolAsset.Class.Entity), 20_340_000, "entities $20.34");
        assertEq(_amountOf(IPoolAsset.Class.Trust), 4_690_000, "households $4.69");
        assertEq(_amountOf(IPoolAsset.Class.Individual), 6_980_000, "individuals $6.98");
        assertEq(pools.balanceOf(seller, pool), 0, "the energy is sold");
    }

    function test_a_correction_run_is_sold_by_itself_and_a_class_without_energy_has_no_level()
        public
    {
        _settle(REVENUE_UD);
        delete contributed;
        _admit(stranger);
        _contribute("stranger", IPoolAsset.Class.Entity, 50_000);
        _close(_run());
        _fund(seller, 3_000_000);
        vm.prank(seller);
        currency.approve(address(cascade), 3_000_000);
        vm.prank(seller);
        cascade.settle(pool, 2, 3_000_000);
        bytes32 entities = cascade.classLevel(pool, 2, IPoolAsset.Class.Entity);
        assertEq(cascade.levelOf(entities).amountUd, 2_910_000, "all to the entities");
        bytes32 trusts = cascade.classLevel(pool, 2, IPoolAsset.Class.Trust);
        assertEq(cascade.levelOf(trusts).weightWh, 0, "no level");
    }

    function test_whatever_comes_in_goes_to_fee_levy_and_classes_whole(uint256 cents) public {
        uint256 revenueUd = bound(cents, 1, 1e12) * 10_000;
        _settle(revenueUd);
        uint256 classes = _amountOf(IPoolAsset.Class.Entity);
        classes += _amountOf(IPoolAsset.Class.Trust) + _amountOf(IPoolAsset.Class.Individual);
        assertEq(
            currency.balanceOf(fees) + currency.balanceOf(stabilisation) + classes,
            revenueUd,
            "conserved"
        );
        assertEq(currency.balanceOf(address(cascade)), classes, "held");
        assertLe(currency.balanceOf(fees) * 100, revenueUd, "fee rounded down");
    }
}

contract SplitTest is Base {
    function _split(uint256 total, uint256 a, uint256 b, uint256 c)
        private
        pure
        returns (uint256[] memory)
    {
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (a, b, c);
        return Split.largestRemainder(total, weights);
    }

    function splitNothing() external pure {
        _split(1, 0, 0, 0);
    }

    function test_refuses_to_split_by_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(Split.NothingToSplitBy.selector, 1));
        this.splitNothing();
        assertEq(_split(0, 0, 0, 0).length, 3, "nothing is split by nothing");
    }

    function test_S19_ties_go_to_the_lowest_index() public pure {
        uint256[] memory parts = _split(698, 90_000, 30_000, 0);
        assertEq(parts[0], 524, "5.24");
        assertEq(parts[1], 174, "1.74");
    }

    function test_S13_ties_go_to_the_lowest_index() public pure {
        uint256[] memory parts = _split(50_001, 2, 2, 1);
        assertEq(parts[0], 20_001, "200.01");
        assertEq(parts[1], 20_000, "200.00");
        assertEq(parts[2], 10_000, "100.00");
    }

    function test_parts_add_up_and_are_exact_to_a_unit(uint128 total, uint64[3] memory w)
        public
        pure
    {
        uint256 whole = uint256(w[0]) + w[1] + w[2];
        if (whole == 0) return;
        uint256[] memory parts = _split(total, w[0], w[1], w[2]);
        assertEq(parts[0] + parts[1] + parts[2], total, "sum");
        for (uint256 i = 0; i < 3; ++i) {
            uint256 exactDown = uint256(total) * w[i] / whole;
            assertTrue(parts[i] == exactDown || parts[i] == exactDown + 1, "to a unit");
        }
    }
}
