// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MerklePath: from a leaf up to its root
/// @notice Pairs are hashed sorted, as OpenZeppelin's `MerkleProof` hashes them. Written out, as
/// most of what a payout computes is this: eight levels at a time, once four, the rest one by one.
library MerklePath {
    /// @notice Root that `node` leads to by way of `siblings`, from the leaf upwards.
    function rootOf(bytes32[] calldata siblings, bytes32 node)
        internal
        pure
        returns (bytes32 root)
    {
        assembly ("memory-safe") {
            function up(below, next) -> above {
                let place := shl(5, lt(calldataload(next), below)) // 0 where `below` is the smaller
                mstore(place, below)
                mstore(xor(place, 32), calldataload(next))
                above := keccak256(0, 64)
            }
            root := node
            let next := siblings.offset
            let end := add(next, shl(5, siblings.length))
            for {} and(sub(end, next), 127) { next := add(next, 32) } { root := up(root, next) }
            if and(sub(end, next), 128) {
                root := up(root, next)
                root := up(root, add(next, 32))
                root := up(root, add(next, 64))
                root := up(root, add(next, 96))
                next := add(next, 128)
            }
            for {} xor(next, end) { next := add(next, 256) } {
                root := up(root, next)
                root := up(root, add(next, 32))
                root := up(root, add(next, 64))
                root := up(root, add(next, 96))
                root := up(root, add(next, 128))
                root := up(root, add(next, 160))
                root := up(root, add(next, 192))
                root := up(root, add(next, 224))
            }
        }
    }
}
