// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "../Base.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title VmArrays: the cheatcodes for lists in a file, which only this test needs
interface VmArrays {
    function parseJsonBytes32Array(string calldata json, string calldata key)
        external
        pure
        returns (bytes32[] memory);
    function parseJsonBoolArray(string calldata json, string calldata key)
        external
        pure
        returns (bool[] memory);
    function toString(uint256 value) external pure returns (string memory);
}

/// @title Multiproof: OpenZeppelin accepts the multiproofs that the Python package makes
/// @notice The same file is read by the Python tests.
contract MultiproofTest is Base {
    VmArrays private constant ARRAYS = VmArrays(address(vm));
    string private json = vm.readFile("test/vectors/multiproof.json");

    function _case(uint256 index)
        private
        view
        returns (bytes32[] memory proof, bool[] memory flags, bytes32 root, bytes32[] memory leaves)
    {
        string memory at_ = string.concat(".cases[", ARRAYS.toString(index), "]");
        proof = ARRAYS.parseJsonBytes32Array(json, string.concat(at_, ".proof"));
        flags = ARRAYS.parseJsonBoolArray(json, string.concat(at_, ".flags"));
        root = vm.parseJsonBytes32(json, string.concat(at_, ".root"));
        leaves = ARRAYS.parseJsonBytes32Array(json, string.concat(at_, ".leaves"));
    }

    function test_refuses_another_root() public view {
        (bytes32[] memory proof, bool[] memory flags,, bytes32[] memory leaves) = _case(0);
        bytes32 other = keccak256("other");
        assertTrue(!MerkleProof.multiProofVerify(proof, flags, other, leaves), "root");
    }

    function test_refuses_another_leaf() public view {
        (bytes32[] memory proof, bool[] memory flags, bytes32 root, bytes32[] memory leaves) =
            _case(0);
        leaves[0] = keccak256("other");
        assertTrue(!MerkleProof.multiProofVerify(proof, flags, root, leaves), "leaf");
    }

    function test_accepts_every_case() public view {
        uint256 count = vm.parseJsonUint(json, ".count");
        assertTrue(count > 10, "cases");
        for (uint256 i = 0; i < count; ++i) {
            (bytes32[] memory proof, bool[] memory flags, bytes32 root, bytes32[] memory leaves) =
                _case(i);
            assertTrue(MerkleProof.multiProofVerify(proof, flags, root, leaves), "case");
        }
    }
}
