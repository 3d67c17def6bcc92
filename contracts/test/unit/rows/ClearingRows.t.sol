// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../../src/interfaces/IClearing.sol";
import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {World} from "../../World.sol";

/// @title Settlement, row by row, and who would break it
contract ClearingRowsTest is World {
    function _live() private returns (IClearing.Leaf[] memory leaves, uint64 epoch) {
        _deposit(consumer, 100_000);
        leaves = _traded();
        epoch = _post(leaves);
        vm.warp(block.timestamp + DELAY);
    }

    function _withdraws(uint64 epoch, IClearing.Leaf memory leaf, bytes32[] memory proof)
        private
        returns (bool done)
    {
        (done,) = address(clearing).call(abi.encodeCall(clearing.withdraw, (epoch, leaf, proof)));
    }

    // --- A03a: the attacks

    function test_A03a_replay_a_payout_is_paid_once() public {
        (IClearing.Leaf[] memory leaves, uint64 epoch) = _live();
        assertTrue(_withdraws(epoch, leaves[1], _proofOf(leaves, 1)), "once");
        assertTrue(!_withdraws(epoch, leaves[1], _proofOf(leaves, 1)), "twice");
        assertEq(currency.balanceOf(producer), 40_000, "once");
    }

    /// The same signed statement, on another chain or a second time, is another statement.
    function test_A03a_replay_a_statement_is_bound_to_chain_and_epoch() public {
        _deposit(consumer, 100_000);
        IClearing.Statement memory s = _statement(_traded());
        bytes memory proof = _proof(clearing.statementHash(s), 0, 1);
        vm.chainId(31_338);
        vm.prank(operator);
        (bool done,) = address(clearing).call(abi.encodeCall(clearing.post, (s, proof)));
        assertTrue(!done, "another chain");
        vm.chainId(31_337);
        vm.prank(operator);
        clearing.post(s, proof);
        vm.prank(operator);
        (done,) = address(clearing).call(abi.encodeCall(clearing.post, (s, proof)));
        assertTrue(!done, "a second time");
    }

    /// Deposits and payouts at the edge of their type are refused, never wrapped.
    function test_A03a_overflow_is_refused_and_changes_nothing(uint128 amountUd) public {
        amountUd = uint128(bound(amountUd, uint256(type(uint64).max) + 1, type(uint128).max));
        _fund(consumer, amountUd);
        vm.prank(consumer);
        (bool done,) =
            address(clearing).call(abi.encodeCall(clearing.deposit, (consumer, amountUd)));
        assertTrue(!done, "refused");
        assertEq(clearing.funds(), 0, "nothing");
        assertEq(currency.balanceOf(consumer), amountUd, "kept");
    }

    function test_A03a_mint_without_a_bucket_is_refused(address anybody, uint128 amountUd) public {
        vm.assume(anybody != facilitator && anybody != address(0));
        amountUd = uint128(bound(amountUd, 1, type(uint128).max));
        vm.prank(anybody);
        vm.expectRevert(
            abi.encodeWithSelector(ICurrency.BucketExceeded.selector, anybody, 0, 0, amountUd)
        );
        currency.mint(anybody, amountUd);
    }

    /// The mirror image of a signature, s to n − s, is not a second signature.
    function test_A03a_malleability_a_mirrored_signature_is_refused() public {
        _deposit(consumer, 100_000);
        IClearing.Statement memory s = _statement(_traded());
        bytes memory proof = _proof(clearing.statementHash(s), 0, 1);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 half;
        assembly ("memory-safe") {
            half := mload(add(proof, 64))
            mstore(add(proof, 64), sub(order, half))
        }
        proof[64] = proof[64] == bytes1(uint8(27)) ? bytes1(uint8(28)) : bytes1(uint8(27));
        bytes32 digest = clearing.statementHash(s);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IClearing.ProofRefused.selector, digest));
        clearing.post(s, proof);
    }

    // --- A03b: without the operator

    /// The operator is silent for a year: a live root still pays, to who does not ask the operator.
    function test_A03b_a_member_is_paid_without_the_operator() public {
        (IClearing.Leaf[] memory leaves, uint64 epoch) = _live();
        vm.warp(block.timestamp + 300 days);
        bytes32[] memory proof = _proofOf(leaves, 1);
        vm.prank(stranger);
        clearing.withdraw(epoch, leaves[1], proof);
        assertEq(currency.balanceOf(producer), 40_000, "paid");
        vm.prank(producer);
        currency.transfer(neighbour, 40_000);
        assertEq(currency.balanceOf(neighbour), 40_000, "and its own to send");
    }

    /// No past statement changes: not by posting it again, nor by a veto once it is live.
    function test_A03b_a_live_statement_is_never_changed() public {
        (IClearing.Leaf[] memory leaves, uint64 epoch) = _live();
        bytes32 before = keccak256(abi.encode(clearing.statementOf(epoch)));
        vm.prank(guardian);
        (bool done,) = address(clearing).call(abi.encodeCall(clearing.veto, (epoch)));
        assertTrue(!done, "no veto");
        leaves[1].payoutUd = 0;
        IClearing.Statement memory s = _statement(leaves);
        s.epoch = epoch;
        bytes memory proof = _proof(clearing.statementHash(s), 0, 1);
        vm.prank(operator);
        (done,) = address(clearing).call(abi.encodeCall(clearing.post, (s, proof)));
        assertTrue(!done, "not again");
        assertEq(keccak256(abi.encode(clearing.statementOf(epoch))), before, "the same");
    }

    // --- A12: needs, production and money between members

    /// Totals of needs are part of what the verifiers sign and of the event everybody reads.
    function test_A12a_the_needs_of_a_community_are_posted_with_its_statement() public {
        _deposit(consumer, 100_000);
        IClearing.Statement memory s = _statement(_traded());
        bytes32 hash = clearing.statementHash(s);
        bytes memory proof = _proof(hash, 0, 1);
        vm.expectEmit();
        emit IClearing.Posted(hash, s, uint64(block.timestamp) + DELAY);
        vm.prank(operator);
        clearing.post(s, proof);
        s.importedWh += 1;
        assertTrue(clearing.statementHash(s) != hash, "one watt-hour more is another statement");
    }

    function test_A12b_production_altered_by_one_watt_hour_is_refused() public {
        _deposit(consumer, 100_000);
        IClearing.Statement memory s = _statement(_traded());
        bytes memory proof = _proof(clearing.statementHash(s), 0, 1);
        s.exportedWh += 1;
        bytes32 digest = clearing.statementHash(s);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IClearing.ProofRefused.selector, digest));
        clearing.post(s, proof);
    }

    function test_A12c_what_a_buyer_paid_is_what_its_seller_gets() public {
        (IClearing.Leaf[] memory leaves, uint64 epoch) = _live();
        clearing.withdraw(epoch, leaves[1], _proofOf(leaves, 1));
        assertEq(currency.balanceOf(producer), 40_000, "the seller's");
        assertEq(clearing.funds(), 60_000, "the buyer's balance");
        assertEq(currency.balanceOf(address(clearing)), 60_000, "held for it");
    }

    // --- X09

    /// The consumer pays one micro-dollar to each of `count` others.
    function _paysEach(uint256 count) private view returns (IClearing.Leaf[] memory leaves) {
        leaves = new IClearing.Leaf[](count + 1);
        leaves[0] = _leaf(consumer, 100_000, 0, 100_000 - count);
        for (uint256 i = 1; i <= count; ++i) {
            leaves[i] = _leaf(vm.addr(i), 0, 1, 0);
        }
    }

    function _postOf(IClearing.Leaf[] memory leaves) private view returns (bytes memory) {
        IClearing.Statement memory s = _statement(leaves);
        return abi.encodeCall(clearing.post, (s, _proof(clearing.statementHash(s), 0, 1)));
    }

    /// One transaction a community and interval, of the same size for any number of members.
    function test_X09_one_post_settles_any_number_of_members(uint8 members) public {
        uint256 count = bound(members, 2, 40);
        _deposit(consumer, 100_000);
        IClearing.Leaf[] memory leaves = _paysEach(count);
        bytes memory call = _postOf(leaves);
        assertEq(call.length, _postOf(_paysEach(1)).length, "bytes, whatever the number");
        vm.prank(operator);
        (bool done,) = address(clearing).call(call);
        assertTrue(done, "posted");
        vm.warp(block.timestamp + DELAY);
        _admit(vm.addr(1));
        clearing.withdraw(1, leaves[1], _proofOf(leaves, 1));
        assertEq(currency.balanceOf(vm.addr(1)), 1, "each can be paid");
    }
}
