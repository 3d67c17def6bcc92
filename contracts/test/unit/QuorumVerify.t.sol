// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QuorumVerifier} from "../../src/market/QuorumVerifier.sol";
import {World} from "../World.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

contract QuorumVerifyTest is World {
    bytes32 private constant DIGEST = keccak256("statement");

    function _two() private view returns (address[] memory verifiers) {
        verifiers = new address[](2);
        (verifiers[0], verifiers[1]) = (consumer, producer);
    }

    function test_refuses_a_quorum_out_of_range() public {
        vm.expectRevert(abi.encodeWithSelector(QuorumVerifier.QuorumOutOfRange.selector, 0, 2));
        new QuorumVerifier(_two(), 0);
        vm.expectRevert(abi.encodeWithSelector(QuorumVerifier.QuorumOutOfRange.selector, 3, 2));
        new QuorumVerifier(_two(), 3);
    }

    function test_refuses_a_verifier_twice_or_nobody() public {
        address[] memory verifiers = _two();
        verifiers[1] = consumer;
        vm.expectRevert(abi.encodeWithSelector(QuorumVerifier.VerifierRefused.selector, consumer));
        new QuorumVerifier(verifiers, 1);
        verifiers[1] = address(0);
        vm.expectRevert(abi.encodeWithSelector(QuorumVerifier.VerifierRefused.selector, address(0)));
        new QuorumVerifier(verifiers, 1);
    }

    function test_refuses_more_than_fit() public {
        vm.expectRevert(abi.encodeWithSelector(QuorumVerifier.TooManyVerifiers.selector, 8, 9));
        new QuorumVerifier(_many(9), 1);
    }

    function _many(uint256 count) private pure returns (address[] memory verifiers) {
        verifiers = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            verifiers[i] = vm.addr(i + 1);
        }
    }

    function test_knows_each_of_its_verifiers_and_nobody_else(uint256 count) public {
        count = bound(count, 1, 8);
        QuorumVerifier set = new QuorumVerifier(_many(count), uint8(count));
        for (uint256 i = 0; i < 8; ++i) {
            assertTrue(set.isVerifier(vm.addr(i + 1)) == (i < count), "in the set");
        }
        assertTrue(!set.isVerifier(address(0)), "an unused place is nobody's");
    }

    function test_false_for_too_few() public view {
        bytes memory one =
            _signature(_verifierRole(0), MessageHashUtils.toEthSignedMessageHash(DIGEST));
        assertTrue(!verifier.verify(DIGEST, ""), "none");
        assertTrue(!verifier.verify(DIGEST, one), "one of two");
        assertTrue(!verifier.verify(DIGEST, bytes.concat(one, one)), "one, twice");
    }

    function test_false_out_of_order() public view {
        bytes32 message = MessageHashUtils.toEthSignedMessageHash(DIGEST);
        bytes memory a = _signature(_verifierRole(0), message);
        bytes memory b = _signature(_verifierRole(1), message);
        bool forth = verifier.verify(DIGEST, bytes.concat(a, b));
        bool back = verifier.verify(DIGEST, bytes.concat(b, a));
        assertTrue(forth != back, "one order only");
    }

    function test_false_for_another_digest(bytes32 digest) public view {
        vm.assume(digest != DIGEST);
        assertTrue(!verifier.verify(digest, _proof(DIGEST, 0, 1)), "signed something else");
    }

    function test_false_without_the_message_prefix() public view {
        bytes memory a = _signature(_verifierRole(0), DIGEST);
        bytes memory b = _signature(_verifierRole(1), DIGEST);
        assertTrue(!verifier.verify(DIGEST, bytes.concat(a, b)), "one order");
        assertTrue(!verifier.verify(DIGEST, bytes.concat(b, a)), "the other");
    }

    function test_false_for_a_stranger_among_them() public view {
        bytes memory proof = _proof(DIGEST, 0, 1);
        bytes memory more = _signature("stranger", MessageHashUtils.toEthSignedMessageHash(DIGEST));
        assertTrue(!verifier.verify(DIGEST, bytes.concat(proof, more)), "after");
        assertTrue(!verifier.verify(DIGEST, bytes.concat(more, proof)), "before");
    }

    function test_false_for_the_high_s_twin() public view {
        bytes memory proof = _proof(DIGEST, 0, 1);
        bytes32 s;
        assembly ("memory-safe") {
            s := mload(add(proof, 64))
        }
        s = bytes32(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - uint256(s));
        assembly ("memory-safe") {
            mstore(add(proof, 64), s)
        }
        proof[64] = bytes1(uint8(proof[64]) == 27 ? 28 : 27);
        assertTrue(!verifier.verify(DIGEST, proof), "one form only");
    }

    function test_false_for_noise(bytes calldata proof) public view {
        assertTrue(!verifier.verify(DIGEST, proof), "noise");
    }

    function test_true_for_any_quorum() public view {
        assertTrue(verifier.verify(DIGEST, _proof(DIGEST, 0, 1)), "first and second");
        assertTrue(verifier.verify(DIGEST, _proof(DIGEST, 1, 2)), "second and third");
        assertTrue(verifier.verify(DIGEST, _proof(DIGEST, 2, 0)), "third and first");
    }
}
