// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../interfaces/IPassport.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title LeanCalls: the two calls every payout makes
/// @notice A call is its four words. Left out is what the compiler adds: a look whether the callee
/// has code, and checks of the words it answers, which here come from contracts of ours.
/// @dev Only a one counts as yes, so an address without code, or one that answers nothing, refuses.
library LeanCalls {
    /// @notice Has `account` a valid passport with these permissions? A call that fails says no.
    function allows(IPassport passport, address account, uint256 permissions)
        internal
        view
        returns (bool allowed)
    {
        bytes4 selector = IPassport.isAllowed.selector;
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, selector)
            mstore(add(free, 16), shl(96, account))
            mstore(add(free, 36), permissions)
            // the second argument comes first
            allowed := and(eq(mload(free), 1), staticcall(gas(), passport, free, 68, free, 32))
        }
    }

    /// @notice Moves `amount` of `token` to `to`, or fails with the token's reason.
    function send(IERC20 token, address to, uint256 amount) internal {
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, selector)
            mstore(add(free, 16), shl(96, to))
            mstore(add(free, 36), amount)
            if iszero(and(eq(mload(free), 1), call(gas(), token, 0, free, 68, free, 32))) {
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }
}
