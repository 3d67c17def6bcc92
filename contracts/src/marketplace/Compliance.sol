// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICountedToken} from "../interfaces/ICountedToken.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {Leeway} from "../libraries/Leeway.sol";
import {Rolling} from "../libraries/Rolling.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Compliance
/// @notice See `IRulebook`.
contract Compliance is IRulebook, AccessManaged {
    using Leeway for uint256;
    using Rolling for Rolling.Log;

    struct Token {
        Kind kind;
        uint8 permissions; //   passport bits its holders need
        bool tracked; //        asks itself, and rules on holdings apply
    }

    struct Attestation {
        bytes32 originator; //  hash the provider of `from` attests
        bytes32 beneficiary; // hash the provider of `to` attests
    }

    /// The version in force, where a transfer finds it with one read, or two if it is tracked.
    struct Pack {
        uint40 from; //         zero: none
        uint40 until; //        first second of the next version
        bool closed;
        uint64 heldFrom;
        uint64 dailyMost;
        uint32 lockUp;
        // slot
        uint32 holdersMost;
        uint64 holdingMost;
        uint64 yearlyMost;
    }

    /// What is to be written once a transfer is allowed.
    struct Verdict {
        bool isHeld; //         an attestation is used up
        bool countsSent; //     towards the sender's daily limit
        bool countsAcquired; // towards the receiver's lock-up and yearly limit
    }

    /// @notice Stands for no limit.
    uint64 public constant NO_LIMIT = type(uint64).max;

    /// @notice Most countries with packs of one kind; bounds the search for the strictest.
    uint256 public constant COUNTRIES_MOST = 64;

    uint256 private constant DAY = 24 hours;
    uint256 private constant YEAR = 365 days;

    /// @inheritdoc IRulebook
    IPassport public immutable passport;

    /// @inheritdoc ICompliance
    mapping(address account => bool) public isVenue;
    /// @inheritdoc IRulebook
    mapping(address account => address) public providerOf;

    mapping(address token => Token) private _tokens;
    mapping(Kind kind => mapping(uint16 country => Rules[])) private _versions; // by rising date
    mapping(Kind kind => mapping(uint16 country => Pack)) private _packs;
    mapping(Kind kind => uint16[]) private _countries; // that have a version
    mapping(bytes32 transferId => Attestation) private _attestations;
    mapping(address token => mapping(bytes32 person => Rolling.Log)) private _sent;
    mapping(address token => mapping(bytes32 person => Rolling.Log)) private _acquired;

    constructor(address authority, IPassport passport_) AccessManaged(authority) {
        passport = passport_;
    }

    // --- governance -----------------------------------------------------------------------------

    /// @inheritdoc IRulebook
    function register(address token, Kind kind, uint8 permissions, bool tracked)
        external
        restricted
    {
        if (token == address(0)) revert ZeroAddress();
        if (kind == Kind.NONE || (permissions == 0 && kind != Kind.MONEY)) {
            revert KindRefused(kind, permissions);
        }
        if (_tokens[token].kind != Kind.NONE) revert TokenRegistered(token);

        _tokens[token] = Token(kind, permissions, tracked);
        emit Registered(token, kind, permissions, tracked);
    }

    /// @inheritdoc IRulebook
    function addVenue(address venue) external restricted {
        if (venue == address(0)) revert ZeroAddress();

        isVenue[venue] = true;
        emit VenueAdded(venue);
    }

    /// @inheritdoc IRulebook
    function setRules(Kind kind, uint16 country, Rules calldata rules) external restricted {
        if (kind == Kind.NONE) revert KindRefused(kind, 0);
        if (rules.from < block.timestamp) revert RulesInPast(rules.from, block.timestamp);
        if (rules.lockUp > YEAR || rules.heldFrom == 0) {
            revert RulesRefused(rules.lockUp, rules.heldFrom);
        }
        Rules[] storage versions = _versions[kind][country];
        uint16[] storage countries = _countries[kind];
        bool isNew = versions.length == 0;
        if (isNew && countries.length == COUNTRIES_MOST) {
            revert TooManyCountries(kind, COUNTRIES_MOST);
        }

        if (isNew) countries.push(country);
        for (uint256 i = versions.length; i != 0; --i) {
            uint40 from = versions[i - 1].from;
            if (from <= block.timestamp || from < rules.from) break;
            versions.pop();
        }
        versions.push(rules);
        turnOver(kind, country);
        emit RulesSet(kind, country, versions.length, rules);
    }

    /// @inheritdoc IRulebook
    function turnOver(Kind kind, uint16 country) public {
        Rules[] storage versions = _versions[kind][country];
        uint40 until = type(uint40).max;
        for (uint256 i = versions.length; i != 0; --i) {
            Rules memory r = versions[i - 1];
            if (r.from <= block.timestamp) {
                _packs[kind][country] = Pack(
                    r.from,
                    until,
                    r.closed,
                    r.heldFrom,
                    r.dailyMost,
                    r.lockUp,
                    r.holdersMost,
                    r.holdingMost,
                    r.yearlyMost
                );
                passport.setLeeway(country, _leeway(country));
                return;
            }
            until = r.from;
        }
    }

    /// @inheritdoc IRulebook
    function setProvider(address account, address provider) external restricted {
        providerOf[account] = provider;
        emit ProviderSet(account, provider);
    }

    // --- transfers ------------------------------------------------------------------------------

    /// @inheritdoc IRulebook
    function attest(address token, address from, address to, uint256 amount, bytes32 dataHash)
        external
    {
        bool ofFrom = providerOf[from] == msg.sender;
        bool ofTo = providerOf[to] == msg.sender;
        if (!ofFrom && !ofTo) revert NotProvider(msg.sender, from, to);

        bytes32 id = transferId(token, from, to, amount);
        if (ofFrom) _attestations[id].originator = dataHash;
        if (ofTo) _attestations[id].beneficiary = dataHash;
        emit Attested(id, msg.sender, dataHash);
    }

    /// @inheritdoc ICompliance
    function checkTransfer(address token, address from, address to, uint256 amount) external view {
        _judge(_token(token), token, from, to, amount);
    }

    /// @inheritdoc ICompliance
    function recordTransfer(address token, address from, address to, uint256 amount) external {
        Token memory t = _token(token);
        if (msg.sender != token) {
            _checkVenue(token);
            _recordLeg(t, token, from, to, amount);
        } else if (!isVenue[from] && !isVenue[to]) {
            _record(t, token, from, to, amount); // else a venue's word counts
        }
    }

    /// @inheritdoc IRulebook
    function recordTrade(
        address token,
        address seller,
        address buyer,
        uint256 amount,
        address money,
        uint256 paidUd
    ) external {
        _checkVenue(token);
        _recordLeg(_token(token), token, seller, buyer, amount);
        _recordLeg(_token(money), money, buyer, seller, paidUd);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IRulebook
    function canTransfer(address token, address from, address to, uint256 amount)
        external
        view
        returns (bool allowed, bytes memory reason)
    {
        try this.checkTransfer(token, from, to, amount) {
            return (true, "");
        } catch (bytes memory error_) {
            return (false, error_);
        }
    }

    /// @inheritdoc IRulebook
    function checkAt(
        address token,
        uint16 fromCountry,
        uint16 toCountry,
        uint256 amount,
        uint256 time
    ) external view {
        Kind kind = _token(token).kind;
        Rules memory fromRules = rulesAt(kind, fromCountry, time);
        Rules memory toRules = rulesAt(kind, toCountry, time);
        if (fromRules.closed) revert CountryClosed(token, fromCountry);
        if (toRules.closed) revert CountryClosed(token, toCountry);
        if (amount > fromRules.dailyMost && fromRules.dailyMost != NO_LIMIT) {
            revert DailyLimitExceeded(token, address(0), 0, amount, fromRules.dailyMost);
        }
        uint64 heldFrom = _least(fromRules.heldFrom, toRules.heldFrom);
        if (amount >= heldFrom && heldFrom != NO_LIMIT) {
            revert HeldForTravelRule(bytes32(0), amount, heldFrom);
        }
        if (amount > toRules.holdingMost && toRules.holdingMost != NO_LIMIT) {
            revert HoldingCapExceeded(token, address(0), 0, amount, toRules.holdingMost);
        }
        if (amount > toRules.yearlyMost && toRules.yearlyMost != NO_LIMIT) {
            revert InvestorLimitExceeded(token, address(0), 0, amount, toRules.yearlyMost);
        }
    }

    /// @inheritdoc IRulebook
    function rulesAt(Kind kind, uint16 country, uint256 time)
        public
        view
        returns (Rules memory rules)
    {
        bool isKnown;
        (isKnown, rules) = _inForce(_versions[kind][country], time);
        if (isKnown) return rules;

        rules = Rules(0, true, NO_LIMIT, NO_LIMIT, 0, type(uint32).max, NO_LIMIT, NO_LIMIT);
        uint16[] storage countries = _countries[kind];
        bool isAnyKnown = false;
        bool isAnyClosed = false;
        for (uint256 i = 0; i < countries.length; ++i) {
            Rules memory other;
            (isKnown, other) = _inForce(_versions[kind][countries[i]], time);
            if (!isKnown) continue;
            isAnyKnown = true;
            isAnyClosed = isAnyClosed || other.closed;
            if (other.from > rules.from) rules.from = other.from;
            if (other.lockUp > rules.lockUp) rules.lockUp = other.lockUp;
            if (other.holdersMost < rules.holdersMost) rules.holdersMost = other.holdersMost;
            rules.heldFrom = _least(rules.heldFrom, other.heldFrom);
            rules.dailyMost = _least(rules.dailyMost, other.dailyMost);
            rules.holdingMost = _least(rules.holdingMost, other.holdingMost);
            rules.yearlyMost = _least(rules.yearlyMost, other.yearlyMost);
        }
        rules.closed = isAnyClosed || !isAnyKnown;
    }

    /// @inheritdoc IRulebook
    function versionsOf(Kind kind, uint16 country) external view returns (uint256) {
        return _versions[kind][country].length;
    }

    /// @inheritdoc IRulebook
    function tokenOf(address token)
        external
        view
        returns (Kind kind, uint8 permissions, bool tracked, uint32 holders)
    {
        Token memory t = _tokens[token];
        (kind, permissions, tracked) = (t.kind, t.permissions, t.tracked);
        if (!tracked) return (kind, permissions, tracked, 0);
        try ICountedToken(token).holders() returns (uint256 count) {
            holders = uint32(count);
        } catch {} // an ERC-1155 counts none
    }

    /// @inheritdoc IRulebook
    function sentWithinDay(address token, address account) external view returns (uint256) {
        return _sent[token][_personOf(account)].sumSince(block.timestamp - DAY);
    }

    /// @inheritdoc IRulebook
    function holdingOf(address token, address account) public view returns (uint256 holding) {
        bytes32 identity = passport.identityOf(account);
        if (identity == 0) return ICountedToken(token).heldOf(account);
        address[] memory wallets = passport.walletsOf(identity);
        for (uint256 i = 0; i < wallets.length; ++i) {
            holding += ICountedToken(token).heldOf(wallets[i]);
        }
    }

    /// @inheritdoc IRulebook
    function transferId(address token, address from, address to, uint256 amount)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(token, from, to, amount));
    }

    // --- checks ---------------------------------------------------------------------------------

    function _token(address token) private view returns (Token memory t) {
        t = _tokens[token];
        if (t.kind == Kind.NONE) revert UnknownToken(token);
    }

    function _judge(Token memory t, address token, address from, address to, uint256 amount)
        private
        view
        returns (Verdict memory verdict)
    {
        if (to == address(0)) return verdict; // a burn
        bool fromMember = from != address(0) && !isVenue[from];
        bool toMember = !isVenue[to];
        uint64 heldFrom = NO_LIMIT;
        if (fromMember) {
            Rules memory rules = _rulesOf(t, token, from);
            heldFrom = rules.heldFrom;
            verdict.countsSent = _checkSent(rules, token, from, amount);
            if (t.tracked && rules.lockUp != 0 && !_isSame(from, to)) {
                _checkLockUp(rules, token, from, amount);
            }
        }
        if (toMember) {
            Rules memory rules = _rulesOf(t, token, to);
            heldFrom = _least(heldFrom, rules.heldFrom);
            if (t.tracked && _isLimited(rules) && !_isSame(from, to)) {
                _checkHolding(rules, token, to, amount);
                verdict.countsAcquired = _checkAcquired(rules, token, to, amount);
            }
        }
        if (fromMember && toMember && amount >= heldFrom && heldFrom != NO_LIMIT) {
            _checkAttested(token, from, to, amount, heldFrom);
            verdict.isHeld = true;
        }
    }

    /// The rules of an account whose passport is valid and whose country is open.
    function _rulesOf(Token memory t, address token, address account)
        private
        view
        returns (Rules memory rules)
    {
        (uint8 permissions, uint40 expiry, uint16 country, bool frozen) =
            passport.passportOf(account);
        if (permissions & t.permissions != t.permissions || block.timestamp >= expiry || frozen) {
            revert PassportInvalid(account, t.permissions);
        }
        Pack storage pack = _packs[t.kind][country];
        if (pack.from == 0 || block.timestamp >= pack.until) {
            rules = rulesAt(t.kind, country, block.timestamp);
        } else {
            rules.closed = pack.closed;
            rules.heldFrom = pack.heldFrom;
            rules.dailyMost = pack.dailyMost;
            rules.lockUp = pack.lockUp;
            if (t.tracked) {
                rules.holdersMost = pack.holdersMost;
                rules.holdingMost = pack.holdingMost;
                rules.yearlyMost = pack.yearlyMost;
            }
        }
        if (rules.closed) revert CountryClosed(token, country);
    }

    function _checkSent(Rules memory rules, address token, address account, uint256 amount)
        private
        view
        returns (bool counts)
    {
        if (rules.dailyMost == NO_LIMIT || amount == 0) return false;
        uint256 sent = _sent[token][_personOf(account)].sumSince(block.timestamp - DAY);
        if (amount > rules.dailyMost || sent + amount > rules.dailyMost) {
            revert DailyLimitExceeded(token, account, sent, amount, rules.dailyMost);
        }
        return true;
    }

    function _checkLockUp(Rules memory rules, address token, address account, uint256 amount)
        private
        view
    {
        uint256 locked =
            _acquired[token][_personOf(account)].sumSince(block.timestamp - rules.lockUp + 1);
        uint256 holding = holdingOf(token, account);
        uint256 free = holding > locked ? holding - locked : 0;
        if (amount > free) revert LockedUp(token, account, free, amount);
    }

    function _checkHolding(Rules memory rules, address token, address account, uint256 amount)
        private
        view
    {
        uint64 most = rules.holdingMost;
        if (amount == 0 || (most == NO_LIMIT && rules.holdersMost == type(uint32).max)) return;
        uint256 holding = holdingOf(token, account);
        if (most != NO_LIMIT && (amount > most || holding + amount > most)) {
            revert HoldingCapExceeded(token, account, holding, amount, most);
        }
        if (holding != 0 || rules.holdersMost == type(uint32).max) return;
        uint256 holders = ICountedToken(token).holders();
        if (holders >= rules.holdersMost) {
            revert HolderCapReached(token, uint32(holders), rules.holdersMost);
        }
    }

    function _checkAcquired(Rules memory rules, address token, address account, uint256 amount)
        private
        view
        returns (bool counts)
    {
        if (amount == 0) return false;
        uint64 most = rules.yearlyMost;
        if (most == NO_LIMIT) return rules.lockUp != 0;
        uint256 acquired = _acquired[token][_personOf(account)].sumSince(block.timestamp - YEAR);
        if (amount > most || acquired + amount > most) {
            revert InvestorLimitExceeded(token, account, acquired, amount, most);
        }
        return true;
    }

    function _checkAttested(
        address token,
        address from,
        address to,
        uint256 amount,
        uint64 heldFrom
    ) private view {
        bytes32 id = transferId(token, from, to, amount);
        Attestation memory attestation = _attestations[id];
        if (
            attestation.originator == bytes32(0)
                || attestation.originator != attestation.beneficiary
        ) revert HeldForTravelRule(id, amount, heldFrom);
    }

    /// Whose counts these are: one person's, by whatever wallet; the account's own where no person
    /// is known.
    function _personOf(address account) private view returns (bytes32 person) {
        person = passport.identityOf(account);
        if (person == 0) person = bytes32(uint256(uint160(account)));
    }

    function _isSame(address from, address to) private view returns (bool) {
        return from == to || (from != address(0) && _personOf(from) == _personOf(to));
    }

    /// Has the receiver's pack a rule about what is acquired or held?
    function _isLimited(Rules memory rules) private pure returns (bool) {
        return rules.lockUp != 0 || rules.holdersMost != type(uint32).max
            || rules.holdingMost != NO_LIMIT || rules.yearlyMost != NO_LIMIT;
    }

    /// The last version whose date has come.
    function _inForce(Rules[] storage versions, uint256 time)
        private
        view
        returns (bool isKnown, Rules memory rules)
    {
        for (uint256 i = versions.length; i != 0; --i) {
            Rules storage version = versions[i - 1];
            if (version.from <= time) return (true, version);
        }
    }

    function _least(uint64 a, uint64 b) private pure returns (uint64) {
        return a < b ? a : b;
    }

    /// What no rule of the packs in force speaks to, until the first of them ends.
    function _leeway(uint16 country) private view returns (uint256 word) {
        uint40 until = type(uint40).max;
        for (uint256 kind = 1; kind <= Leeway.KINDS; ++kind) {
            Pack memory pack = _packs[Kind(kind)][country];
            if (pack.from == 0 || block.timestamp >= pack.until) continue;
            if (pack.until < until) until = pack.until;
            bool isPlain = !pack.closed && pack.dailyMost == NO_LIMIT && pack.lockUp == 0
                && pack.holdersMost == type(uint32).max && pack.holdingMost == NO_LIMIT
                && pack.yearlyMost == NO_LIMIT;
            if (!isPlain) continue;
            uint64 below = pack.heldFrom;
            word = word.with(kind, below == NO_LIMIT ? type(uint256).max : below);
        }
        return word.endingAt(until);
    }

    function _checkVenue(address token) private view {
        if (!isVenue[msg.sender]) revert NotReporter(msg.sender, token);
    }

    // --- writes ---------------------------------------------------------------------------------

    /// What a venue reports. A tracked token speaks for itself where it moves between members.
    function _recordLeg(Token memory t, address token, address from, address to, uint256 amount)
        private
    {
        if (t.tracked && !isVenue[from] && !isVenue[to]) {
            _judge(t, token, from, to, amount);
        } else {
            _record(t, token, from, to, amount);
        }
    }

    function _record(Token memory t, address token, address from, address to, uint256 amount)
        private
    {
        Verdict memory verdict = _judge(t, token, from, to, amount);
        if (verdict.isHeld) {
            bytes32 id = transferId(token, from, to, amount);
            emit Released(id, _attestations[id].originator);
            delete _attestations[id];
        }
        if (verdict.countsSent) {
            _sent[token][_personOf(from)].add(amount, block.timestamp - DAY);
        }
        if (verdict.countsAcquired) {
            _acquired[token][_personOf(to)].add(amount, block.timestamp - YEAR);
        }
    }
}
