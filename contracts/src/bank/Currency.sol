// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../interfaces/ICurrency.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title Currency
/// @notice See `ICurrency`.
contract Currency is ICurrency, ERC20Permit, AccessManaged {
    struct Bucket {
        uint128 capacity; // most money out  [ud]
        uint128 level; //    money out       [ud]
    }

    mapping(address facilitator => Bucket) private _buckets;

    constructor(address authority)
        ERC20("SourceEnergy Dollar", "CADx")
        ERC20Permit("SourceEnergy Dollar")
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
    function bucketOf(address facilitator)
        external
        view
        returns (uint128 capacityUd, uint128 levelUd)
    {
        Bucket memory bucket = _buckets[facilitator];
        return (bucket.capacity, bucket.level);
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
}
