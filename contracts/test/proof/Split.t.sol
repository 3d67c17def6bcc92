// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Split} from "../../src/libraries/Split.sol";
import {Proof} from "./Proof.sol";

/// @title Splits sum exactly
/// @custom:bounds sums are proved for all totals of 128 and weights of 64 bits, of two and three
/// parts; the loop that gives the rest away is followed for four rounds. That fewer units are left
/// than there are parts is proved for two weights that sum to ten and totals of 8 bits. That each
/// part is within a unit of its exact share is left to the fuzz tests of cascade and trust.
contract SplitProof is Proof {
    uint256 private constant WHOLE = 10;

    function check_two_parts_sum(uint128 total, uint64 first, uint64 second) public pure {
        uint256[] memory weights = new uint256[](2);
        (weights[0], weights[1]) = (first, second);
        vm.assume(uint256(first) + second != 0);
        uint256[] memory parts = Split.largestRemainder(total, weights);

        assert(parts[0] + parts[1] == total);
    }

    function check_three_parts_sum(uint128 total, uint64 first, uint64 second, uint64 third)
        public
        pure
    {
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (first, second, third);
        vm.assume(uint256(first) + second + third != 0);
        uint256[] memory parts = Split.largestRemainder(total, weights);

        assert(parts[0] + parts[1] + parts[2] == total);
    }

    /// Why a few rounds are enough: fewer units are left than there are parts.
    function check_fewer_units_are_left_than_parts(uint8 total, uint8 first) public pure {
        vm.assume(first <= WHOLE);
        uint256 left;
        unchecked {
            left = total - total * uint256(first) / WHOLE - total * (WHOLE - first) / WHOLE;
        }

        assert(left < 2);
    }
}
