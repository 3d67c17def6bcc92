// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAveragePrice} from "./IAveragePrice.sol";
import {IEnergyCredit} from "./IEnergyCredit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title StabilisationFund: buys energy credits in a storm, sells them back in fair weather
/// @notice Fed by the levy. When the price of a credit, averaged over the last hour, is at least
/// 15 % below its average of seven days, anyone but an insider may sell credits to the fund at
/// that hour's price; so nobody needs to push the market lower. Once the price is back within the
/// band the buying stops. At or above the seven days' average anyone but an insider may buy the
/// credits back, at the higher of the two. What is left when a season ends is cashed out at feed-in.
///
/// On one UTC day at most 20 % of what the fund had at the day's first use is spent, and never the
/// last 25 % of the most it ever had.
///
/// All amounts are micro-dollars [ud], prices micro-dollars per kWh [ud/kWh], credits watt-hours
/// [Wh]: one unit of a credit is a watt-hour.
///
/// @dev Money leaves only through `support`, against credits at the published price; no role can
/// take it. It knows nothing of the backing reserve.
///
/// Assumptions. The currency and the credits move exactly the amounts asked for and call nobody.
/// A credit's price source cannot be moved within an hour by less than the daily cap.
///
/// Warning: **whoever lists credits is trusted with the cap.** A false credit or price source,
/// listed by the council behind its delay, could take the daily cap each day down to the floor,
/// and no more.
///
/// Warning: two days may meet at midnight, so that up to 36 % is spent within 24 hours.
interface IStabilisationFund {
    /// @notice Money came in.
    event Fed(address indexed from, uint256 amountUd);

    /// @notice The fund bought credits: the use of a day, with all it was decided by.
    event Supported(
        address indexed credit,
        address indexed seller,
        uint256 amountWh,
        uint256 paidUd,
        uint256 priceUdPerKwh,
        uint256 averageUdPerKwh,
        uint256 heldUd
    );

    /// @notice The fund sold credits back.
    event Released(
        address indexed credit,
        address indexed buyer,
        uint256 amountWh,
        uint256 receivedUd,
        uint256 priceUdPerKwh
    );

    /// @notice Credits the fund still held when their season was over became money.
    event CashedOut(address indexed credit, uint256 amountWh, uint256 receivedUd);

    /// @notice A credit may be bought by the price of `source`; zero: no longer.
    event CreditSet(address indexed credit, address indexed source);

    /// @notice `account` may not deal with the fund, or may again.
    event InsiderSet(address indexed account, bool insider);

    /// @notice Thrown when something the fund depends on would be nobody.
    error ZeroArgument();

    /// @notice Thrown when trading is halted.
    error Halted();

    /// @notice Thrown when nothing would be moved.
    error ZeroAmount();

    /// @notice Thrown when a credit is not listed.
    error UnknownCredit(address credit);

    /// @notice Thrown when a credit's source does not know its price.
    error NoPrice(address credit);

    /// @notice Thrown when the account has a seat in the council or is listed as an insider.
    error Insider(address account);

    /// @notice Thrown when the account's passport does not allow trading energy.
    error NotAllowed(address account);

    /// @notice Thrown when the price is not far enough below the average.
    error WithinBand(uint256 priceUdPerKwh, uint256 bandUdPerKwh);

    /// @notice Thrown when the price is not back at the average.
    error BelowAverage(uint256 priceUdPerKwh, uint256 averageUdPerKwh);

    /// @notice Thrown when more would be spent than is left, for today or above the floor.
    error BeyondLimit(uint256 availableUd, uint256 amountUd);

    /// @notice Thrown when the price is worse than the caller accepts.
    error LimitMissed(uint256 limitUd, uint256 amountUd);

    /// @notice Gives the fund money of the caller's: the levy, or a gift.
    /// @dev Called by anyone.
    function feed(uint128 amountUd) external;

    /// @notice Sells `amountWh` of the caller's credits to the fund, at the hour's price, rounded
    /// down.
    /// @dev Called by an account with a passport to trade energy, who is no insider.
    /// @param leastUd least money the caller accepts
    /// @return paidUd money paid
    function support(IERC20 credit, uint128 amountWh, uint128 leastUd)
        external
        returns (uint256 paidUd);

    /// @notice Buys `amountWh` of credits from the fund, at the higher of the hour's price and the
    /// seven days' average, rounded up.
    /// @dev Called by an account with a passport to trade energy, who is no insider.
    /// @param mostUd most money the caller accepts
    /// @return receivedUd money paid to the fund
    function release(IERC20 credit, uint128 amountWh, uint128 mostUd)
        external
        returns (uint256 receivedUd);

    /// @notice Takes the feed-in value of the credits the fund holds, once their season is over. A
    /// credit taken off the list is listed again for it.
    /// @dev Called by anyone.
    function cashOut(IEnergyCredit credit) external returns (uint256 receivedUd);

    /// @notice Lists a credit with the source of its price; zero takes it off the list.
    /// @dev Called by the council, behind its delay.
    function setCredit(IERC20 credit, IAveragePrice source) external;

    /// @notice Marks `account` as an insider, or as none.
    /// @dev Called by the role that keeps the list.
    function setInsider(address account, bool insider) external;

    /// @notice What may still be spent today [ud].
    function availableUd() external view returns (uint256);

    /// @notice What is never spent: 25 % of the most the fund ever had, rounded up [ud].
    function floorUd() external view returns (uint256);

    /// @notice Price of the last hour, average of seven days, and the price at and below which the
    /// fund buys, rounded down [ud/kWh].
    function pricesOf(IERC20 credit)
        external
        view
        returns (uint256 priceUdPerKwh, uint256 averageUdPerKwh, uint256 bandUdPerKwh);

    /// @notice Where the price of `credit` comes from; zero where it is not listed.
    function sourceOf(IERC20 credit) external view returns (IAveragePrice);

    /// @notice May `account` not deal with the fund? Neither may any other wallet of an insider that
    /// its passport knows.
    function isInsider(address account) external view returns (bool);
}
