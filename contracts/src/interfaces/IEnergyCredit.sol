// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title EnergyCredit: a metered kWh of one season; the smallest unit is a watt-hour [Wh]
/// @notice ERC-20 with permit and 3 decimals; one contract a season. A credit is made only by
/// settlement, against a metering record, which counts once; and only with its feed-in value
/// deposited here. During the season it is used up against metered consumption. When the season is
/// over whoever still holds credits is paid their feed-in value, so that nothing is lost.
///
/// Energy is watt-hours [Wh], money micro-dollars [ud], prices [ud/kWh], times UTC unix seconds
/// [s].
/// @dev Assumptions. The settlement role names metering records that passed settlement, each by the
/// same hash always. The currency moves exactly the amounts asked for; currency and compliance call
/// nobody.
///
/// What holds whatever the settlement role does: credits never lack their feed-in value, and the
/// value leaves only for credits used up with their holder's allowance or cashed out.
///
/// Warning: **a transfer needs valid passports on both sides** and passes the rule packs; after the
/// season too. A frozen account's credits and cash are held for it.
///
/// Warning: **a venue that holds credits at the end of the season cashes out for itself** (or has
/// its liquidity taken out first); nobody else can do it over its head.
interface IEnergyCredit is IERC20, IERC20Permit {
    /// @notice A season, fixed as its contract is made.
    struct Season {
        string name;
        string symbol;
        uint64 start; // first second in which credits are made
        uint64 end; // first second in which they are cashed out
        uint64 feedInUdPerKwh; // what a credit is worth then
    }

    /// @notice Credits were made against the metering record `source`.
    event Minted(address indexed to, bytes32 indexed source, uint256 energyWh, uint256 depositedUd);

    /// @notice Credits were used up against the consumption record `source`.
    event Redeemed(
        address indexed account, bytes32 indexed source, uint256 energyWh, uint256 releasedUd
    );

    /// @notice `account` was paid for its credits.
    event CashedOut(address indexed account, uint256 energyWh, uint256 paidUd);

    /// @notice Thrown when a season has no length or no value, or a value beyond the largest.
    error SeasonRefused(uint64 start, uint64 end, uint64 feedInUdPerKwh);

    /// @notice Thrown when credits are made or used up before or after the season.
    error OutOfSeason(uint64 start, uint64 end, uint256 now_);

    /// @notice Thrown when credits are cashed out before the season is over.
    error SeasonNotOver(uint64 end, uint256 now_);

    /// @notice Thrown when no energy is given.
    error ZeroEnergy();

    /// @notice Thrown when the record has counted already.
    error SourceUsed(bytes32 source);

    /// @notice Thrown when the account has no credits.
    error NothingDue(address account);

    /// @notice Thrown when the account has no valid passport with this permission.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Makes `energyWh` for `to` and takes their feed-in value from the caller, rounded up.
    /// @dev Called by the settlement role, who has approved the currency.
    /// @param source hash of the metering record; counts once
    function mint(address to, uint128 energyWh, bytes32 source) external;

    /// @notice Uses up `energyWh` of `account` against its metered consumption, and gives their
    /// feed-in value back to the caller, rounded down.
    /// @dev Called by the settlement role, within the allowance `account` gave it.
    /// @param source hash of the consumption record; counts once
    function redeem(address account, uint128 energyWh, bytes32 source) external;

    /// @notice Pays `account` the feed-in value of all its credits, rounded down, once the season
    /// is over.
    /// @dev Called by the account, or for it by the settlement role.
    function cashOut(address account) external returns (uint256 paidUd);

    /// @notice First second in which credits are made [s].
    function start() external view returns (uint64);

    /// @notice First second in which credits are cashed out [s].
    function end() external view returns (uint64);

    /// @notice What a credit is worth at the end [ud/kWh].
    function feedInUdPerKwh() external view returns (uint64);

    /// @notice Money held for the credits out [ud]: at least their feed-in value.
    function backingUd() external view returns (uint256);

    /// @notice Did the metering record make credits?
    function isMinted(bytes32 source) external view returns (bool);

    /// @notice Did the consumption record use up credits?
    function isRedeemed(bytes32 source) external view returns (bool);
}
