// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificates} from "../../src/interfaces/ICertificates.sol";
import {IPoolAsset} from "../../src/interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../../src/interfaces/IRevenueCascade.sol";
import {CertificateBasket} from "../../src/marketplace/CertificateBasket.sol";
import {PoolWorld} from "../unit/market/PoolWorld.sol";
import {TariffWorld} from "../unit/market/TariffWorld.sol";
import {AnyCertificates} from "../unit/marketplace/CertificateBasket.t.sol";
import {CreditWorld} from "../unit/marketplace/CreditWorld.sol";

/// @title What a price costs, kept in `snapshots/`
/// forge-config: default.isolate = true
contract GasTariffTest is TariffWorld {
    function test_report() public {
        marketplace.set(120_000, 5, uint64(block.timestamp));
        _report(_input());
        _nextInterval();
        _report(_input());
        vm.snapshotGasLastCall("GasMarket", "tariff report, 2 signatures");
    }
}

/// @title What a pool and its money's way down cost, kept in `snapshots/`
/// forge-config: default.isolate = true
contract GasCascadeTest is PoolWorld {
    uint256 private constant DEPTH = 20; // of a level of a million members

    function _note(string memory name) private {
        vm.snapshotGasLastCall("GasMarket", name);
    }

    function test_pool_and_cascade() public {
        _contribute("entity", IPoolAsset.Class.Entity, 349_500);
        _note("pool contribution, first of a pool");
        _contribute("trust", IPoolAsset.Class.Trust, 80_500);
        _note("pool contribution, first of an account in 256 intervals");
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        _contribute("prosumer2", IPoolAsset.Class.Individual, 30_000);
        _close(_run());
        _note("pool close, 2 signatures");
        _settle(33_000_000);
        _note("cascade settle");

        IRevenueCascade.Share[] memory shares = _individualsS19();
        bytes32 level = _class(IPoolAsset.Class.Individual);
        bytes32 node = cascade.shareHash(level, shares[0]);
        bytes32[] memory proof = new bytes32[](DEPTH);
        for (uint256 i = 0; i < DEPTH; ++i) {
            bytes32 sibling =
                i == 0 ? cascade.shareHash(level, shares[1]) : keccak256(abi.encode(i));
            proof[i] = sibling;
            node = node < sibling
                ? keccak256(bytes.concat(node, sibling))
                : keccak256(bytes.concat(sibling, node));
        }
        bytes memory signatures = _proof(cascade.sharesHash(level, node), 0, 1);
        vm.prank(operator);
        cascade.publishClass(pool, 1, IPoolAsset.Class.Individual, node, signatures);
        _note("cascade publish, 2 signatures");
        bytes32[] memory second = new bytes32[](DEPTH);
        for (uint256 i = 1; i < DEPTH; ++i) {
            second[i] = proof[i];
        }
        second[0] = cascade.shareHash(level, shares[0]);
        cascade.pay(level, shares[1], second);
        _note("cascade pay, first of a level, depth 20");
        _fund(prosumer, 1);
        cascade.pay(level, shares[0], proof);
        _note("cascade pay, depth 20");
    }

    function test_pay_100_of_a_level() public {
        uint256 cents = 0;
        for (uint256 i = 0; i < 100; ++i) {
            _admit(vm.addr(2000 + i));
        }
        _contribute("entity", IPoolAsset.Class.Entity, 100_000);
        _close(_run());
        _settle(100_000_000);
        bytes32 entities = _class(IPoolAsset.Class.Entity);
        IRevenueCascade.Share[] memory shares = new IRevenueCascade.Share[](100);
        for (uint32 i = 0; i < 100; ++i) {
            shares[i] = _share(i, vm.addr(2000 + i), 1000, 970_000);
            cents += 97;
        }
        assertEq(cents * 10_000, cascade.levelOf(entities).amountUd, "whole");
        _publishClass(IPoolAsset.Class.Entity, shares);
        bytes32[][] memory proofs = new bytes32[][](100);
        for (uint256 i = 0; i < 100; ++i) {
            proofs[i] = _proofOf(entities, shares, i);
        }
        cascade.payMany(entities, shares, proofs);
        _note("cascade pay 100 new accounts, depth 7");
    }

    function test_pass_down() public {
        _contributeS17();
        _close(_run());
        _settle(33_000_000);
        IRevenueCascade.Share[] memory one = new IRevenueCascade.Share[](1);
        one[0] = _share(0, entity, 349_500, 20_340_000);
        _publishClass(IPoolAsset.Class.Entity, one);
        bytes32 level = _class(IPoolAsset.Class.Entity);
        bytes32[] memory proof = _proofOf(level, one, 0);
        vm.prank(entity);
        cascade.passDown(level, one[0], proof);
        _note("cascade pass down");
    }
}

/// @title What credits and the basket cost, kept in `snapshots/`
/// forge-config: default.isolate = true
contract GasCreditTest is CreditWorld {
    function _note(string memory name) private {
        vm.snapshotGasLastCall("GasMarket", name);
    }

    function test_credit() public {
        _mint(producer, 5000);
        _mint(producer, 5000);
        _note("credit mint");
        vm.prank(producer);
        credit.transfer(consumer, 1000);
        _redeem(consumer, 500);
        _note("credit redeem");
        vm.warp(SEASON_END);
        vm.prank(producer);
        credit.cashOut(producer);
        _note("credit cash out");
    }

    function test_basket() public {
        AnyCertificates certificates = new AnyCertificates();
        CertificateBasket basket = new CertificateBasket(
            address(manager),
            ICertificates(address(certificates)),
            passport,
            rules,
            2026,
            "Certificates 2026",
            "REC26"
        );
        uint256[] memory ids = new uint256[](1);
        ids[0] = 202_601;
        vm.prank(admin);
        basket.admit(ids);
        vm.prank(admin);
        passport.issue(producer, 4, EXPIRY, CANADA);
        vm.prank(producer);
        certificates.setApprovalForAll(address(basket), true);
        certificates.make(producer, ids[0], 100);
        vm.prank(producer);
        basket.deposit(ids[0], 10);
        vm.prank(producer);
        basket.deposit(ids[0], 10);
        _note("basket deposit");
        vm.prank(producer);
        basket.withdraw(ids[0], 5);
        _note("basket withdraw");
    }
}
