// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountFactory} from "../interfaces/IAccountFactory.sol";
import {IMemberAccount} from "../interfaces/IMemberAccount.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {Account} from "./Account.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title AccountFactory
/// @notice See `IAccountFactory`.
contract AccountFactory is IAccountFactory {
    /// @inheritdoc IAccountFactory
    address public immutable template;

    /// @inheritdoc IAccountFactory
    mapping(address account => bool) public isAccount;

    constructor(IEntryPoint entryPoint, IPassport passport) {
        template = address(new Account(entryPoint, passport));
    }

    /// @inheritdoc IAccountFactory
    function create(
        bytes32 qx,
        bytes32 qy,
        address[] calldata guardians,
        uint8 threshold,
        bytes32 salt
    ) external returns (address account) {
        bytes32 fullSalt = keccak256(abi.encode(qx, qy, guardians, threshold, salt));
        account = Clones.predictDeterministicAddress(template, fullSalt);
        if (isAccount[account]) return account;

        isAccount[account] = true;
        emit Created(account, qx, qy);
        Clones.cloneDeterministic(template, fullSalt);
        IMemberAccount(account).initialize(qx, qy, guardians, threshold);
    }

    /// @inheritdoc IAccountFactory
    function addressOf(
        bytes32 qx,
        bytes32 qy,
        address[] calldata guardians,
        uint8 threshold,
        bytes32 salt
    ) external view returns (address account) {
        return Clones.predictDeterministicAddress(
            template, keccak256(abi.encode(qx, qy, guardians, threshold, salt))
        );
    }
}
