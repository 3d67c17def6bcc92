// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "./IPassport.sol";

/// @title Account: a member's wallet, opened with a passkey
/// @notice An ERC-4337 smart account. Its key is a passkey (WebAuthn, P-256); it acts by
/// `execute` (ERC-7821), called by the entry point for an operation the key signed, or by itself;
/// it signs for other contracts (ERC-1271, ERC-7739).
///
/// The rule of recovery:
/// 1. As many guardians as the threshold says approve one new key. The recovery starts.
/// 2. For `RECOVERY_DELAY` the account is locked: it executes nothing and its key signs nothing,
///    whoever holds the key.
/// 3. A guardian may take its approval back. The recovery stands only while as many guardians as
///    the threshold says stand by it; otherwise it ends and the lock is lifted.
/// 4. One guardian and the current key together may cancel it. The key alone may not, a thief
///    may hold it; a guardian alone may not either. There is always at least one guardian more
///    than the threshold, so that guardians who conspire leave one whom the owner can turn to.
/// 5. After the delay anybody completes it: the new key counts, the old one is dead. The address
///    is the same, and all assets are where they were.
///
/// New guardians named by the key wait for `GUARDIANS_DELAY`; a recovery that starts meanwhile
/// strikes them out. So a thief cannot name its own before the old ones act.
/// @dev Assumes that guardians are different persons who do not conspire in the number of the
/// threshold. Where passports know them, it is checked that they are neither the owner nor one
/// another; guardians without identity are taken at their word.
///
/// Warning: the lock stops what the account does, not what it did: an allowance or a passport
/// permission that the thief gave before the recovery started stays. Whoever recovers takes
/// allowances back first; the issuer may hold the passport meanwhile.
///
/// Warning: funds for gas are the account's own where no paymaster pays; nothing is paid for an
/// operation while the account is locked.
interface IMemberAccount {
    /// @notice The account was set up.
    event Opened(bytes32 qx, bytes32 qy, address[] guardians, uint8 threshold);

    /// @notice The owner changed the key.
    event KeyChanged(bytes32 qx, bytes32 qy);

    /// @notice New guardians were named; they count from `readyAt` on, when accepted [UTC unix s].
    event GuardiansNamed(address[] guardians, uint8 threshold, uint40 readyAt);

    /// @notice The guardians named before are no longer to come.
    event GuardiansStruck();

    /// @notice New guardians count.
    event GuardiansChanged(address[] guardians, uint8 threshold);

    /// @notice A guardian approves of this new key.
    event RecoveryApproved(address indexed guardian, bytes32 qx, bytes32 qy);

    /// @notice A guardian took its approval back.
    event ApprovalWithdrawn(address indexed guardian);

    /// @notice The account is locked, and this key comes at `readyAt` [UTC unix s].
    event RecoveryStarted(uint64 indexed round, bytes32 qx, bytes32 qy, uint40 readyAt);

    /// @notice The recovery ended without a new key; the lock is lifted.
    event RecoveryCancelled(uint64 indexed round);

    /// @notice The new key counts, the old one is dead.
    event Recovered(uint64 indexed round, bytes32 qx, bytes32 qy);

    /// @notice Thrown when the number of guardians or the threshold is out of its bounds:
    /// 2 ≤ threshold < guardians ≤ `GUARDIANS_MOST`.
    error GuardiansOutOfRange(uint256 guardians, uint256 threshold);

    /// @notice Thrown when a guardian is nobody, the account itself, or named twice.
    error GuardianRefused(address guardian);

    /// @notice Thrown when a guardian is the same person as the owner or as another guardian.
    error SamePerson(address guardian, address other);

    /// @notice Thrown when a caller must be a guardian and is none.
    error NotGuardian(address caller);

    /// @notice Thrown when a guardian has approved of nothing.
    error NotApproved(address guardian);

    /// @notice Thrown when a key is no point of the curve P-256.
    error NotOnCurve(bytes32 qx, bytes32 qy);

    /// @notice Thrown when the account is locked by a recovery.
    error Locked(uint40 readyAt);

    /// @notice Thrown when there is no recovery.
    error NoRecovery();

    /// @notice Thrown when no guardians were named.
    error NoneNamed();

    /// @notice Thrown when a delay has not passed.
    error TooEarly(uint40 readyAt, uint256 now_);

    /// @notice Thrown when the current key did not sign the cancellation.
    error SignatureRefused(bytes32 digest);

    /// @notice Start of a recovery to its end [s].
    function RECOVERY_DELAY() external view returns (uint40);

    /// @notice Naming of guardians to their coming [s].
    function GUARDIANS_DELAY() external view returns (uint40);

    /// @notice Most guardians of an account.
    function GUARDIANS_MOST() external view returns (uint256);

    /// @notice Where persons are told apart.
    function passport() external view returns (IPassport);

    /// @notice Sets the account up. Only once, by the factory, in the transaction that makes it.
    /// @param qx P-256 public key, x
    /// @param qy P-256 public key, y
    /// @param threshold how many guardians it takes
    function initialize(bytes32 qx, bytes32 qy, address[] calldata guardians, uint8 threshold)
        external;

    /// @notice Replaces the key at once; the old one is dead.
    /// @dev Called by the account itself.
    function changeKey(bytes32 qx, bytes32 qy) external;

    /// @notice Names new guardians, to come after `GUARDIANS_DELAY`. Whoever was named before and
    /// has not come is struck out.
    /// @dev Called by the account itself.
    function nameGuardians(address[] calldata guardians, uint8 threshold) external;

    /// @notice Makes the guardians named count. Approvals of the old ones are void.
    /// @dev Called by anybody, after the delay, while the account is not locked.
    function acceptGuardians() external;

    /// @notice Approves of a new key, instead of one approved before; starts the recovery when that
    /// makes enough.
    /// @dev Called by a guardian.
    function approveRecovery(bytes32 qx, bytes32 qy) external;

    /// @notice Takes the caller's approval back; ends the recovery when too few are left.
    /// @dev Called by a guardian.
    function withdrawApproval() external;

    /// @notice Ends the recovery. All approvals are void.
    /// @dev Called by a guardian, with the current key's signature over `cancellation`.
    /// @param signature WebAuthn assertion, ABI-encoded
    function cancelRecovery(bytes calldata signature) external;

    /// @notice Makes the new key count, after the delay.
    /// @dev Called by anybody.
    function completeRecovery() external;

    /// @notice EIP-712 digest by which the current key agrees to cancel the recovery that waits:
    /// CancelRecovery(uint64 round).
    function cancellation() external view returns (bytes32 digest);

    /// @notice The recovery that waits; all zero where there is none.
    /// @param round counts the recoveries ever started
    function recovery() external view returns (uint64 round, bytes32 qx, bytes32 qy, uint40 readyAt);

    /// @notice Who guards the account, and how many of them it takes.
    function guardians() external view returns (address[] memory accounts, uint8 threshold);

    /// @notice Who is named to guard it, and from when on [UTC unix s].
    function namedGuardians()
        external
        view
        returns (address[] memory accounts, uint8 threshold, uint40 readyAt);

    /// @notice keccak256(abi.encode(qx, qy)) of the key the guardian approves of; zero: none.
    function approvalOf(address guardian) external view returns (bytes32 keyId);
}
