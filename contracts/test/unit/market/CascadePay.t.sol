// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../../src/interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../../../src/interfaces/IRevenueCascade.sol";
import {Merkle} from "../../Merkle.sol";
import {PoolWorld} from "./PoolWorld.sol";

contract CascadePayTest is PoolWorld {
    bytes32 private level;
    IRevenueCascade.Share[] private shares;

    function setUp() public override {
        super.setUp();
        _contributeS17();
        _close(_run());
        _settle(33_000_000);
        level = _class(IPoolAsset.Class.Individual);
        IRevenueCascade.Share[] memory individuals = _individualsS19();
        shares.push(individuals[0]);
        shares.push(individuals[1]);
    }

    function _publish() private {
        _publishClass(IPoolAsset.Class.Individual, shares);
    }

    function _refused(uint256 i, bytes memory reason) private {
        bytes32[] memory proof = _proofOf(level, shares, i);
        vm.expectRevert(reason);
        cascade.pay(level, shares[i], proof);
    }

    function _all() private view returns (bytes32[][] memory proofs) {
        proofs = new bytes32[][](shares.length);
        for (uint256 i = 0; i < shares.length; ++i) {
            proofs[i] = _proofOf(level, shares, i);
        }
    }

    // --- publish: refusals

    function test_refuses_shares_from_who_is_not_the_operator() public {
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.NotOperator.selector, stranger, operator)
        );
        cascade.publishClass(pool, 1, IPoolAsset.Class.Individual, bytes32(uint256(1)), "");
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.NotPublisher.selector, stranger, address(0))
        );
        cascade.publish(level, bytes32(uint256(1)));
    }

    function test_refuses_shares_of_a_level_nothing_came_into() public {
        bytes32 unknown = cascade.classLevel(pool, 2, IPoolAsset.Class.Individual);
        bytes memory reason = abi.encodeWithSelector(IRevenueCascade.UnknownLevel.selector, unknown);
        vm.prank(operator);
        vm.expectRevert(reason);
        cascade.publishClass(pool, 2, IPoolAsset.Class.Individual, bytes32(uint256(1)), "");
        vm.expectRevert(reason);
        cascade.publish(unknown, bytes32(uint256(1)));
        vm.expectRevert(reason);
        cascade.pay(unknown, shares[0], new bytes32[](0));
    }

    function test_refuses_shares_the_verifiers_did_not_sign() public {
        bytes32 root = Merkle.root(_shareHashes(level, shares));
        bytes32 digest = cascade.sharesHash(level, root);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.ProofRefused.selector, digest));
        cascade.publishClass(pool, 1, IPoolAsset.Class.Individual, root, "");
    }

    function test_refuses_no_root() public {
        bytes memory proof = _proof(cascade.sharesHash(level, 0), 0, 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.ZeroRoot.selector));
        cascade.publishClass(pool, 1, IPoolAsset.Class.Individual, 0, proof);
    }

    function test_a_root_may_be_replaced_until_it_has_paid() public {
        _publish();
        _publish();
        _pay(level, shares, 1);
        bytes32 root = Merkle.root(_shareHashes(level, shares));
        bytes memory proof = _proof(cascade.sharesHash(level, root), 0, 1);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.AlreadyPaying.selector, level, 1_740_000)
        );
        cascade.publishClass(pool, 1, IPoolAsset.Class.Individual, root, proof);
    }

    // --- pay: refusals

    function test_refuses_before_shares_are_published() public {
        _refused(
            0,
            abi.encodeWithSelector(
                IRevenueCascade.ShareRefused.selector, cascade.shareHash(level, shares[0]), 0
            )
        );
    }

    function test_refuses_a_share_that_is_not_in_its_level() public {
        _publish();
        bytes32[] memory proof = _proofOf(level, shares, 1);
        IRevenueCascade.Share memory share = shares[1];
        share.account = stranger;
        bytes32 root = cascade.levelOf(level).root;
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueCascade.ShareRefused.selector, cascade.shareHash(level, share), root
            )
        );
        cascade.pay(level, share, proof);
    }

    function test_refuses_a_share_that_is_not_its_fraction() public {
        uint256[3] memory wrong = [uint256(5_250_000), 5_220_000, 5_235_000];
        for (uint256 i = 0; i < 3; ++i) {
            shares[0].amountUd = uint128(wrong[i]);
            _publish();
            _refused(
                0,
                abi.encodeWithSelector(
                    IRevenueCascade.FractionRefused.selector, 5_230_000, 5_240_000, wrong[i]
                )
            );
        }
    }

    function test_refuses_a_share_of_no_cent() public {
        shares[1] = _share(1, prosumer2, 0, 0);
        _publish();
        _refused(1, abi.encodeWithSelector(IRevenueCascade.NothingDue.selector, prosumer2));
    }

    function test_S19_refuses_to_distribute_more_than_came_in() public {
        // verifiers who lie give both the cent that is one's
        shares[1].amountUd = 1_750_000;
        _publish();
        _pay(level, shares, 0);
        _refused(
            1,
            abi.encodeWithSelector(
                IRevenueCascade.LevelExceeded.selector, 6_980_000, 5_240_000, 1_750_000
            )
        );
    }

    function test_S19_a_second_payment_is_refused() public {
        _publish();
        _pay(level, shares, 0);
        _refused(0, abi.encodeWithSelector(IRevenueCascade.AlreadyPaid.selector, level, 0));
    }

    function test_S19_a_frozen_share_is_held_and_the_others_are_paid() public {
        _publish();
        _hold(prosumer);
        _refused(
            0,
            abi.encodeWithSelector(IRevenueCascade.PassportInvalid.selector, prosumer, TRADE_ENERGY)
        );
        bytes32[][] memory proofs = _all();
        vm.expectEmit();
        emit IRevenueCascade.Held(cascade.traceOf(pool, 1), level, prosumer, 5_240_000);
        cascade.payMany(level, shares, proofs);
        assertEq(currency.balanceOf(prosumer), 0, "held");
        assertEq(currency.balanceOf(prosumer2), 1_740_000, "paid");
        _release(prosumer);
        cascade.payMany(level, shares, proofs);
        assertEq(currency.balanceOf(prosumer), 5_240_000, "paid when it may be");
        assertEq(currency.balanceOf(prosumer2), 1_740_000, "and nobody twice");
    }

    // --- S19

    function test_S19_individuals_to_the_cent_ties_to_the_lower_number() public {
        _publish();
        vm.expectEmit();
        emit IRevenueCascade.Paid(cascade.traceOf(pool, 1), level, prosumer, 5_240_000);
        _pay(level, shares, 0);
        _pay(level, shares, 1);
        assertEq(currency.balanceOf(prosumer), 5_240_000, "Prosumer $5.24");
        assertEq(currency.balanceOf(prosumer2), 1_740_000, "Prosumer2 $1.74");
        assertEq(cascade.levelOf(level).paidUd, 6_980_000, "the level is whole");
        assertTrue(cascade.isPaid(level, 0) && cascade.isPaid(level, 1), "paid");
    }

    function test_S19_after_a_power_cut_the_run_completes_without_loss_or_doubles() public {
        _publish();
        _pay(level, shares, 0); // then the power fails
        bytes32[][] memory proofs = _all();
        cascade.payMany(level, shares, proofs);
        cascade.payMany(level, shares, proofs);
        assertEq(currency.balanceOf(prosumer), 5_240_000, "once");
        assertEq(currency.balanceOf(prosumer2), 1_740_000, "once");
    }

    function test_refuses_lists_of_different_lengths() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.LengthsDiffer.selector, 2, 0));
        cascade.payMany(level, shares, new bytes32[][](0));
    }

    // --- pass down

    function _entitys() private returns (bytes32 entities, IRevenueCascade.Share[] memory one) {
        entities = _class(IPoolAsset.Class.Entity);
        one = new IRevenueCascade.Share[](1);
        one[0] = _share(0, entity, 349_500, 20_340_000);
        _publishClass(IPoolAsset.Class.Entity, one);
    }

    function test_only_the_account_itself_passes_its_share_down() public {
        (bytes32 entities, IRevenueCascade.Share[] memory one) = _entitys();
        bytes32[] memory proof = _proofOf(entities, one, 0);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.NotAccount.selector, operator, entity)
        );
        cascade.passDown(entities, one[0], proof);
        _hold(entity);
        vm.prank(entity);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.PassportInvalid.selector, entity, TRADE_ENERGY)
        );
        cascade.passDown(entities, one[0], proof);
    }

    function test_S19_nobody_pays_out_first_what_an_entity_passes_down() public {
        (bytes32 entities, IRevenueCascade.Share[] memory one) = _entitys();
        bytes32[] memory proof = _proofOf(entities, one, 0);
        bytes32[][] memory proofs = new bytes32[][](1);
        proofs[0] = proof;
        vm.expectEmit();
        emit IRevenueCascade.TakesItselfSet(entity, true);
        vm.prank(entity);
        cascade.setTakesItself(true);

        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.NotAccount.selector, stranger, entity)
        );
        cascade.pay(entities, one[0], proof);
        vm.expectEmit();
        emit IRevenueCascade.Held(cascade.traceOf(pool, 1), entities, entity, 20_340_000);
        vm.prank(stranger);
        cascade.payMany(entities, one, proofs);
        assertEq(currency.balanceOf(entity), 0, "held");

        vm.prank(entity);
        bytes32 below = cascade.passDown(entities, one[0], proof);
        assertEq(cascade.levelOf(below).amountUd, 20_340_000, "passed down");
    }

    function test_who_takes_its_shares_itself_is_paid_by_itself_and_may_change_its_mind() public {
        _publish();
        bytes32[][] memory proofs = _all();
        address[2] memory both = [prosumer, prosumer2];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(both[i]);
            cascade.setTakesItself(true);
        }
        vm.prank(prosumer);
        cascade.payMany(level, shares, proofs);
        assertEq(currency.balanceOf(prosumer), 5_240_000, "by itself");
        assertEq(currency.balanceOf(prosumer2), 0, "not by another");

        vm.prank(prosumer2);
        cascade.setTakesItself(false);
        _pay(level, shares, 1);
        assertEq(currency.balanceOf(prosumer2), 1_740_000, "by anybody again");
    }

    function test_S19_an_entity_passes_its_share_down_to_persons_and_trusts() public {
        (bytes32 entities, IRevenueCascade.Share[] memory one) = _entitys();
        bytes32[] memory proof = _proofOf(entities, one, 0);
        vm.prank(entity);
        bytes32 below = cascade.passDown(entities, one[0], proof);
        assertEq(below, cascade.levelBelow(entities, 0), "level");
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.AlreadyPaid.selector, entities, 0));
        cascade.pay(entities, one[0], proof);

        // 2034 cents by 200.0, 100.0 and 49.5 kWh: 1163.95, 581.97, 288.08
        IRevenueCascade.Share[] memory members = new IRevenueCascade.Share[](3);
        members[0] = _share(0, consumer, 200_000, 11_640_000);
        members[1] = _share(1, trust, 100_000, 5_820_000);
        members[2] = _share(2, neighbour, 49_500, 2_880_000);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueCascade.NotPublisher.selector, stranger, entity)
        );
        cascade.publish(below, bytes32(uint256(1)));
        bytes32 root = Merkle.root(_shareHashes(below, members));
        vm.prank(entity);
        cascade.publish(below, root);
        for (uint256 i = 0; i < 3; ++i) {
            _pay(below, members, i);
        }
        assertEq(currency.balanceOf(consumer), 11_640_000, "a person");
        assertEq(currency.balanceOf(trust), 5_820_000, "a trust");
        assertEq(cascade.levelOf(below).paidUd, 20_340_000, "the level is whole");
        assertEq(cascade.levelOf(below).trace, cascade.traceOf(pool, 1), "one trace");
    }
}
