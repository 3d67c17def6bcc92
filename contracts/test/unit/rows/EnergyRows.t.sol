// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../../src/interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../../../src/interfaces/IRevenueCascade.sol";
import {Merkle} from "../../Merkle.sol";
import {PoolWorld} from "../market/PoolWorld.sol";

/// @title Layer 3, row by row: one asset, one sale, and its money all the way down
contract EnergyRowsTest is PoolWorld {
    uint256 private constant REVENUE_UD = 33_000_000; // $33.00

    function _sold() private {
        _contributeS17();
        _close(_run());
        _settle(REVENUE_UD);
    }

    function _amount(IPoolAsset.Class class) private view returns (uint256) {
        return cascade.levelOf(_class(class)).amountUd;
    }

    function test_B301_contributions_become_one_asset() public {
        _contributeS17();
        _close(_run());
        assertEq(pools.balanceOf(seller, pool), 550_000, "one token, 550.000 kWh");
        assertEq(pools.runOf(pool, 1).trustsWh, 80_500, "by class");
    }

    /// Twice started, once paid; the parts are the whole, to the cent.
    function test_B303_revenue_is_shared_by_contribution_and_once() public {
        _sold();
        uint256 sum = _amount(IPoolAsset.Class.Individual) + _amount(IPoolAsset.Class.Trust)
            + _amount(IPoolAsset.Class.Entity) + currency.balanceOf(fees)
            + currency.balanceOf(stabilisation);
        assertEq(sum, REVENUE_UD, "conserved");
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.AlreadySettled.selector, pool, 1));
        cascade.settle(pool, 1, uint128(REVENUE_UD));
    }

    function test_B306_a_sale_enters_once_with_a_trace_that_links_all() public {
        _sold();
        bytes32 trace = cascade.traceOf(pool, 1);
        assertEq(cascade.saleOf(pool, 1).revenueUd, REVENUE_UD, "in");
        assertEq(cascade.levelOf(_class(IPoolAsset.Class.Trust)).trace, trace, "and down");
        assertEq(pools.balanceOf(seller, pool), 0, "the sold asset is burned");
    }

    function test_B307_three_classes_receive_20_34_and_4_69_and_6_98() public {
        _sold();
        assertEq(_amount(IPoolAsset.Class.Entity), 20_340_000, "entities");
        assertEq(_amount(IPoolAsset.Class.Trust), 4_690_000, "trusts");
        assertEq(_amount(IPoolAsset.Class.Individual), 6_980_000, "individuals");
    }

    function test_B406_a_late_entity_is_in_the_correction_run() public {
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        _close(_run());
        delete contributed;
        _contribute("entity", IPoolAsset.Class.Entity, 349_500);
        _close(_run());
        assertEq(pools.runOf(pool, 2).entitiesWh, 349_500, "not lost");
        assertEq(pools.balanceOf(seller, pool), 439_500, "the same token");
    }

    function test_B407_a_receiver_on_hold_waits_and_the_others_are_paid() public {
        _sold();
        IRevenueCascade.Share[] memory shares = _individualsS19();
        _publishClass(IPoolAsset.Class.Individual, shares);
        bytes32 level = _class(IPoolAsset.Class.Individual);
        _hold(prosumer);
        bytes32[] memory proof = _proofOf(level, shares, 0);
        (bool done,) = address(cascade).call(abi.encodeCall(cascade.pay, (level, shares[0], proof)));
        assertTrue(!done, "parked");
        _pay(level, shares, 1);
        assertEq(currency.balanceOf(prosumer2), 1_740_000, "paid");
        assertEq(currency.balanceOf(address(cascade)) >= 5_240_000 ? 1 : 0, 1, "kept for her");
    }

    /// A watt-hour of one person is found under the root of the pool.
    function test_B606_a_persons_energy_is_found_in_the_pool_by_proof() public {
        _contributeS17();
        _close(_run());
        bytes32[] memory hashes = _leafHashes();
        assertEq(pools.runOf(pool, 1).root, Merkle.root(hashes), "root");
        contributed[0].energyWh += 1;
        assertTrue(_leafHashes()[0] != hashes[0], "one watt-hour more is not in it");
        IPoolAsset.Record memory record = pools.runOf(pool, 1);
        assertEq(
            uint256(record.individualsWh) + record.trustsWh + record.entitiesWh,
            550_000,
            "sums are equal"
        );
    }

    /// A leaf is salted: who guesses the watt-hours cannot confirm the guess.
    function test_B605_a_record_cannot_be_guessed_without_its_salt() public view {
        IPoolAsset.Leaf memory leaf = _energy(prosumer, IPoolAsset.Class.Individual, 90_000);
        bytes32 hash = pools.leafHash(pool, leaf);
        leaf.salt = 0;
        assertTrue(pools.leafHash(pool, leaf) != hash, "the right Wh, and no match");
    }

    function test_B608_a_person_receives_her_part_of_the_sale() public {
        _sold();
        IRevenueCascade.Share[] memory shares = _individualsS19();
        _publishClass(IPoolAsset.Class.Individual, shares);
        _pay(_class(IPoolAsset.Class.Individual), shares, 0);
        assertEq(currency.balanceOf(prosumer), 5_240_000, "to the cent");
    }
}
