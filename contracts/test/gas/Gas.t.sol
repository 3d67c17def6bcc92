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
        _post(_traded());
        _note("post, first, 2 signatures");

        // a leaf at the depth of a million members
        IClearing.Leaf[] memory leaves = _pair(100_000, 0, 50_000, 50_000);
        bytes32 node = clearing.leafHash(leaves[1]);
        bytes32[] memory proof = new bytes32[](DEPTH);
        for (uint256 i = 0; i < DEPTH; ++i) {
            bytes32 sibling = keccak256(abi.encode(i));
            proof[i] = sibling;
            node = node < sibling
                ? keccak256(bytes.concat(node, sibling))
                : keccak256(bytes.concat(sibling, node));
        }
        IClearing.Statement memory s = _statement(leaves);
        s.payoutRoot = node;
        _post(s);
        _note("post, 2 signatures");

        IClearing.Leaf[] memory first = _traded();
        vm.warp(START_S + DELAY);
        clearing.withdraw(1, first[1], _proofOf(first, 1));
        _note("withdraw, first of an account");
        clearing.withdraw(2, leaves[1], proof);
        _note("withdraw, depth 20");
    }

    function test_withdraw_many() public {
        uint256 members = 128;
        _deposit(consumer, 128_000);
        IClearing.Leaf[] memory leaves = new IClearing.Leaf[](members);
        for (uint256 i = 0; i < members; ++i) {
            leaves[i] = _leaf(vm.addr(1000 + i), i == 0 ? 128_000 : 0, 500, i == 0 ? 64_000 : 0);
            _admit(leaves[i].account);
        }
        _postAndPay(1, leaves);
        leaves[0].balanceUd = 0;
        for (uint256 i = 0; i < members; ++i) {
            leaves[i].payoutUd = 1000;
        }
        _postAndPay(2, leaves);
        _note("withdraw for 128 accounts, depth 20");
    }

    /// In a tree as deep as that of a million members.
    function _postAndPay(uint64 epoch, IClearing.Leaf[] memory leaves) private {
        bytes32[][] memory proofs = new bytes32[][](leaves.length);
        IClearing.Statement memory s = _statement(leaves);
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes32[] memory low = _proofOf(leaves, i);
            proofs[i] = new bytes32[](DEPTH);
            for (uint256 j = 0; j < DEPTH; ++j) {
                proofs[i][j] = j < low.length ? low[j] : keccak256(abi.encode(j - low.length));
            }
        }
        for (uint256 j = 0; j < DEPTH - 7; ++j) {
            s.payoutRoot = Hashes.commutativeKeccak256(s.payoutRoot, keccak256(abi.encode(j)));
        }
        _post(s);
        vm.warp(block.timestamp + DELAY);
        clearing.withdrawMany(epoch, leaves, proofs);
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
