// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITariff} from "../interfaces/ITariff.sol";
import {ITradedPrice} from "../interfaces/ITradedPrice.sol";
import {DynamicPrice} from "../libraries/DynamicPrice.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Tariff
/// @notice See `ITariff`.
contract Tariff is ITariff, AccessManaged, EIP712 {
    using SafeCast for uint256;

    struct Anchor {
        uint64 price; //       from `interval` on                     [ud/kWh]
        uint64 before; //      of the interval before                 [ud/kWh]
        uint40 interval; //    at most one after that of now
        uint40 recorded; //    interval of the last record
        uint16 flags;
        uint16 flagsBefore;
    }

    struct Versions {
        uint24 latest;
        uint40 from; //        first interval of the latest
    }

    /// @notice The largest price either side of zero: 100 dollars a kWh; more is a unit error.
    uint64 public constant PRICE_MOST_UD_PER_KWH = 1e8;

    /// @notice Bounds no policy can pass.
    uint32 public constant DEMAND_WEIGHT_MOST_PPM = 5_000_000;
    uint32 public constant TRADED_WEIGHT_MOST_PPM = 500_000;

    /// @notice Fewest parties whose trades count.
    uint32 public constant PARTIES_FEWEST = 5;

    uint256 private constant SIGNATURE_LENGTH = 65;
    bytes32 private constant INPUT_TYPE = keccak256(
        "Input(int64 gridUdPerKwh,uint64 demandW,uint64 tariffUdPerKwh,uint64 observedAt)"
    );

    /// @notice Length of an interval [s].
    uint32 public immutable intervalSeconds;

    /// @notice Signatures needed, of so many reporters.
    uint8 public quorum;
    uint32 public reporters;

    /// @notice Where the traded price comes from; zero: it does not count.
    ITradedPrice public source;

    /// @notice May `account` sign inputs?
    mapping(address account => bool) public isReporter;

    Anchor private _anchor;
    Versions private _versions;
    mapping(uint64 interval => Record) private _records;
    mapping(uint24 version => DynamicPrice.Policy) private _policies;

    constructor(
        address authority,
        uint32 intervalSeconds_,
        uint64 tariffUdPerKwh,
        DynamicPrice.Policy memory policy
    ) AccessManaged(authority) EIP712("SourceEnergy Tariff", "1") {
        if (intervalSeconds_ == 0) revert ZeroInterval();
        intervalSeconds = intervalSeconds_;
        uint40 interval = uint256(block.timestamp / intervalSeconds_).toUint40();
        _setPolicy(policy, interval);

        // As if the tariff had been reported long ago: the price begins there.
        uint64 first = DynamicPrice.within(tariffUdPerKwh, policy.floorUdPerKwh, policy.capUdPerKwh);
        Record storage record = _records[interval];
        record.tariffUdPerKwh = tariffUdPerKwh;
        record.policyVersion = 1;
        record.priceUdPerKwh = first;
        record.beforeUdPerKwh = first;
        record.previous = interval;
        record.flags = DynamicPrice.STALE | DynamicPrice.FALLBACK;
        _anchor = Anchor(first, first, interval, interval, record.flags, record.flags);
        emit Priced(interval, record, 0);
    }

    // --- report ---------------------------------------------------------------------------------

    /// @inheritdoc ITariff
    function report(Input calldata input, bytes calldata signatures)
        external
        returns (uint64 priceUdPerKwh)
    {
        uint64 interval = _intervalNow();
        if (_anchor.interval > interval) revert AlreadyReported(interval + 1);
        (uint24 version, DynamicPrice.Policy memory policy) = _policyAt(interval + 1);
        _checkInput(input, policy, interval);
        _checkSignatures(inputHash(input), signatures);

        (uint64 tradedUdPerKwh, uint32 parties) = _traded(policy.freshFor);
        (uint64 beforeUdPerKwh, uint16 flagsBefore) = _priceAt(interval);
        uint16 flags;
        (priceUdPerKwh, flags) = DynamicPrice.price(
            DynamicPrice.Inputs(input.gridUdPerKwh, input.demandW, tradedUdPerKwh),
            policy,
            beforeUdPerKwh
        );
        uint40 next = uint256(interval + 1).toUint40();
        Record memory record = Record({
            gridUdPerKwh: input.gridUdPerKwh,
            demandW: input.demandW,
            tariffUdPerKwh: input.tariffUdPerKwh,
            observedAt: uint40(input.observedAt), // fits, being at most the time of now
            policyVersion: version,
            priceUdPerKwh: priceUdPerKwh,
            tradedUdPerKwh: tradedUdPerKwh,
            beforeUdPerKwh: beforeUdPerKwh,
            previous: _anchor.recorded,
            flags: flags
        });
        _records[next] = record;
        _anchor = Anchor(priceUdPerKwh, beforeUdPerKwh, next, next, flags, flagsBefore);
        emit Priced(next, record, parties);
    }

    // --- settings -------------------------------------------------------------------------------

    /// @inheritdoc ITariff
    function setPolicy(DynamicPrice.Policy calldata policy) external restricted {
        uint64 interval = _intervalNow();
        if (_versions.from > interval) revert PolicyPending(_versions.from);

        // What is in force now stays so; the new policy acts on it from the next interval on.
        if (_anchor.interval < interval) {
            (_anchor.price, _anchor.flags) = _priceAt(interval);
            _anchor.interval = uint40(interval);
        }
        _setPolicy(policy, uint256(interval + 1).toUint40());
    }

    /// @inheritdoc ITariff
    function setReporter(address reporter, bool on, uint8 quorum_) external restricted {
        uint32 count = reporters;
        if (isReporter[reporter] != on) count = on ? count + 1 : count - 1;
        if (reporter == address(0) || quorum_ == 0 || quorum_ > count) {
            revert QuorumRefused(reporter, quorum_, count);
        }

        isReporter[reporter] = on;
        reporters = count;
        quorum = quorum_;
        emit ReporterSet(reporter, on, quorum_);
    }

    /// @inheritdoc ITariff
    function setSource(address source_) external restricted {
        source = ITradedPrice(source_);
        emit SourceSet(source_);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc ITariff
    function price() external view returns (uint64 priceUdPerKwh, uint16 flags) {
        return _priceAt(_intervalNow());
    }

    /// @inheritdoc ITariff
    function explain() external view returns (Explanation memory e) {
        e.interval = _intervalNow();
        (e.priceUdPerKwh, e.flags) = _priceAt(e.interval);
        (e.nextUdPerKwh, e.nextFlags) = _priceAt(e.interval + 1);
        e.recordInterval = _anchor.recorded;
        if (e.recordInterval > e.interval) e.recordInterval = _records[e.recordInterval].previous;
        e.record = _records[e.recordInterval];
        e.ageS = uint64(block.timestamp) - e.record.observedAt;
        (, e.policy) = _policyAt(e.interval);
    }

    /// @inheritdoc ITariff
    function recordOf(uint64 interval) external view returns (Record memory) {
        return _records[interval];
    }

    /// @inheritdoc ITariff
    function recompute(uint64 interval) external view returns (uint64 priceUdPerKwh, uint16 flags) {
        Record memory r = _records[interval];
        if (r.priceUdPerKwh == 0) revert NoRecord(interval);
        return DynamicPrice.price(
            DynamicPrice.Inputs(r.gridUdPerKwh, r.demandW, r.tradedUdPerKwh),
            _policies[r.policyVersion],
            r.beforeUdPerKwh
        );
    }

    /// @inheritdoc ITariff
    function policyOf(uint24 version) external view returns (DynamicPrice.Policy memory) {
        return _policies[version];
    }

    /// @inheritdoc ITariff
    function inputHash(Input calldata input) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(INPUT_TYPE, input)));
    }

    // --- checks ---------------------------------------------------------------------------------

    function _checkInput(Input calldata input, DynamicPrice.Policy memory policy, uint64 interval)
        private
        view
    {
        if (
            _distance(input.gridUdPerKwh, 0) > PRICE_MOST_UD_PER_KWH || input.demandW == 0
                || input.tariffUdPerKwh == 0 || input.tariffUdPerKwh > PRICE_MOST_UD_PER_KWH
        ) revert InputOutOfRange(input);
        uint64 recorded = _anchor.recorded;
        Record storage last = _records[recorded];
        uint64 after_ = last.observedAt;
        if (block.timestamp > policy.freshFor && block.timestamp - policy.freshFor > after_) {
            after_ = uint64(block.timestamp - policy.freshFor) - 1;
        }
        if (input.observedAt <= after_ || input.observedAt > block.timestamp) {
            revert WrongTime(after_, uint64(block.timestamp), input.observedAt);
        }
        if (last.observedAt == 0) return; // nothing to compare with

        uint256 times = interval + 1 - recorded;
        uint256 most = times * policy.gridDeviationUdPerKwh;
        if (_distance(input.gridUdPerKwh, last.gridUdPerKwh) > most) {
            revert GridDeviates(last.gridUdPerKwh, input.gridUdPerKwh, most);
        }
        most = times * policy.demandDeviationW;
        if (_distance(int256(uint256(input.demandW)), int256(uint256(last.demandW))) > most) {
            revert DemandDeviates(last.demandW, input.demandW, most);
        }
        most = times * policy.tariffDeviationUdPerKwh;
        if (
            _distance(int256(uint256(input.tariffUdPerKwh)), int256(uint256(last.tariffUdPerKwh)))
                > most
        ) {
            revert TariffDeviates(last.tariffUdPerKwh, input.tariffUdPerKwh, most);
        }
    }

    function _checkSignatures(bytes32 digest, bytes calldata signatures) private view {
        uint256 length = signatures.length;
        uint8 needed = quorum;
        if (needed == 0 || length % SIGNATURE_LENGTH != 0 || length < needed * SIGNATURE_LENGTH) {
            revert TooFewSignatures(length, needed);
        }
        address previous = address(0);
        for (uint256 offset = 0; offset < length; offset += SIGNATURE_LENGTH) {
            (address signer,,) = ECDSA.tryRecover(
                digest,
                uint8(signatures[offset + 64]),
                bytes32(signatures[offset:offset + 32]),
                bytes32(signatures[offset + 32:offset + 64])
            );
            if (signer <= previous || !isReporter[signer]) {
                revert SignatureRefused(signer, previous);
            }
            previous = signer;
        }
    }

    // --- the price ------------------------------------------------------------------------------

    function _intervalNow() private view returns (uint64) {
        return uint64(block.timestamp / intervalSeconds);
    }

    /// Price of an interval no earlier than that of now: reported, held, or on its way to the
    /// tariff.
    function _priceAt(uint64 interval) private view returns (uint64 priceUdPerKwh, uint16 flags) {
        Anchor memory anchor = _anchor;
        if (interval < anchor.interval) return (anchor.before, anchor.flagsBefore);

        (, DynamicPrice.Policy memory policy) = _policyAt(interval);
        Record storage last = _records[anchor.recorded];
        (priceUdPerKwh, flags) = (anchor.price, anchor.flags);
        if (uint256(interval) * intervalSeconds > uint256(last.observedAt) + policy.freshFor) {
            flags |= DynamicPrice.STALE;
        }
        uint256 walkFrom = (uint256(last.observedAt) + policy.heldFor) / intervalSeconds + 1;
        if (interval >= walkFrom) {
            flags = DynamicPrice.STALE | DynamicPrice.FALLBACK;
            if (walkFrom <= anchor.interval) walkFrom = uint256(anchor.interval) + 1;
            uint256 steps = uint256(interval) + 1 - walkFrom;
            priceUdPerKwh =
                DynamicPrice.fallbackPrice(priceUdPerKwh, last.tariffUdPerKwh, policy, steps);
        }
        priceUdPerKwh = DynamicPrice.within(priceUdPerKwh, policy.floorUdPerKwh, policy.capUdPerKwh);
    }

    function _policyAt(uint64 interval)
        private
        view
        returns (uint24 version, DynamicPrice.Policy memory)
    {
        version = _versions.latest;
        if (interval < _versions.from) --version;
        return (version, _policies[version]);
    }

    /// The marketplace's average, if enough parties made it and it is fresh. A source that fails
    /// does not count.
    function _traded(uint32 freshFor) private view returns (uint64 tradedUdPerKwh, uint32 parties) {
        if (address(source).code.length == 0) return (0, 0);
        try source.tradedPrice() returns (uint128 average, uint32 parties_, uint64 asOf) {
            bool counts = parties_ >= PARTIES_FEWEST && average <= PRICE_MOST_UD_PER_KWH
                && asOf <= block.timestamp && block.timestamp - asOf <= freshFor;
            return (counts ? uint64(average) : 0, parties_);
        } catch {
            return (0, 0);
        }
    }

    function _setPolicy(DynamicPrice.Policy memory p, uint40 from) private {
        if (
            p.normalW == 0 || p.floorUdPerKwh == 0 || p.floorUdPerKwh > p.capUdPerKwh
                || p.capUdPerKwh > PRICE_MOST_UD_PER_KWH || p.stepUdPerKwh == 0
                || p.stepUdPerKwh > PRICE_MOST_UD_PER_KWH
                || p.demandWeightPpm > DEMAND_WEIGHT_MOST_PPM
                || p.tradedWeightPpm > TRADED_WEIGHT_MOST_PPM || p.freshFor < intervalSeconds
                || p.heldFor < p.freshFor
        ) revert PolicyRefused(p);

        uint24 version = _versions.latest + 1;
        _policies[version] = p;
        _versions = Versions(version, from);
        emit PolicySet(version, from, p);
    }

    function _distance(int256 a, int256 b) private pure returns (uint256) {
        return uint256(a > b ? a - b : b - a);
    }
}
