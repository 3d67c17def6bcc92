// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberAccount} from "../interfaces/IMemberAccount.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {Account as ERC4337Account} from "@openzeppelin/contracts/account/Account.sol";
import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {
    AbstractSigner
} from "@openzeppelin/contracts/utils/cryptography/signers/AbstractSigner.sol";
import {SignerP256} from "@openzeppelin/contracts/utils/cryptography/signers/SignerP256.sol";
import {
    SignerWebAuthn
} from "@openzeppelin/contracts/utils/cryptography/signers/SignerWebAuthn.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";

/// @title Account
/// @notice See `IMemberAccount`.
/// @dev Members hold minimal clones of one template, whose code never changes. The template itself
/// is locked for ever.
contract Account is
    IMemberAccount,
    ERC4337Account,
    SignerWebAuthn,
    ERC7739,
    ERC7821,
    ERC1155Holder,
    Initializable
{
    struct Recovery {
        uint40 readyAt; //    first second it may complete; zero: none  [s]
        uint64 round; //      recoveries started ever
        uint8 threshold; //   guardians it takes
        // slot
        bytes32 qx; //        the new key
        // slot
        bytes32 qy;
    }

    struct Named {
        uint40 readyAt; //    first second they may come; zero: none    [s]
        uint8 threshold; //   of them it will take
        // slot
        address[] guardians;
    }

    /// @inheritdoc IMemberAccount
    uint40 public constant RECOVERY_DELAY = 48 hours;
    /// @inheritdoc IMemberAccount
    uint40 public constant GUARDIANS_DELAY = 48 hours;
    /// @inheritdoc IMemberAccount
    uint256 public constant GUARDIANS_MOST = 8;

    bytes32 private constant _CANCEL_TYPEHASH = keccak256("CancelRecovery(uint64 round)");

    /// @inheritdoc IMemberAccount
    IPassport public immutable passport;

    IEntryPoint private immutable _ENTRY_POINT;

    /// @inheritdoc IMemberAccount
    mapping(address guardian => bytes32 keyId) public approvalOf;

    Recovery private _recovery;
    Named private _named;
    address[] private _guardians;

    constructor(IEntryPoint entryPoint_, IPassport passport_)
        EIP712("SourceEnergy Account", "1")
        SignerP256(bytes32(P256.GX), bytes32(P256.GY))
    {
        _ENTRY_POINT = entryPoint_;
        passport = passport_;
        _recovery.readyAt = type(uint40).max;
        _disableInitializers();
    }

    modifier onlySelf() {
        if (msg.sender != address(this)) revert AccountUnauthorized(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (!_isGuardian(msg.sender)) revert NotGuardian(msg.sender);
        _;
    }

    /// @inheritdoc IMemberAccount
    function initialize(bytes32 qx, bytes32 qy, address[] calldata guardians_, uint8 threshold)
        external
        initializer
    {
        _checkKey(qx, qy);
        _checkGuardians(guardians_, threshold);

        _setSigner(qx, qy);
        _guardians = guardians_;
        _recovery.threshold = threshold;
        emit Opened(qx, qy, guardians_, threshold);
    }

    // --- the owner ------------------------------------------------------------------------------

    /// @notice Calls others, one after the other; all or none. See ERC-7821.
    /// @dev Called by the entry point or the account itself.
    function execute(bytes32 mode, bytes calldata executionData) public payable override {
        _checkUnlocked();
        super.execute(mode, executionData);
    }

    /// @inheritdoc IMemberAccount
    function changeKey(bytes32 qx, bytes32 qy) external onlySelf {
        _checkKey(qx, qy);

        _setSigner(qx, qy);
        emit KeyChanged(qx, qy);
    }

    /// @inheritdoc IMemberAccount
    function nameGuardians(address[] calldata guardians_, uint8 threshold) external onlySelf {
        _checkGuardians(guardians_, threshold);

        uint40 readyAt = uint40(block.timestamp) + GUARDIANS_DELAY;
        _named = Named(readyAt, threshold, guardians_);
        emit GuardiansNamed(guardians_, threshold, readyAt);
    }

    /// @inheritdoc IMemberAccount
    function acceptGuardians() external {
        _checkUnlocked();
        Named memory named = _named;
        if (named.readyAt == 0) revert NoneNamed();
        if (block.timestamp < named.readyAt) revert TooEarly(named.readyAt, block.timestamp);

        _clearApprovals();
        _guardians = named.guardians;
        _recovery.threshold = named.threshold;
        delete _named;
        emit GuardiansChanged(named.guardians, named.threshold);
    }

    // --- the guardians --------------------------------------------------------------------------

    /// @inheritdoc IMemberAccount
    function approveRecovery(bytes32 qx, bytes32 qy) external onlyGuardian {
        _checkKey(qx, qy);
        bytes32 keyId = _keyId(qx, qy);
        _checkPerson(msg.sender, keyId);

        approvalOf[msg.sender] = keyId;
        emit RecoveryApproved(msg.sender, qx, qy);
        _dropUnsupported();
        if (_recovery.readyAt == 0 && _support(keyId) >= _recovery.threshold) _start(qx, qy);
    }

    /// @inheritdoc IMemberAccount
    function withdrawApproval() external onlyGuardian {
        if (approvalOf[msg.sender] == 0) revert NotApproved(msg.sender);

        delete approvalOf[msg.sender];
        emit ApprovalWithdrawn(msg.sender);
        _dropUnsupported();
    }

    /// @inheritdoc IMemberAccount
    function cancelRecovery(bytes calldata signature) external onlyGuardian {
        if (_recovery.readyAt == 0) revert NoRecovery();
        bytes32 digest = cancellation();
        if (!super._rawSignatureValidation(digest, signature)) revert SignatureRefused(digest);

        _clearApprovals();
        _cancel();
    }

    /// @inheritdoc IMemberAccount
    function completeRecovery() external {
        Recovery memory r = _recovery;
        if (r.readyAt == 0) revert NoRecovery();
        if (block.timestamp < r.readyAt) revert TooEarly(r.readyAt, block.timestamp);

        _setSigner(r.qx, r.qy);
        _clearApprovals();
        _endRecovery();
        emit Recovered(r.round, r.qx, r.qy);
    }

    // --- questions ------------------------------------------------------------------------------

    /// @notice Who may call `validateUserOp` and `execute`.
    function entryPoint() public view override returns (IEntryPoint) {
        return _ENTRY_POINT;
    }

    /// @inheritdoc IMemberAccount
    function cancellation() public view returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(_CANCEL_TYPEHASH, _recovery.round)));
    }

    /// @inheritdoc IMemberAccount
    function recovery()
        external
        view
        returns (uint64 round, bytes32 qx, bytes32 qy, uint40 readyAt)
    {
        Recovery memory r = _recovery;
        if (r.readyAt != 0) return (r.round, r.qx, r.qy, r.readyAt);
    }

    /// @inheritdoc IMemberAccount
    function guardians() external view returns (address[] memory accounts, uint8 threshold) {
        return (_guardians, _recovery.threshold);
    }

    /// @inheritdoc IMemberAccount
    function namedGuardians()
        external
        view
        returns (address[] memory accounts, uint8 threshold, uint40 readyAt)
    {
        Named memory named = _named;
        return (named.guardians, named.threshold, named.readyAt);
    }

    // --- inside ---------------------------------------------------------------------------------

    /// The key signs nothing while the account is locked: no operation, no order, no message.
    function _rawSignatureValidation(bytes32 hash, bytes calldata signature)
        internal
        view
        override(AbstractSigner, SignerWebAuthn)
        returns (bool)
    {
        return _recovery.readyAt == 0 && super._rawSignatureValidation(hash, signature);
    }

    function _erc7821AuthorizedExecutor(address caller, bytes32 mode, bytes calldata executionData)
        internal
        view
        override
        returns (bool)
    {
        return caller == address(_ENTRY_POINT)
            || super._erc7821AuthorizedExecutor(caller, mode, executionData);
    }

    function _start(bytes32 qx, bytes32 qy) private {
        uint40 readyAt = uint40(block.timestamp) + RECOVERY_DELAY;
        uint64 round = _recovery.round + 1;
        _recovery = Recovery(readyAt, round, _recovery.threshold, qx, qy);
        emit RecoveryStarted(round, qx, qy, readyAt);
        if (_named.readyAt == 0) return;
        delete _named;
        emit GuardiansStruck();
    }

    /// Ends a recovery by which too few guardians stand.
    function _dropUnsupported() private {
        Recovery memory r = _recovery;
        if (r.readyAt != 0 && _support(_keyId(r.qx, r.qy)) < r.threshold) _cancel();
    }

    function _cancel() private {
        _endRecovery();
        emit RecoveryCancelled(_recovery.round);
    }

    function _endRecovery() private {
        _recovery.readyAt = 0;
        delete _recovery.qx;
        delete _recovery.qy;
    }

    function _clearApprovals() private {
        for (uint256 i = 0; i < _guardians.length; ++i) {
            delete approvalOf[_guardians[i]];
        }
    }

    function _support(bytes32 keyId) private view returns (uint256 count) {
        for (uint256 i = 0; i < _guardians.length; ++i) {
            if (approvalOf[_guardians[i]] == keyId) ++count;
        }
    }

    function _isGuardian(address account) private view returns (bool) {
        for (uint256 i = 0; i < _guardians.length; ++i) {
            if (_guardians[i] == account) return true;
        }
        return false;
    }

    function _checkUnlocked() private view {
        if (_recovery.readyAt != 0) revert Locked(_recovery.readyAt);
    }

    function _checkKey(bytes32 qx, bytes32 qy) private pure {
        if (!P256.isValidPublicKey(qx, qy)) revert NotOnCurve(qx, qy);
    }

    function _checkGuardians(address[] calldata guardians_, uint8 threshold) private view {
        uint256 count = guardians_.length;
        if (threshold < 2 || count <= threshold || count > GUARDIANS_MOST) {
            revert GuardiansOutOfRange(count, threshold);
        }
        bytes32[] memory persons = new bytes32[](count);
        bytes32 owner = passport.identityOf(address(this));
        for (uint256 i = 0; i < count; ++i) {
            address guardian = guardians_[i];
            if (guardian == address(0) || guardian == address(this)) {
                revert GuardianRefused(guardian);
            }
            persons[i] = passport.identityOf(guardian);
            if (persons[i] != 0 && persons[i] == owner) revert SamePerson(guardian, address(this));
            for (uint256 j = 0; j < i; ++j) {
                if (guardians_[j] == guardian) revert GuardianRefused(guardian);
                if (persons[i] != 0 && persons[i] == persons[j]) {
                    revert SamePerson(guardian, guardians_[j]);
                }
            }
        }
    }

    /// Persons may have become known, or moved, since the guardian was named.
    function _checkPerson(address guardian, bytes32 keyId) private view {
        bytes32 person = passport.identityOf(guardian);
        if (person == 0) return;
        if (person == passport.identityOf(address(this))) {
            revert SamePerson(guardian, address(this));
        }
        for (uint256 i = 0; i < _guardians.length; ++i) {
            address other = _guardians[i];
            if (other == guardian || approvalOf[other] != keyId) continue;
            if (person == passport.identityOf(other)) revert SamePerson(guardian, other);
        }
    }

    /// Zero means no approval; no key has that hash.
    function _keyId(bytes32 qx, bytes32 qy) private pure returns (bytes32) {
        return keccak256(abi.encode(qx, qy));
    }
}
