// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICountedToken} from "../interfaces/ICountedToken.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title CountedToken: an ERC-20 that counts its holders
/// @notice Behaves as OpenZeppelin's, with its errors and in its order: allowance, addresses,
/// balance, and only then the rules.
/// @dev What a transfer needs to know of an account shares one slot: its balance and, in the
/// highest bit, whether it is a venue. The supply never exceeds 128 bits, so no sum reaches it.
abstract contract CountedToken is ICountedToken, ERC20 {
    struct Supply {
        uint128 total;
        uint128 holders; // venues are none
    }

    struct Holding {
        uint256 word; // balance, venue bit
    }

    uint256 internal constant _VENUE = 1 << 255;

    mapping(address account => Holding) internal _holdings; // a struct's place is worked out once
    Supply internal _supply;

    /// @inheritdoc ICountedToken
    function holders() external view returns (uint256) {
        return _supply.holders;
    }

    /// @inheritdoc ICountedToken
    function heldOf(address account) external view returns (uint256) {
        return balanceOf(account);
    }

    /// @notice What `account` holds.
    function balanceOf(address account)
        public
        view
        virtual
        override(ERC20, IERC20)
        returns (uint256)
    {
        return _holdings[account].word & ~_VENUE;
    }

    /// @notice What all hold together.
    function totalSupply() public view virtual override(ERC20, IERC20) returns (uint256) {
        return _supply.total;
    }

    /// @notice Moves `value` from the caller to `to`.
    /// @dev OpenZeppelin's, without the way there: most of what moves, moves by this.
    function transfer(address to, uint256 value)
        public
        virtual
        override(ERC20, IERC20)
        returns (bool)
    {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        _move(msg.sender, to, value);
        return true;
    }

    // --- inside ---------------------------------------------------------------------------------

    /// Asks the rules before tokens move to `to`, or are made (`from` zero); reverts if they may
    /// not. Neither side is a venue.
    function _ask(address from, address to, uint256 value) internal virtual;

    /// Are holders counted? Not where no rule could ask.
    function _counts() internal pure virtual returns (bool) {
        return true;
    }

    function _update(address from, address to, uint256 value) internal virtual override {
        if (from == address(0)) _make(to, value);
        else if (to == address(0)) _destroy(from, value);
        else _move(from, to, value);
    }

    /// Between two accounts, which may be the same.
    function _move(address from, address to, uint256 value) internal virtual {
        Holding storage sender = _holdings[from];
        Holding storage receiver = _holdings[to];
        (uint256 left, uint256 held) = (sender.word, receiver.word);
        bool toItself;
        assembly ("memory-safe") {
            toItself := eq(sender.slot, receiver.slot) // cheaper than to compare addresses
        }
        unchecked {
            if (left & ~_VENUE < value) {
                revert ERC20InsufficientBalance(from, left & ~_VENUE, value);
            }
            if ((left | held) & _VENUE == 0) _ask(from, to, value);
            if (!toItself) {
                sender.word = left - value;
                receiver.word = held + value;
                if (_counts() && value != 0 && (left == value) != (held == 0)) {
                    if (held == 0) ++_supply.holders;
                    else --_supply.holders;
                }
            }
        }
        bytes32 topic = Transfer.selector;
        assembly ("memory-safe") {
            mstore(0, value)
            log3(0, 32, topic, shr(96, shl(96, from)), shr(96, shl(96, to)))
        }
    }

    function _destroy(address from, uint256 value) private {
        Holding storage sender = _holdings[from];
        uint256 left = sender.word;
        unchecked {
            if (left & ~_VENUE < value) {
                revert ERC20InsufficientBalance(from, left & ~_VENUE, value);
            }
            sender.word = left - value;
            _supply.total -= uint128(value);
            if (_counts() && left == value && value != 0) --_supply.holders;
        }
        emit Transfer(from, address(0), value);
    }

    function _make(address to, uint256 value) private {
        Holding storage receiver = _holdings[to];
        uint256 held = receiver.word;
        if (held & _VENUE == 0) _ask(address(0), to, value);
        Supply memory supply = _supply;
        uint256 total = supply.total + value;
        if (total > type(uint128).max) revert SupplyTooLarge(total);
        supply.total = uint128(total);
        if (_counts() && held == 0 && value != 0) ++supply.holders;
        _supply = supply;
        receiver.word = held + value;
        emit Transfer(address(0), to, value);
    }
}
