// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../src/individual/Account.sol";
import {AccountFactory} from "../src/individual/AccountFactory.sol";
import {EntryPoint} from "./EntryPoint.sol";
import {World} from "./World.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC7821} from "@openzeppelin/contracts/interfaces/draft-IERC7821.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";

/// @title VmP256: the cheatcodes of passkeys and of the chain's own money
interface VmP256 {
    /// Signs a digest with a P-256 key.
    function signP256(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 s);
    /// Sets an account's balance of the chain's own money [wei].
    function deal(address account, uint256 balance) external;
    /// Sets the base fee [wei a gas].
    function fee(uint256 baseFee) external;
}

/// @title IndividualWorld: an owner with a passkey, an account with three guardians
abstract contract IndividualWorld is World {
    VmP256 internal constant vmP256 = VmP256(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    bytes32 internal constant BATCH = bytes32(uint256(1) << 248); // ERC-7821: call all or none
    bytes32 internal constant OWNER = keccak256("the owner's identity");
    uint256 internal constant KEY = 0xA11; //   the owner's passkey, which the thief has too
    uint256 internal constant NEW_KEY = 0xB22; // on the new phone
    uint8 internal constant ALL = 7;

    address internal first = _actor("first guardian");
    address internal second = _actor("second guardian");
    address internal third = _actor("operator's notary");
    address internal thief = _actor("thief");

    EntryPoint internal entryPoint;
    AccountFactory internal factory;
    Account internal account;

    function setUp() public virtual override {
        super.setUp();
        entryPoint = new EntryPoint();
        factory = new AccountFactory(entryPoint, passport);
        (bytes32 qx, bytes32 qy) = _public(KEY);
        account = Account(payable(factory.create(qx, qy, _guardians(), 2, 0)));
        vm.label(address(account), "account");
        vm.prank(admin);
        passport.admit(address(account), OWNER, ALL, EXPIRY, CANADA);
    }

    function _guardians() internal view returns (address[] memory) {
        return _list(first, second, third);
    }

    function _list(address a, address b, address c) internal pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    // --- passkeys

    function _public(uint256 key) internal pure returns (bytes32 qx, bytes32 qy) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return (bytes32(x), bytes32(y));
    }

    function _signP256(uint256 key, bytes32 digest) internal pure returns (bytes32 r, bytes32 s) {
        (r, s) = vmP256.signP256(key, digest);
        if (uint256(s) > P256.N / 2) s = bytes32(P256.N - uint256(s));
    }

    /// What a browser answers to the challenge `hash`.
    function _assertion(uint256 key, bytes32 hash) internal pure returns (bytes memory) {
        bytes memory data =
            abi.encodePacked(sha256("sourceenergy.example"), bytes1(0x05), uint32(1));
        string memory json = string.concat(
            '{"type":"webauthn.get","challenge":"',
            Base64.encodeURL(abi.encodePacked(hash)),
            '","origin":"https://sourceenergy.example","crossOrigin":false}'
        );
        (bytes32 r, bytes32 s) =
            _signP256(key, sha256(bytes.concat(data, bytes.concat(sha256(bytes(json))))));
        // a struct of its own is encoded with a leading offset; the account wants it without
        return abi.encode(r, s, uint256(23), uint256(1), data, json);
    }

    // --- operations

    function _call(address target, bytes memory data) internal pure returns (bytes memory) {
        return _call(target, 0, data);
    }

    function _call(address target, uint256 value, bytes memory data)
        internal
        pure
        returns (bytes memory)
    {
        Execution[] memory calls = new Execution[](1);
        calls[0] = Execution(target, value, data);
        return abi.encodeCall(IERC7821.execute, (BATCH, abi.encode(calls)));
    }

    function _transfer(address to, uint256 amountUd) internal view returns (bytes memory) {
        return _call(address(currency), abi.encodeCall(currency.transfer, (to, amountUd)));
    }

    /// An operation that nobody signed yet.
    function _operation(address sender, bytes memory callData)
        internal
        view
        returns (PackedUserOperation memory op)
    {
        op.sender = sender;
        op.nonce = entryPoint.getNonce(sender, 0);
        op.callData = callData;
        op.accountGasLimits = bytes32((uint256(600_000) << 128) | 300_000);
        op.preVerificationGas = 50_000;
        op.gasFees = bytes32((uint256(1 gwei) << 128) | 1 gwei);
    }

    function _sign(uint256 key, PackedUserOperation memory op)
        internal
        view
        returns (PackedUserOperation[] memory ops)
    {
        op.signature = _assertion(key, entryPoint.getUserOpHash(op));
        ops = new PackedUserOperation[](1);
        ops[0] = op;
    }

    /// The account does this, for an operation signed with `key`; it pays its gas itself.
    function _act(uint256 key, bytes memory callData) internal {
        vmP256.deal(address(account), 1 ether);
        PackedUserOperation[] memory ops = _sign(key, _operation(address(account), callData));
        entryPoint.handleOps(ops, payable(operator));
    }

    /// The operation must be refused before it runs.
    function _refusedToAct(uint256 key, bytes memory callData, string memory reason) internal {
        vmP256.deal(address(account), 1 ether);
        PackedUserOperation[] memory ops = _sign(key, _operation(address(account), callData));
        vm.expectRevert(abi.encodeWithSignature("FailedOp(uint256,string)", 0, reason));
        entryPoint.handleOps(ops, payable(operator));
    }

    // --- recovery

    function _approve(address guardian_, uint256 key) internal {
        (bytes32 qx, bytes32 qy) = _public(key);
        vm.prank(guardian_);
        account.approveRecovery(qx, qy);
    }

    /// Two guardians approve of the new key.
    function _lock() internal {
        _approve(first, NEW_KEY);
        _approve(second, NEW_KEY);
    }

    function _locked() internal view returns (bool) {
        (,,, uint40 readyAt) = account.recovery();
        return readyAt != 0;
    }
}
