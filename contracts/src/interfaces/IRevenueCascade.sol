// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "./IPoolAsset.sol";

/// @title RevenueCascade: what the grid paid for a pool comes down to who made the energy
/// @notice The seller hands in what a run of a pool was sold for, once; its pool tokens are burned
/// in the same breath. The marketplace's fee and the stabilisation levy go off, and the rest is
/// split by energy: first between individuals, trusts and entities, on chain; then, in each class,
/// between its contributors, by a Merkle root of shares. An entity or trust either takes its share
/// as money or passes it down: its share becomes a level of its own, split by the root it
/// publishes, and so on to the last person.
///
/// Every level is split in whole cents by largest remainder, ties to the lower member number. A
/// share must be its exact fraction, rounded down or up to the next cent: each receiver has a proof
/// of its fraction. No level pays more than came into it.
///
/// Money is micro-dollars [ud], energy watt-hours [Wh], times UTC unix seconds [s].
/// @dev Assumptions. The currency moves exactly the amounts asked for and calls nobody. Fewer than
/// the quorum of a market's verifiers collude, so that a class's shares add up to its amount and
/// each weight is the contribution in the pool. Who passes a share down answers to its members for
/// the root it publishes; it can harm nobody else.
///
/// Warning: **a payment needs the account's passport to be valid.** The share of a frozen account
/// is held until it is; nobody else can take it, and everybody else is paid.
///
/// Warning: **anybody may pay a share out**, and what is paid out is no longer passed down. Who
/// passes shares down says so beforehand (`setTakesItself`), once for all sales; until it acts, its
/// shares wait.
///
/// Warning: **shares do not expire**, and a root is final from its first payment on. A wrong root
/// that has paid leaves the rest of its level where it is.
interface IRevenueCascade {
    /// @notice What goes off before the split. Acts on later sales only.
    struct Terms {
        address feeTo;
        uint32 feePpm; // of the marketplace, rounded down to a cent
        address levyTo;
        uint32 levyPpm; // of the stabilisation fund, rounded down to a cent
    }

    /// @notice One receiver's share, as one leaf under a level's root.
    struct Share {
        uint32 number; // of the member in its level; one share each
        address account;
        uint128 weightWh; // contributed
        uint128 amountUd; // whole cents
        bytes32 salt; // keeps the other shares unguessable
    }

    /// @notice A level: money on its way down.
    struct Level {
        uint64 amountUd; // came in
        uint64 paidUd; // went out
        uint64 weightWh; // of all shares together; zero: no such level
        address publisher; // zero: the market's operator and verifier
        bytes32 root; // of the shares; zero: not yet published
        bytes32 trace; // of the sale
    }

    /// @notice A sale; all zero where there is none.
    struct Sale {
        uint64 revenueUd;
        uint64 feeUd;
        uint64 levyUd;
        uint40 soldAt;
    }

    /// @notice The terms of later sales.
    event TermsSet(Terms terms);

    /// @notice The revenue of a pool's run came in. `trace` is in every event of its way down.
    event Settled(
        bytes32 indexed trace,
        uint256 indexed pool,
        uint32 indexed run,
        uint256 revenueUd,
        uint256 feeUd,
        uint256 levyUd,
        uint256 individualsUd,
        uint256 trustsUd,
        uint256 entitiesUd
    );

    /// @notice A level's shares were published.
    event Published(bytes32 indexed trace, bytes32 indexed level, bytes32 root);

    /// @notice `account` was paid its share.
    event Paid(
        bytes32 indexed trace, bytes32 indexed level, address indexed account, uint256 amountUd
    );

    /// @notice The share of `account` became a level of its own.
    event PassedDown(
        bytes32 indexed trace,
        bytes32 indexed level,
        address indexed account,
        bytes32 below,
        uint256 amountUd
    );

    /// @notice `account` takes its shares itself, or lets anybody pay them out.
    event TakesItselfSet(address indexed account, bool takesItself);

    /// @notice The share of `account` is held: its passport is not valid, or it takes its shares
    /// itself.
    event Held(
        bytes32 indexed trace, bytes32 indexed level, address indexed account, uint256 amountUd
    );

    /// @notice Thrown when terms take more than the bounds in code, or pay nobody.
    error TermsRefused(Terms terms);

    /// @notice Thrown when a sale is handed in by someone else.
    error NotSeller(address caller, address seller);

    /// @notice Thrown when a class's shares are published by someone else.
    error NotOperator(address caller, address operator);

    /// @notice Thrown when a level's shares are published by someone else.
    error NotPublisher(address caller, address publisher);

    /// @notice Thrown when only the account itself may do this.
    error NotAccount(address caller, address account);

    /// @notice Thrown when there is no closed run of this number.
    error UnknownRun(uint256 pool, uint32 run);

    /// @notice Thrown when the run was sold already.
    error AlreadySettled(uint256 pool, uint32 run);

    /// @notice Thrown when revenue is zero or not in whole cents.
    error NotWholeCents(uint256 amountUd);

    /// @notice Thrown when nothing came into this level.
    error UnknownLevel(bytes32 level);

    /// @notice Thrown when a root is zero.
    error ZeroRoot();

    /// @notice Thrown when a level has paid by its root.
    error AlreadyPaying(bytes32 level, uint64 paidUd);

    /// @notice Thrown when the verifier does not accept the proof.
    error ProofRefused(bytes32 sharesHash);

    /// @notice Thrown when the share does not lead to the root of its level.
    error ShareRefused(bytes32 share, bytes32 root);

    /// @notice Thrown when a share is not its exact fraction, rounded down or up to a cent.
    error FractionRefused(uint256 lowestUd, uint256 highestUd, uint256 givenUd);

    /// @notice Thrown when the member was paid, or its share passed down.
    error AlreadyPaid(bytes32 level, uint32 number);

    /// @notice Thrown when a share comes to no cent.
    error NothingDue(address account);

    /// @notice Thrown when a level would pay more than came in.
    error LevelExceeded(uint64 amountUd, uint64 paidUd, uint256 shareUd);

    /// @notice Thrown when the account has no valid passport with this permission.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Thrown when two lists that belong together differ in length.
    error LengthsDiffer(uint256 shares, uint256 proofs);

    /// @notice Sets the terms of later sales.
    /// @dev Called by the terms role, behind a delay.
    function setTerms(Terms calldata terms) external;

    /// @notice Takes the revenue of a run from the caller, burns its pool tokens, pays fee and
    /// levy, and splits the rest between the classes. Only once a run.
    /// @dev Called by the market's seller, who has approved the currency and, as pool token
    /// operator, this contract.
    /// @param revenueUd what the grid paid, in whole cents
    function settle(uint256 pool, uint32 run, uint128 revenueUd) external returns (bytes32 trace);

    /// @notice Publishes the shares of a class.
    /// @dev Called by the market's operator, until the first payment.
    /// @param proof what the market's verifier asks for, over `sharesHash(level, root)`
    function publishClass(
        uint256 pool,
        uint32 run,
        IPoolAsset.Class class,
        bytes32 root,
        bytes calldata proof
    ) external returns (bytes32 level);

    /// @notice Publishes the shares of a level that was passed down.
    /// @dev Called by who passed it down, until the first payment.
    function publish(bytes32 level, bytes32 root) external;

    /// @notice Says whether the caller alone pays out or passes down its shares, of all levels.
    /// @dev Called by any account, for itself.
    function setTakesItself(bool takesItself_) external;

    /// @notice Pays `share.account`.
    /// @dev Called by anyone; by the account alone where it takes its shares itself. Nobody can
    /// pause it.
    /// @param proof sibling hashes from the share to the level's root
    function pay(bytes32 level, Share calldata share, bytes32[] calldata proof) external;

    /// @notice The same for many. Shares already paid or of no cent are passed over, and those
    /// of accounts without a valid passport, or that take their shares themselves, are held.
    function payMany(bytes32 level, Share[] calldata shares, bytes32[][] calldata proofs) external;

    /// @notice Makes the caller's share a level of its own, to be split by the root it publishes.
    /// @dev Called by the account of the share.
    /// @return below the new level
    function passDown(bytes32 level, Share calldata share, bytes32[] calldata proof)
        external
        returns (bytes32 below);

    /// @notice Terms of later sales.
    function termsOf() external view returns (Terms memory);

    /// @notice What is kept of the sale of a run.
    function saleOf(uint256 pool, uint32 run) external view returns (Sale memory);

    /// @notice Does this account alone pay out or pass down its shares?
    function takesItself(address account) external view returns (bool);

    /// @notice A level; all zero where there is none.
    function levelOf(bytes32 level) external view returns (Level memory);

    /// @notice Was this member of the level paid, or its share passed down?
    function isPaid(bytes32 level, uint32 number) external view returns (bool);

    /// @notice Level of a class: keccak256(abi.encode(pool, run, class)).
    function classLevel(uint256 pool, uint32 run, IPoolAsset.Class class)
        external
        pure
        returns (bytes32);

    /// @notice Level a member's share becomes: keccak256(abi.encode(level, number)).
    function levelBelow(bytes32 level, uint32 number) external pure returns (bytes32);

    /// @notice Hash of a share: keccak256(keccak256(abi.encode(level, share))).
    function shareHash(bytes32 level, Share calldata share) external pure returns (bytes32);

    /// @notice What verifiers sign for a class:
    /// keccak256(abi.encode(chain id, this contract, level, amount of the level, root)).
    function sharesHash(bytes32 level, bytes32 root) external view returns (bytes32);

    /// @notice Trace of a sale: keccak256(abi.encode(chain id, this contract, pool, run)).
    function traceOf(uint256 pool, uint32 run) external view returns (bytes32);
}
