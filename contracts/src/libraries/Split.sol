// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Split: a whole into whole parts
library Split {
    /// @notice Thrown when there is something to split and nothing to split by.
    error NothingToSplitBy(uint256 total);

    /// @notice Splits `total` in proportion to `weights`; the parts add up to `total` exactly. Each
    /// is its exact share rounded down; what is left goes, one unit each, to the largest
    /// remainders, ties to the lowest index.
    /// @dev For few weights: the work grows with the square of their number. The product of total
    /// and any weight must fit 256 bits.
    function largestRemainder(uint256 total, uint256[] memory weights)
        internal
        pure
        returns (uint256[] memory parts)
    {
        uint256 count = weights.length;
        parts = new uint256[](count);
        uint256 whole = 0;
        for (uint256 i = 0; i < count; ++i) {
            whole += weights[i];
        }
        if (whole == 0) {
            if (total != 0) revert NothingToSplitBy(total);
            return parts;
        }

        uint256 left = total;
        uint256[] memory remainders = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            parts[i] = total * weights[i] / whole;
            remainders[i] = total * weights[i] % whole;
            left -= parts[i];
        }
        for (; left != 0; --left) {
            uint256 largest = 0;
            for (uint256 i = 1; i < count; ++i) {
                if (remainders[i] > remainders[largest]) largest = i;
            }
            ++parts[largest];
            remainders[largest] = 0; // fewer units are left than there are remainders above zero
        }
    }
}
