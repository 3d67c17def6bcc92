// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBackingReserve} from "../../../src/interfaces/IBackingReserve.sol";
import {Bank} from "../../Bank.sol";

/// @title TwoPots: no way leads from the backing to the stabilisation fund
/// @notice The list of the reserve's functions is complete: it equals what the deployed code's
/// dispatcher knows. Each of them is called by everyone who has any power at all.
contract TwoPotsTest is Bank {
    function _views() private pure returns (bytes4[] memory list) {
        list = new bytes4[](13);
        list[0] = IBackingReserve.reserves.selector;
        list[1] = IBackingReserve.lastAttestation.selector;
        list[2] = IBackingReserve.staleAt.selector;
        list[3] = IBackingReserve.lastClaim.selector;
        list[4] = IBackingReserve.claimOf.selector;
        list[5] = IBackingReserve.isServed.selector;
        list[6] = IBackingReserve.attestationHash.selector;
        list[7] = IBackingReserve.receiptHash.selector;
        list[8] = bytes4(keccak256("CENT()"));
        list[9] = bytes4(keccak256("currency()"));
        list[10] = bytes4(keccak256("custodians()"));
        list[11] = bytes4(keccak256("ageMost()"));
        list[12] = bytes4(keccak256("eip712Domain()"));
    }

    function _verbs() private pure returns (bytes4[] memory list) {
        list = new bytes4[](3);
        list[0] = IBackingReserve.attest.selector;
        list[1] = IBackingReserve.issue.selector;
        list[2] = IBackingReserve.redeem.selector;
    }

    function _everyone() private view returns (address[7] memory) {
        return [
            admin,
            guardian,
            operator,
            facilitator,
            councillors[0],
            address(timelock), // a unanimous council
            address(fund)
        ];
    }

    function _listed(bytes4 selector) private pure returns (bool) {
        bytes4[] memory views = _views();
        for (uint256 i = 0; i < views.length; ++i) {
            if (views[i] == selector) return true;
        }
        bytes4[] memory verbs = _verbs();
        for (uint256 i = 0; i < verbs.length; ++i) {
            if (verbs[i] == selector) return true;
        }
        return false;
    }

    /// The dispatcher compares with PUSH4 selector, EQ, PUSH2 target, JUMPI.
    function test_the_list_is_complete() public view {
        bytes memory code = address(reserve).code;
        uint256 found;
        for (uint256 i = 0; i + 9 < code.length; ++i) {
            if (
                code[i] != 0x63 || code[i + 5] != 0x14 || code[i + 6] != 0x61 || code[i + 9] != 0x57
            ) continue;
            bytes4 selector = bytes4(code[i + 1]) | bytes4(code[i + 2]) >> 8 | bytes4(code[i + 3])
                >> 16 | bytes4(code[i + 4]) >> 24;
            assertTrue(_listed(selector), "a function that is not listed");
            ++found;
        }
        assertEq(found, 16, "every function there is");
    }

    function test_S23_nothing_moves_from_backing_to_stabilisation(bytes32 a, bytes32 b, bytes32 c)
        public
    {
        _bring(consumer, 50_000 * DOLLAR);
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        address[7] memory everyone = _everyone();
        bytes4[] memory verbs = _verbs();
        for (uint256 i = 0; i < everyone.length; ++i) {
            for (uint256 j = 0; j < verbs.length; ++j) {
                vm.prank(everyone[i]);
                // also as addresses and amounts that mean something
                (bool one,) = address(reserve).call(abi.encodePacked(verbs[j], a, b, c));
                vm.prank(everyone[i]);
                (bool two,) = address(reserve)
                    .call(
                        abi.encodePacked(verbs[j], abi.encode(10_000, address(fund), 1, 128, 0, 0))
                    );
                assertTrue(!one && !two, "refused: no signatures, no money of their own");
            }
        }
        assertEq(currency.balanceOf(address(fund)), 0, "stabilisation has nothing");
        (uint256 held, uint256 out, uint256 claims) = reserve.reserves();
        assertEq(held, heldUd, "held");
        assertEq(out, outUd, "out");
        assertEq(claims, claimsUd, "claims");
    }

    /// The reserve knows the currency and the custodians, and no address of the fund: what it calls
    /// is fixed in its code, and it holds no money that could be moved.
    function test_the_reserve_holds_nothing_and_trusts_nobody() public {
        _bring(consumer, 50_000 * DOLLAR);
        _redeem(consumer, 10_000 * DOLLAR);
        assertEq(currency.balanceOf(address(reserve)), 0, "holds nothing");
        vm.prank(address(fund));
        (bool ok,) = address(reserve).call(abi.encodeWithSignature("authority()"));
        assertTrue(!ok, "no manager, no owner");
        (ok,) = address(reserve).call(abi.encodeWithSignature("owner()"));
        assertTrue(!ok, "no manager, no owner");
    }
}
