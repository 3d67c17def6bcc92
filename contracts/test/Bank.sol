// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BackingReserve} from "../src/bank/BackingReserve.sol";
import {Council} from "../src/bank/Council.sol";
import {Incentives} from "../src/bank/Incentives.sol";
import {Policy} from "../src/bank/Policy.sol";
import {Savings} from "../src/bank/Savings.sol";
import {Seats} from "../src/bank/Seats.sol";
import {StabilisationFund} from "../src/bank/StabilisationFund.sol";
import {Timelock} from "../src/bank/Timelock.sol";
import {TradingHalt} from "../src/bank/TradingHalt.sol";
import {IAveragePrice} from "../src/interfaces/IAveragePrice.sol";
import {IBackingReserve} from "../src/interfaces/IBackingReserve.sol";
import {ICouncil} from "../src/interfaces/ICouncil.sol";
import {ITradingHalt} from "../src/interfaces/ITradingHalt.sol";
import {QuorumVerifier} from "../src/market/QuorumVerifier.sol";
import {World} from "./World.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title Venue: an energy credit and what it costs, as a test says
contract Venue is ERC20("Energy Credit", "kWh"), IAveragePrice {
    uint256 public hour = 120_000;
    uint256 public week = 120_000;

    function give(address to, uint256 amountWh) external {
        _mint(to, amountWh);
    }

    function set(uint256 hour_, uint256 week_) external {
        (hour, week) = (hour_, week_);
    }

    function averagePrice(uint32 spanS) external view returns (uint256) {
        return spanS == 1 hours ? hour : week;
    }
}

/// @title Bank: the central bank deployed on the world, five seats given
/// @notice The reserve is the only facilitator; the admin has not handed over yet.
abstract contract Bank is World {
    uint64 internal constant AGE_MOST = 7 days;
    uint256 internal constant NOTICE = 1 days;
    uint256 internal constant VOTE = 3 days;
    uint256 internal constant LOCK = 48 hours;
    uint128 internal constant DOLLAR = 1_000_000;
    bytes32 internal constant PAYEE = keccak256("bank account, salted");
    uint64 internal constant ADMIN_ROLE = 0;

    QuorumVerifier internal custodians;
    QuorumVerifier internal guardians;
    BackingReserve internal reserve;
    StabilisationFund internal fund;
    Savings internal savings;
    Seats internal seats;
    Council internal council;
    Timelock internal timelock;
    TradingHalt internal tradingHalt;
    Policy internal policy;
    Incentives internal incentives;
    Venue internal venue;
    address[5] internal councillors;
    uint256 internal deposits; // receipts made

    function setUp() public virtual override {
        super.setUp();
        custodians = new QuorumVerifier(_three("custodian"), 2);
        guardians = new QuorumVerifier(_three("guardian"), 2);
        reserve = new BackingReserve(currency, custodians, AGE_MOST);
        seats = new Seats(address(manager));
        council = new Council(seats, NOTICE, VOTE, LOCK);
        timelock = Timelock(payable(council.timelock()));
        tradingHalt = new TradingHalt(address(manager), guardians);
        fund = new StabilisationFund(address(manager), currency, passport, seats, tradingHalt);
        savings = new Savings(address(manager), currency, passport);
        uint128[] memory values = new uint128[](5);
        (values[0], values[1], values[2], values[3], values[4]) = (0, 400, 1200, 100, 200);
        policy = new Policy(address(manager), council, values);
        incentives = new Incentives(address(manager), currency, passport, council, policy, verifier);
        venue = new Venue();
        _addVenue(address(reserve));
        _addVenue(address(fund));
        _addVenue(address(savings));
        _addVenue(address(incentives));

        vm.prank(admin);
        currency.setBucket(facilitator, 0);
        vm.prank(admin);
        currency.setBucket(address(reserve), type(uint128).max);
        for (uint256 i = 0; i < 5; ++i) {
            councillors[i] = _actor(_role("councillor", i));
            vm.prank(admin);
            seats.give(councillors[i]);
        }
        vm.prank(admin);
        fund.setCredit(venue, venue);
        vm.prank(admin);
        manager.grantRole(ADMIN_ROLE, address(timelock), 0);
        _pass1();
    }

    /// Seats count from the second after they were given.
    function _pass1() internal {
        vm.warp(block.timestamp + 1);
    }

    /// The deployer keeps nothing.
    function _handOver() internal {
        vm.prank(admin);
        manager.renounceRole(ADMIN_ROLE, admin);
    }

    // --- signatures

    function _role(string memory kind, uint256 i) internal pure returns (string memory) {
        return string.concat(["first ", "second ", "third ", "fourth ", "fifth "][i], kind);
    }

    function _three(string memory kind) internal returns (address[] memory accounts) {
        accounts = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            accounts[i] = _actor(_role(kind, i));
        }
    }

    /// Signatures of the first two of a kind, in ascending order of address.
    function _signed(string memory kind, bytes32 digest) internal pure returns (bytes memory) {
        bytes32 message = MessageHashUtils.toEthSignedMessageHash(digest);
        (string memory a, string memory b) = (_role(kind, 0), _role(kind, 1));
        if (vm.addr(_key(a)) > vm.addr(_key(b))) (a, b) = (b, a);
        return bytes.concat(_signature(a, message), _signature(b, message));
    }

    // --- the reserve

    function _attestation(uint256 heldUd, uint64 paidThrough)
        internal
        view
        returns (IBackingReserve.Attestation memory)
    {
        return IBackingReserve.Attestation({
            asOf: uint64(block.timestamp),
            heldUd: uint128(heldUd),
            paidThrough: paidThrough,
            statementHash: keccak256(abi.encode("statement", heldUd))
        });
    }

    function _attest(uint256 heldUd, uint64 paidThrough) internal {
        vm.warp(block.timestamp + 1);
        IBackingReserve.Attestation memory a = _attestation(heldUd, paidThrough);
        reserve.attest(a, _signed("custodian", reserve.attestationHash(a)));
    }

    function _receipt(address to, uint256 amountUd)
        internal
        returns (IBackingReserve.Receipt memory)
    {
        return IBackingReserve.Receipt(to, uint128(amountUd), bytes32(++deposits));
    }

    function _issue(address to, uint256 amountUd) internal {
        IBackingReserve.Receipt memory r = _receipt(to, amountUd);
        reserve.issue(r, _signed("custodian", reserve.receiptHash(r)));
    }

    /// Money that came in at the bank, was attested, and made for `to`.
    function _bring(address to, uint256 amountUd) internal {
        (uint256 heldUd,,) = reserve.reserves();
        _attest(heldUd + amountUd, reserve.lastAttestation().paidThrough);
        _issue(to, amountUd);
    }

    function _redeem(address account, uint256 amountUd) internal returns (uint64 claim) {
        vm.prank(account);
        currency.approve(address(reserve), amountUd);
        vm.prank(account);
        return reserve.redeem(uint128(amountUd), PAYEE);
    }

    // --- the halt

    function _order(uint64 durationS) internal view returns (ITradingHalt.Order memory) {
        return ITradingHalt.Order({
            number: tradingHalt.number() + 1,
            durationS: durationS,
            deadline: uint64(block.timestamp + 1 hours),
            reasonHash: keccak256("reason")
        });
    }

    function _halt(uint64 durationS) internal {
        ITradingHalt.Order memory order = _order(durationS);
        tradingHalt.halt(order, _signed("guardian", tradingHalt.orderHash(order)));
    }

    // --- the council

    struct Proposal {
        address[] targets;
        uint256[] values;
        bytes[] calldatas;
        string description;
        ICouncil.Basis basis;
    }

    function _proposal(address target, bytes memory call)
        internal
        pure
        returns (Proposal memory p)
    {
        p.targets = new address[](1);
        p.values = new uint256[](1);
        p.calldatas = new bytes[](1);
        p.targets[0] = target;
        p.calldatas[0] = call;
        p.description = "In plain words";
        p.basis = ICouncil.Basis(keccak256("snapshot"), "local supply");
    }

    function _textHash(Proposal memory p) internal view returns (bytes32) {
        return keccak256(bytes(council.textOf(p.description, p.basis)));
    }

    function _propose(Proposal memory p, address proposer) internal returns (uint256) {
        vm.prank(proposer);
        return council.propose(p.targets, p.values, p.calldatas, p.description, p.basis);
    }

    /// The first `for_` councillors vote for it, the others against.
    function _vote(uint256 id, uint256 for_) internal {
        vm.warp(block.timestamp + NOTICE + 1);
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(councillors[i]);
            council.castVote(id, i < for_ ? 1 : 0);
        }
        vm.warp(block.timestamp + VOTE);
    }

    function _queue(Proposal memory p) internal {
        council.queue(p.targets, p.values, p.calldatas, _textHash(p));
    }

    function _execute(Proposal memory p, address executor) internal {
        bytes32 hash = _textHash(p);
        vm.prank(executor);
        council.execute(p.targets, p.values, p.calldatas, hash);
    }

    /// Proposes, votes 4 : 1, queues and waits: ready to be executed.
    function _ready(Proposal memory p) internal returns (uint256 id) {
        id = _propose(p, councillors[0]);
        _vote(id, 4);
        _queue(p);
        vm.warp(block.timestamp + LOCK);
    }

    function _passed(Proposal memory p) internal returns (uint256 id) {
        id = _ready(p);
        _execute(p, councillors[1]);
    }
}
