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
/// before it signs. The set is fixed, and part of the code: to look a signer up costs no access to
/// storage. A community that changes verifiers opens anew.
contract QuorumVerifier is IVerifier {
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @notice Most verifiers of a set.
    uint256 public constant VERIFIERS_MOST = 8;

    /// @notice Signatures needed.
    uint8 public immutable quorum;

    address private immutable _FIRST; // unused places hold the first
    address private immutable _SECOND;
    address private immutable _THIRD;
    address private immutable _FOURTH;
    address private immutable _FIFTH;
    address private immutable _SIXTH;
    address private immutable _SEVENTH;
    address private immutable _EIGHTH;

    /// @notice Thrown when the quorum is zero or more than there are verifiers.
    error QuorumOutOfRange(uint8 quorum, uint256 verifiers);

    /// @notice Thrown when there are more verifiers than a set can have.
    error TooManyVerifiers(uint256 most, uint256 verifiers);

    /// @notice Thrown when a verifier is the zero address or named twice.
    error VerifierRefused(address verifier);

    constructor(address[] memory verifiers, uint8 quorum_) {
        if (quorum_ == 0 || quorum_ > verifiers.length) {
            revert QuorumOutOfRange(quorum_, verifiers.length);
        }
        if (verifiers.length > VERIFIERS_MOST) {
            revert TooManyVerifiers(VERIFIERS_MOST, verifiers.length);
        }
        address[VERIFIERS_MOST] memory places;
        for (uint256 i = 0; i < VERIFIERS_MOST; ++i) {
            places[i] = verifiers[i < verifiers.length ? i : 0];
            if (places[i] == address(0)) revert VerifierRefused(address(0));
            for (uint256 j = 0; j < i && i < verifiers.length; ++j) {
                if (places[j] == places[i]) revert VerifierRefused(places[i]);
            }
        }
        quorum = quorum_;
        (_FIRST, _SECOND, _THIRD, _FOURTH) = (places[0], places[1], places[2], places[3]);
        (_FIFTH, _SIXTH, _SEVENTH, _EIGHTH) = (places[4], places[5], places[6], places[7]);
    }

    /// @inheritdoc IVerifier
    function verify(bytes32 digest, bytes calldata proof) external view returns (bool) {
        uint256 length = proof.length;
        if (length % SIGNATURE_LENGTH != 0) return false;
        if (length / SIGNATURE_LENGTH < quorum) return false;

        bytes32 messageHash = MessageHashUtils.toEthSignedMessageHash(digest);
        address previous = address(0);
        uint256 offset = 0;
        while (offset != length) {
            (bytes32 r, bytes32 s, uint8 v) = _signatureAt(proof, offset);
            (address signer,,) = ECDSA.tryRecover(messageHash, v, r, s);
            if (signer <= previous || !isVerifier(signer)) return false;
            previous = signer;
            unchecked {
                offset += SIGNATURE_LENGTH; // up to the length, of which it is a divisor
            }
        }
        return true;
    }

    /// @notice Is `account` one of the verifiers?
    function isVerifier(address account) public view returns (bool) {
        return account == _FIRST || account == _SECOND || account == _THIRD || account == _FOURTH
            || account == _FIFTH || account == _SIXTH || account == _SEVENTH || account == _EIGHTH;
    }

    /// The signature that begins at `offset`, which the caller knows to lie within the proof.
    function _signatureAt(bytes calldata proof, uint256 offset)
        private
        pure
        returns (bytes32 r, bytes32 s, uint8 v)
    {
        assembly ("memory-safe") {
            let place := add(proof.offset, offset)
            r := calldataload(place)
            s := calldataload(add(place, 32))
            v := byte(0, calldataload(add(place, 64)))
        }
    }
}
