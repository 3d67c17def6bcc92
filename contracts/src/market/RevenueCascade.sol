// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "../interfaces/ICurrency.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IPoolAsset} from "../interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../interfaces/IRevenueCascade.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {Split} from "../libraries/Split.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title RevenueCascade
/// @notice See `IRevenueCascade`.
contract RevenueCascade is IRevenueCascade, AccessManaged {
    using SafeERC20 for ICurrency;
    using SafeCast for uint256;

    /// @notice Most that fee and levy may each take.
    uint32 public constant CUT_MOST_PPM = 50_000;

    uint256 private constant CENT_UD = 10_000;
    uint256 private constant PPM = 1_000_000;

    /// @notice The money held.
    ICurrency public immutable currency;

    /// @notice Who may be paid.
    IPassport public immutable passport;

    /// @notice The pools sold.
    IPoolAsset public immutable pools;

    /// @inheritdoc IRevenueCascade
    mapping(address account => bool) public takesItself;

    uint8 private immutable _TRADE_ENERGY;

    Terms private _terms;
    mapping(uint256 pool => mapping(uint32 run => Sale)) private _sales;
    mapping(bytes32 level => Level) private _levels;
    // a bit for each of 256 members
    mapping(bytes32 level => mapping(uint256 word => uint256 bits)) private _paid;

    constructor(
        address authority,
        ICurrency currency_,
        IPassport passport_,
        IPoolAsset pools_,
        Terms memory terms
    ) AccessManaged(authority) {
        currency = currency_;
        passport = passport_;
        pools = pools_;
        _TRADE_ENERGY = passport_.TRADE_ENERGY();
        _setTerms(terms);
    }

    /// @inheritdoc IRevenueCascade
    function setTerms(Terms calldata terms) external restricted {
        _setTerms(terms);
    }

    // --- money comes in -------------------------------------------------------------------------

    /// @inheritdoc IRevenueCascade
    function settle(uint256 pool, uint32 run, uint128 revenueUd) external returns (bytes32 trace) {
        (, address seller,) = pools.rolesOf(pools.marketOf(pool));
        if (msg.sender != seller) revert NotSeller(msg.sender, seller);
        IPoolAsset.Record memory record = pools.runOf(pool, run);
        if (record.root == 0) revert UnknownRun(pool, run);
        if (_sales[pool][run].soldAt != 0) revert AlreadySettled(pool, run);
        if (revenueUd == 0 || revenueUd % CENT_UD != 0) revert NotWholeCents(revenueUd);

        Terms memory terms = _terms;
        trace = traceOf(pool, run);
        uint256 feeUd = _cutDown(revenueUd, terms.feePpm);
        uint256 levyUd = _cutDown(revenueUd, terms.levyPpm);
        _sales[pool][run] = Sale({
            revenueUd: uint256(revenueUd).toUint64(),
            feeUd: uint64(feeUd),
            levyUd: uint64(levyUd),
            soldAt: block.timestamp.toUint40()
        });
        uint256[] memory weights = new uint256[](3);
        weights[0] = record.individualsWh;
        weights[1] = record.trustsWh;
        weights[2] = record.entitiesWh;
        uint256[] memory cents =
            Split.largestRemainder((revenueUd - feeUd - levyUd) / CENT_UD, weights);
        for (uint256 i = 0; i < 3; ++i) {
            if (weights[i] == 0) continue;
            Level storage level = _levels[classLevel(pool, run, IPoolAsset.Class(i))];
            level.amountUd = uint64(cents[i] * CENT_UD); // fits, being at most the revenue
            level.weightWh = uint64(weights[i]);
            level.trace = trace;
        }
        emit Settled(
            trace,
            pool,
            run,
            revenueUd,
            feeUd,
            levyUd,
            cents[0] * CENT_UD,
            cents[1] * CENT_UD,
            cents[2] * CENT_UD
        );
        pools.burn(seller, pool, weights[0] + weights[1] + weights[2]);
        currency.safeTransferFrom(seller, address(this), revenueUd);
        if (feeUd != 0) currency.safeTransfer(terms.feeTo, feeUd);
        if (levyUd != 0) currency.safeTransfer(terms.levyTo, levyUd);
    }

    // --- shares are published -------------------------------------------------------------------

    /// @inheritdoc IRevenueCascade
    function publishClass(
        uint256 pool,
        uint32 run,
        IPoolAsset.Class class,
        bytes32 root,
        bytes calldata proof
    ) external returns (bytes32 level) {
        (address operator,, address verifier) = pools.rolesOf(pools.marketOf(pool));
        if (msg.sender != operator) revert NotOperator(msg.sender, operator);
        level = classLevel(pool, run, class);
        Level storage l = _level(level);
        bytes32 digest = sharesHash(level, root);
        if (!IVerifier(verifier).verify(digest, proof)) revert ProofRefused(digest);
        _publish(level, l, root);
    }

    /// @inheritdoc IRevenueCascade
    function publish(bytes32 level, bytes32 root) external {
        Level storage l = _level(level);
        if (msg.sender != l.publisher) revert NotPublisher(msg.sender, l.publisher);
        _publish(level, l, root);
    }

    // --- money goes down ------------------------------------------------------------------------

    /// @inheritdoc IRevenueCascade
    function setTakesItself(bool takesItself_) external {
        takesItself[msg.sender] = takesItself_;
        emit TakesItselfSet(msg.sender, takesItself_);
    }

    /// @inheritdoc IRevenueCascade
    function pay(bytes32 level, Share calldata share, bytes32[] calldata proof) external {
        Level storage l = _level(level);
        _checkShare(level, l, share, proof);
        if (_isLeftTo(share.account)) revert NotAccount(msg.sender, share.account);
        if (!_isAllowed(share.account)) revert PassportInvalid(share.account, _TRADE_ENERGY);
        _pay(level, l, share);
    }

    /// @inheritdoc IRevenueCascade
    function payMany(bytes32 level, Share[] calldata shares, bytes32[][] calldata proofs) external {
        if (shares.length != proofs.length) revert LengthsDiffer(shares.length, proofs.length);
        Level storage l = _level(level);
        for (uint256 i = 0; i < shares.length; ++i) {
            Share calldata share = shares[i];
            if (share.amountUd == 0 || isPaid(level, share.number)) continue;
            _checkShare(level, l, share, proofs[i]);
            if (_isAllowed(share.account) && !_isLeftTo(share.account)) _pay(level, l, share);
            else emit Held(l.trace, level, share.account, share.amountUd);
        }
    }

    /// @inheritdoc IRevenueCascade
    function passDown(bytes32 level, Share calldata share, bytes32[] calldata proof)
        external
        returns (bytes32 below)
    {
        if (msg.sender != share.account) revert NotAccount(msg.sender, share.account);
        Level storage l = _level(level);
        _checkShare(level, l, share, proof);
        if (!_isAllowed(share.account)) revert PassportInvalid(share.account, _TRADE_ENERGY);

        _debit(level, l, share);
        below = levelBelow(level, share.number);
        _levels[below] = Level({
            amountUd: uint64(share.amountUd),
            paidUd: 0,
            weightWh: uint256(share.weightWh).toUint64(),
            publisher: share.account,
            root: 0,
            trace: l.trace
        });
        emit PassedDown(l.trace, level, share.account, below, share.amountUd);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IRevenueCascade
    function termsOf() external view returns (Terms memory) {
        return _terms;
    }

    /// @inheritdoc IRevenueCascade
    function saleOf(uint256 pool, uint32 run) external view returns (Sale memory) {
        return _sales[pool][run];
    }

    /// @inheritdoc IRevenueCascade
    function levelOf(bytes32 level) external view returns (Level memory) {
        return _levels[level];
    }

    /// @inheritdoc IRevenueCascade
    function isPaid(bytes32 level, uint32 number) public view returns (bool) {
        return _paid[level][number >> 8] >> (number & 0xff) & 1 == 1;
    }

    /// @inheritdoc IRevenueCascade
    function classLevel(uint256 pool, uint32 run, IPoolAsset.Class class)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(pool, run, class));
    }

    /// @inheritdoc IRevenueCascade
    function levelBelow(bytes32 level, uint32 number) public pure returns (bytes32) {
        return keccak256(abi.encode(level, number));
    }

    /// @inheritdoc IRevenueCascade
    function shareHash(bytes32 level, Share calldata share) public pure returns (bytes32) {
        // Twice, so that no share can pass for an inner node.
        return keccak256(bytes.concat(keccak256(abi.encode(level, share))));
    }

    /// @inheritdoc IRevenueCascade
    function sharesHash(bytes32 level, bytes32 root) public view returns (bytes32) {
        uint64 amountUd = _levels[level].amountUd;
        return keccak256(abi.encode(block.chainid, address(this), level, amountUd, root));
    }

    /// @inheritdoc IRevenueCascade
    function traceOf(uint256 pool, uint32 run) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), pool, run));
    }

    // --- inside ---------------------------------------------------------------------------------

    function _level(bytes32 level) private view returns (Level storage l) {
        l = _levels[level];
        if (l.weightWh == 0) revert UnknownLevel(level);
    }

    function _isAllowed(address account) private view returns (bool) {
        return passport.isAllowed(account, _TRADE_ENERGY);
    }

    /// Does the account take its shares itself, and somebody else calls?
    function _isLeftTo(address account) private view returns (bool) {
        return takesItself[account] && msg.sender != account;
    }

    /// The share is in the level, is its exact fraction and was not paid.
    function _checkShare(
        bytes32 level,
        Level storage l,
        Share calldata share,
        bytes32[] calldata proof
    ) private view {
        bytes32 hash = shareHash(level, share);
        bytes32 root = l.root;
        if (!MerkleProof.verifyCalldata(proof, root, hash)) revert ShareRefused(hash, root);
        uint256 exact = (l.amountUd / CENT_UD) * share.weightWh;
        uint256 weightWh = l.weightWh;
        uint256 lowestUd = exact / weightWh * CENT_UD;
        uint256 highestUd = exact % weightWh == 0 ? lowestUd : lowestUd + CENT_UD;
        if (share.amountUd != lowestUd && share.amountUd != highestUd) {
            revert FractionRefused(lowestUd, highestUd, share.amountUd);
        }
        if (isPaid(level, share.number)) revert AlreadyPaid(level, share.number);
    }

    function _debit(bytes32 level, Level storage l, Share calldata share) private {
        if (share.amountUd == 0) revert NothingDue(share.account);
        uint64 paidUd = l.paidUd;
        if (share.amountUd > l.amountUd - paidUd) {
            revert LevelExceeded(l.amountUd, paidUd, share.amountUd);
        }

        l.paidUd = paidUd + uint64(share.amountUd);
        _paid[level][share.number >> 8] |= 1 << (share.number & 0xff);
    }

    function _pay(bytes32 level, Level storage l, Share calldata share) private {
        _debit(level, l, share);
        emit Paid(l.trace, level, share.account, share.amountUd);
        currency.safeTransfer(share.account, share.amountUd);
    }

    function _publish(bytes32 level, Level storage l, bytes32 root) private {
        if (root == 0) revert ZeroRoot();
        if (l.paidUd != 0) revert AlreadyPaying(level, l.paidUd);

        l.root = root;
        emit Published(l.trace, level, root);
    }

    function _setTerms(Terms memory terms) private {
        if (
            terms.feeTo == address(0) || terms.levyTo == address(0) || terms.feePpm > CUT_MOST_PPM
                || terms.levyPpm > CUT_MOST_PPM
        ) revert TermsRefused(terms);

        _terms = terms;
        emit TermsSet(terms);
    }

    function _cutDown(uint256 revenueUd, uint32 ppm) private pure returns (uint256) {
        return revenueUd * ppm / PPM / CENT_UD * CENT_UD;
    }
}
