// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../../src/interfaces/IPoolAsset.sol";
import {PoolAsset} from "../../../src/market/PoolAsset.sol";
import {Merkle} from "../../Merkle.sol";
import {PoolWorld} from "./PoolWorld.sol";

contract PoolCloseTest is PoolWorld {
    function _refused(IPoolAsset.Run memory run, bytes memory reason) private {
        bytes memory proof = _proof(pools.runHash(run), 0, 1);
        vm.prank(operator);
        vm.expectRevert(reason);
        pools.close(run, proof);
    }

    // --- open

    function test_refuses_to_open_for_a_stranger_for_nobody_or_twice() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        pools.open("Oak Street", operator, seller, address(verifier));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.ZeroRole.selector));
        pools.open("Oak Street", operator, address(0), address(verifier));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.MarketExists.selector, market));
        pools.open("Riverdale", operator, seller, address(verifier));
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.ZeroInterval.selector));
        new PoolAsset(address(manager), passport, 0);
    }

    // --- close: refusals

    function test_refuses_who_is_not_the_operator() public {
        _contributeS17();
        IPoolAsset.Run memory run = _run();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.NotOperator.selector, stranger, operator));
        pools.close(run, "");
    }

    function test_refuses_a_run_that_is_not_the_open_one() public {
        _contributeS17();
        IPoolAsset.Run memory run = _run();
        bytes memory reason =
            abi.encodeWithSelector(IPoolAsset.WrongRun.selector, 1, 4, run.contributed);
        run.number = 2;
        _refused(run, reason);
        run = _run();
        run.contributions = 3;
        _refused(run, reason);
        run = _run();
        run.contributed = bytes32(uint256(1));
        _refused(run, reason);
    }

    function test_refuses_a_run_nobody_contributed_to() public {
        IPoolAsset.Run memory run;
        run.market = market;
        run.start = intervalStart;
        run.number = 1;
        run.root = bytes32(uint256(1));
        run.individualsWh = 1;
        _refused(run, abi.encodeWithSelector(IPoolAsset.WrongRun.selector, 1, 0, 0));
    }

    function test_refuses_a_run_without_energy_or_root() public {
        _contribute("prosumer", IPoolAsset.Class.Individual, 0);
        IPoolAsset.Run memory run = _run();
        _refused(run, abi.encodeWithSelector(IPoolAsset.EmptyRun.selector));
        run.individualsWh = 1;
        run.root = 0;
        _refused(run, abi.encodeWithSelector(IPoolAsset.EmptyRun.selector));
    }

    function test_refuses_what_the_verifiers_did_not_sign() public {
        _contributeS17();
        IPoolAsset.Run memory run = _run();
        bytes memory proof = _proof(pools.runHash(run), 0, 1);
        run.entitiesWh += 1;
        bytes32 digest = pools.runHash(run);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.ProofRefused.selector, digest));
        pools.close(run, proof);
    }

    function test_refuses_to_close_twice() public {
        _contributeS17();
        IPoolAsset.Run memory run = _run();
        _close(run);
        _refused(run, abi.encodeWithSelector(IPoolAsset.WrongRun.selector, 2, 0, 0));
    }

    // --- S17

    function test_S17_one_token_of_550_kWh_with_three_class_totals_and_one_root() public {
        _contributeS17();
        IPoolAsset.Run memory run = _run();
        vm.expectEmit();
        emit IPoolAsset.Closed(pool, 1, pools.runHash(run), run);
        _close(run);
        assertEq(pools.balanceOf(seller, pool), 550_000, "550.000 kWh");
        IPoolAsset.Record memory record = pools.runOf(pool, 1);
        assertEq(record.individualsWh, 120_000, "individuals");
        assertEq(record.trustsWh, 80_500, "households");
        assertEq(record.entitiesWh, 349_500, "entities");
        assertEq(record.contributions, 4, "contributions");
        assertEq(record.root, run.root, "root");
    }

    function test_S17_a_proof_leads_from_everybodys_Wh_to_the_pool_and_none_can_be_left_out()
        public
    {
        _contributeS17();
        _close(_run());
        bytes32[] memory hashes = _leafHashes();
        uint256 sum = 0;
        for (uint256 i = 0; i < contributed.length; ++i) {
            bytes32[] memory proof = Merkle.proof(hashes, i);
            assertTrue(pools.isIn(pool, 1, contributed[i], proof), "in the pool");
            IPoolAsset.Leaf memory more = contributed[i];
            more.energyWh += 1;
            assertTrue(!pools.isIn(pool, 1, more, proof), "not with a Wh more");
            sum += contributed[i].energyWh;
        }
        assertEq(sum, pools.balanceOf(seller, pool), "the leaves are the pool");
        for (uint256 i = 0; i < contributed.length; ++i) {
            assertTrue(sum - contributed[i].energyWh != 550_000, "without one it is not");
        }
    }

    function test_S17_a_late_entity_enters_the_correction_run_of_the_same_token() public {
        _contributeS17();
        _close(_run());
        delete contributed;
        _admit(stranger);
        _contribute("stranger", IPoolAsset.Class.Entity, 50_000);
        _close(_run());
        assertEq(pools.balanceOf(seller, pool), 600_000, "the same token");
        assertEq(pools.runOf(pool, 2).entitiesWh, 50_000, "a run of its own");
        assertEq(pools.runOf(pool, 1).entitiesWh, 349_500, "the first run stands");
    }

    // --- the token

    function test_refuses_to_let_a_pool_token_travel() public {
        _contributeS17();
        _close(_run());
        vm.prank(seller);
        vm.expectRevert(
            abi.encodeWithSelector(IPoolAsset.PoolTokenFixed.selector, seller, prosumer)
        );
        pools.safeTransferFrom(seller, prosumer, pool, 1, "");
    }

    function test_only_the_holder_and_who_it_approved_burn() public {
        _contributeS17();
        _close(_run());
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.NotHolder.selector, stranger, seller));
        pools.burn(seller, pool, 1);
        vm.prank(seller);
        pools.burn(seller, pool, 50_000);
        vm.prank(address(cascade));
        pools.burn(seller, pool, 500_000);
        assertEq(pools.balanceOf(seller, pool), 0, "burned");
    }
}
