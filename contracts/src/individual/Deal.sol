// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IDeal} from "../interfaces/IDeal.sol";
import {IHouseholdTrustFactory} from "../interfaces/IHouseholdTrustFactory.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {ITradingHalt} from "../interfaces/ITradingHalt.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {Escrow} from "./Escrow.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Deal
/// @notice See `IDeal`.
contract Deal is IDeal, Escrow {
    using SafeCast for uint256;

    uint256 private constant _WH_PER_KWH = 1000;

    bytes32 private constant _TERMS_TYPEHASH = keccak256(
        "Deal(address seller,address buyer,uint64 start,uint32 interval,uint64 priceUdPerKwh,uint64 expiry,uint256 salt,uint64[] scheduledWh)"
    );
    bytes32 private constant _DELIVERY_TYPEHASH =
        keccak256("Delivery(bytes32 deal,uint32 first,uint64[] deliveredWh)");

    /// @inheritdoc IDeal
    uint64 public constant SETTLE_LEAST = 2 days;
    /// @inheritdoc IDeal
    uint256 public constant INTERVALS_MOST = 672;

    /// @inheritdoc IDeal
    uint64 public immutable FEE_UD_PER_KWH;
    /// @inheritdoc IDeal
    address public immutable feeTo;
    /// @inheritdoc IDeal
    IVerifier public immutable verifier;
    /// @inheritdoc IDeal
    ITradingHalt public immutable tradingHalt;

    uint8 private immutable _TRADE_ENERGY;

    mapping(bytes32 id => State) private _states;

    constructor(
        ICurrency currency_,
        IPassport passport_,
        ICompliance compliance_,
        IHouseholdTrustFactory trusts_,
        IVerifier verifier_,
        ITradingHalt tradingHalt_,
        uint64 feeUdPerKwh,
        address feeTo_
    ) Escrow(currency_, passport_, compliance_, trusts_) EIP712("SourceEnergy Deal", "1") {
        if (feeTo_ == address(0)) revert ZeroReceiver();
        verifier = verifier_;
        tradingHalt = tradingHalt_;
        FEE_UD_PER_KWH = feeUdPerKwh;
        feeTo = feeTo_;
        _TRADE_ENERGY = passport_.TRADE_ENERGY();
    }

    /// @inheritdoc IDeal
    function open(
        Terms calldata terms,
        bytes calldata sellerSignature,
        bytes calldata buyerSignature
    ) external returns (bytes32 id) {
        id = idOf(terms);
        if (_states[id].opened) revert AlreadyOpened(id);
        _checkHalt();
        uint256 scheduledWh = _checkTerms(terms);
        _checkTrader(terms.seller);
        _checkTrader(terms.buyer);
        _checkAgreed(id, terms.seller, sellerSignature);
        _checkAgreed(id, terms.buyer, buyerSignature);
        uint64 escrowUd = escrowFor(scheduledWh, terms.priceUdPerKwh).toUint64();

        _states[id] =
            State({escrowUd: escrowUd, deliveredWh: 0, settled: 0, open: true, opened: true});
        emit Opened(
            id,
            terms.seller,
            terms.buyer,
            terms.start,
            terms.interval,
            scheduledWh.toUint64(),
            terms.priceUdPerKwh,
            escrowUd
        );
        uint256 mostUd = Math.ceilDiv(scheduledWh * terms.priceUdPerKwh, _WH_PER_KWH);
        _pull(terms.buyer, terms.seller, mostUd, escrowUd);
    }

    /// @inheritdoc IDeal
    function settle(Terms calldata terms, uint64[] calldata deliveredWh, bytes calldata proof)
        external
    {
        bytes32 id = idOf(terms);
        State memory state = _openState(id);
        _checkBefore(terms.expiry);
        uint256 count = deliveredWh.length;
        uint256 left = terms.scheduledWh.length - state.settled;
        if (count == 0 || count > left) revert TooManyIntervals(count, left);
        _checkFrom(terms.start + (state.settled + count) * terms.interval);
        bytes32 digest = deliveryHash(id, state.settled, deliveredWh);
        if (!verifier.verify(digest, proof)) revert ProofRefused(digest);

        uint256 totalWh = state.deliveredWh;
        for (uint256 i = 0; i < count; ++i) {
            totalWh += Math.min(deliveredWh[i], terms.scheduledWh[state.settled + i]);
        }
        uint256 paidUd = _valueDown(totalWh, terms.priceUdPerKwh)
            - _valueDown(state.deliveredWh, terms.priceUdPerKwh);
        uint256 feeUd =
            _valueDown(totalWh, FEE_UD_PER_KWH) - _valueDown(state.deliveredWh, FEE_UD_PER_KWH);
        emit Settled(
            id, state.settled, count, (totalWh - state.deliveredWh).toUint64(), paidUd, feeUd
        );
        state.deliveredWh = totalWh.toUint64();
        state.settled += uint32(count);
        _states[id] = state;
        _credit(terms.seller, paidUd);
        _credit(feeTo, feeUd);
        if (count == left) _close(id, state, terms);
    }

    /// @inheritdoc IDeal
    function expire(Terms calldata terms) external {
        bytes32 id = idOf(terms);
        State memory state = _openState(id);
        _checkFrom(terms.expiry);

        _close(id, state, terms);
    }

    // --- questions ------------------------------------------------------------------------------

    /// @inheritdoc IDeal
    function idOf(Terms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    _TERMS_TYPEHASH,
                    terms.seller,
                    terms.buyer,
                    terms.start,
                    terms.interval,
                    terms.priceUdPerKwh,
                    terms.expiry,
                    terms.salt,
                    keccak256(abi.encodePacked(terms.scheduledWh))
                )
            )
        );
    }

    /// @inheritdoc IDeal
    function deliveryHash(bytes32 id, uint32 first, uint64[] calldata deliveredWh)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(_DELIVERY_TYPEHASH, id, first, keccak256(abi.encodePacked(deliveredWh)))
            )
        );
    }

    /// @inheritdoc IDeal
    function escrowFor(uint256 scheduledWh, uint64 priceUdPerKwh) public view returns (uint256) {
        return Math.ceilDiv(scheduledWh * (uint256(priceUdPerKwh) + FEE_UD_PER_KWH), _WH_PER_KWH);
    }

    /// @inheritdoc IDeal
    function stateOf(bytes32 id) external view returns (State memory) {
        return _states[id];
    }

    // --- inside ---------------------------------------------------------------------------------

    function _close(bytes32 id, State memory state, Terms calldata terms) private {
        uint256 returnedUd = state.escrowUd - _valueDown(state.deliveredWh, terms.priceUdPerKwh)
            - _valueDown(state.deliveredWh, FEE_UD_PER_KWH);

        _states[id].open = false;
        emit Closed(id, returnedUd);
        _giveBack(terms.buyer, returnedUd);
    }

    function _checkTerms(Terms calldata terms) private view returns (uint256 scheduledWh) {
        if (terms.seller == terms.buyer) revert SameParty(terms.buyer);
        uint32 interval = terms.interval;
        if (interval != 900 && interval != 300 && interval != 1800 && interval != 3600) {
            revert IntervalRefused(terms.start, interval);
        }
        if (terms.start % interval != 0) revert IntervalRefused(terms.start, interval);
        uint256 count = terms.scheduledWh.length;
        for (uint256 i = 0; i < count && count <= INTERVALS_MOST; ++i) {
            scheduledWh += terms.scheduledWh[i];
        }
        if (count > INTERVALS_MOST || scheduledWh == 0) revert ScheduleRefused(count, scheduledWh);
        uint256 least = terms.start + count * interval + SETTLE_LEAST;
        if (terms.expiry < least) revert ExpiryTooEarly(terms.expiry, least);
        _checkBefore(uint256(terms.start) + 1);
    }

    function _checkHalt() private view {
        uint64 until = tradingHalt.until();
        if (block.timestamp < until) revert TradingHalted(until);
    }

    function _checkTrader(address account) private view {
        if (!passport.isAllowed(account, _TRADE_ENERGY)) revert PassportInvalid(account);
    }

    function _openState(bytes32 id) private view returns (State memory state) {
        state = _states[id];
        if (!state.open) revert NotOpen(id);
    }

    /// Value of energy, rounded down [ud].
    function _valueDown(uint256 energyWh, uint256 udPerKwh) private pure returns (uint256) {
        return energyWh * udPerKwh / _WH_PER_KWH;
    }
}
