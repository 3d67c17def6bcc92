// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Assets: one way to move either kind of token
/// @dev Warning: an ERC-1155 calls the receiver, and any token may call anybody. Whoever moves
/// assets has written everything before.
library Assets {
    using SafeERC20 for IERC20;

    enum Standard {
        NONE,
        ERC20, // has no ids: always zero
        ERC1155
    }

    /// @notice Moves `amount` from `from`, who approved this contract or is it, to `to`.
    function move(
        Standard standard,
        address token,
        uint256 id,
        address from,
        address to,
        uint256 amount
    ) internal {
        if (standard == Standard.ERC1155) {
            IERC1155(token).safeTransferFrom(from, to, id, amount, "");
        } else if (from == address(this)) {
            IERC20(token).safeTransfer(to, amount);
        } else {
            IERC20(token).safeTransferFrom(from, to, amount);
        }
    }
}
