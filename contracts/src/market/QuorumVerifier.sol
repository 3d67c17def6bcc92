// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title QuorumVerifier: k of n independent recomputations agree
/// @notice A proof is at least `quorum` signatures of 65 bytes (r, s, v), one after the other, by
/// verifiers in strictly ascending order of address, each over the EIP-191 message hash of the
/// digest. Every signature in a proof must count.
/// @dev Assumes that fewer than `quorum` verifiers collude, and that each replays the audit bundle
/// before it signs. The set is fixed; a community that changes verifiers opens anew.
contract QuorumVerifier is IVerifier {
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @notice Signatures needed.
    uint8 public immutable quorum;

    /// @notice Is `account` one of the verifiers?
    mapping(address account => bool) public isVerifier;

    /// @notice Thrown when the quorum is zero or more than there are verifiers.
    error QuorumOutOfRange(uint8 quorum, uint256 verifiers);

    /// @notice Thrown when a verifier is the zero address or named twice.
    error VerifierRefused(address verifier);

    constructor(address[] memory verifiers, uint8 quorum_) {
        if (quorum_ == 0 || quorum_ > verifiers.length) {
            revert QuorumOutOfRange(quorum_, verifiers.length);
        }
        for (uint256 i = 0; i < verifiers.length; ++i) {
            address verifier = verifiers[i];
            if (verifier == address(0) || isVerifier[verifier]) revert VerifierRefused(verifier);
            isVerifier[verifier] = true;
        }
        quorum = quorum_;
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 digest, bytes calldata proof) external view returns (bool) {
        if (proof.length % SIGNATURE_LENGTH != 0) return false;
        if (proof.length < quorum * SIGNATURE_LENGTH) return false;

        bytes32 messageHash = MessageHashUtils.toEthSignedMessageHash(digest);
        address previous = address(0);
        for (uint256 offset = 0; offset < proof.length; offset += SIGNATURE_LENGTH) {
            (address signer,,) = ECDSA.tryRecover(
                messageHash,
                uint8(proof[offset + 64]),
                bytes32(proof[offset:offset + 32]),
                bytes32(proof[offset + 32:offset + 64])
            );
            if (signer <= previous || !isVerifier[signer]) return false;
            previous = signer;
        }
        return true;
    }
}
