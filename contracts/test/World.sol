// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../src/bank/Currency.sol";
import {Devices} from "../src/individual/Devices.sol";
import {Passport} from "../src/individual/Passport.sol";
import {IClearing} from "../src/interfaces/IClearing.sol";
import {ICompliance} from "../src/interfaces/ICompliance.sol";
import {IRulebook} from "../src/interfaces/IRulebook.sol";
import {Leeway} from "../src/libraries/Leeway.sol";
import {Clearing} from "../src/market/Clearing.sol";
import {ClearingFactory} from "../src/market/ClearingFactory.sol";
import {QuorumVerifier} from "../src/market/QuorumVerifier.sol";
import {Base} from "./Base.sol";
import {Merkle} from "./Merkle.sol";
import {NoRules} from "./NoRules.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title World: every contract deployed, one community open, three members with passports
abstract contract World is Base {
    uint32 internal constant DELAY = 1 hours;
    uint32 internal constant EXIT_WINDOW = 1 days;
    uint40 internal constant EXPIRY = uint40(START_S + 365 days);
    uint16 internal constant CANADA = 124;
    uint8 internal constant TRADE_ENERGY = 2;
    string internal constant NAME = "Maple Street";

    AccessManager internal manager;
    Passport internal passport;
    Devices internal devices;
    Currency internal currency;
    QuorumVerifier internal verifier;
    ClearingFactory internal clearings;
    Clearing internal clearing;

    mapping(bytes32 hash => IClearing.Statement) private _posted;

    function setUp() public virtual {
        vm.warp(START_S);
        manager = new AccessManager(admin);
        passport = new Passport(address(manager));
        devices = new Devices(address(manager));
        ICompliance rules = _newRules();
        currency = new Currency(address(manager), passport, rules);
        address[] memory verifiers = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            verifiers[i] = vm.addr(_key(_verifierRole(i)));
        }
        verifier = new QuorumVerifier(verifiers, 2);
        clearings =
            new ClearingFactory(address(manager), currency, passport, IRulebook(address(rules)));
        _letOpen();
        clearing = _openCommunity(NAME);

        _leaveMoneyFree();

        vm.prank(admin);
        currency.setBucket(facilitator, type(uint128).max);
        address[3] memory members = [consumer, producer, neighbour];
        for (uint256 i = 0; i < members.length; ++i) {
            _admit(members[i]);
        }
    }

    function _openCommunity(string memory name) internal returns (Clearing) {
        vm.prank(admin);
        return Clearing(
            address(clearings.open(name, operator, guardian, address(verifier), DELAY, EXIT_WINDOW))
        );
    }

    // --- rules

    /// The rulebook the currency asks.
    function _newRules() internal virtual returns (ICompliance) {
        return new NoRules();
    }

    /// The factory makes its communities venues.
    function _letOpen() internal virtual {}

    /// A contract that serves members and judges them itself.
    function _addVenue(address venue) internal virtual {
        currency.acknowledge(venue);
    }

    /// As a rulebook does whose money pack has no limit.
    function _leaveMoneyFree() internal virtual {
        uint256 word = Leeway.endingAt(Leeway.with(0, 1, type(uint256).max), type(uint40).max);
        vm.prank(admin);
        passport.setLeeway(CANADA, word);
    }

    // --- people and money

    function _admit(address account) internal {
        vm.prank(admin);
        passport.issue(account, TRADE_ENERGY, EXPIRY, CANADA);
    }

    function _hold(address account) internal {
        vm.prank(admin);
        passport.setFrozen(account, true);
    }

    function _release(address account) internal {
        vm.prank(admin);
        manager.grantRole(0, secondOfficer, 0);
        vm.prank(secondOfficer);
        passport.setFrozen(account, false);
    }

    function _fund(address account, uint256 amountUd) internal {
        _fund(clearing, account, amountUd);
    }

    function _fund(Clearing into, address account, uint256 amountUd) private {
        vm.prank(facilitator);
        currency.mint(account, uint128(amountUd));
        vm.prank(account);
        currency.approve(address(into), type(uint256).max);
    }

    function _deposit(address account, uint256 amountUd) internal {
        _depositInto(clearing, account, amountUd);
    }

    function _depositInto(Clearing into, address account, uint256 amountUd) internal {
        _fund(into, account, amountUd);
        vm.prank(account);
        into.deposit(account, uint128(amountUd));
    }

    function _unauthorized(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    // --- statements

    function _leaf(address account, uint256 depositedUd, uint256 payoutUd, uint256 balanceUd)
        internal
        pure
        returns (IClearing.Leaf memory)
    {
        return IClearing.Leaf({
            account: account,
            depositedUd: uint128(depositedUd),
            payoutUd: uint128(payoutUd),
            balanceUd: uint128(balanceUd),
            salt: bytes16(keccak256(abi.encode(account))) // as settlement makes it
        });
    }

    function _hashes(IClearing.Leaf[] memory leaves)
        internal
        view
        returns (bytes32[] memory hashes)
    {
        hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            hashes[i] = clearing.leafHash(leaves[i]);
        }
    }

    /// A statement over these leaves that builds on the head.
    function _statement(IClearing.Leaf[] memory leaves)
        internal
        view
        returns (IClearing.Statement memory s)
    {
        IClearing.Head memory head = clearing.head();
        s.community = clearing.community();
        s.epoch = head.nextEpoch;
        s.start = head.end == 0 ? uint64(START_S) : head.end;
        s.end = s.start + 900;
        s.previous = head.hash;
        s.payoutRoot = Merkle.root(_hashes(leaves));
        s.priceRoot = keccak256("prices");
        s.poolRoot = keccak256("pool");
        s.bundleHash = keccak256("bundle");
        s.importedWh = 5000;
        s.exportedWh = 4000;
        s.localWh = 3000;
        for (uint256 i = 0; i < leaves.length; ++i) {
            s.depositsUd += leaves[i].depositedUd;
            s.payoutsUd += leaves[i].payoutUd;
            s.balancesUd += leaves[i].balanceUd;
        }
    }

    function _verifierRole(uint256 i) internal pure returns (string memory) {
        return ["first verifier", "second verifier", "third verifier"][i];
    }

    /// Signatures by two verifiers, in ascending order of address.
    function _proof(bytes32 digest, uint256 i, uint256 j) internal pure returns (bytes memory) {
        bytes32 message = MessageHashUtils.toEthSignedMessageHash(digest);
        bytes memory one = _signature(_verifierRole(i), message);
        bytes memory two = _signature(_verifierRole(j), message);
        return vm.addr(_key(_verifierRole(i))) < vm.addr(_key(_verifierRole(j)))
            ? bytes.concat(one, two)
            : bytes.concat(two, one);
    }

    function _post(IClearing.Statement memory s) internal returns (uint64 epoch) {
        bytes32 digest = clearing.statementHash(s);
        bytes memory proof = _proof(digest, 0, 1);
        vm.prank(operator);
        clearing.post(s, proof);
        _posted[digest] = s;
        return s.epoch;
    }

    /// Posts over these leaves; after a veto, from where the head goes back to.
    function _post(IClearing.Leaf[] memory leaves) internal returns (uint64 epoch) {
        if (clearing.head().isVoid) clearing.rewind(_void());
        return _post(_statement(leaves));
    }

    /// What `rewind` takes: from the statement at the head to the last accepted one.
    function _void() internal view returns (IClearing.Statement[] memory) {
        return _backTo(clearing.head().epoch);
    }

    /// From the statement at the head to that of `epoch`; zero: to the first.
    function _backTo(uint64 epoch) internal view returns (IClearing.Statement[] memory statements) {
        IClearing.Head memory head = clearing.head();
        statements = new IClearing.Statement[](head.nextEpoch);
        uint256 length = 0;
        for (bytes32 hash = head.hash; hash != 0; hash = _posted[hash].previous) {
            statements[length++] = _posted[hash];
            if (_posted[hash].epoch == epoch) break;
        }
        assembly ("memory-safe") {
            mstore(statements, length)
        }
    }

    /// Posting this statement must fail with `reason`.
    function _refused(IClearing.Statement memory s, bytes memory reason) internal {
        bytes memory proof = _proof(clearing.statementHash(s), 0, 1);
        vm.prank(operator);
        vm.expectRevert(reason);
        clearing.post(s, proof);
    }

    function _proofOf(IClearing.Leaf[] memory leaves, uint256 i)
        internal
        view
        returns (bytes32[] memory)
    {
        return Merkle.proof(_hashes(leaves), i);
    }

    /// The consumer deposited 100 000 and bought energy for 40 000 from the producer.
    function _traded() internal view returns (IClearing.Leaf[] memory) {
        return _pair(100_000, 0, 60_000, 40_000);
    }

    /// Leaves of the consumer, who deposited and keeps a balance, and of the producer.
    function _pair(uint256 depositedUd, uint256 consumedUd, uint256 balanceUd, uint256 producedUd)
        internal
        view
        returns (IClearing.Leaf[] memory leaves)
    {
        leaves = new IClearing.Leaf[](2);
        leaves[0] = _leaf(consumer, depositedUd, consumedUd, balanceUd);
        leaves[1] = _leaf(producer, 0, producedUd, 0);
    }
}
