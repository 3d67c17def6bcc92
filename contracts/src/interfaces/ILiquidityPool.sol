// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHeeding} from "./IHeeding.sol";
import {ITradedPrice} from "./ITradedPrice.sol";
import {IVenue} from "./IVenue.sol";

/// @title LiquidityPool: one asset against settlement money, at any time
/// @notice The product of both reserves never falls (constant product). Of what goes in, 0.3 %
/// stays in the pool for those who provided liquidity; a marketplace fee and a stabilisation levy
/// come out of the money side of every trade. Shares are an ERC-20 the rulebook tracks.
///
/// Money is micro-dollars [ud], the asset its smallest units, prices ud per `unit` of these (for
/// energy credits 1000 units: a kWh).
///
/// @dev Assumptions. The asset moves exactly the amounts asked for. The pool is a venue of the
/// rulebook, which has the currency, the asset and, tracked, the pool's shares. Reserves are what
/// the pool has booked, not what it holds: who sends it anything without a verb has given it away,
/// and moves no price.
///
/// The pool keeps its own note of the trading halt, which tells it of every change.
///
/// Warning: **providing can lose.** If the price moves, a provider takes out less than the same
/// assets held outside were worth, unless fees made up for it. `provide` asks for a word that this
/// is understood.
///
/// Warning: **the price now can be moved by anyone for one transaction.** Only `average` is fit to
/// be used elsewhere, and only where enough parties traded for long enough.
///
/// A pool of energy credits is a `Tariff`'s source of the traded price: of that average, once it
/// covers a whole window.
///
/// Warning: **taking out needs a valid passport**, of a country that is not closed. The share stays
/// the account's own until then.
interface ILiquidityPool is IVenue, IHeeding, ITradedPrice {
    /// @notice Liquidity came in.
    event Provided(
        address indexed account, uint256 moneyUd, uint256 assets, uint256 shares, uint256 locked
    );

    /// @notice Liquidity went out.
    event Withdrawn(address indexed account, uint256 moneyUd, uint256 assets, uint256 shares);

    /// @notice `account` paid `moneyUd`, fee and levy included, for `assets`.
    event Bought(
        address indexed account, uint256 moneyUd, uint256 assets, uint256 feeUd, uint256 levyUd
    );

    /// @notice `account` received `moneyUd`, after fee and levy, for `assets`.
    event Sold(
        address indexed account, uint256 moneyUd, uint256 assets, uint256 feeUd, uint256 levyUd
    );

    /// @notice The pool noted how long trading is halted.
    event Heeded(uint64 until);

    /// @notice Fee and levy went to their pots.
    event Collected(uint256 feeUd, uint256 levyUd);

    /// @notice The shares of the price were set [basis points].
    event SharesOfPriceSet(uint16 feeBps, uint16 levyBps);

    /// @notice Thrown when the asset has ids its standard lacks, or no unit or window is given.
    error AssetRefused(address token, uint256 id, uint64 unit, uint32 window);

    /// @notice Thrown when an asset arrives that no verb asked for.
    error Unasked(address operator, address token, uint256 id);

    /// @notice Thrown when the caller would get less than it accepts.
    error SlippageExceeded(uint256 least, uint256 given);

    /// @notice Thrown when the warning was not acknowledged.
    error LossNotUnderstood();

    /// @notice Thrown when the first liquidity is too small to lock the minimum.
    error LiquidityTooSmall(uint256 shares, uint256 locked);

    /// @notice Thrown when a trade asks a pool without liquidity.
    error PoolEmpty();

    /// @notice Thrown when a reserve would not fit its 104 bits.
    error ReserveTooLarge(uint256 reserve);

    /// @notice Buys assets for exactly `moneyUd`, fee and levy included.
    /// @dev Called by anyone the rules allow, who approved the currency.
    /// @param assetsLeast the least it accepts; rounded down
    /// @param deadline last second it may happen in
    function buy(uint128 moneyUd, uint128 assetsLeast, uint40 deadline)
        external
        returns (uint256 assets);

    /// @notice Sells exactly `assets` for money, after fee and levy.
    /// @dev Called by anyone the rules allow, who approved the asset.
    /// @param moneyLeastUd the least it accepts; rounded down
    /// @param deadline last second it may happen in
    function sell(uint128 assets, uint128 moneyLeastUd, uint40 deadline)
        external
        returns (uint256 moneyUd);

    /// @notice Puts both assets in, in proportion of the reserves, for shares. The first provider
    /// sets the price with the whole of both; a minimum of its shares is locked for ever.
    /// @dev Called by anyone the rules allow, who approved both. Shares are rounded down, what is
    /// taken up.
    /// @param moneyMostUd most money to put in
    /// @param assetsMost most assets to put in
    /// @param sharesLeast least shares it accepts
    /// @param lossUnderstood the provider knows it can lose, see above
    function provide(
        uint128 moneyMostUd,
        uint128 assetsMost,
        uint128 sharesLeast,
        bool lossUnderstood,
        uint40 deadline
    ) external returns (uint256 shares);

    /// @notice Takes the caller's part of both reserves out, rounded down. Nobody can stop it.
    /// @dev Called by a holder of shares.
    function withdraw(uint128 shares, uint128 moneyLeastUd, uint128 assetsLeast, uint40 deadline)
        external
        returns (uint256 moneyUd, uint256 assets);

    /// @notice Sends fee and levy to their pots.
    /// @dev Called by anyone.
    function collect() external;

    /// @notice Sets fee and levy as shares of the money side, each within its bound.
    /// @dev Called by governance.
    function setSharesOfPrice(uint16 feeBps, uint16 levyBps) external;

    /// @notice What `buy` would give now.
    function quoteBuy(uint256 moneyUd) external view returns (uint256 assets);

    /// @notice What `sell` would give now.
    function quoteSell(uint256 assets) external view returns (uint256 moneyUd);

    /// @notice Both reserves, and when they last changed.
    function reserves() external view returns (uint256 moneyUd, uint256 assets, uint256 changedAt);

    /// @notice Time-weighted average of the price from `since` to now, over the whole last window
    /// and the one running, and how many traded in them: the wallets of one person count once.
    /// @return priceUd ud per `unit`, rounded down; zero before the first liquidity
    /// @return parties at least five of them make the price fit for a tariff
    function average() external view returns (uint256 priceUd, uint256 parties, uint256 since);

    /// @notice Sum over all time of the price [ud per `unit`, times 2³²] times the seconds it was
    /// in force. The difference of two readings, divided by the time between, is an average.
    function cumulativePrice() external view returns (uint256);
}
