// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../interfaces/ICurrency.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {Assets} from "../libraries/Assets.sol";
import {Venue} from "./Venue.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Exchange
/// @notice See `IExchange`.
contract Exchange is IExchange, EIP712, Venue {
    using SafeERC20 for ICurrency;

    /// One batch or one take, as it goes along.
    struct Trade {
        address token;
        uint256 id;
        uint256 priceUd;
        Listing listing;
        uint256 takenUd; //  from buyers, charges included
        uint256 feeUd;
        uint256 paidUd; //   to sellers
    }

    /// @notice EIP-712 type of an order.
    bytes32 public constant ORDER_TYPE = keccak256(
        "Order(address maker,address token,uint256 id,bool sells,uint128 amount,uint128 priceUd,uint128 chargesMostUd,uint40 deadline,uint64 epoch,address settler,uint256 salt)"
    );

    /// @notice Who is behind an account.
    IPassport public immutable passport;

    /// @inheritdoc IExchange
    mapping(address maker => mapping(bytes32 orderHash => uint256)) public filledOf;
    /// @inheritdoc IExchange
    mapping(address maker => uint64) public epochOf;

    mapping(address token => Listing) private _listings;

    constructor(address authority, Terms memory terms)
        AccessManaged(authority)
        EIP712("SourceEnergy Exchange", "1")
        Venue(terms)
    {
        passport = terms.compliance.passport();
    }

    // --- trade ----------------------------------------------------------------------------------

    /// @inheritdoc IExchange
    function settle(uint128 priceUd, Fill[] calldata sells, Fill[] calldata buys)
        external
        nonReentrant
    {
        if (sells.length == 0 || buys.length == 0) {
            revert OneSided(sells.length, buys.length);
        }
        Trade memory trade = _trade(sells[0].order.token, sells[0].order.id, priceUd);

        uint256 sold = _fillAll(trade, sells, true);
        uint256 bought = _fillAll(trade, buys, false);
        if (sold != bought) revert Unbalanced(sold, bought);

        for (uint256 i = 0; i < buys.length; ++i) {
            _collect(trade, buys[i].order.maker, buys[i].amount, buys[i].order.chargesMostUd);
        }
        _deliverAll(trade, sells, buys);
        for (uint256 i = 0; i < sells.length; ++i) {
            _pay(trade, sells[i].order.maker, sells[i].amount);
        }
        _charge(trade);
    }

    /// @inheritdoc IExchange
    function take(Fill calldata fill, uint128 chargesMostUd) external nonReentrant {
        Order calldata order = fill.order;
        Trade memory trade = _trade(order.token, order.id, order.priceUd);
        bytes32 hash = _fill(trade, fill, order.sells);

        (address seller, address buyer) =
            order.sells ? (order.maker, msg.sender) : (msg.sender, order.maker);
        uint256 moneyUd = order.sells ? _up(trade, fill.amount) : _down(trade, fill.amount);
        emit Taken(hash, msg.sender, fill.amount, moneyUd);
        _collect(trade, buyer, fill.amount, order.sells ? chargesMostUd : order.chargesMostUd);
        _deliver(trade, seller, buyer, fill.amount);
        _pay(trade, seller, fill.amount);
        _charge(trade);
    }

    /// @inheritdoc IExchange
    function cancel(bytes32 orderHash_) external {
        filledOf[msg.sender][orderHash_] = type(uint256).max;
        emit Cancelled(msg.sender, orderHash_);
    }

    /// @inheritdoc IExchange
    function raiseEpoch() external {
        uint64 epoch = ++epochOf[msg.sender];
        emit EpochRaised(msg.sender, epoch);
    }

    // --- governance -----------------------------------------------------------------------------

    /// @inheritdoc IExchange
    function list(address token, Assets.Standard standard, uint64 unit) external restricted {
        if (
            token == address(0) || token == address(currency) || unit == 0
                || standard == Assets.Standard.NONE
                || _listings[token].standard != Assets.Standard.NONE
        ) revert ListingRefused(token, standard, unit);

        _listings[token] = Listing(standard, unit, 0, 0);
        emit Listed(token, standard, unit);
    }

    /// @inheritdoc IExchange
    function setCharges(address token, uint64 feeUd, uint16 levyBps) external restricted {
        Listing storage listing = _listings[token];
        if (listing.standard == Assets.Standard.NONE) revert NotListed(token, 0);
        if (levyBps > SHARE_MOST_BPS) revert ShareTooHigh(levyBps, SHARE_MOST_BPS);

        (listing.feeUd, listing.levyBps) = (feeUd, levyBps);
        emit ChargesSet(token, feeUd, levyBps);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IExchange
    function orderHash(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPE, order)));
    }

    /// @inheritdoc IExchange
    function listingOf(address token) external view returns (Listing memory) {
        return _listings[token];
    }

    // --- checks, and what they fill -------------------------------------------------------------

    function _trade(address token, uint256 id, uint256 priceUd)
        private
        view
        returns (Trade memory trade)
    {
        Listing memory listing = _listings[token];
        bool isListed = listing.standard == Assets.Standard.ERC1155
            || (listing.standard == Assets.Standard.ERC20 && id == 0);
        if (!isListed) revert NotListed(token, id);
        _checkHalt();
        trade.token = token;
        trade.id = id;
        trade.priceUd = priceUd;
        trade.listing = listing;
    }

    /// Fills one side of a batch; the price must clear it.
    function _fillAll(Trade memory trade, Fill[] calldata fills, bool sells)
        private
        returns (uint256 amount)
    {
        for (uint256 i = 0; i < fills.length; ++i) {
            Order calldata order = fills[i].order;
            bytes32 hash = _fill(trade, fills[i], sells);
            uint256 left = order.amount - filledOf[order.maker][hash];
            if (left != 0 && order.priceUd != trade.priceUd) revert NotClearing(hash, left);
            amount += fills[i].amount;
        }
    }

    function _fill(Trade memory trade, Fill calldata fill, bool sells)
        private
        returns (bytes32 hash)
    {
        Order calldata order = fill.order;
        hash = orderHash(order);
        _checkOrder(trade, order, hash, sells);
        uint256 amount = fill.amount;
        if (amount == 0) revert ZeroAmount();
        uint256 filled = filledOf[order.maker][hash];
        uint256 left = filled < order.amount ? order.amount - filled : 0;
        if (amount > left) revert Overfilled(hash, left, amount);
        if (!SignatureChecker.isValidSignatureNowCalldata(order.maker, hash, fill.signature)) {
            revert SignatureRefused(hash, order.maker);
        }

        filledOf[order.maker][hash] = filled + amount;
        _emitFilled(trade, order, hash, amount);
    }

    function _checkOrder(Trade memory trade, Order calldata order, bytes32 hash, bool sells)
        private
        view
    {
        if (order.sells != sells || order.token != trade.token || order.id != trade.id) {
            revert NotInBook(hash);
        }
        _checkDeadline(order.deadline);
        if (order.settler != address(0) && order.settler != msg.sender) {
            revert NotSettler(msg.sender, order.settler);
        }
        uint64 epoch = epochOf[order.maker];
        if (order.epoch != epoch) revert EpochPassed(order.maker, epoch, order.epoch);
        if (sells ? trade.priceUd < order.priceUd : trade.priceUd > order.priceUd) {
            revert PriceWorse(hash, order.priceUd, trade.priceUd);
        }
    }

    function _emitFilled(Trade memory trade, Order calldata order, bytes32 hash, uint256 amount)
        private
    {
        emit Filled(
            hash,
            order.maker,
            trade.token,
            trade.id,
            order.sells,
            amount,
            filledOf[order.maker][hash],
            trade.priceUd,
            order.sells ? _down(trade, amount) : _up(trade, amount)
        );
    }

    // --- amounts --------------------------------------------------------------------------------

    /// What a buyer pays: rounded up, against it.
    function _up(Trade memory trade, uint256 amount) private pure returns (uint256) {
        return Math.ceilDiv(amount * trade.priceUd, trade.listing.unit);
    }

    /// What a seller receives: rounded down, against it.
    function _down(Trade memory trade, uint256 amount) private pure returns (uint256) {
        return amount * trade.priceUd / trade.listing.unit;
    }

    // --- transfers ------------------------------------------------------------------------------

    /// Takes price, fee and levy from a buyer.
    function _collect(Trade memory trade, address buyer, uint256 amount, uint256 chargesMostUd)
        private
    {
        Listing memory listing = trade.listing;
        uint256 costUd = _up(trade, amount);
        uint256 feeUd = Math.ceilDiv(amount * listing.feeUd, listing.unit);
        uint256 chargesUd = feeUd + _shareUp(costUd, listing.levyBps);
        uint256 mostUd = Math.ceilDiv(amount * chargesMostUd, listing.unit);
        if (chargesUd > mostUd) revert ChargesExceeded(buyer, mostUd, chargesUd);

        trade.takenUd += costUd + chargesUd;
        trade.feeUd += feeUd;
        currency.safeTransferFrom(buyer, address(this), costUd + chargesUd);
    }

    /// Pairs sellers and buyers off, each in the order given.
    function _deliverAll(Trade memory trade, Fill[] calldata sells, Fill[] calldata buys) private {
        uint256 i = 0;
        uint256 toSell = sells[0].amount;
        for (uint256 j = 0; j < buys.length; ++j) {
            uint256 toBuy = buys[j].amount;
            while (toBuy != 0) {
                if (toSell == 0) toSell = sells[++i].amount;
                uint256 amount = Math.min(toSell, toBuy);
                toSell -= amount;
                toBuy -= amount;
                _deliver(trade, sells[i].order.maker, buys[j].order.maker, amount);
            }
        }
    }

    /// Asks for both legs of a pair and moves the asset.
    function _deliver(Trade memory trade, address seller, address buyer, uint256 amount) private {
        if (seller == buyer || _areOne(seller, buyer)) revert SelfTrade(seller);
        compliance.recordTrade(
            trade.token, seller, buyer, amount, address(currency), _up(trade, amount)
        );
        Assets.move(trade.listing.standard, trade.token, trade.id, seller, buyer, amount);
    }

    /// Are these two wallets of one person?
    function _areOne(address seller, address buyer) private view returns (bool) {
        bytes32 person = passport.identityOf(seller);
        return person != 0 && person == passport.identityOf(buyer);
    }

    function _pay(Trade memory trade, address seller, uint256 amount) private {
        uint256 moneyUd = _down(trade, amount);
        trade.paidUd += moneyUd;
        currency.safeTransfer(seller, moneyUd);
    }

    /// Sends the rest to the pots, so that nothing stays.
    function _charge(Trade memory trade) private {
        uint256 levyUd = trade.takenUd - trade.feeUd - trade.paidUd;
        if (trade.feeUd + levyUd == 0) return;
        emit Charged(trade.token, trade.feeUd, levyUd);
        if (trade.feeUd != 0) currency.safeTransfer(feePot, trade.feeUd);
        if (levyUd != 0) currency.safeTransfer(levyPot, levyUd);
    }
}
