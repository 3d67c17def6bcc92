// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "./ICompliance.sol";
import {IPassport} from "./IPassport.sol";

/// @title Compliance: the law of each country as data, asked before every transfer
/// @notice For each kind of token and each country there is a rule pack, with the date from which
/// it is in force. An account's country is the one in its passport now. What an account sends is
/// judged by its own pack, what it comes to hold by its own pack, and the travel rule by the
/// stricter of both. A country without a pack gets, rule by rule, the strictest of all packs of
/// that kind; a kind without any pack is closed.
///
/// Limits bind a person, by however many wallets it acts: what they send, acquire and hold is added
/// up, and what moves from one to another is neither acquired nor locked. An account without a
/// known person stands for itself.
///
/// Amounts are in the smallest units of the token, times UTC unix seconds [s].
///
/// @dev Assumptions. Every token asks before a transfer between members, a tracked one before it
/// makes tokens too; a tracked one is an `ICountedToken`, and calls nobody else while it asks. A
/// venue asks before each trade, about both legs. Packs are changed through the `AccessManager`,
/// whose delay is the notice everybody has.
///
/// Nothing is judged twice: of a transfer to or from a venue, the venue's word counts and not the
/// token's; of a leg of a trade that a tracked token moves from member to member, the token's.
///
/// What meets no rule: a burn, since redemption is always open, and the side of a transfer that
/// is a venue, which only passes on what its members trade.
///
/// What no rule speaks to need not be asked: whenever a pack comes into force, its country's
/// `Leeway` is written to the passport, up to the day the next pack is in force. A pack that
/// counts anything, or caps holdings, leaves none.
///
/// Warning: **counts err on the strict side.** While they are no more than 17, the transfers of
/// a person within a day (sent) or a year (acquired) are counted exactly. From then on those of one
/// sixteenth of it, by the clock, count until the last of them does: at most 90 minutes longer, or
/// 23 days. Nobody can prolong that by sending more.
///
/// Warning: **a lock-up or yearly limit counts what is acquired while the pack has one.** A pack
/// that introduces one does not lock what was acquired before.
///
/// Warning: **registrations are for ever.** If a venue could be struck off, what it holds for its
/// members would be locked in.
interface IRulebook is ICompliance {
    /// @notice What a token is; the four are never mixed.
    enum Kind {
        NONE, // not registered
        MONEY,
        CREDIT,
        SHARE,
        CERTIFICATE
    }

    /// @notice One version of a country's rules for one kind of token.
    /// @dev `type(uint64).max` stands for no limit, as does `type(uint32).max` for holders.
    struct Rules {
        uint40 from; //         first second in force
        bool closed; //         no account of this country may send or receive
        uint64 heldFrom; //     smallest transfer between members held for travel-rule data
        uint64 dailyMost; //    most a person may send within 24 hours
        uint32 lockUp; //       how long what was acquired may not be sent on [s]
        uint32 holdersMost; //  most holders of the token, for another to become one
        uint64 holdingMost; //  most a person may hold
        uint64 yearlyMost; //   most a person may acquire within 365 days
    }

    /// @notice A token was registered.
    event Registered(address indexed token, Kind kind, uint8 permissions, bool tracked);

    /// @notice A venue was registered.
    event VenueAdded(address indexed venue);

    /// @notice A version of a country's rules will be in force from `rules.from`; versions that
    /// would have been in force later are gone.
    event RulesSet(Kind indexed kind, uint16 indexed country, uint256 version, Rules rules);

    /// @notice `provider` keeps the travel-rule data of `account`.
    event ProviderSet(address indexed account, address indexed provider);

    /// @notice A provider holds the travel-rule data with this hash (zero: no longer).
    event Attested(bytes32 indexed transferId, address indexed provider, bytes32 dataHash);

    /// @notice A held transfer took place on data both providers hold.
    event Released(bytes32 indexed transferId, bytes32 dataHash);

    /// @notice Thrown when a token or venue would be nobody.
    error ZeroAddress();

    /// @notice Thrown when a registration names no kind or no permission.
    error KindRefused(Kind kind, uint8 permissions);

    /// @notice Thrown when the token is registered already.
    error TokenRegistered(address token);

    /// @notice Thrown when the token is not registered.
    error UnknownToken(address token);

    /// @notice Thrown when whoever reports is neither a venue nor the token itself.
    error NotReporter(address caller, address token);

    /// @notice Thrown when rules would be in force before now.
    error RulesInPast(uint40 from, uint256 now_);

    /// @notice Thrown when a lock-up exceeds a year, or the first held amount is zero.
    error RulesRefused(uint32 lockUp, uint64 heldFrom);

    /// @notice Thrown when a kind has packs for as many countries as can be compared.
    error TooManyCountries(Kind kind, uint256 most);

    /// @notice Thrown when an account has no valid passport with these permissions.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Thrown when the country's pack is closed, or there is no pack at all.
    error CountryClosed(address token, uint16 country);

    /// @notice Thrown when the transfer waits for data that both providers attest.
    error HeldForTravelRule(bytes32 transferId, uint256 amount, uint64 heldFrom);

    /// @notice Thrown when the person would send too much within 24 hours.
    error DailyLimitExceeded(
        address token, address account, uint256 sent, uint256 amount, uint64 most
    );

    /// @notice Thrown when the person would send what it acquired too lately.
    error LockedUp(address token, address account, uint256 free, uint256 amount);

    /// @notice Thrown when the person would hold too much.
    error HoldingCapExceeded(
        address token, address account, uint256 holding, uint256 amount, uint64 most
    );

    /// @notice Thrown when the person would acquire too much within 365 days.
    error InvestorLimitExceeded(
        address token, address account, uint256 acquired, uint256 amount, uint64 most
    );

    /// @notice Thrown when the token has as many holders as it may.
    error HolderCapReached(address token, uint32 holders, uint32 most);

    /// @notice Thrown when an attestation comes from neither account's provider.
    error NotProvider(address caller, address from, address to);

    /// @notice Registers a token.
    /// @dev Called by the registering role.
    /// @param permissions passport bits its holders need; zero, for money only: any passport
    /// @param tracked whether the token reports trades between members itself, and the rules on
    /// holdings are asked
    function register(address token, Kind kind, uint8 permissions, bool tracked) external;

    /// @notice Asks about both legs of a trade and counts them: `amount` of `token` from `seller`
    /// to `buyer`, `paidUd` of `money` the other way.
    /// @dev Called by a venue, before anything moves. One of the two may be the venue itself.
    function recordTrade(
        address token,
        address seller,
        address buyer,
        uint256 amount,
        address money,
        uint256 paidUd
    ) external;

    /// @notice Registers a venue.
    /// @dev Called by the registering role.
    function addVenue(address venue) external;

    /// @notice Adds a version of a country's rules. It replaces those not yet in force at
    /// `rules.from`; what is or was in force stays as it is.
    /// @dev Called by governance.
    /// @param country ISO 3166-1 numeric code
    function setRules(Kind kind, uint16 country, Rules calldata rules) external;

    /// @notice Puts the version in force where transfers find it first. It changes no judgement:
    /// it only makes transfers cheaper once a version's date has come.
    /// @dev Called by anyone.
    function turnOver(Kind kind, uint16 country) external;

    /// @notice Says who keeps the travel-rule data of `account`.
    /// @dev Called by the providers' role.
    function setProvider(address account, address provider) external;

    /// @notice Attests that the caller holds the originator's and beneficiary's data of this
    /// transfer, with this hash. Once the providers of both attest the same hash, the transfer
    /// may take place, once. A zero hash takes the word back.
    /// @dev Called by the provider of `from`, of `to`, or of both.
    function attest(address token, address from, address to, uint256 amount, bytes32 dataHash)
        external;

    /// @notice May this transfer take place now (in the manner of ERC-7943)?
    /// @return allowed true if `checkTransfer` passes
    /// @return reason the error it reverts with, as its selector and values; else empty
    function canTransfer(address token, address from, address to, uint256 amount)
        external
        view
        returns (bool allowed, bytes memory reason);

    /// @notice Reverts with the named rule's error when the packs in force at `time` forbade a
    /// transfer of this amount, by itself, between accounts of these countries. Rules that depend
    /// on what the accounts held or did then are in `rulesAt`.
    function checkAt(
        address token,
        uint16 fromCountry,
        uint16 toCountry,
        uint256 amount,
        uint256 time
    ) external view;

    /// @notice The rules in force at `time`, the strictest where the country has no pack.
    function rulesAt(Kind kind, uint16 country, uint256 time) external view returns (Rules memory);

    /// @notice How many versions of a country's rules there are.
    function versionsOf(Kind kind, uint16 country) external view returns (uint256);

    /// @notice Where the rulebook looks up who an account belongs to.
    function passport() external view returns (IPassport);

    /// @notice How a token is registered, and how many hold it (if tracked).
    function tokenOf(address token)
        external
        view
        returns (Kind kind, uint8 permissions, bool tracked, uint32 holders);

    /// @notice What the person of `account` sent within 24 hours, as far as it is counted.
    function sentWithinDay(address token, address account) external view returns (uint256);

    /// @notice What the person of `account` holds of a tracked token, as the token says.
    function holdingOf(address token, address account) external view returns (uint256);

    /// @notice Who keeps the travel-rule data of `account`.
    function providerOf(address account) external view returns (address);

    /// @notice keccak256(abi.encode(token, from, to, amount))
    function transferId(address token, address from, address to, uint256 amount)
        external
        pure
        returns (bytes32);
}
