// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Verifier: is a statement the right one?
/// @notice Today a quorum of independent recomputations signs the statement's hash; later a
/// validity proof may stand behind the same question.
interface IVerifier {
    /// @notice Does `proof` show that the statement with hash `digest` is right?
    /// @dev Answers false for a proof of any other shape; reverting is allowed too.
    function verify(bytes32 digest, bytes calldata proof) external view returns (bool);
}
