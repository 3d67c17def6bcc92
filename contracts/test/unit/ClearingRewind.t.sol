// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";

contract ClearingRewindTest is World {
    bytes32[4] private hashes; // of epochs 1 to 3

    /// Three statements wait to be live.
    function setUp() public override {
        super.setUp();
        _deposit(consumer, 100_000);
        for (uint64 epoch = 1; epoch <= 3; ++epoch) {
            _post(_pair(100_000, 0, 100_000 - 1000 * epoch, 1000 * epoch));
            hashes[epoch] = clearing.head().hash;
        }
    }

    function _veto(uint64 epoch) private {
        vm.prank(guardian);
        clearing.veto(epoch);
    }

    /// The first `length` of these.
    function _first(IClearing.Statement[] memory statements, uint256 length)
        private
        pure
        returns (IClearing.Statement[] memory)
    {
        assembly ("memory-safe") {
            mstore(statements, length)
        }
        return statements;
    }

    function test_refuses_where_nothing_was_vetoed() public {
        IClearing.Statement[] memory statements = _void();
        vm.expectRevert(abi.encodeWithSelector(IClearing.HeadStands.selector, hashes[3]));
        clearing.rewind(statements);
    }

    function test_refuses_a_second_time() public {
        _veto(3);
        clearing.rewind(_void());
        IClearing.Statement[] memory statements = _void();
        vm.expectRevert(abi.encodeWithSelector(IClearing.HeadStands.selector, hashes[2]));
        clearing.rewind(statements);
    }

    function test_refuses_to_stop_at_a_void_one(uint256 shown) public {
        _veto(2);
        shown = bound(shown, 0, 2);
        IClearing.Statement[] memory statements = _first(_void(), shown);
        vm.expectRevert(abi.encodeWithSelector(IClearing.HeadVoid.selector, hashes[3 - shown]));
        clearing.rewind(statements);
    }

    function test_refuses_a_statement_that_was_not_posted(uint256 which, uint128 payoutsUd) public {
        _veto(2);
        IClearing.Statement[] memory statements = _void();
        which = bound(which, 0, 2);
        vm.assume(payoutsUd != statements[which].payoutsUd);
        statements[which].payoutsUd = payoutsUd;
        bytes32 given = clearing.statementHash(statements[which]);
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.WrongStatement.selector, hashes[3 - which], given)
        );
        clearing.rewind(statements);
    }

    function test_refuses_to_leave_one_out() public {
        _veto(2);
        IClearing.Statement[] memory statements = _void();
        statements[1] = statements[2];
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.WrongStatement.selector, hashes[2], hashes[1])
        );
        clearing.rewind(statements);
    }

    function test_anyone_takes_the_head_back_to_the_last_accepted_one(uint64 from) public {
        from = uint64(bound(from, 2, 3));
        _veto(from);
        IClearing.Head memory head = clearing.head();
        assertTrue(head.isVoid, "void until then");
        assertEq(head.epoch, from - 1, "the epoch is known at once");

        IClearing.Statement[] memory statements = _void();
        vm.expectEmit();
        emit IClearing.Rewound(from - 1, hashes[from - 1]);
        vm.prank(stranger);
        clearing.rewind(statements);

        head = clearing.head();
        assertTrue(!head.isVoid, "stands");
        assertEq(head.hash, hashes[from - 1], "hash");
        assertEq(head.end, START_S + 900 * (from - 1), "end");
        assertEq(head.payoutsUd, 1000 * (from - 1), "payouts");
        assertEq(head.depositsUd, 100_000, "deposits");
        assertEq(head.nextEpoch, 4, "no epoch is used twice");
    }

    function test_goes_back_to_nothing_where_all_were_vetoed() public {
        _veto(1);
        vm.expectEmit();
        emit IClearing.Rewound(0, 0);
        clearing.rewind(_void());
        IClearing.Head memory head = clearing.head();
        assertEq(head.epoch, 0, "none is accepted");
        assertEq(head.hash, 0, "hash");
        assertEq(head.end, 0, "every second may be settled anew");
        assertEq(head.depositsUd + head.payoutsUd, 0, "nothing is accounted for");
        _post(_traded());
        assertEq(clearing.statementOf(4).previousEpoch, 0, "begins anew");
    }

    function test_looks_no_further_than_it_must() public {
        _veto(3);
        IClearing.Statement[] memory all = _backTo(0);
        assertEq(all.length, 3, "more than needed");
        clearing.rewind(all);
        assertEq(clearing.head().epoch, 2, "the last accepted one");
    }

    function test_several_vetoes_before_it_and_after_it() public {
        _veto(3);
        _veto(2); // the head is void already
        clearing.rewind(_void());
        assertEq(clearing.head().hash, hashes[1], "behind both");
        _post(_traded()); // 4
        _post(_traded()); // 5
        _veto(5);
        _post(_traded()); // 6, on 4
        assertEq(clearing.statementOf(6).previousEpoch, 4, "on what stood");
        _veto(4);
        assertEq(clearing.head().epoch, 1, "across all that are void");
        clearing.rewind(_void());
        assertEq(clearing.head().hash, hashes[1], "the first stands");
        for (uint64 epoch = 2; epoch <= 6; ++epoch) {
            assertEq(clearing.statementOf(epoch).previousEpoch, 1, "each void one knows it");
        }
    }

    function test_withdrawals_do_not_wait_for_it() public {
        vm.warp(START_S + 10);
        _post(_traded());
        vm.warp(START_S + DELAY);
        _veto(4);
        IClearing.Leaf[] memory third = _pair(100_000, 0, 97_000, 3000);
        clearing.withdraw(3, third[1], _proofOf(third, 1));
        assertEq(currency.balanceOf(producer), 3000, "paid");
    }
}
