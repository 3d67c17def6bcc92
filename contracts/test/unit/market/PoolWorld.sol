// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../../src/interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../../../src/interfaces/IRevenueCascade.sol";
import {PoolAsset} from "../../../src/market/PoolAsset.sol";
import {RevenueCascade} from "../../../src/market/RevenueCascade.sol";
import {Merkle} from "../../Merkle.sol";
import {World} from "../../World.sol";

/// @title PoolWorld: a market with two prosumers, a trust and an entity; its cascade
abstract contract PoolWorld is World {
    uint32 internal constant INTERVAL = 15 minutes;
    uint64 internal intervalStart = uint64(START_S);

    address internal prosumer = _actor("prosumer");
    address internal prosumer2 = _actor("prosumer2");
    address internal trust = _actor("trust");
    address internal entity = _actor("entity");
    address internal seller = _actor("seller");
    address internal fees = _actor("fees");
    address internal stabilisation = _actor("stabilisation");

    PoolAsset internal pools;
    RevenueCascade internal cascade;
    bytes32 internal market;
    uint256 internal pool;

    IPoolAsset.Leaf[] internal contributed; // to the run in hand

    function setUp() public virtual override {
        super.setUp();
        vm.warp(START_S + INTERVAL);
        pools = new PoolAsset(address(manager), passport, INTERVAL);
        vm.prank(admin);
        market = pools.open("Riverdale", operator, seller, address(verifier));
        pool = pools.poolOf(market, intervalStart);
        cascade = new RevenueCascade(address(manager), currency, passport, pools, _terms());
        vm.prank(seller);
        pools.setApprovalForAll(address(cascade), true);
        address[4] memory accounts = [prosumer, prosumer2, trust, entity];
        for (uint256 i = 0; i < 4; ++i) {
            _admit(accounts[i]);
        }
    }

    function _terms() internal view returns (IRevenueCascade.Terms memory) {
        return IRevenueCascade.Terms(fees, 10_000, stabilisation, 20_000);
    }

    // --- the pool

    function _energy(address account, IPoolAsset.Class class, uint256 energyWh)
        internal
        pure
        returns (IPoolAsset.Leaf memory)
    {
        bytes32 salt = keccak256(abi.encode("salt", account));
        return IPoolAsset.Leaf(account, class, uint128(energyWh), salt);
    }

    function _contribution(IPoolAsset.Leaf memory leaf)
        internal
        view
        returns (IPoolAsset.Contribution memory)
    {
        return IPoolAsset.Contribution(leaf.contributor, leaf.class, pools.leafHash(pool, leaf));
    }

    function _one(IPoolAsset.Contribution memory c, bytes memory signature)
        internal
        pure
        returns (IPoolAsset.Contribution[] memory contributions, bytes[] memory signatures)
    {
        contributions = new IPoolAsset.Contribution[](1);
        contributions[0] = c;
        signatures = new bytes[](1);
        signatures[0] = signature;
    }

    function _contribute(string memory role, IPoolAsset.Class class, uint256 energyWh) internal {
        IPoolAsset.Leaf memory leaf = _energy(vm.addr(_key(role)), class, energyWh);
        IPoolAsset.Contribution memory c = _contribution(leaf);
        bytes memory signature = _signature(role, pools.contributionHash(market, intervalStart, c));
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) = _one(c, signature);
        vm.prank(operator);
        pools.contribute(market, intervalStart, cs, signatures);
        contributed.push(leaf);
    }

    function _leafHashes() internal view returns (bytes32[] memory hashes) {
        hashes = new bytes32[](contributed.length);
        for (uint256 i = 0; i < contributed.length; ++i) {
            hashes[i] = pools.leafHash(pool, contributed[i]);
        }
    }

    function _run() internal view returns (IPoolAsset.Run memory run) {
        IPoolAsset.Open memory open_ = pools.openRunOf(pool);
        run.market = market;
        run.start = intervalStart;
        run.number = open_.number;
        run.contributions = open_.contributions;
        run.contributed = open_.contributed;
        run.root = Merkle.root(_leafHashes());
        for (uint256 i = 0; i < contributed.length; ++i) {
            IPoolAsset.Leaf memory leaf = contributed[i];
            if (leaf.class == IPoolAsset.Class.Individual) run.individualsWh += leaf.energyWh;
            else if (leaf.class == IPoolAsset.Class.Trust) run.trustsWh += leaf.energyWh;
            else run.entitiesWh += leaf.energyWh;
        }
    }

    function _close(IPoolAsset.Run memory run) internal {
        bytes memory proof = _proof(pools.runHash(run), 0, 1);
        vm.prank(operator);
        pools.close(run, proof);
    }

    /// S17: individuals 120.000, households 80.500, entities 349.500 kWh.
    function _contributeS17() internal {
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        _contribute("prosumer2", IPoolAsset.Class.Individual, 30_000);
        _contribute("trust", IPoolAsset.Class.Trust, 80_500);
        _contribute("entity", IPoolAsset.Class.Entity, 349_500);
    }

    // --- the cascade

    function _settle(uint256 revenueUd) internal {
        vm.prank(facilitator);
        currency.mint(seller, uint128(revenueUd));
        vm.prank(seller);
        currency.approve(address(cascade), revenueUd);
        vm.prank(seller);
        cascade.settle(pool, 1, uint128(revenueUd));
    }

    function _share(uint32 number, address account, uint256 weightWh, uint256 amountUd)
        internal
        pure
        returns (IRevenueCascade.Share memory)
    {
        bytes32 salt = keccak256(abi.encode("share", account));
        return IRevenueCascade.Share(number, account, uint128(weightWh), uint128(amountUd), salt);
    }

    function _shareHashes(bytes32 level, IRevenueCascade.Share[] memory shares)
        internal
        view
        returns (bytes32[] memory hashes)
    {
        hashes = new bytes32[](shares.length);
        for (uint256 i = 0; i < shares.length; ++i) {
            hashes[i] = cascade.shareHash(level, shares[i]);
        }
    }

    function _class(IPoolAsset.Class class) internal view returns (bytes32) {
        return cascade.classLevel(pool, 1, class);
    }

    function _publishClass(IPoolAsset.Class class, IRevenueCascade.Share[] memory shares) internal {
        bytes32 level = _class(class);
        bytes32 root = Merkle.root(_shareHashes(level, shares));
        bytes memory proof = _proof(cascade.sharesHash(level, root), 0, 1);
        vm.prank(operator);
        cascade.publishClass(pool, 1, class, root, proof);
    }

    function _proofOf(bytes32 level, IRevenueCascade.Share[] memory shares, uint256 i)
        internal
        view
        returns (bytes32[] memory)
    {
        return Merkle.proof(_shareHashes(level, shares), i);
    }

    function _pay(bytes32 level, IRevenueCascade.Share[] memory shares, uint256 i) internal {
        bytes32[] memory proof = _proofOf(level, shares, i);
        vm.prank(stranger);
        cascade.pay(level, shares[i], proof);
    }

    /// The individuals' shares of S19.
    function _individualsS19() internal view returns (IRevenueCascade.Share[] memory shares) {
        shares = new IRevenueCascade.Share[](2);
        shares[0] = _share(0, prosumer, 90_000, 5_240_000);
        shares[1] = _share(1, prosumer2, 30_000, 1_740_000);
    }
}
