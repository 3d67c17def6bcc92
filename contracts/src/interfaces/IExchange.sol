// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assets} from "../libraries/Assets.sol";
import {IVenue} from "./IVenue.sol";

/// @title Exchange: signed orders for any listed token, settled against money
/// @notice A member signs an order (EIP-712, or ERC-1271 where the member is a contract). Orders
/// meet in a batch at one price that clears them, or one is filled at its limit by whoever wants
/// the other side. Assets go from seller to buyer; the buyer pays price, fee and levy, the seller
/// receives the price.
///
/// Money is micro-dollars [ud], amounts are smallest units of the token, prices ud per `unit` of
/// these (for energy credits 1000 units: a kWh).
///
/// @dev Assumptions. Listed tokens move exactly the amounts asked for. The exchange is a venue of
/// the rulebook, which has the currency and every listed token. Makers approved the exchange for
/// what they sell or pay.
///
/// What holds whoever settles: no order is filled above its amount, after its deadline, once
/// cancelled, on another chain or another exchange; no buyer pays more than its limit or than the
/// charges it signed, no seller receives less than its limit, each rounded to a micro-dollar a
/// fill against the trader; as much is bought as sold; nothing stays here.
///
/// Warning: **the rounding goes to the levy's pot**: a buyer pays rounded up, a seller receives
/// rounded down. Fills so small that this matters enrich nobody else.
///
/// Warning: **a batch takes place whole or not at all.** An order whose maker cannot pay, has no
/// valid passport or refuses the asset is left out by the settler.
///
/// Warning: **an order open to any settler** may be settled at any price within its limits that
/// clears the batch it is put in. Who wants a certain operator's price names that settler.
interface IExchange is IVenue {
    /// @notice What a member signs.
    struct Order {
        address maker;
        address token;
        uint256 id; //           of an ERC-1155; zero for an ERC-20
        bool sells;
        uint128 amount; //       most to trade                      [smallest units]
        uint128 priceUd; //      worst price                        [ud per unit]
        uint128 chargesMostUd; // most fee and levy, for a buyer    [ud per unit]
        uint40 deadline; //      last second it may be filled in
        uint64 epoch; //         the maker's, or it is void
        address settler; //      who alone may fill it; zero: anyone
        uint256 salt; //         tells equal orders apart
    }

    /// @notice An order, its signature, and how much of it is to be filled.
    struct Fill {
        Order order;
        bytes signature;
        uint128 amount;
    }

    /// @notice How a token is traded.
    struct Listing {
        Assets.Standard standard; // none: not listed
        uint64 unit; //              smallest units a price is for
        uint64 feeUd; //             marketplace fee               [ud per unit]
        uint16 levyBps; //           stabilisation levy            [basis points of the price]
    }

    /// @notice A token may be traded.
    event Listed(address indexed token, Assets.Standard standard, uint64 unit);

    /// @notice What a buyer of the token pays on top was set.
    event ChargesSet(address indexed token, uint64 feeUd, uint16 levyBps);

    /// @notice `amount` of an order was filled at `priceUd`; `filled` is all of it that was.
    /// @param moneyUd paid by a buyer, received by a seller, without charges
    event Filled(
        bytes32 indexed orderHash,
        address indexed maker,
        address indexed token,
        uint256 id,
        bool sells,
        uint256 amount,
        uint256 filled,
        uint256 priceUd,
        uint256 moneyUd
    );

    /// @notice The caller took the other side of an order.
    event Taken(bytes32 indexed orderHash, address indexed taker, uint256 amount, uint256 moneyUd);

    /// @notice Fee and levy, with what rounding left, went to their pots.
    event Charged(address indexed token, uint256 feeUd, uint256 levyUd);

    /// @notice An order is void.
    event Cancelled(address indexed maker, bytes32 indexed orderHash);

    /// @notice All orders of `maker` of another epoch are void.
    event EpochRaised(address indexed maker, uint64 epoch);

    /// @notice Thrown when a token cannot be listed so.
    error ListingRefused(address token, Assets.Standard standard, uint64 unit);

    /// @notice Thrown when the token is not listed, or has no such id.
    error NotListed(address token, uint256 id);

    /// @notice Thrown when one side of a batch is empty.
    error OneSided(uint256 sells, uint256 buys);

    /// @notice Thrown when a batch has another token, or an order on the wrong side.
    error NotInBook(bytes32 orderHash);

    /// @notice Thrown when the signature is not the maker's.
    error SignatureRefused(bytes32 orderHash, address maker);

    /// @notice Thrown when the order is of another epoch of its maker.
    error EpochPassed(address maker, uint64 current, uint64 given);

    /// @notice Thrown when another settler is named in the order.
    error NotSettler(address caller, address settler);

    /// @notice Thrown when the order would be filled above its amount; a cancelled one has nothing
    /// left.
    error Overfilled(bytes32 orderHash, uint256 left, uint256 amount);

    /// @notice Thrown when the price is worse than the order's limit.
    error PriceWorse(bytes32 orderHash, uint256 limitUd, uint256 priceUd);

    /// @notice Thrown when fee and levy exceed what the buyer accepts.
    error ChargesExceeded(address buyer, uint256 mostUd, uint256 chargesUd);

    /// @notice Thrown when the price does not clear the batch: an order that is better than it
    /// would keep `left` unfilled.
    error NotClearing(bytes32 orderHash, uint256 left);

    /// @notice Thrown when the batch sells another amount than it buys.
    error Unbalanced(uint256 sold, uint256 bought);

    /// @notice Thrown when a person would trade with itself, by one wallet or two.
    error SelfTrade(address account);

    /// @notice Settles orders of one token at one price. The price must clear them: whoever is
    /// ready to give more, or take less, is filled whole; only orders whose limit is the price
    /// may be filled in part.
    /// @dev Called by anyone each order allows.
    /// @param priceUd the price of all fills [ud per unit]
    function settle(uint128 priceUd, Fill[] calldata sells, Fill[] calldata buys) external;

    /// @notice Takes the other side of an order, at its limit.
    /// @dev Called by anyone the order and the rules allow.
    /// @param chargesMostUd most fee and levy, if the caller is the buyer [ud per unit]
    function take(Fill calldata fill, uint128 chargesMostUd) external;

    /// @notice Voids the caller's order with this hash.
    /// @dev Called by the maker.
    function cancel(bytes32 orderHash_) external;

    /// @notice Voids all of the caller's orders of its present epoch.
    /// @dev Called by any maker.
    function raiseEpoch() external;

    /// @notice Lets a token be traded. Standard and unit are fixed for ever, since they are what
    /// signed prices mean.
    /// @dev Called by the listing role.
    function list(address token, Assets.Standard standard, uint64 unit) external;

    /// @notice Sets what a buyer of the token pays on top.
    /// @dev Called by governance; no order pays more than its maker signed.
    function setCharges(address token, uint64 feeUd, uint16 levyBps) external;

    /// @notice Hash of an order, which its maker signs.
    function orderHash(Order calldata order) external view returns (bytes32);

    /// @notice How much of the order is filled; `type(uint256).max` if it was cancelled.
    function filledOf(address maker, bytes32 orderHash_) external view returns (uint256);

    /// @notice The present epoch of a maker.
    function epochOf(address maker) external view returns (uint64);

    /// @notice How a token is traded.
    function listingOf(address token) external view returns (Listing memory);
}
