// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../interfaces/IClearing.sol";
import {IClearingFactory} from "../interfaces/IClearingFactory.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {IRuledToken} from "../interfaces/IRuledToken.sol";
import {Clearing} from "./Clearing.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title ClearingFactory
/// @notice See `IClearingFactory`.
contract ClearingFactory is IClearingFactory, AccessManaged {
    /// @notice The money communities hold.
    ICurrency public immutable currency;

    /// @notice Who may be paid.
    IPassport public immutable passport;

    /// @notice Where each community becomes a venue; the one the currency asks.
    IRulebook public immutable rulebook;

    /// @inheritdoc IClearingFactory
    mapping(string name => IClearing) public clearingOf;

    constructor(address authority, ICurrency currency_, IPassport passport_, IRulebook rulebook_)
        AccessManaged(authority)
    {
        (currency, passport, rulebook) = (currency_, passport_, rulebook_);
    }

    /// @inheritdoc IClearingFactory
    function open(
        string calldata name,
        address operator,
        address guardian,
        address verifier,
        uint32 delay,
        uint32 exitWindow
    ) external restricted returns (IClearing clearing) {
        if (address(clearingOf[name]) != address(0)) {
            revert NameTaken(name, clearingOf[name]);
        }

        clearing = new Clearing{salt: keccak256(bytes(name))}(
            currency, passport, name, operator, guardian, verifier, delay, exitWindow
        );
        clearingOf[name] = clearing;
        emit Opened(
            clearing.community(), clearing, name, operator, guardian, verifier, delay, exitWindow
        );
        rulebook.addVenue(address(clearing));
        IRuledToken(address(currency)).acknowledge(address(clearing));
    }
}
