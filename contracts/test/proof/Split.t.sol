// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Split} from "../../src/libraries/Split.sol";
import {Proof} from "./Proof.sol";

/// @title Splits sum exactly, and no part is a whole unit away from its exact share
/// @custom:bounds sums are proved for all totals of 128 and weights of 64 bits, of two and three
/// parts; the loop that gives the rest away is followed for four rounds, and fewer units are left
/// than there are parts (proved for totals and weights of 4 bits, since the solver divides by an
/// unknown bit by bit). A part within a unit of its exact share: 4 bits.
contract SplitProof is Proof {
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
    function check_fewer_units_are_left_than_parts(uint8 total, uint8 first, uint8 second)
        public
        pure
    {
        uint256 whole = _narrow(total, first, second);
        uint256 given = uint256(total) * first / whole + uint256(total) * second / whole;

        assert(given <= total);
        assert(total - given < 2);
    }

    function check_a_part_is_its_share_rounded(uint8 total, uint8 first, uint8 second) public pure {
        uint256 whole = _narrow(total, first, second);
        uint256[] memory weights = new uint256[](2);
        (weights[0], weights[1]) = (first, second);
        uint256[] memory parts = Split.largestRemainder(total, weights);

        uint256 exact = uint256(total) * first; // times whole
        assert(parts[0] * whole < exact + whole);
        assert(exact < (parts[0] + 1) * whole);
    }

    function _narrow(uint256 total, uint256 first, uint256 second)
        private
        pure
        returns (uint256 whole)
    {
        whole = first + second;
        vm.assume(total < 16 && first < 16 && second < 16 && whole != 0);
    }
}
