// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title PoolAsset: everybody's energy of one delivery interval as one large asset
/// @notice Individuals, household trusts and community development entities contribute metered
/// energy. Each signs its contribution; a kWh is in one pool only, once. When a pool's run closes
/// its energy becomes one token id of that market and interval: one unit is one watt-hour [Wh].
/// What came too late is contributed to the next run of the same interval, and adds to the same
/// token.
///
/// How much one account contributed stays off chain: on chain is a salted leaf, and for each run
/// the totals by class and the Merkle root of the leaves. An account finds its own energy in the
/// pool by proof.
///
/// Energy is watt-hours [Wh], times UTC unix seconds [s].
/// @dev Assumptions. Fewer than the quorum of a market's verifiers collude, so that a run's totals
/// and root are those of exactly the contributions made here, and a contributor that counts through
/// a trust or an entity does not contribute by itself too. Every interval of this contract has the
/// same length, so that no two overlap in part.
///
/// Warning: **pool tokens do not travel.** They are minted to the market's seller and burned when
/// the energy is sold; nobody can move them to another account.
///
/// Warning: **a person contributes once an interval, by one of its wallets, to one market of this
/// contract**, and so does an account of no known person. Its
/// correction of a value already contributed is a matter of money, not of another contribution.
interface IPoolAsset is IERC1155 {
    /// @notice The class of a contributor.
    enum Class {
        Individual,
        Trust,
        Entity
    }

    /// @notice What a contributor signs (EIP-712).
    struct Contribution {
        address contributor;
        Class class;
        bytes32 leaf; // see `leafHash`
    }

    /// @notice One account's energy, as one leaf under a run's root.
    struct Leaf {
        address contributor;
        Class class;
        uint128 energyWh;
        bytes32 salt; // keeps the energy unguessable
    }

    /// @notice A run of a pool, as it is hashed for the verifiers.
    struct Run {
        bytes32 market;
        uint64 start; // first second of the interval
        uint32 number; // 1, then corrections
        uint32 contributions;
        bytes32 contributed; // hash chain over the contributions, in the order they were made
        bytes32 root; // Merkle root of the leaves
        uint128 individualsWh;
        uint128 trustsWh;
        uint128 entitiesWh;
    }

    /// @notice What is kept of a closed run.
    struct Record {
        bytes32 root; // zero: no such run
        uint64 individualsWh;
        uint64 trustsWh;
        uint64 entitiesWh;
        uint32 contributions;
    }

    /// @notice The run of a pool that is open.
    struct Open {
        uint32 number; // 1, then corrections
        uint32 contributions;
        bytes32 contributed;
    }

    /// @notice A market was opened.
    event Opened(
        bytes32 indexed market, string name, address operator, address seller, address verifier
    );

    /// @notice A contribution was taken into a pool's open run.
    event Contributed(
        uint256 indexed pool,
        uint32 indexed run,
        address indexed contributor,
        Class class,
        bytes32 leaf
    );

    /// @notice A run was closed and its energy minted.
    event Closed(uint256 indexed pool, uint32 indexed run, bytes32 runHash, Run closed);

    /// @notice Thrown when a role of a new market would be nobody's.
    error ZeroRole();

    /// @notice Thrown when intervals would last no time.
    error ZeroInterval();

    /// @notice Thrown when the name is taken.
    error MarketExists(bytes32 market);

    /// @notice Thrown when no market has this id.
    error UnknownMarket(bytes32 market);

    /// @notice Thrown when somebody else contributes or closes.
    error NotOperator(address caller, address operator);

    /// @notice Thrown when the start is not one of an interval, or the interval is not over.
    error WrongInterval(uint64 start, uint32 intervalSeconds, uint256 now_);

    /// @notice Thrown when two lists that belong together differ in length.
    error LengthsDiffer(uint256 contributions, uint256 signatures);

    /// @notice Thrown when the contributor has no valid passport with this permission.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Thrown when the account, or its person by another wallet, is in a pool of this
    /// interval already.
    error ContributionDuplicate(address contributor, uint64 start);

    /// @notice Thrown when the contributor did not sign this contribution.
    error ContributionUnsigned(address contributor, bytes32 digest);

    /// @notice Thrown when a run is not the open one, or nobody contributed to it.
    error WrongRun(uint32 open, uint32 contributions, bytes32 contributed);

    /// @notice Thrown when a run has no energy or no root.
    error EmptyRun();

    /// @notice Thrown when the verifier does not accept the proof.
    error ProofRefused(bytes32 runHash);

    /// @notice Thrown when somebody else than the holder, or who it approved, burns.
    error NotHolder(address caller, address holder);

    /// @notice Thrown when a pool token would travel.
    error PoolTokenFixed(address from, address to);

    /// @notice Opens a market.
    /// @dev Called by the opening role.
    /// @param name a name nobody used here before
    /// @param operator who hands in contributions and closes runs
    /// @param seller who holds the pool tokens and sells the energy
    /// @param verifier the `IVerifier` that judges runs
    /// @return market keccak256(abi.encode(chain id, this contract, keccak256(name)))
    function open(string calldata name, address operator, address seller, address verifier)
        external
        returns (bytes32 market);

    /// @notice Takes contributions into the open run of the pool of `start`.
    /// @dev Called by the operator, once the interval is over. One refused contribution refuses
    /// them all.
    /// @param signatures one each, over `contributionHash`; a contract's by ERC-1271
    function contribute(
        bytes32 market,
        uint64 start,
        Contribution[] calldata contributions,
        bytes[] calldata signatures
    ) external;

    /// @notice Closes the open run of a pool and mints its energy to the seller.
    /// @dev Called by the operator.
    /// @param proof what the market's verifier asks for, over `runHash(run)`
    /// @return pool the token id
    function close(Run calldata run, bytes calldata proof) external returns (uint256 pool);

    /// @notice Burns `amountWh` of `pool`.
    /// @dev Called by the holder, or by who it approved for all.
    function burn(address holder, uint256 pool, uint256 amountWh) external;

    /// @notice Token id of the pool of a market and interval: keccak256(abi.encode(market, start)).
    function poolOf(bytes32 market, uint64 start) external pure returns (uint256 pool);

    /// @notice What is kept of a closed run; all zero where there is none.
    function runOf(uint256 pool, uint32 run) external view returns (Record memory);

    /// @notice The run of `pool` that is open.
    function openRunOf(uint256 pool) external view returns (Open memory);

    /// @notice A market's roles; all zero where there is none.
    function rolesOf(bytes32 market)
        external
        view
        returns (address operator, address seller, address verifier);

    /// @notice Market of a pool with contributions; zero where there is none.
    function marketOf(uint256 pool) external view returns (bytes32);

    /// @notice Is `contributor`, by any wallet, in a pool of the interval that begins at `start`?
    function hasContributed(address contributor, uint64 start) external view returns (bool);

    /// @notice Is `leaf` in this run?
    function isIn(uint256 pool, uint32 run, Leaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice What a contributor signs: the EIP-712 digest, bound to this chain and contract.
    function contributionHash(bytes32 market, uint64 start, Contribution calldata contribution)
        external
        view
        returns (bytes32);

    /// @notice Hash of a leaf: keccak256(keccak256(abi.encode(pool, leaf))).
    function leafHash(uint256 pool, Leaf calldata leaf) external pure returns (bytes32);

    /// @notice Hash of a run: keccak256(abi.encode(chain id, this contract, run)).
    function runHash(Run calldata run) external view returns (bytes32);
}
