// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title Seats: who sits in the council, one seat one vote
/// @notice An ERC-721 that never changes hands (ERC-5192): given and taken by the council itself,
/// at most one to an account. A seat votes for itself; its vote cannot be lent. What an account
/// could vote at any time in the past stays known.
/// @dev Assumes that the council gives one person one seat; this contract cannot see a person.
interface ISeats is IERC721 {
    /// @notice The seat can never change hands (ERC-5192).
    event Locked(uint256 tokenId);

    /// @notice Thrown when a seat would change hands.
    error SeatBound(uint256 seat);

    /// @notice Thrown when an account would have two seats.
    error AlreadySeated(address account, uint256 seat);

    /// @notice Thrown when an account without a seat is to lose it.
    error NotSeated(address account);

    /// @notice Thrown when a vote would be lent.
    error VoteBound(address account);

    /// @notice Gives `account` a seat.
    /// @dev Called by the council, behind its delay.
    /// @return seat its number; numbers are never used again
    function give(address account) external returns (uint256 seat);

    /// @notice Takes the seat of `account` away.
    /// @dev Called by the council, behind its delay.
    function take(address account) external;

    /// @notice The seat of `account`; zero: none.
    function seatOf(address account) external view returns (uint256 seat);

    /// @notice Can the seat not change hands? Always so, where there is such a seat (ERC-5192).
    function locked(uint256 tokenId) external view returns (bool);
}
