// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MerklePath: from a leaf up to its root
/// @notice Pairs are hashed sorted, as OpenZeppelin's `MerkleProof` hashes them. Written out, as
/// most of what a payout computes is this: four levels at a time, a quarter of the loop's cost.
library MerklePath {
    /// @notice Root that `node` leads to by way of `siblings`, from the leaf upwards.
    function rootOf(bytes32[] calldata siblings, bytes32 node)
        internal
        pure
        returns (bytes32 root)
    {
        assembly ("memory-safe") {
            function up(below, sibling) -> above {
                let place := shl(5, lt(sibling, below)) // 0 where `below` is the smaller
                mstore(place, below)
                mstore(xor(place, 32), sibling)
                above := keccak256(0, 64)
            }
            root := node
            let next := siblings.offset
            let end := add(next, shl(5, siblings.length))
            for {} and(sub(end, next), 127) { next := add(next, 32) } {
                root := up(root, calldataload(next))
            }
            for {} lt(next, end) { next := add(next, 128) } {
                root := up(root, calldataload(next))
                root := up(root, calldataload(add(next, 32)))
                root := up(root, calldataload(add(next, 64)))
                root := up(root, calldataload(add(next, 96)))
            }
        }
    }
}
