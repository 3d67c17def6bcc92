// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISeats} from "../interfaces/ISeats.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Votes} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Seats
/// @notice See `ISeats`.
contract Seats is ISeats, ERC721Votes, AccessManaged {
    bytes4 private constant _ERC5192 = 0xb45a3c0e;

    /// @inheritdoc ISeats
    mapping(address account => uint256) public seatOf;

    /// @notice Seats ever given.
    uint256 public given;

    constructor(address authority)
        ERC721("SourceEnergy Council Seat", "SEAT")
        EIP712("SourceEnergy Council Seat", "1")
        AccessManaged(authority)
    {}

    /// @inheritdoc ISeats
    function give(address account) external restricted returns (uint256 seat) {
        if (seatOf[account] != 0) revert AlreadySeated(account, seatOf[account]);

        seat = ++given;
        seatOf[account] = seat;
        _mint(account, seat);
        _delegate(account, account);
        emit Locked(seat);
    }

    /// @inheritdoc ISeats
    function take(address account) external restricted {
        uint256 seat = seatOf[account];
        if (seat == 0) revert NotSeated(account);

        delete seatOf[account];
        _burn(seat);
    }

    /// @inheritdoc ISeats
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return true;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC721, IERC165)
        returns (bool)
    {
        return interfaceId == _ERC5192 || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IVotes
    function delegate(address) public view override(Votes) {
        revert VoteBound(_msgSender());
    }

    /// @inheritdoc IVotes
    function delegateBySig(address, uint256, uint256, uint8, bytes32, bytes32)
        public
        view
        override(Votes)
    {
        revert VoteBound(_msgSender());
    }

    /// @notice Time by which votes are remembered [UTC unix s].
    function clock() public view override returns (uint48) {
        return SafeCast.toUint48(block.timestamp);
    }

    /// @notice See ERC-6372.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _update(address to, uint256 tokenId, address auth)
        internal
        override
        returns (address from)
    {
        from = super._update(to, tokenId, auth);
        if (from != address(0) && to != address(0)) revert SeatBound(tokenId);
    }
}
