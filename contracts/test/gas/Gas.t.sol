// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title Gas: what a transaction costs, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// forge-config: default.isolate = true
contract GasTest is World {
    uint256 private constant DEPTH = 20; // of a tree of a million members

    function _note(string memory name) private {
        vm.snapshotGasLastCall("Gas", name);
    }

    function test_passport() public {
        vm.prank(admin);
        passport.issue(stranger, 7, EXPIRY, CANADA);
        _note("passport issue, first");
        vm.prank(admin);
        passport.setFrozen(stranger, true);
        _note("passport hold");
    }

    function test_device() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        devices.register(bytes32(x), bytes32(y), producer, 1, 4000);
        _note("device register");
    }

    function test_currency() public {
        vm.prank(facilitator);
        currency.mint(consumer, 1000);
        vm.prank(facilitator);
        currency.mint(consumer, 1000);
        _note("currency mint");
        vm.prank(consumer);
        currency.transfer(producer, 1);
        vm.prank(consumer);
        currency.transfer(producer, 1);
        _note("currency transfer");
    }

    function test_open() public {
        _openCommunity("Oak Street");
        _note("open a community");
    }

    function test_deposit() public {
        _deposit(consumer, 1000);
        _deposit(producer, 1000);
        _note("deposit, first of an account");
        _deposit(producer, 1000);
        _note("deposit");
        address[] memory accounts = new address[](100);
        uint128[] memory amountsUd = new uint128[](100);
        for (uint256 i = 0; i < 100; ++i) {
            accounts[i] = vm.addr(1000 + i);
            _admit(accounts[i]);
            amountsUd[i] = 1000;
        }
        _fund(stranger, 100_000);
        vm.prank(stranger);
        clearing.depositMany(accounts, amountsUd);
        _note("deposit for 100 new accounts");
    }

    function test_post_and_withdraw() public {
        _deposit(consumer, 100_000);
        IClearing.Leaf[] memory first = _traded();
        _post(first);
        _note("post, first, 2 signatures");
        vm.warp(START_S + DELAY);
        clearing.withdraw(1, first[1], _proofOf(first, 1));
        _note("withdraw, first of an account");

        _postAndWithdraw(50_000, DEPTH);
        _note("withdraw, depth 20");
        _postAndWithdraw(60_000, 8);
        _note("withdraw, depth 8");
    }

    /// Pays the producer by a leaf `depth` levels below the root.
    function _postAndWithdraw(uint256 payoutUd, uint256 depth) private {
        IClearing.Leaf[] memory leaves = _pair(100_000, 0, 100_000 - payoutUd, payoutUd);
        bytes32[] memory proof = new bytes32[](depth);
        IClearing.Statement memory s = _statement(leaves);
        s.payoutRoot = clearing.leafHash(leaves[1]);
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = keccak256(abi.encode(i));
            s.payoutRoot = Hashes.commutativeKeccak256(s.payoutRoot, proof[i]);
        }
        _post(s);
        if (depth == DEPTH) _note("post, 2 signatures");
        vm.warp(block.timestamp + DELAY);
        clearing.withdraw(s.epoch, leaves[1], proof);
    }

    function test_withdraw_many() public {
        _deposit(consumer, 128_000);
        IClearing.Leaf[] memory leaves = new IClearing.Leaf[](128);
        for (uint256 i = 0; i < 128; ++i) {
            leaves[i] = _leaf(vm.addr(1000 + i), i == 0 ? 128_000 : 0, 0, i == 0 ? 128_000 : 0);
            _admit(leaves[i].account);
        }
        _postAndPay(leaves, 500, 128);
        _postAndPay(leaves, 750, 128);
        _note("withdraw for 128 accounts, depth 20");
        _postAndPay(leaves, 1000, 2);
        _note("withdraw for 2 accounts, depth 20");
    }

    /// Pays the first `count` accounts, in a tree as deep as that of a million members.
    function _postAndPay(IClearing.Leaf[] memory leaves, uint128 payoutUd, uint256 count) private {
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i].payoutUd = payoutUd;
        }
        leaves[0].balanceUd = 128_000 - 128 * payoutUd;
        IClearing.Statement memory s = _statement(leaves);
        bytes32[][] memory proofs = new bytes32[][](count);
        IClearing.Leaf[] memory paid = new IClearing.Leaf[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32[] memory low = _proofOf(leaves, i); // 7 levels
            (paid[i], proofs[i]) = (leaves[i], new bytes32[](DEPTH));
            for (uint256 j = 0; j < DEPTH; ++j) {
                proofs[i][j] = j < 7 ? low[j] : keccak256(abi.encode(j));
            }
        }
        for (uint256 j = 7; j < DEPTH; ++j) {
            s.payoutRoot = Hashes.commutativeKeccak256(s.payoutRoot, keccak256(abi.encode(j)));
        }
        _post(s);
        vm.warp(block.timestamp + DELAY);
        clearing.withdrawMany(s.epoch, paid, proofs);
    }

    function test_exit() public {
        _deposit(consumer, 100_000);
        _post(_traded());
        vm.prank(consumer);
        clearing.requestExit();
        _note("request exit");
        IClearing.Leaf[] memory leaves = _pair(100_000, 60_000, 0, 40_000);
        _post(leaves);
        vm.prank(guardian);
        clearing.veto(2);
        _note("veto");
        _post(leaves);
        vm.warp(START_S + DELAY);
        clearing.serveExit(3, leaves[0], _proofOf(leaves, 0));
        _note("serve exit");
    }

    function test_escape() public {
        _deposit(consumer, 100_000);
        IClearing.Leaf[] memory leaves = _traded();
        _post(leaves);
        vm.prank(consumer);
        clearing.requestExit();
        vm.warp(START_S + EXIT_WINDOW + 1);
        bytes32[] memory proof = _proofOf(leaves, 0);
        vm.prank(consumer);
        clearing.escape(1, leaves[0], proof);
        _note("escape");
    }
}
