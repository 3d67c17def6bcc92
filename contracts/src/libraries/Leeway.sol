// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Leeway: how much of each kind of token moves in a country without a question
/// @notice One word: for each of the four kinds the amount from which the rulebook is asked (48
/// bits each, the first kind lowest; all ones: never), and above them the first second at which
/// the word is no longer good (40 bits). An empty word frees nothing.
library Leeway {
    uint256 internal constant KINDS = 4;

    uint256 private constant BITS = 48;
    uint256 private constant MOST = 0xffffffffffff;

    /// @notice Does `amount` of this kind move without a question?
    /// @param kind 1 … 4; any other is never free
    function allows(uint256 word, uint256 kind, uint256 amount) internal view returns (bool) {
        unchecked {
            if (block.timestamp >= word >> 192 || kind - 1 >= KINDS) return false;
            uint256 below = word >> 48 * (kind - 1) & MOST;
            return amount < below || below == MOST;
        }
    }

    /// @notice The word with this kind's amount written into its empty place.
    /// @param below first amount that is asked for; `type(uint256).max` for none. Larger ones than
    /// fit are lowered: then more is asked than need be.
    function with(uint256 word, uint256 kind, uint256 below) internal pure returns (uint256) {
        if (below != type(uint256).max && below >= MOST) below = MOST - 1;
        return word | (below & MOST) << BITS * (kind - 1);
    }

    /// @notice The word with its end written into its empty place [UTC unix s].
    function endingAt(uint256 word, uint40 until) internal pure returns (uint256) {
        return word | uint256(until) << BITS * KINDS;
    }
}
