// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title BackingReserve: every dollar out is a dollar held by the custodians
/// @notice The facilitator of settlement money. At least a quorum of the custodians signs what they
/// hold (an attestation) and what came in for whom (a receipt). Money is made only against a
/// receipt, and never beyond what the last attestation backs. Whoever holds money redeems it at
/// par, at any time: the money is unmade and a claim is written down, which the custodians pay in
/// the order of the claims; an attestation says up to which claim they have.
///
/// All amounts are micro-dollars [ud], all times UTC unix seconds [s]. A bank knows no less than a
/// cent (10 000 ud), so redemptions are whole cents.
///
/// @dev There is no role here, no pause and no way out but `redeem`: this contract never calls
/// anything but the currency and the custodians' verifier, holds no money between calls, and
/// cannot move a dollar to the stabilisation fund or to anybody else.
///
/// Assumptions. Fewer than the quorum of custodians collude, and what they sign is what the bank
/// says. The currency moves exactly the amounts asked for and calls nobody. A payment that a bank
/// sends back is held in trust for its payee outside the attested amount: it counts as paid, and
/// holds nobody else up.
///
/// What holds whatever anybody signs: right after a receipt is served, money out plus claims not
/// yet paid are at most what the last attestation says is held.
///
/// Warning: **an attestation may say less than is owed.** It is accepted, because it is the truth;
/// nothing is made until it is more again, redemption stays open, and `reserves` shows the gap.
///
/// Warning: **lost keys.** The custodians are fixed for ever. If too many keys are lost nothing is
/// made and no claim is marked as paid; claims are still written down in order. A successor is
/// another reserve with a bucket of its own.
///
/// Warning: it redeems at most the money it made itself. Only reserves should have buckets.
interface IBackingReserve {
    /// @notice What the custodians hold, as they sign it (EIP-712).
    struct Attestation {
        uint64 asOf; // when it was so [s]
        uint128 heldUd; // in trust for the holders of the money, claims not yet paid included
        uint64 paidThrough; // number of the last claim paid by then; all before it are paid too
        bytes32 statementHash; // of the custodian's statement
    }

    /// @notice What came in for whom, as the custodians sign it (EIP-712).
    struct Receipt {
        address to;
        uint128 amountUd;
        bytes32 depositId; // hash of the bank's own reference, salted; served once
    }

    /// @notice What is kept of a redemption.
    struct Claim {
        address account; // who redeemed
        uint128 amountUd;
        bytes32 payee; // hash of the bank account to pay, salted
        bool paid;
    }

    /// @notice The custodians attested what they hold.
    event Attested(uint64 indexed asOf, uint256 heldUd, uint64 paidThrough, bytes32 statementHash);

    /// @notice Money was made against a receipt.
    event Issued(address indexed to, uint256 amountUd, bytes32 indexed depositId);

    /// @notice Money was unmade and is to be paid at par.
    event Redeemed(
        uint64 indexed claim, address indexed account, uint256 amountUd, bytes32 indexed payee
    );

    /// @notice Thrown when the currency or the custodians would be nobody, or attestations would
    /// be stale at once.
    error ZeroArgument();

    /// @notice Thrown when the quorum did not sign this.
    error ProofRefused(bytes32 digest);

    /// @notice Thrown when an attestation is not newer than the last, or from the future.
    error WrongTime(uint64 after_, uint64 notAfter, uint64 given);

    /// @notice Thrown when an attestation takes payments back, or pays claims there are not.
    error WrongClaims(uint64 least, uint64 most, uint64 given);

    /// @notice Thrown when a receipt was served before.
    error AlreadyServed(bytes32 depositId);

    /// @notice Thrown when the last attestation is too old to make money by.
    error AttestationStale(uint64 asOf, uint64 staleAt);

    /// @notice Thrown when money would be made beyond what is held.
    error Unbacked(uint256 heldUd, uint256 owedUd, uint256 amountUd);

    /// @notice Thrown when a redemption is nothing, or not whole cents.
    error NotWholeCents(uint256 amountUd);

    /// @notice Thrown when a redemption names nobody to pay.
    error ZeroPayee();

    /// @notice Thrown when there is no claim of this number.
    error NoClaim(uint64 claim);

    /// @notice Takes an attestation in.
    /// @dev Called by anyone.
    /// @param proof that a quorum of the custodians signed `attestationHash(attestation)`
    function attest(Attestation calldata attestation, bytes calldata proof) external;

    /// @notice Makes the money a receipt is for.
    /// @dev Called by anyone.
    /// @param proof that a quorum of the custodians signed `receiptHash(receipt)`
    function issue(Receipt calldata receipt, bytes calldata proof) external;

    /// @notice Unmakes `amountUd` of the caller's and writes down that it is owed to `payee`.
    /// @dev Called by anyone who holds money and let this contract take it.
    /// @param amountUd whole cents [ud]
    /// @param payee hash of the bank account to pay, salted; never the account itself
    /// @return claim its number; the first is 1
    function redeem(uint128 amountUd, bytes32 payee) external returns (uint64 claim);

    /// @notice What is held by the last attestation, and what is owed: money out, and claims not
    /// yet paid [ud]. They are equal when all is well.
    /// @return heldUd by the last attestation
    /// @return outUd money out
    /// @return claimsUd redeemed and not yet paid
    function reserves() external view returns (uint256 heldUd, uint256 outUd, uint256 claimsUd);

    /// @notice The last attestation; all zero before the first.
    function lastAttestation() external view returns (Attestation memory);

    /// @notice First second in which the last attestation is too old to make money by [s].
    function staleAt() external view returns (uint64);

    /// @notice Number of the last claim; zero before the first.
    function lastClaim() external view returns (uint64);

    /// @notice The redemption of this number.
    function claimOf(uint64 claim) external view returns (Claim memory);

    /// @notice Was the receipt of this deposit served?
    function isServed(bytes32 depositId) external view returns (bool);

    /// @notice What custodians sign: the EIP-712 digest, bound to this chain and contract.
    function attestationHash(Attestation calldata attestation) external view returns (bytes32);

    /// @notice What custodians sign: the EIP-712 digest, bound to this chain and contract.
    function receiptHash(Receipt calldata receipt) external view returns (bytes32);
}
