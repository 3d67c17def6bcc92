// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBackingReserve} from "../interfaces/IBackingReserve.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title BackingReserve
/// @notice See `IBackingReserve`.
contract BackingReserve is IBackingReserve, EIP712 {
    using SafeERC20 for ICurrency;
    using SafeCast for uint256;

    struct Entry {
        address account;
        uint96 through; // redeemed ever, this claim included [ud]
        // slot
        bytes32 payee;
    }

    /// @notice Least a bank can pay [ud].
    uint128 public constant CENT = 10_000;

    bytes32 private constant _ATTESTATION = keccak256(
        "Attestation(uint64 asOf,uint128 heldUd,uint64 paidThrough,bytes32 statementHash)"
    );
    bytes32 private constant _RECEIPT =
        keccak256("Receipt(address to,uint128 amountUd,bytes32 depositId)");

    /// @notice The money made here.
    ICurrency public immutable currency;

    /// @notice Judges whether a quorum of the custodians signed.
    IVerifier public immutable custodians;

    /// @notice Age from which an attestation is too old to make money by [s].
    uint64 public immutable ageMost;

    /// @inheritdoc IBackingReserve
    mapping(bytes32 depositId => bool) public isServed;

    /// @inheritdoc IBackingReserve
    uint64 public lastClaim;

    Attestation private _last;
    mapping(uint64 claim => Entry) private _entries; // number 0 stays empty: nothing redeemed

    constructor(ICurrency currency_, IVerifier custodians_, uint64 ageMost_)
        EIP712("SourceEnergy BackingReserve", "1")
    {
        if (address(currency_) == address(0) || address(custodians_) == address(0) || ageMost_ == 0)
        {
            revert ZeroArgument();
        }
        currency = currency_;
        custodians = custodians_;
        ageMost = ageMost_;
    }

    /// @inheritdoc IBackingReserve
    function attest(Attestation calldata attestation, bytes calldata proof) external {
        Attestation storage last = _last;
        if (attestation.asOf <= last.asOf || attestation.asOf > block.timestamp) {
            revert WrongTime(last.asOf, uint64(block.timestamp), attestation.asOf);
        }
        if (attestation.paidThrough < last.paidThrough || attestation.paidThrough > lastClaim) {
            revert WrongClaims(last.paidThrough, lastClaim, attestation.paidThrough);
        }
        _check(attestationHash(attestation), proof);

        _last = attestation;
        emit Attested(
            attestation.asOf, attestation.heldUd, attestation.paidThrough, attestation.statementHash
        );
    }

    /// @inheritdoc IBackingReserve
    function issue(Receipt calldata receipt, bytes calldata proof) external {
        if (isServed[receipt.depositId]) revert AlreadyServed(receipt.depositId);
        if (block.timestamp >= staleAt()) revert AttestationStale(_last.asOf, staleAt());
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserves();
        if (outUd + claimsUd + receipt.amountUd > heldUd) {
            revert Unbacked(heldUd, outUd + claimsUd, receipt.amountUd);
        }
        _check(receiptHash(receipt), proof);

        isServed[receipt.depositId] = true;
        emit Issued(receipt.to, receipt.amountUd, receipt.depositId);
        currency.mint(receipt.to, receipt.amountUd);
    }

    /// @inheritdoc IBackingReserve
    function redeem(uint128 amountUd, bytes32 payee) external returns (uint64 claim) {
        if (amountUd == 0 || amountUd % CENT != 0) revert NotWholeCents(amountUd);
        if (payee == 0) revert ZeroPayee();

        uint256 throughUd = uint256(_entries[lastClaim].through) + amountUd;
        claim = ++lastClaim;
        _entries[claim] = Entry(msg.sender, throughUd.toUint96(), payee);
        emit Redeemed(claim, msg.sender, amountUd, payee);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
        currency.burn(amountUd);
    }

    /// @inheritdoc IBackingReserve
    function lastAttestation() external view returns (Attestation memory) {
        return _last;
    }

    /// @inheritdoc IBackingReserve
    function claimOf(uint64 claim) external view returns (Claim memory) {
        if (claim == 0 || claim > lastClaim) revert NoClaim(claim);
        Entry memory entry = _entries[claim];
        return Claim({
            account: entry.account,
            amountUd: entry.through - _entries[claim - 1].through,
            payee: entry.payee,
            paid: claim <= _last.paidThrough
        });
    }

    /// @inheritdoc IBackingReserve
    function reserves() public view returns (uint256 heldUd, uint256 outUd, uint256 claimsUd) {
        heldUd = _last.heldUd;
        (, outUd) = currency.bucketOf(address(this));
        claimsUd = _entries[lastClaim].through - _entries[_last.paidThrough].through;
    }

    /// @inheritdoc IBackingReserve
    function staleAt() public view returns (uint64) {
        return _last.asOf == 0 ? 0 : _last.asOf + ageMost;
    }

    /// @inheritdoc IBackingReserve
    function attestationHash(Attestation calldata attestation) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_ATTESTATION, attestation)));
    }

    /// @inheritdoc IBackingReserve
    function receiptHash(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_RECEIPT, receipt)));
    }

    function _check(bytes32 digest, bytes calldata proof) private view {
        if (!custodians.verify(digest, proof)) revert ProofRefused(digest);
    }
}
