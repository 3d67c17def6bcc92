// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BackingReserve} from "../../../src/bank/BackingReserve.sol";
import {IBackingReserve} from "../../../src/interfaces/IBackingReserve.sol";
import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {Bank} from "../../Bank.sol";

contract ReserveAttestTest is Bank {
    function _refusedAttest(IBackingReserve.Attestation memory a, bytes memory reason) private {
        bytes memory proof = _signed("custodian", reserve.attestationHash(a));
        vm.expectRevert(reason);
        reserve.attest(a, proof);
    }

    function test_refuses_to_be_made_of_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.ZeroArgument.selector));
        new BackingReserve(ICurrency(address(0)), custodians, AGE_MOST);
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.ZeroArgument.selector));
        new BackingReserve(currency, custodians, 0);
    }

    function test_refuses_an_older_one_or_the_same_again(uint64 asOf) public {
        _attest(100 * DOLLAR, 0);
        uint64 last = uint64(block.timestamp);
        IBackingReserve.Attestation memory a = _attestation(200 * DOLLAR, 0);
        a.asOf = uint64(bound(asOf, 0, last));
        _refusedAttest(
            a, abi.encodeWithSelector(IBackingReserve.WrongTime.selector, last, last, a.asOf)
        );
    }

    function test_refuses_the_future(uint64 asOf) public {
        IBackingReserve.Attestation memory a = _attestation(200 * DOLLAR, 0);
        a.asOf = uint64(bound(asOf, block.timestamp + 1, type(uint64).max));
        _refusedAttest(
            a,
            abi.encodeWithSelector(IBackingReserve.WrongTime.selector, 0, block.timestamp, a.asOf)
        );
    }

    function test_refuses_payments_there_are_no_claims_for() public {
        _refusedAttest(
            _attestation(0, 1),
            abi.encodeWithSelector(IBackingReserve.WrongClaims.selector, 0, 0, 1)
        );
    }

    function test_refuses_payments_taken_back() public {
        _bring(consumer, 10 * DOLLAR);
        _redeem(consumer, DOLLAR);
        _redeem(consumer, DOLLAR);
        _attest(8 * DOLLAR, 2);
        vm.warp(block.timestamp + 1);
        _refusedAttest(
            _attestation(9 * DOLLAR, 1),
            abi.encodeWithSelector(IBackingReserve.WrongClaims.selector, 2, 2, 1)
        );
    }

    function test_refuses_one_signature_or_another_kinds() public {
        IBackingReserve.Attestation memory a = _attestation(DOLLAR, 0);
        bytes32 digest = reserve.attestationHash(a);
        bytes memory one = _signature(_role("custodian", 0), digest);
        bytes memory others = _signed("guardian", digest);
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.ProofRefused.selector, digest));
        reserve.attest(a, one);
        vm.expectRevert(abi.encodeWithSelector(IBackingReserve.ProofRefused.selector, digest));
        reserve.attest(a, others);
    }

    function test_refuses_signatures_for_another_reserve_or_chain() public {
        IBackingReserve.Attestation memory a = _attestation(DOLLAR, 0);
        bytes memory proof = _signed("custodian", reserve.attestationHash(a));
        BackingReserve other = new BackingReserve(currency, custodians, AGE_MOST);
        vm.expectRevert(
            abi.encodeWithSelector(IBackingReserve.ProofRefused.selector, other.attestationHash(a))
        );
        other.attest(a, proof);
        vm.chainId(7);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBackingReserve.ProofRefused.selector, reserve.attestationHash(a)
            )
        );
        reserve.attest(a, proof);
    }

    function test_attests(uint128 heldUd) public {
        IBackingReserve.Attestation memory a = _attestation(heldUd, 0);
        bytes memory proof = _signed("custodian", reserve.attestationHash(a));
        vm.expectEmit();
        emit IBackingReserve.Attested(a.asOf, heldUd, 0, a.statementHash);
        vm.prank(stranger);
        reserve.attest(a, proof);
        (uint256 held,,) = reserve.reserves();
        assertEq(held, heldUd, "held");
        assertEq(reserve.lastAttestation().statementHash, a.statementHash, "statement");
        assertEq(reserve.staleAt(), a.asOf + AGE_MOST, "stale at");
    }

    function test_S23_a_planted_cent_shows() public {
        _bring(consumer, 50_000 * DOLLAR);
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        assertEq(heldUd, outUd + claimsUd, "difference 0.00");
        _attest(50_000 * DOLLAR - 10_000, 0);
        (heldUd, outUd, claimsUd) = reserve.reserves();
        assertEq(outUd + claimsUd - heldUd, 10_000, "difference 0.01");
    }
}
