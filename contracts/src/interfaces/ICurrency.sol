// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title Currency: settlement money, one unit a micro-dollar [ud, 10⁻⁶ CAD]
/// @notice ERC-20 with permit. Money is made only by a facilitator, within the bucket it was
/// given, and unmade by the same facilitator; the supply is always the sum of the bucket levels.
///
/// Money moves between members under the rules of their countries, however it is sent: by this
/// contract's `transfer`, a venue, or an app (`IRuledToken`). What goes to a venue, or comes from
/// one, is never asked about here, so that no rule stands between a member and its payout or its
/// redemption at par; making and unmaking money is not asked about either.
/// @dev Assumes that a facilitator holds a dollar for every dollar of its level; this contract
/// cannot see a bank account.
///
/// Warning: a bucket's capacity may be set below its level. Then nothing more is minted, and what
/// is out stays good.
interface ICurrency is IERC20, IERC20Permit {
    /// @notice A facilitator's bucket was made, resized or closed (capacity 0).
    event BucketSet(address indexed facilitator, uint128 capacityUd);

    /// @notice A facilitator made money.
    event Minted(address indexed facilitator, address indexed to, uint256 amountUd);

    /// @notice A facilitator unmade money it held.
    event Burned(address indexed facilitator, uint256 amountUd);

    /// @notice Thrown when minting would raise the facilitator's level above its capacity; an
    /// account that is no facilitator has capacity 0.
    error BucketExceeded(
        address facilitator, uint128 capacityUd, uint128 levelUd, uint128 amountUd
    );

    /// @notice Thrown when a facilitator would burn more than it made.
    error BelowBucket(address facilitator, uint128 levelUd, uint128 amountUd);

    /// @notice Sets how much money `facilitator` may have out at most [ud].
    /// @dev Called by the bucket role.
    function setBucket(address facilitator, uint128 capacityUd) external;

    /// @notice Makes `amountUd` for `to` [ud].
    /// @dev Called by a facilitator.
    function mint(address to, uint128 amountUd) external;

    /// @notice Unmakes `amountUd` the caller holds and lowers its level [ud].
    /// @dev Called by a facilitator.
    function burn(uint128 amountUd) external;

    /// @notice Is `account` a till, whose payments for others are no transfers between members? It
    /// makes money, or has no passport: then it has no money but what was made for it.
    function isTill(address account) external view returns (bool);

    /// @notice How much `facilitator` may have out, and has out [ud].
    function bucketOf(address facilitator)
        external
        view
        returns (uint128 capacityUd, uint128 levelUd);
}
