// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../interfaces/IPassport.sol";
import {Leeway} from "../libraries/Leeway.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Passport
/// @notice See `IPassport`.
/// @dev The wallets of a person have equal entries, so that `isAllowed` reads one slot and no more.
contract Passport is IPassport, AccessManaged {
    using Leeway for uint256;

    struct Entry {
        uint8 permissions; //  bits                      [INVEST | TRADE_ENERGY | CARBON]
        uint40 expiry; //      first second not covered  [UTC unix s]
        uint16 country; //     ISO 3166-1 numeric
        address onHoldBy; //   who put it on hold; nobody: it is not on hold
    }

    /// @inheritdoc IPassport
    uint8 public constant INVEST = 1;
    /// @inheritdoc IPassport
    uint8 public constant TRADE_ENERGY = 2;
    /// @inheritdoc IPassport
    uint8 public constant CARBON = 4;
    /// @inheritdoc IPassport
    uint256 public constant WALLETS_MOST = 8;

    /// @inheritdoc IPassport
    mapping(address account => bytes32) public identityOf;
    /// @inheritdoc IPassport
    mapping(address issuer => uint40) public accreditedUntil;
    /// @inheritdoc IPassport
    mapping(address issuer => mapping(uint16 country => bool)) public inScope;

    /// @inheritdoc IPassport
    mapping(uint16 country => uint256) public leewayOf;

    mapping(address account => Entry) private _entries;
    mapping(bytes32 identity => address[]) private _wallets;

    constructor(address authority) AccessManaged(authority) {}

    // --- issue ----------------------------------------------------------------------------------

    /// @inheritdoc IPassport
    function issue(address account, uint8 permissions, uint40 expiry, uint16 country) external {
        bool accredited = _checkIssuer(account, country);
        if (accredited && identityOf[account] == 0) revert NoIdentity(account);
        _checkTerms(account, permissions, expiry);

        _issue(account, permissions, expiry, country);
    }

    /// @inheritdoc IPassport
    function admit(
        address account,
        bytes32 identity,
        uint8 permissions,
        uint40 expiry,
        uint16 country
    ) external {
        _checkIssuer(account, country);
        _checkTerms(account, permissions, expiry);
        if (identity == 0) revert ZeroIdentity();
        _checkUnbound(account);
        if (_wallets[identity].length != 0) revert IdentityTaken(identity, _wallets[identity][0]);

        _bind(account, identity);
        _issue(account, permissions, expiry, country);
    }

    /// @inheritdoc IPassport
    function revoke(address account, uint8 permissions) external {
        _checkIssuer(account, _entries[account].country);
        uint8 left = _existing(account).permissions & ~permissions;

        address[] memory wallets = _walletsWith(account);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _entries[wallets[i]].permissions = left;
            emit Revoked(wallets[i], left);
        }
    }

    /// @inheritdoc IPassport
    function setFrozen(address account, bool frozen) external restricted {
        if (msg.sender == authority()) revert NotInPerson(msg.sender);
        address officer = _existing(account).onHoldBy;
        if ((officer != address(0)) == frozen) return;
        if (officer == msg.sender) revert SameOfficer(account, officer);

        address[] memory wallets = _walletsWith(account);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _entries[wallets[i]].onHoldBy = frozen ? msg.sender : address(0);
            emit FrozenSet(wallets[i], frozen);
        }
    }

    // --- wallets of a person --------------------------------------------------------------------

    /// @inheritdoc IPassport
    function link(address account, address wallet) external {
        _checkIssuer(account, _entries[account].country);
        bytes32 identity = _checkMove(account, wallet);
        if (_wallets[identity].length == WALLETS_MOST) {
            revert TooManyWallets(identity, WALLETS_MOST);
        }

        _bind(wallet, identity);
        _copy(account, wallet);
    }

    /// @inheritdoc IPassport
    function unlink(address account) external {
        _checkIssuer(account, _entries[account].country);
        if (identityOf[account] == 0) revert NoIdentity(account);
        if (onHoldBy(account) != address(0)) revert OnHold(account);

        _unbind(account);
    }

    /// @inheritdoc IPassport
    function rebind(address account, address wallet) external {
        _checkIssuer(account, _entries[account].country);
        bytes32 identity = _checkMove(account, wallet);

        _bind(wallet, identity);
        _copy(account, wallet);
        _unbind(account);
    }

    // --- issuers --------------------------------------------------------------------------------

    /// @inheritdoc IPassport
    function accredit(address issuer, uint40 until) external restricted {
        if (issuer == address(0)) revert ZeroAccount();

        accreditedUntil[issuer] = until;
        emit Accredited(issuer, until);
    }

    /// @inheritdoc IPassport
    function setScope(address issuer, uint16[] calldata countries, bool inScope_)
        external
        restricted
    {
        for (uint256 i = 0; i < countries.length; ++i) {
            inScope[issuer][countries[i]] = inScope_;
            emit ScopeSet(issuer, countries[i], inScope_);
        }
    }

    // --- rules ----------------------------------------------------------------------------------

    /// @inheritdoc IPassport
    function setLeeway(uint16 country, uint256 leeway) external restricted {
        leewayOf[country] = leeway;
        emit LeewaySet(country, leeway);
    }

    // --- questions ------------------------------------------------------------------------------

    /// @inheritdoc IPassport
    function passportOf(address account)
        external
        view
        returns (uint8 permissions, uint40 expiry, uint16 country, bool frozen)
    {
        Entry memory entry = _entries[account];
        return (entry.permissions, entry.expiry, entry.country, entry.onHoldBy != address(0));
    }

    /// @inheritdoc IPassport
    function onHoldBy(address account) public view returns (address officer) {
        return _entries[account].onHoldBy;
    }

    /// @inheritdoc IPassport
    function isAllowed(address account, uint8 permissions) public view returns (bool) {
        return _isGood(_word(account), permissions);
    }

    /// @inheritdoc IPassport
    function areAllowed(address from, address to, uint8 permissions) external view returns (bool) {
        return isAllowed(from, permissions) && isAllowed(to, permissions);
    }

    /// @inheritdoc IPassport
    function isPlain(address from, address to, uint8 permissions, uint8 kind, uint256 amount)
        external
        view
        returns (bool)
    {
        uint256 sender = _word(from);
        uint256 receiver = _word(to);
        if (!_isGood(sender, permissions) || !_isGood(receiver, permissions)) return false;
        if (!leewayOf[_countryOf(sender)].allows(kind, amount)) return false;
        return _countryOf(sender) == _countryOf(receiver)
            || leewayOf[_countryOf(receiver)].allows(kind, amount);
    }

    /// @inheritdoc IPassport
    function isPlainTrade(address account, uint8 permissions, uint8 kind, uint8 otherKind)
        external
        view
        returns (bool)
    {
        uint256 word = _word(account);
        if (!_isGood(word, permissions)) return false;
        uint256 leeway = leewayOf[_countryOf(word)];
        return leeway.allows(kind, 0) && leeway.allows(otherKind, 0);
    }

    /// @inheritdoc IPassport
    function checkAllowed(address account, uint8 permissions) external view {
        Entry memory entry = _entries[account];
        if (entry.expiry == 0) revert NoPassport(account);
        if (block.timestamp >= entry.expiry) revert PassportExpired(account, entry.expiry);
        if (entry.onHoldBy != address(0)) revert OnHold(account);
        if (entry.permissions & permissions != permissions) {
            revert PermissionMissing(account, permissions, entry.permissions);
        }
    }

    /// @inheritdoc IPassport
    function canSend(address account) external view returns (bool allowed) {
        return _canTransact(account);
    }

    /// @inheritdoc IPassport
    function canReceive(address account) external view returns (bool allowed) {
        return _canTransact(account);
    }

    /// @inheritdoc IPassport
    function canTransfer(address from, address to, uint256) external view returns (bool allowed) {
        return _canTransact(from) && _canTransact(to);
    }

    /// @inheritdoc IPassport
    function getFrozenTokens(address account) external view returns (uint256 amount) {
        return onHoldBy(account) != address(0) ? type(uint256).max : 0;
    }

    /// @inheritdoc IPassport
    function walletsOf(bytes32 identity) external view returns (address[] memory) {
        return _wallets[identity];
    }

    // --- inside ---------------------------------------------------------------------------------

    /// An accredited issuer acts on persons within its countries, that of the passport before and
    /// that of the passport after; whoever else calls needs the issuing role.
    function _checkIssuer(address account, uint16 country) private returns (bool accredited) {
        uint40 until = accreditedUntil[msg.sender];
        if (until == 0) {
            _checkCanCall(msg.sender, msg.data);
            return false;
        }
        if (block.timestamp >= until) revert AccreditationEnded(msg.sender, until);
        if (!inScope[msg.sender][country]) revert OutOfScope(msg.sender, country);
        Entry memory entry = _entries[account];
        if (entry.expiry == 0) return true;
        if (identityOf[account] == 0) revert NoIdentity(account);
        if (!inScope[msg.sender][entry.country]) revert OutOfScope(msg.sender, entry.country);
        return true;
    }

    function _checkTerms(address account, uint8 permissions, uint40 expiry) private view {
        if (account == address(0)) revert ZeroAccount();
        if (permissions == 0 || permissions > (INVEST | TRADE_ENERGY | CARBON)) {
            revert UnknownPermissions(permissions);
        }
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry, block.timestamp);
    }

    function _checkUnbound(address account) private view {
        if (identityOf[account] != 0) revert AlreadyBound(account, identityOf[account]);
    }

    /// May the passport of `account` go to `wallet`? One that `wallet` has would be lost.
    function _checkMove(address account, address wallet) private view returns (bytes32 identity) {
        identity = identityOf[account];
        if (identity == 0) revert NoIdentity(account);
        if (wallet == address(0)) revert ZeroAccount();
        _checkUnbound(wallet);
        if (_entries[wallet].expiry != 0) revert PassportExists(wallet);
    }

    function _issue(address account, uint8 permissions, uint40 expiry, uint16 country) private {
        address officer = onHoldBy(account);
        address[] memory wallets = _walletsWith(account);
        for (uint256 i = 0; i < wallets.length; ++i) {
            _entries[wallets[i]] = Entry(permissions, expiry, country, officer);
            emit Issued(wallets[i], permissions, expiry, country);
        }
    }

    function _bind(address account, bytes32 identity) private {
        identityOf[account] = identity;
        _wallets[identity].push(account);
        emit Linked(identity, account);
    }

    function _copy(address account, address wallet) private {
        Entry memory entry = _entries[account];
        _entries[wallet] = entry;
        emit Issued(wallet, entry.permissions, entry.expiry, entry.country);
        if (entry.onHoldBy != address(0)) emit FrozenSet(wallet, true);
    }

    function _unbind(address account) private {
        bytes32 identity = identityOf[account];
        address[] storage wallets = _wallets[identity];
        for (uint256 i = 0; i < wallets.length; ++i) {
            if (wallets[i] != account) continue;
            wallets[i] = wallets[wallets.length - 1];
            wallets.pop();
            break;
        }
        delete identityOf[account];
        delete _entries[account];
        emit Unlinked(identity, account);
    }

    /// All wallets of the person behind `account`; itself where no person is known.
    function _walletsWith(address account) private view returns (address[] memory wallets) {
        bytes32 identity = identityOf[account];
        if (identity != 0) return _wallets[identity];
        wallets = new address[](1);
        wallets[0] = account;
    }

    function _existing(address account) private view returns (Entry storage entry) {
        entry = _entries[account];
        if (entry.expiry == 0) revert NoPassport(account);
    }

    /// An entry as it lies in its slot, the first field lowest: cheaper to ask than its copy.
    function _word(address account) private view returns (uint256 word) {
        Entry storage entry = _entries[account];
        assembly ("memory-safe") {
            word := sload(entry.slot)
        }
    }

    function _isGood(uint256 word, uint256 permissions) private view returns (bool) {
        // neither a permission missing nor on hold, whose officer lies highest, and not over
        return
            (word & permissions ^ permissions | word >> 64) == 0
                && block.timestamp < uint40(word >> 8);
    }

    function _countryOf(uint256 word) private pure returns (uint16) {
        return uint16(word >> 48);
    }

    function _canTransact(address account) private view returns (bool) {
        return _entries[account].permissions != 0 && isAllowed(account, 0);
    }
}
