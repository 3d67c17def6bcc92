// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {Clearing} from "../../src/market/Clearing.sol";
import {World} from "../World.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract ClearingWithdrawTest is World {
    IClearing.Leaf[] private leaves;
    uint64 private epoch;

    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
        IClearing.Leaf[] memory traded = _traded();
        for (uint256 i = 0; i < traded.length; ++i) {
            leaves.push(traded[i]);
        }
        epoch = _post(traded);
    }

    function _withdraw(IClearing.Leaf memory leaf, uint256 i) private {
        bytes32[] memory proof = _proofOf(leaves, i);
        vm.prank(stranger);
        clearing.withdraw(epoch, leaf, proof);
    }

    function _refusedWith(IClearing.Leaf memory leaf, uint256 i, bytes memory reason) private {
        bytes32[] memory proof = _proofOf(leaves, i);
        vm.expectRevert(reason);
        clearing.withdraw(epoch, leaf, proof);
    }

    function test_refuses_an_unknown_epoch() public {
        epoch = 2;
        _refusedWith(leaves[1], 1, abi.encodeWithSelector(IClearing.UnknownEpoch.selector, 2));
    }

    function test_refuses_before_live() public {
        vm.warp(START_S + DELAY - 1);
        _refusedWith(
            leaves[1], 1, abi.encodeWithSelector(IClearing.NotLive.selector, epoch, START_S + DELAY)
        );
    }

    function test_refuses_after_a_veto() public {
        vm.prank(guardian);
        clearing.veto(epoch);
        vm.warp(START_S + DELAY);
        _refusedWith(
            leaves[1], 1, abi.encodeWithSelector(IClearing.StatementVetoed.selector, epoch)
        );
    }

    function test_refuses_a_leaf_that_asks_for_more() public {
        vm.warp(START_S + DELAY);
        IClearing.Leaf memory leaf = leaves[1];
        leaf.payoutUd += 1;
        _refusedWith(
            leaf,
            1,
            abi.encodeWithSelector(
                IClearing.LeafRefused.selector,
                clearing.leafHash(leaf),
                clearing.statementOf(epoch).payoutRoot
            )
        );
    }

    function test_refuses_another_community() public {
        Clearing other = _openCommunity("Oak Street");
        vm.warp(START_S + DELAY);
        bytes32[] memory proof = _proofOf(leaves, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearing.UnknownEpoch.selector, epoch));
        other.withdraw(epoch, leaves[1], proof);
        // nor is the same leaf, under the same root, another community's
        assertTrue(other.leafHash(leaves[1]) != clearing.leafHash(leaves[1]), "bound to one");
    }

    function test_holds_the_payout_while_the_passport_is_on_hold() public {
        vm.warp(START_S + DELAY);
        _hold(producer);
        _refusedWith(
            leaves[1],
            1,
            abi.encodeWithSelector(IClearing.PassportInvalid.selector, producer, TRADE_ENERGY)
        );
        _release(producer);
        _withdraw(leaves[1], 1);
        assertEq(currency.balanceOf(producer), 40_000, "paid once the hold is lifted");
    }

    function test_refuses_a_second_time() public {
        vm.warp(START_S + DELAY);
        _withdraw(leaves[1], 1);
        _refusedWith(
            leaves[1], 1, abi.encodeWithSelector(IClearing.NothingDue.selector, producer, 40_000)
        );
    }

    function test_refuses_more_than_the_community_holds() public {
        // verifiers who lie about the leaves can spend this community's funds, and no other's
        _depositInto(_openCommunity("Oak Street"), neighbour, 1_000_000);
        leaves[1].payoutUd = 100_001;
        IClearing.Statement memory s = _statement(leaves);
        s.payoutsUd = 100_000;
        s.balancesUd = 0;
        epoch = _post(s);
        vm.warp(START_S + DELAY);
        _refusedWith(
            leaves[1],
            1,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, address(clearing), 100_000, 100_001
            )
        );
    }

    function test_anyone_may_have_a_member_paid() public {
        vm.warp(START_S + DELAY);
        vm.expectEmit();
        emit IERC20.Transfer(address(clearing), producer, 40_000);
        _withdraw(leaves[1], 1);
        assertEq(currency.balanceOf(producer), 40_000, "the member has the money");
        assertEq(clearing.paid(producer), 40_000, "paid");
        assertEq(clearing.funds(), 60_000, "funds");
    }

    function test_pays_only_the_difference_of_a_later_statement(uint256 laterUd) public {
        laterUd = bound(laterUd, 40_001, 100_000);
        vm.warp(START_S + DELAY);
        _withdraw(leaves[1], 1);

        leaves[0].balanceUd = uint128(100_000 - laterUd);
        leaves[1].payoutUd = uint128(laterUd);
        epoch = _post(leaves);
        vm.warp(START_S + 2 * DELAY);
        _withdraw(leaves[1], 1);
        assertEq(currency.balanceOf(producer), laterUd, "the later total, once");
    }

    function test_refuses_many_with_proofs_of_fewer() public {
        vm.warp(START_S + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IClearing.LengthsDiffer.selector, 2, 1));
        clearing.withdrawMany(epoch, leaves, new bytes32[][](1));
    }

    function test_refuses_all_of_many_where_one_leaf_is_false() public {
        vm.warp(START_S + DELAY);
        IClearing.Leaf[] memory many = leaves;
        many[0].payoutUd = 60_000;
        bytes32[][] memory proofs = _proofs();
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearing.LeafRefused.selector,
                clearing.leafHash(many[0]),
                clearing.statementOf(epoch).payoutRoot
            )
        );
        clearing.withdrawMany(epoch, many, proofs);
    }

    function test_pays_many_and_passes_over_who_is_paid_or_held(uint256 held) public {
        leaves[0] = _leaf(consumer, 100_000, 10_000, 10_000);
        leaves[1].payoutUd = 50_000;
        leaves.push(_leaf(neighbour, 0, 30_000, 0));
        epoch = _post(leaves);
        vm.warp(START_S + DELAY);
        bytes32[][] memory proofs = _proofs();
        clearing.withdraw(epoch, leaves[1], proofs[1]);
        held = bound(held, 0, 2);
        _hold(leaves[held].account);

        vm.prank(stranger);
        clearing.withdrawMany(epoch, leaves, proofs);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 expectedUd = i == held && i != 1 ? 0 : leaves[i].payoutUd;
            assertEq(currency.balanceOf(leaves[i].account), expectedUd, "paid once, or held");
            assertEq(clearing.paid(leaves[i].account), expectedUd, "noted");
        }
    }

    function _proofs() private view returns (bytes32[][] memory proofs) {
        proofs = new bytes32[][](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            proofs[i] = _proofOf(leaves, i);
        }
    }

    function test_refuses_a_proof_of_any_other_length(uint256 depth) public {
        vm.warp(START_S + DELAY);
        bytes32[] memory proof = new bytes32[](bound(depth, 0, 40));
        if (proof.length != 0) proof[0] = clearing.leafHash(leaves[0]);
        if (proof.length == 1) return; // the right one
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearing.LeafRefused.selector,
                clearing.leafHash(leaves[1]),
                clearing.statementOf(epoch).payoutRoot
            )
        );
        clearing.withdraw(epoch, leaves[1], proof);
    }

    function test_an_older_root_never_expires_and_pays_no_more_than_its_total() public {
        IClearing.Leaf[] memory older = leaves;
        uint64 olderEpoch = epoch;
        leaves[0].balanceUd = 10_000;
        leaves[1].payoutUd = 90_000;
        epoch = _post(leaves);
        vm.warp(START_S + 200 days);

        clearing.withdraw(olderEpoch, older[1], _proofOf(older, 1));
        assertEq(currency.balanceOf(producer), 40_000, "by the older root");
        _withdraw(leaves[1], 1);
        assertEq(currency.balanceOf(producer), 90_000, "by the newer root");
        bytes32[] memory proof = _proofOf(older, 1);
        vm.expectRevert(abi.encodeWithSelector(IClearing.NothingDue.selector, producer, 90_000));
        clearing.withdraw(olderEpoch, older[1], proof);
    }
}
