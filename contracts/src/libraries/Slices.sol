// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A holder's part of a fund, in one word, the first field lowest: shares (88 bits), start
/// of the period they were last looked at in (32, UTC unix seconds, good until 2106), its number
/// (24), and the lead (112): the share-seconds of that period less those which these shares would
/// have earned from its start. A lead stays as it is while the shares do, so time writes nothing.
type Slice is uint256;

/// @title Slices: arithmetic on a `Slice`
/// @dev The lead is counted modulo 2¹¹², and lies highest so that nothing above it is disturbed: it
/// is negative for whoever came late. Share-seconds come out right wherever they have 112 bits, and
/// those of all holders together do, or their period could not be closed. Shares are not checked
/// either: those of all holders have 88 bits, and whoever gives some has them.
library Slices {
    uint256 private constant START = 88; // lowest bit of
    uint256 private constant PERIOD = 120;
    uint256 private constant LEAD = 144;

    /// @notice Shares at the start of a period, which have earned nothing in it.
    function started(uint256 shares_, uint256 period_, uint40 time) internal pure returns (Slice) {
        return Slice.wrap(shares_ | uint256(uint32(time)) << START | period_ << PERIOD);
    }

    function shares(Slice slice) internal pure returns (uint256) {
        return uint88(Slice.unwrap(slice));
    }

    function period(Slice slice) internal pure returns (uint256) {
        return uint24(Slice.unwrap(slice) >> PERIOD);
    }

    /// @notice Is nothing in it, neither shares nor share-seconds?
    function isEmpty(Slice slice) internal pure returns (bool) {
        return shares(slice) == 0 && Slice.unwrap(slice) >> LEAD == 0;
    }

    /// @notice Share-seconds of its period up to `time`.
    function pointsAt(Slice slice, uint256 time) internal pure returns (uint256) {
        unchecked {
            uint256 passed = time - _startedAt(slice);
            return uint112((Slice.unwrap(slice) >> LEAD) + shares(slice) * passed);
        }
    }

    /// @notice Are both of one period, and that for sure the running one, as its shortest length
    /// is not over?
    /// @dev Says so of two slices that never held a share too, where `lengthS` is half a century.
    function surelyRun(Slice slice, Slice other, uint256 lengthS) internal view returns (bool) {
        unchecked {
            return uint56((Slice.unwrap(slice) ^ Slice.unwrap(other)) >> START) == 0
                && block.timestamp < _startedAt(slice) + lengthS;
        }
    }

    /// @notice What `shares_` that move now are of a slice of the same period: they themselves, and
    /// the share-seconds they earned so far, which stay with whoever earned them.
    function portion(Slice slice, uint256 shares_) internal view returns (uint256) {
        unchecked {
            return shares_ - (shares_ * (block.timestamp - _startedAt(slice)) << LEAD);
        }
    }

    /// @notice The slice with a portion more.
    function more(Slice slice, uint256 portion_) internal pure returns (Slice) {
        unchecked {
            return Slice.wrap(Slice.unwrap(slice) + portion_);
        }
    }

    /// @notice The slice with a portion less.
    function less(Slice slice, uint256 portion_) internal pure returns (Slice) {
        unchecked {
            return Slice.wrap(Slice.unwrap(slice) - portion_);
        }
    }

    /// @notice The slice with more share-seconds.
    function withPoints(Slice slice, uint256 points) internal pure returns (Slice) {
        unchecked {
            return Slice.wrap(Slice.unwrap(slice) + (points << LEAD));
        }
    }

    function _startedAt(Slice slice) private pure returns (uint256) {
        return uint32(Slice.unwrap(slice) >> START);
    }
}
