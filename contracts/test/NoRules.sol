// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../src/interfaces/ICompliance.sol";

/// @title NoRules: a rulebook that refuses nothing and knows every contract, for worlds whose
/// tests are about something else
contract NoRules is ICompliance {
    function checkTransfer(address, address, address, uint256) external pure {}

    function recordTransfer(address, address, address, uint256) external {}

    function addVenue(address) external {}

    function isVenue(address account) external view returns (bool) {
        return account.code.length != 0;
    }
}
