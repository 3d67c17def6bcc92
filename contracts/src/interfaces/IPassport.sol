// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Passport: what an account may do
/// @notice One slot an account: permissions, expiry, country and a hold. Other contracts ask
/// `isAllowed` before they serve an account; no personal data is kept. An account may be bound to
/// the identity of a person; a person has one passport, which all its wallets share: what is
/// issued, revoked or held on one of them is so on all.
///
/// So that most transfers need no other question, the rulebook leaves word here, for each country,
/// of the amounts no rule speaks to; `isPlain` answers for passports and rules at once.
/// @dev Assumes that whoever issues has checked the person behind the account, and that all issuers
/// compute an identity in the same way: a keyed hash of what makes a person one, whose key never
/// leaves them, so that equal persons give equal identities and nobody can guess a person from one.
/// `canSend`, `canReceive`, `canTransfer` and `getFrozenTokens` are named and meant as in ERC-7943,
/// for a token to pass on; this contract is no token and takes nothing from anybody.
///
/// Warning: a hold or an expired passport stops payments to the account. The money stays the
/// account's own and is payable again once the passport is valid; nobody else can take it. Whoever
/// put an account on hold cannot lift the hold, another officer does.
///
/// Warning: a passport without an identity is not known to be unique. Only the issuing role gives
/// one, meant for contracts; accredited issuers neither give such a passport nor change it.
interface IPassport {
    /// @notice A passport was given, or replaced by a new one.
    /// @param expiry UTC unix seconds from which it is no longer valid
    event Issued(address indexed account, uint8 permissions, uint40 expiry, uint16 country);

    /// @notice Permissions were taken away.
    /// @param permissions what remains
    event Revoked(address indexed account, uint8 permissions);

    /// @notice The account was put on hold, or the hold was lifted.
    event FrozenSet(address indexed account, bool frozen);

    /// @notice `account` became a wallet of the person with this identity: its first, or one more.
    event Linked(bytes32 indexed identity, address indexed account);

    /// @notice `account` is no longer a wallet of the person with this identity, nor has it a
    /// passport.
    event Unlinked(bytes32 indexed identity, address indexed account);

    /// @notice An issuer was accredited, or its accreditation ended.
    /// @param until UTC unix seconds from which it issues no more; zero: not accredited
    event Accredited(address indexed issuer, uint40 until);

    /// @notice A country came into an issuer's scope, or left it.
    event ScopeSet(address indexed issuer, uint16 indexed country, bool inScope);

    /// @notice What moves in a country without a question to the rulebook was set (`Leeway`).
    event LeewaySet(uint16 indexed country, uint256 leeway);

    /// @notice Thrown when a passport would belong to nobody.
    error ZeroAccount();

    /// @notice Thrown when a permission is not one of those known, or none is given.
    error UnknownPermissions(uint8 permissions);

    /// @notice Thrown when a passport would be expired as it is issued.
    error ExpiryPassed(uint40 expiry, uint256 now_);

    /// @notice Thrown when an account without a passport is to be changed.
    error NoPassport(address account);

    /// @notice Thrown when a person would be nobody.
    error ZeroIdentity();

    /// @notice Thrown when a person has a wallet already; another one is linked, or the passport is
    /// moved.
    error IdentityTaken(bytes32 identity, address account);

    /// @notice Thrown when an account is a wallet of somebody already.
    error AlreadyBound(address account, bytes32 identity);

    /// @notice Thrown when an account is no person's wallet, and must be.
    error NoIdentity(address account);

    /// @notice Thrown when a wallet to be linked has a passport of its own.
    error PassportExists(address account);

    /// @notice Thrown when a person has as many wallets as a person may have.
    error TooManyWallets(bytes32 identity, uint256 most);

    /// @notice Thrown when an issuer's accreditation has ended.
    error AccreditationEnded(address issuer, uint40 until);

    /// @notice Thrown when an issuer is not accredited for a country.
    error OutOfScope(address issuer, uint16 country);

    /// @notice Thrown when an account is on hold.
    error OnHold(address account);

    /// @notice Thrown when the one who put an account on hold would lift the hold.
    error SameOfficer(address account, address officer);

    /// @notice Thrown when a hold is set or lifted through the access manager, which does not say
    /// for whom it calls.
    error NotInPerson(address caller);

    /// @notice Thrown when the passport of an account is no longer valid.
    error PassportExpired(address account, uint40 expiry);

    /// @notice Thrown when an account lacks a permission asked for.
    error PermissionMissing(address account, uint8 permissions, uint8 held);

    /// @notice Bit of the permission to hold project shares.
    function INVEST() external view returns (uint8);

    /// @notice Bit of the permission to take part in an energy market.
    function TRADE_ENERGY() external view returns (uint8);

    /// @notice Bit of the permission to hold and retire certificates.
    function CARBON() external view returns (uint8);

    /// @notice Most wallets of a person; bounds what one call writes.
    function WALLETS_MOST() external view returns (uint256);

    /// @notice Gives `account` a passport, or replaces its permissions, expiry and country, on all
    /// wallets of its person. A hold stays as it was, and whose it is.
    /// @dev Called by the issuing role, or by an issuer accredited for the country, before and
    /// after, of an account that has an identity.
    /// @param permissions sum of permission bits, not zero
    /// @param expiry UTC unix seconds from which the passport is no longer valid
    /// @param country ISO 3166-1 numeric code
    function issue(address account, uint8 permissions, uint40 expiry, uint16 country) external;

    /// @notice Gives a person its passport and its first wallet. Refused where the person has one.
    /// @dev Called by the issuing role, or by an issuer accredited for the country.
    /// @param identity the person's commitment
    function admit(
        address account,
        bytes32 identity,
        uint8 permissions,
        uint40 expiry,
        uint16 country
    ) external;

    /// @notice Makes `wallet` one more wallet of the person behind `account`, with the same
    /// passport, and the same hold by the same officer.
    /// @dev Called by the issuing role, or by an issuer accredited for the country.
    function link(address account, address wallet) external;

    /// @notice Takes its person and its passport from `account`. With the last wallet the person
    /// leaves, and may be admitted again. Refused on hold, so that no hold is ever shed.
    /// @dev Called by the issuing role, or by an issuer accredited for the country.
    function unlink(address account) external;

    /// @notice Moves the passport from a lost `account` to `wallet`, with its hold.
    /// @dev Called by the issuing role, or by an issuer accredited for the country. An account that
    /// recovers its key stays the same account and needs no such move.
    function rebind(address account, address wallet) external;

    /// @notice Takes `permissions` away from `account` and the other wallets of its person, at
    /// once. Those it never had are ignored.
    /// @dev Called by the issuing role, or by an issuer accredited for the country.
    function revoke(address account, uint8 permissions) external;

    /// @notice Puts `account` and the other wallets of its person on hold, or lifts the hold, which
    /// another has to do than the one who set it. Where it is so already nothing happens: who holds
    /// what is on hold does not become its officer, and nobody else ceases to be.
    /// @dev Called by the holding role, by its holder itself. Assumes that no two holders of the
    /// role are one person; who gives the role sees to it.
    function setFrozen(address account, bool frozen) external;

    /// @notice Accredits `issuer` until `until`; zero ends it at once. Passports it gave stay.
    /// @dev Called by the accrediting role.
    /// @param until UTC unix seconds from which it issues no more
    function accredit(address issuer, uint40 until) external;

    /// @notice Puts countries into the scope of `issuer`, or takes them out.
    /// @dev Called by the accrediting role.
    /// @param countries ISO 3166-1 numeric codes
    function setScope(address issuer, uint16[] calldata countries, bool inScope) external;

    /// @notice Notes what moves in a country without a question to the rulebook, as one `Leeway`
    /// word.
    /// @dev Called by the rulebook, whenever a pack of that country comes into force.
    /// @param country ISO 3166-1 numeric code
    function setLeeway(uint16 country, uint256 leeway) external;

    /// @notice What is written in the passport of `account`; all zero where there is none.
    function passportOf(address account)
        external
        view
        returns (uint8 permissions, uint40 expiry, uint16 country, bool frozen);

    /// @notice Who put `account` on hold, and does not lift it; zero where it is not on hold.
    function onHoldBy(address account) external view returns (address officer);

    /// @notice Does `account` hold all bits of `permissions`, unexpired and not on hold?
    function isAllowed(address account, uint8 permissions) external view returns (bool);

    /// @notice Are both allowed? One question for a transfer or a trade.
    function areAllowed(address from, address to, uint8 permissions) external view returns (bool);

    /// @notice Are both allowed, and does no rule of either's country speak to a transfer of this
    /// amount? False means only that the rulebook has to be asked.
    /// @param kind of the token: 1 money, 2 credit, 3 share, 4 certificate, as in `IRulebook.Kind`
    function isPlain(address from, address to, uint8 permissions, uint8 kind, uint256 amount)
        external
        view
        returns (bool);

    /// @notice Is `account` allowed, and does no rule of its country speak to its trades of these
    /// two kinds with a venue, whatever the amounts? False means only that the rulebook has to be
    /// asked.
    function isPlainTrade(address account, uint8 permissions, uint8 kind, uint8 otherKind)
        external
        view
        returns (bool);

    /// @notice The country's `Leeway` word; zero where the rulebook is always asked.
    function leewayOf(uint16 country) external view returns (uint256);

    /// @notice Says why `account` is not allowed, by reverting with the reason's error; says nothing
    /// where `isAllowed` is true.
    function checkAllowed(address account, uint8 permissions) external view;

    /// @notice May `account` send, whatever the token? It has a permission, unexpired, not on hold.
    function canSend(address account) external view returns (bool allowed);

    /// @notice May `account` receive, whatever the token? As `canSend`.
    function canReceive(address account) external view returns (bool allowed);

    /// @notice May `from` send to `to`, as far as their passports go? The amount does not matter
    /// here; the rules on amounts are asked of `ICompliance`.
    function canTransfer(address from, address to, uint256 amount)
        external
        view
        returns (bool allowed);

    /// @notice How much of any token is frozen for `account`: all there can be, or nothing.
    function getFrozenTokens(address account) external view returns (uint256 amount);

    /// @notice The identity of the person behind `account`; zero where none is known.
    function identityOf(address account) external view returns (bytes32);

    /// @notice The wallets of a person.
    function walletsOf(bytes32 identity) external view returns (address[] memory);

    /// @notice Until when `issuer` is accredited [UTC unix s]; zero: not.
    function accreditedUntil(address issuer) external view returns (uint40);

    /// @notice Is the country in the scope of `issuer`?
    function inScope(address issuer, uint16 country) external view returns (bool);
}
