// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A holder's shares and what they earned of a period, in one word, the first field lowest:
/// shares (88 bits), share-seconds of the period up to `updatedAt` (112), `updatedAt` (32, UTC
/// unix seconds, good until 2106), number of the period (24).
type Slice is uint256;

/// @title Slices: arithmetic on a `Slice`
/// @dev Every field is checked where it may grow, so that none ever runs into the next.
library Slices {
    uint256 private constant SHARES_MOST = type(uint88).max;
    uint256 private constant POINTS_MOST = type(uint112).max;

    /// @notice Thrown when shares or share-seconds would exceed their bits.
    error SliceOverflow();

    function shares(Slice slice) internal pure returns (uint256) {
        return uint88(Slice.unwrap(slice));
    }

    function points(Slice slice) internal pure returns (uint256) {
        return uint112(Slice.unwrap(slice) >> 88);
    }

    function updatedAt(Slice slice) internal pure returns (uint256) {
        return uint32(Slice.unwrap(slice) >> 200);
    }

    function period(Slice slice) internal pure returns (uint256) {
        return Slice.unwrap(slice) >> 232;
    }

    /// @notice The slice with its share-seconds up to now.
    function grown(Slice slice) internal view returns (Slice) {
        unchecked {
            uint256 passed = block.timestamp - updatedAt(slice);
            Slice more_ = withPoints(slice, shares(slice) * passed);
            return Slice.wrap(Slice.unwrap(more_) + (passed << 200));
        }
    }

    /// @notice The slice with more share-seconds.
    function withPoints(Slice slice, uint256 points_) internal pure returns (Slice) {
        unchecked {
            if (points_ > POINTS_MOST - points(slice)) revert SliceOverflow();
            return Slice.wrap(Slice.unwrap(slice) + (points_ << 88));
        }
    }

    /// @notice The same shares at the start of a period, without share-seconds.
    function startedAt(Slice slice, uint24 period_, uint40 time) internal pure returns (Slice) {
        return Slice.wrap(shares(slice) | uint256(uint32(time)) << 200 | uint256(period_) << 232);
    }

    /// @notice The slice with more shares.
    function more(Slice slice, uint256 shares_) internal pure returns (Slice) {
        unchecked {
            if (shares_ > SHARES_MOST - shares(slice)) revert SliceOverflow();
            return Slice.wrap(Slice.unwrap(slice) + shares_);
        }
    }

    /// @notice The slice with fewer shares; the caller knows it has them.
    function less(Slice slice, uint256 shares_) internal pure returns (Slice) {
        unchecked {
            return Slice.wrap(Slice.unwrap(slice) - shares_);
        }
    }
}
