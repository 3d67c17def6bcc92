// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {CountedToken} from "../marketplace/CountedToken.sol";
import {RuledToken} from "../marketplace/RuledToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title Currency
/// @notice See `ICurrency`.
contract Currency is ICurrency, RuledToken, ERC20Permit, AccessManaged {
    struct Bucket {
        uint128 capacity; // most money out  [ud]
        uint128 level; //    money out       [ud]
    }

    mapping(address facilitator => Bucket) private _buckets;

    constructor(address authority, IPassport passport_, ICompliance compliance_)
        ERC20("SourceEnergy Dollar", "CADx")
        ERC20Permit("SourceEnergy Dollar")
        RuledToken(compliance_, passport_, IRulebook.Kind.MONEY, 0)
        AccessManaged(authority)
    {}

    /// @inheritdoc ICurrency
    function setBucket(address facilitator, uint128 capacityUd) external restricted {
        _buckets[facilitator].capacity = capacityUd;
        emit BucketSet(facilitator, capacityUd);
    }

    /// @inheritdoc ICurrency
    function mint(address to, uint128 amountUd) external {
        Bucket memory bucket = _buckets[msg.sender];
        if (uint256(bucket.level) + amountUd > bucket.capacity) {
            revert BucketExceeded(msg.sender, bucket.capacity, bucket.level, amountUd);
        }

        _buckets[msg.sender].level = bucket.level + amountUd;
        emit Minted(msg.sender, to, amountUd);
        _mint(to, amountUd);
    }

    /// @inheritdoc ICurrency
    function burn(uint128 amountUd) external {
        uint128 level = _buckets[msg.sender].level;
        if (amountUd > level) revert BelowBucket(msg.sender, level, amountUd);

        _buckets[msg.sender].level = level - amountUd;
        emit Burned(msg.sender, amountUd);
        _burn(msg.sender, amountUd);
    }

    /// @inheritdoc ICurrency
    function isTill(address account) external view returns (bool) {
        if (_buckets[account].capacity != 0) return true;
        (, uint40 expiry,,) = passport.passportOf(account);
        return expiry == 0;
    }

    /// @inheritdoc ICurrency
    function bucketOf(address facilitator)
        external
        view
        returns (uint128 capacityUd, uint128 levelUd)
    {
        Bucket memory bucket = _buckets[facilitator];
        return (bucket.capacity, bucket.level);
    }

    /// @notice What `account` holds [ud].
    function balanceOf(address account)
        public
        view
        override(ERC20, CountedToken, IERC20)
        returns (uint256)
    {
        return CountedToken.balanceOf(account);
    }

    /// @notice All money out: the sum of the bucket levels [ud].
    function totalSupply() public view override(ERC20, CountedToken, IERC20) returns (uint256) {
        return CountedToken.totalSupply();
    }

    /// @notice Moves `value` from the caller to `to`.
    function transfer(address to, uint256 value)
        public
        override(ERC20, CountedToken, IERC20)
        returns (bool)
    {
        return CountedToken.transfer(to, value);
    }

    /// @notice Digits after the point: one unit is a micro-dollar.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner)
        public
        view
        override(ERC20Permit, IERC20Permit)
        returns (uint256)
    {
        return super.nonces(owner);
    }

    // --- inside ---------------------------------------------------------------------------------

    /// No rule caps the holders of money.
    function _counts() internal pure override returns (bool) {
        return false;
    }

    function _update(address from, address to, uint256 value)
        internal
        override(ERC20, CountedToken)
    {
        CountedToken._update(from, to, value);
    }
}
