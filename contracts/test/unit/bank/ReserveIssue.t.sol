// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBackingReserve} from "../../../src/interfaces/IBackingReserve.sol";
import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {Bank} from "../../Bank.sol";

contract ReserveIssueTest is Bank {
    function _refusedIssue(IBackingReserve.Receipt memory r, bytes memory reason) private {
        bytes memory proof = _signed("custodian", reserve.receiptHash(r));
        vm.expectRevert(reason);
        reserve.issue(r, proof);
    }

    function test_refuses_before_the_first_attestation() public {
        _refusedIssue(
            _receipt(consumer, 1),
            abi.encodeWithSelector(IBackingReserve.AttestationStale.selector, 0, 0)
        );
    }

    function test_refuses_a_stale_attestation(uint64 age) public {
        _attest(10 * DOLLAR, 0);
        uint64 asOf = uint64(block.timestamp);
        vm.warp(asOf + bound(age, AGE_MOST, 3650 days));
        _refusedIssue(
            _receipt(consumer, 1),
            abi.encodeWithSelector(IBackingReserve.AttestationStale.selector, asOf, asOf + AGE_MOST)
        );
    }

    function test_S22_refuses_minting_above_backing(uint128 heldUd, uint128 outUd, uint128 moreUd)
        public
    {
        heldUd = uint128(bound(heldUd, 0, 1e20));
        outUd = uint128(bound(outUd, 0, heldUd));
        moreUd = uint128(bound(moreUd, uint256(heldUd) - outUd + 1, 1e21));
        _attest(heldUd, 0);
        _issue(consumer, outUd);
        _refusedIssue(
            _receipt(consumer, moreUd),
            abi.encodeWithSelector(IBackingReserve.Unbacked.selector, heldUd, outUd, moreUd)
        );
    }

    function test_refuses_what_backs_claims_not_yet_paid() public {
        _bring(consumer, 10 * DOLLAR);
        _redeem(consumer, 10 * DOLLAR);
        _refusedIssue(
            _receipt(consumer, DOLLAR),
            abi.encodeWithSelector(
                IBackingReserve.Unbacked.selector, 10 * DOLLAR, 10 * DOLLAR, DOLLAR
            )
        );
    }

    function test_refuses_a_receipt_twice() public {
        _attest(10 * DOLLAR, 0);
        IBackingReserve.Receipt memory r = _receipt(consumer, DOLLAR);
        reserve.issue(r, _signed("custodian", reserve.receiptHash(r)));
        assertTrue(reserve.isServed(r.depositId), "served");
        _refusedIssue(
            r, abi.encodeWithSelector(IBackingReserve.AlreadyServed.selector, r.depositId)
        );
    }

    function test_refuses_another_payee_or_amount() public {
        _attest(10 * DOLLAR, 0);
        IBackingReserve.Receipt memory r = _receipt(consumer, DOLLAR);
        bytes memory proof = _signed("custodian", reserve.receiptHash(r));
        (r.to, r.amountUd) = (stranger, DOLLAR);
        vm.expectRevert(
            abi.encodeWithSelector(IBackingReserve.ProofRefused.selector, reserve.receiptHash(r))
        );
        reserve.issue(r, proof);
        (r.to, r.amountUd) = (consumer, 2 * DOLLAR);
        vm.expectRevert(
            abi.encodeWithSelector(IBackingReserve.ProofRefused.selector, reserve.receiptHash(r))
        );
        reserve.issue(r, proof);
    }

    function test_refuses_beyond_the_bucket() public {
        vm.prank(admin);
        currency.setBucket(address(reserve), 5);
        _attest(10 * DOLLAR, 0);
        _refusedIssue(
            _receipt(consumer, 6),
            abi.encodeWithSelector(ICurrency.BucketExceeded.selector, address(reserve), 5, 0, 6)
        );
    }

    function test_issues_for_anyone_who_brings_the_receipt(uint128 heldUd, uint128 amountUd)
        public
    {
        amountUd = uint128(bound(amountUd, 0, heldUd));
        _attest(heldUd, 0);
        IBackingReserve.Receipt memory r = _receipt(consumer, amountUd);
        bytes memory proof = _signed("custodian", reserve.receiptHash(r));
        vm.expectEmit();
        emit IBackingReserve.Issued(consumer, amountUd, r.depositId);
        vm.prank(stranger);
        reserve.issue(r, proof);
        assertEq(currency.balanceOf(consumer), amountUd, "made");
        (, uint256 outUd,) = reserve.reserves();
        assertEq(outUd, amountUd, "out");
    }
}
