// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../interfaces/IPassport.sol";
import {IPoolAsset} from "../interfaces/IPoolAsset.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title PoolAsset
/// @notice See `IPoolAsset`.
contract PoolAsset is IPoolAsset, ERC1155, AccessManaged, EIP712 {
    using SafeCast for uint256;

    struct Market {
        address operator; // hands in and closes
        address seller; //   holds the tokens
        address verifier; // judges runs
    }

    struct Pool {
        bytes32 market;
        bytes32 contributed; //  hash chain of the open run
        uint32 closed; //        runs closed
        uint32 contributions; // of the open run
    }

    bytes32 private constant CONTRIBUTION_TYPE = keccak256(
        "Contribution(bytes32 market,uint64 start,address contributor,uint8 class,bytes32 leaf)"
    );

    /// @notice Length of every interval [s].
    uint32 public immutable intervalSeconds;

    /// @notice Who may contribute.
    IPassport public immutable passport;

    uint8 private immutable _TRADE_ENERGY;

    mapping(bytes32 market => Market) private _markets;
    mapping(uint256 pool => Pool) private _pools;
    mapping(uint256 pool => mapping(uint32 run => Record)) private _runs;
    // by person, or account where none is known; a bit for each of 256 intervals
    mapping(bytes32 party => mapping(uint256 word => uint256 bits)) private _contributed;

    constructor(address authority, IPassport passport_, uint32 intervalSeconds_)
        ERC1155("")
        AccessManaged(authority)
        EIP712("SourceEnergy Pool", "1")
    {
        if (intervalSeconds_ == 0) revert ZeroInterval();
        passport = passport_;
        intervalSeconds = intervalSeconds_;
        _TRADE_ENERGY = passport_.TRADE_ENERGY();
    }

    /// @inheritdoc IPoolAsset
    function open(string calldata name, address operator, address seller, address verifier)
        external
        restricted
        returns (bytes32 market)
    {
        if (operator == address(0) || seller == address(0) || verifier == address(0)) {
            revert ZeroRole();
        }
        market = keccak256(abi.encode(block.chainid, address(this), keccak256(bytes(name))));
        if (_markets[market].operator != address(0)) revert MarketExists(market);

        _markets[market] = Market(operator, seller, verifier);
        emit Opened(market, name, operator, seller, verifier);
    }

    /// @inheritdoc IPoolAsset
    function contribute(
        bytes32 market,
        uint64 start,
        Contribution[] calldata contributions,
        bytes[] calldata signatures
    ) external {
        _checkOperator(market);
        if (start % intervalSeconds != 0 || uint256(start) + intervalSeconds > block.timestamp) {
            revert WrongInterval(start, intervalSeconds, block.timestamp);
        }
        if (contributions.length != signatures.length) {
            revert LengthsDiffer(contributions.length, signatures.length);
        }

        uint256 id = poolOf(market, start);
        Pool storage pool = _pools[id];
        pool.market = market;
        uint32 run = pool.closed + 1;
        bytes32 chain = pool.contributed;
        for (uint256 i = 0; i < contributions.length; ++i) {
            Contribution calldata c = contributions[i];
            _take(market, start, c, signatures[i]);
            chain = keccak256(abi.encode(chain, c));
            emit Contributed(id, run, c.contributor, c.class, c.leaf);
        }
        pool.contributed = chain;
        pool.contributions += contributions.length.toUint32();
    }

    /// @inheritdoc IPoolAsset
    function close(Run calldata run, bytes calldata proof) external returns (uint256 id) {
        Market storage market = _checkOperator(run.market);
        id = poolOf(run.market, run.start);
        Pool storage pool = _pools[id];
        uint32 number = pool.closed + 1;
        if (
            run.number != number || run.contributions == 0
                || run.contributions != pool.contributions || run.contributed != pool.contributed
        ) revert WrongRun(number, pool.contributions, pool.contributed);
        uint256 energyWh = uint256(run.individualsWh) + run.trustsWh + run.entitiesWh;
        if (run.root == 0 || energyWh == 0) revert EmptyRun();
        bytes32 digest = runHash(run);
        if (!IVerifier(market.verifier).verify(digest, proof)) revert ProofRefused(digest);

        _runs[id][number] = Record({
            root: run.root,
            individualsWh: uint256(run.individualsWh).toUint64(),
            trustsWh: uint256(run.trustsWh).toUint64(),
            entitiesWh: uint256(run.entitiesWh).toUint64(),
            contributions: run.contributions
        });
        pool.closed = number;
        pool.contributions = 0;
        pool.contributed = 0;
        emit Closed(id, number, digest, run);
        // Without asking the receiver: tokens that cannot travel cannot be lost.
        _update(address(0), market.seller, _one(id), _one(energyWh));
    }

    /// @inheritdoc IPoolAsset
    function burn(address holder, uint256 pool, uint256 amountWh) external {
        if (msg.sender != holder && !isApprovedForAll(holder, msg.sender)) {
            revert NotHolder(msg.sender, holder);
        }
        _burn(holder, pool, amountWh);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IPoolAsset
    function poolOf(bytes32 market, uint64 start) public pure returns (uint256 pool) {
        return uint256(keccak256(abi.encode(market, start)));
    }

    /// @inheritdoc IPoolAsset
    function runOf(uint256 pool, uint32 run) external view returns (Record memory) {
        return _runs[pool][run];
    }

    /// @inheritdoc IPoolAsset
    function openRunOf(uint256 pool) external view returns (Open memory) {
        Pool storage p = _pools[pool];
        return Open(p.closed + 1, p.contributions, p.contributed);
    }

    /// @inheritdoc IPoolAsset
    function rolesOf(bytes32 market)
        external
        view
        returns (address operator, address seller, address verifier)
    {
        Market storage m = _markets[market];
        return (m.operator, m.seller, m.verifier);
    }

    /// @inheritdoc IPoolAsset
    function marketOf(uint256 pool) external view returns (bytes32) {
        return _pools[pool].market;
    }

    /// @inheritdoc IPoolAsset
    function hasContributed(address contributor, uint64 start) external view returns (bool) {
        uint256 interval = start / intervalSeconds;
        return _contributed[_partyOf(contributor)][interval >> 8] >> (interval & 0xff) & 1 == 1;
    }

    /// @inheritdoc IPoolAsset
    function isIn(uint256 pool, uint32 run, Leaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleProof.verifyCalldata(proof, _runs[pool][run].root, leafHash(pool, leaf));
    }

    /// @inheritdoc IPoolAsset
    function contributionHash(bytes32 market, uint64 start, Contribution calldata contribution)
        public
        view
        returns (bytes32)
    {
        return
            _hashTypedDataV4(keccak256(abi.encode(CONTRIBUTION_TYPE, market, start, contribution)));
    }

    /// @inheritdoc IPoolAsset
    function leafHash(uint256 pool, Leaf calldata leaf) public pure returns (bytes32) {
        // Twice, so that no leaf can pass for an inner node.
        return keccak256(bytes.concat(keccak256(abi.encode(pool, leaf))));
    }

    /// @inheritdoc IPoolAsset
    function runHash(Run calldata run) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), run));
    }

    // --- inside ---------------------------------------------------------------------------------

    function _checkOperator(bytes32 id) private view returns (Market storage market) {
        market = _markets[id];
        if (market.operator == address(0)) revert UnknownMarket(id);
        if (msg.sender != market.operator) revert NotOperator(msg.sender, market.operator);
    }

    function _take(bytes32 market, uint64 start, Contribution calldata c, bytes calldata signature)
        private
    {
        if (!passport.isAllowed(c.contributor, _TRADE_ENERGY)) {
            revert PassportInvalid(c.contributor, _TRADE_ENERGY);
        }
        uint256 interval = start / intervalSeconds;
        bytes32 party = _partyOf(c.contributor);
        uint256 bits = _contributed[party][interval >> 8];
        uint256 bit = 1 << (interval & 0xff);
        if (bits & bit != 0) revert ContributionDuplicate(c.contributor, start);
        _contributed[party][interval >> 8] = bits | bit;

        bytes32 digest = contributionHash(market, start, c);
        if (!SignatureChecker.isValidSignatureNowCalldata(c.contributor, digest, signature)) {
            revert ContributionUnsigned(c.contributor, digest);
        }
    }

    /// Two wallets of one person are one contributor.
    function _partyOf(address contributor) private view returns (bytes32 party) {
        party = passport.identityOf(contributor);
        if (party == 0) party = bytes32(uint256(uint160(contributor)));
    }

    function _update(address from, address to, uint256[] memory ids, uint256[] memory values)
        internal
        override
    {
        if (from != address(0) && to != address(0)) revert PoolTokenFixed(from, to);
        super._update(from, to, ids, values);
    }

    function _one(uint256 value) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }
}
