// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {
    IAccount,
    IEntryPoint,
    IPaymaster,
    PackedUserOperation
} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title EntryPoint: a stand-in written from ERC-4337, for tests only
/// @notice Hashes as from v0.8 (EIP-712 domain "ERC4337", "1"); validates all operations and then
/// runs them; takes the whole cost before and gives the rest back; counts gas after `postOp` and a
/// tenth of unused gas, which the paymaster is not told. No aggregators, no `executeUserOp`.
contract EntryPoint is IEntryPoint, EIP712("ERC4337", "1") {
    using ERC4337Utils for PackedUserOperation;

    struct Run {
        bytes32 hash;
        address payer;
        uint256 prefund; //  [wei]
        uint256 price; //    [wei a gas]
        uint256 preGas; //   spent on validation [gas]
        bytes context;
    }

    bytes32 private constant _TYPEHASH = keccak256(
        "PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)"
    );

    mapping(address account => uint256) public balanceOf;
    mapping(address account => uint256) public stakeOf;
    mapping(address account => mapping(uint192 key => uint256)) private _sequences;

    event UserOperationEvent(bytes32 hash, address sender, bool success, uint256 costWei);

    receive() external payable {
        balanceOf[msg.sender] += msg.value;
    }

    function handleOps(PackedUserOperation[] calldata ops, address payable beneficiary) external {
        Run[] memory runs = new Run[](ops.length);
        uint256 collected;
        for (uint256 i = 0; i < ops.length; ++i) {
            runs[i] = _validate(i, ops[i]);
        }
        for (uint256 i = 0; i < ops.length; ++i) {
            collected += _execute(ops[i], runs[i]);
        }
        (bool sent,) = beneficiary.call{value: collected}("");
        require(sent, "beneficiary");
    }

    function handleAggregatedOps(UserOpsPerAggregator[] calldata, address payable) external pure {
        revert("no aggregators");
    }

    function getUserOpHash(PackedUserOperation calldata op) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    _TYPEHASH,
                    op.sender,
                    op.nonce,
                    keccak256(op.initCode),
                    keccak256(op.callData),
                    op.accountGasLimits,
                    op.preVerificationGas,
                    op.gasFees,
                    keccak256(op.paymasterAndData)
                )
            )
        );
    }

    function getNonce(address sender, uint192 key) public view returns (uint256) {
        return (uint256(key) << 64) | _sequences[sender][key];
    }

    function depositTo(address account) external payable {
        balanceOf[account] += msg.value;
    }

    function withdrawTo(address payable to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        (bool sent,) = to.call{value: amount}("");
        require(sent, "withdraw");
    }

    function addStake(uint32) external payable {
        stakeOf[msg.sender] += msg.value;
    }

    function unlockStake() external {}

    function withdrawStake(address payable to) external {
        uint256 amount = stakeOf[msg.sender];
        stakeOf[msg.sender] = 0;
        (bool sent,) = to.call{value: amount}("");
        require(sent, "stake");
    }

    function _validate(uint256 i, PackedUserOperation calldata op)
        private
        returns (Run memory run)
    {
        uint256 before = gasleft();
        run.hash = getUserOpHash(op);
        run.price = op.gasPrice();
        run.prefund = op.maxFeePerGas()
            * (op.verificationGasLimit()
                + op.callGasLimit()
                + op.preVerificationGas
                + op.paymasterVerificationGasLimit()
                + op.paymasterPostOpGasLimit());
        address paymaster = op.paymaster();
        run.payer = paymaster == address(0) ? op.sender : paymaster;
        if (op.initCode.length != 0 && op.sender.code.length == 0) {
            (bool made,) = address(bytes20(op.initCode[:20])).call(op.initCode[20:]);
            if (!made || op.sender.code.length == 0) revert FailedOp(i, "AA13 initCode failed");
        }
        uint256 missing = 0;
        if (paymaster == address(0) && balanceOf[op.sender] < run.prefund) {
            missing = run.prefund - balanceOf[op.sender];
        }
        uint256 data = IAccount(op.sender).validateUserOp{gas: op.verificationGasLimit()}(
            op, run.hash, missing
        );
        if (op.nonce != getNonce(op.sender, uint192(op.nonce >> 64))) {
            revert FailedOp(i, "AA25 invalid account nonce");
        }
        ++_sequences[op.sender][uint192(op.nonce >> 64)];
        if (data != 0) revert FailedOp(i, "AA24 signature error");
        if (balanceOf[run.payer] < run.prefund) revert FailedOp(i, "AA31 deposit too low");
        balanceOf[run.payer] -= run.prefund;
        if (paymaster != address(0)) {
            uint256 refused;
            try IPaymaster(paymaster)
            .validatePaymasterUserOp{gas: op.paymasterVerificationGasLimit()}(
                op, run.hash, run.prefund
            ) returns (
                bytes memory context, uint256 validationData
            ) {
                (run.context, refused) = (context, validationData);
            } catch (bytes memory reason) {
                revert FailedOpWithRevert(i, "AA33 reverted", reason);
            }
            if (refused != 0) revert FailedOp(i, "AA34 signature error");
        }
        run.preGas = before - gasleft() + op.preVerificationGas;
    }

    function _execute(PackedUserOperation calldata op, Run memory run)
        private
        returns (uint256 cost)
    {
        uint256 before = gasleft();
        (bool success,) = op.sender.call{gas: op.callGasLimit()}(op.callData);
        if (run.context.length != 0) {
            cost = (run.preGas + before - gasleft()) * run.price;
            IPaymaster.PostOpMode mode =
                success ? IPaymaster.PostOpMode.opSucceeded : IPaymaster.PostOpMode.opReverted;
            IPaymaster(run.payer).postOp{gas: op.paymasterPostOpGasLimit()}(
                mode, run.context, cost, run.price
            );
        }
        uint256 used = before - gasleft();
        uint256 limit = op.callGasLimit() + op.paymasterPostOpGasLimit();
        if (limit > used) used += (limit - used) / 10;
        cost = (run.preGas + used) * run.price;
        if (cost > run.prefund) cost = run.prefund;
        balanceOf[run.payer] += run.prefund - cost;
        emit UserOperationEvent(run.hash, op.sender, success, cost);
    }
}
