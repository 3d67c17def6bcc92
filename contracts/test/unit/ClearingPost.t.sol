// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";

contract ClearingPostTest is World {
    IClearing.Statement private s;

    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
        _post(_traded());
        s = _statement(_traded());
    }

    function test_refuses_another_community(bytes32 community) public {
        bytes32 ours = clearing.community();
        vm.assume(community != ours);
        s.community = community;
        _refused(s, abi.encodeWithSelector(IClearing.WrongCommunity.selector, ours, community));
    }

    function test_refuses_to_build_on_a_void_statement() public {
        _post(s);
        vm.prank(guardian);
        clearing.veto(2);
        bytes32 digest = clearing.statementHash(s);
        s.epoch = 3;
        _refused(s, abi.encodeWithSelector(IClearing.HeadVoid.selector, digest));
        clearing.rewind(_void());
        _post(s);
    }

    function test_refuses_whoever_is_not_the_operator() public {
        bytes memory proof = _proof(clearing.statementHash(s), 0, 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IClearing.NotOperator.selector, guardian, operator));
        clearing.post(s, proof);
    }

    function test_refuses_any_other_epoch(uint64 epoch) public {
        vm.assume(epoch != 2);
        s.epoch = epoch;
        _refused(s, abi.encodeWithSelector(IClearing.WrongEpoch.selector, 2, epoch));
    }

    function test_refuses_to_build_on_anything_but_the_head(bytes32 previous) public {
        bytes32 head = s.previous;
        vm.assume(previous != head);
        s.previous = previous;
        _refused(s, abi.encodeWithSelector(IClearing.WrongPrevious.selector, head, previous));
    }

    function test_refuses_to_settle_a_second_twice() public {
        s.start -= 1;
        _refused(
            s, abi.encodeWithSelector(IClearing.WrongPeriod.selector, s.start + 1, s.start, s.end)
        );
    }

    function test_refuses_an_empty_period() public {
        s.end = s.start;
        _refused(
            s, abi.encodeWithSelector(IClearing.WrongPeriod.selector, s.start, s.start, s.start)
        );
    }

    function test_refuses_totals_that_do_not_balance(uint128 balancesUd) public {
        vm.assume(balancesUd != s.balancesUd);
        s.balancesUd = balancesUd;
        _refused(
            s,
            abi.encodeWithSelector(
                IClearing.Unbalanced.selector, s.depositsUd, s.payoutsUd, balancesUd
            )
        );
    }

    function test_refuses_deposits_nobody_made_and_deposits_forgotten() public {
        s.depositsUd += 1;
        s.balancesUd += 1;
        _refused(
            s,
            abi.encodeWithSelector(IClearing.DepositsOutOfRange.selector, 100_000, 100_000, 100_001)
        );
        s.depositsUd -= 2;
        s.balancesUd -= 2;
        _refused(
            s,
            abi.encodeWithSelector(IClearing.DepositsOutOfRange.selector, 100_000, 100_000, 99_999)
        );
    }

    function test_refuses_payouts_that_fall() public {
        s.payoutsUd -= 1;
        s.balancesUd += 1;
        _refused(s, abi.encodeWithSelector(IClearing.PayoutsFell.selector, 40_000, 39_999));
    }

    function test_refuses_a_proof_the_verifier_does_not_accept() public {
        bytes32 digest = clearing.statementHash(s);
        bytes memory proof = _proof(digest, 0, 1);
        proof[70] ^= 0x01;
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IClearing.ProofRefused.selector, digest));
        clearing.post(s, proof);
    }

    function test_refuses_while_an_exit_is_overdue() public {
        vm.prank(consumer);
        clearing.requestExit();
        uint256 deadline = START_S + EXIT_WINDOW;
        vm.warp(deadline + 1);
        _refused(s, abi.encodeWithSelector(IClearing.ExitOverdue.selector, consumer, deadline));
        vm.warp(deadline); // the last second in which it may still be served
        _post(s);
    }

    function test_refuses_too_many_that_wait_to_be_live() public {
        uint64 most = clearing.PENDING_MOST();
        while (s.epoch < most) {
            _post(s);
            s = _statement(_traded());
        }
        _refused(
            s, abi.encodeWithSelector(IClearing.TooManyPending.selector, most, START_S + DELAY)
        );
        // neither the guardian nor a member who leaves is ever in front of an endless loop
        uint256 before = gasleft();
        vm.prank(guardian);
        clearing.veto(1);
        assertLe(before - gasleft(), 4_000_000, "gas to veto all that may wait");
    }

    function test_posts(uint64 start, uint64 lasts, uint128 energyWh) public {
        s.start = uint64(bound(start, s.start, type(uint40).max - 1));
        s.end = s.start + uint64(bound(lasts, 1, type(uint40).max - s.start));
        (s.importedWh, s.exportedWh, s.localWh) = (energyWh, energyWh, energyWh);
        bytes32 digest = keccak256(abi.encode(block.chainid, address(clearing), s));
        bytes memory proof = _proof(digest, 1, 2);
        vm.expectEmit();
        emit IClearing.Posted(digest, s, uint64(START_S + DELAY));
        vm.prank(operator);
        clearing.post(s, proof);

        IClearing.Head memory head = clearing.head();
        assertEq(head.epoch, 2, "head");
        assertEq(head.nextEpoch, 3, "next epoch");
        assertEq(head.hash, digest, "hash");
        assertEq(head.end, s.end, "end");
        assertEq(head.depositsUd, 100_000, "deposits");
        assertEq(head.payoutsUd, 40_000, "payouts");
        IClearing.Record memory record = clearing.statementOf(2);
        assertTrue(record.payoutRoot == bytes26(s.payoutRoot), "root");
        assertEq(record.liveAt, START_S + DELAY, "live at");
        assertTrue(!record.vetoed, "not vetoed");
    }
}
