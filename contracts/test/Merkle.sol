// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle: trees of sorted pairs; an odd node moves up unchanged
library Merkle {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        while (leaves.length > 1) leaves = _above(leaves);
        return leaves[0];
    }

    function proof(bytes32[] memory leaves, uint256 index)
        internal
        pure
        returns (bytes32[] memory path)
    {
        path = new bytes32[](32);
        uint256 length = 0;
        for (; leaves.length > 1; index /= 2) {
            if (index ^ 1 < leaves.length) path[length++] = leaves[index ^ 1];
            leaves = _above(leaves);
        }
        assembly ("memory-safe") {
            mstore(path, length)
        }
    }

    function _above(bytes32[] memory nodes) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((nodes.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            bytes32 a = nodes[2 * i];
            above[i] = a;
            if (2 * i + 1 == nodes.length) continue;
            bytes32 b = nodes[2 * i + 1];
            above[i] = a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
        }
    }
}
