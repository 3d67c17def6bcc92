// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../interfaces/IClearing.sol";
import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRuledToken} from "../interfaces/IRuledToken.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {LeanCalls} from "../libraries/LeanCalls.sol";
import {MerklePath} from "../libraries/MerklePath.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Clearing
/// @notice See `IClearing`.
/// @dev Money is kept in 64 bits: 2⁶⁴ ud are 18 million million dollars. Every verb checks, writes,
/// emits and then transfers.
///
/// A slot written for the first time costs 22,100 gas, a kept one 5,000, so a statement gets one
/// slot of its own and the rest is the head's, overwritten. That slot keeps 208 bits of the payout
/// root: two trees that agree in them take 2¹⁰⁴ hashes to find, another tree for a given root 2²⁰⁸.
contract Clearing is IClearing {
    using LeanCalls for ICurrency;
    using LeanCalls for IPassport;
    using MerklePath for bytes32[];
    using SafeERC20 for ICurrency;
    using SafeCast for uint256;

    struct Tip {
        uint64 deposits; //       accounted for ever, by the statement of `_tipHash`      [ud]
        uint64 payouts; //        authorised ever, by it                                  [ud]
        uint40 end; //            first second it does not settle                         [s]
        uint32 epoch; //          accepted last; zero: none
        uint32 nextEpoch; //      one more than posted last, vetoed or not
        bool isVoid; //           the statement of `_tipHash` was vetoed: `rewind` comes first
        bool woundUp; //          ended by an escape
    }

    struct Posting {
        bytes26 payoutRoot; //    its first 26 bytes; of a void one: the epoch accepted before it
        uint40 liveAt; //         first second it pays; zero: no such epoch               [s]
        bool vetoed; //           void for ever
    }

    struct Queue {
        address oldest; //        first to be served; zero: none
        uint64 deposits; //       of the community, made ever                             [ud]
        // slot
        address newest; //        last to be served; zero: none
    }

    struct Member {
        uint64 deposited; //      ever, less taken back                                   [ud]
        uint64 depositedAfter; // the community's deposits before the first of this account [ud]
        uint128 paid; //          ever                                                    [ud]
    }

    struct Exit {
        address older; //         neighbours in the queue, which is in order of deadline
        uint40 deadline; //       to be served until; zero: none                          [s]
        uint40 requestedAfter; // last epoch posted then
        // slot
        address newer;
        uint64 deposited; //      then                                                    [ud]
    }

    /// @notice Fewer statements than this may wait to be live; bounds the loops of `veto` and of
    /// winding up, so that no operator can make them too dear.
    uint64 public constant PENDING_MOST = 256;

    uint256 private constant _LOOK_EVERY = 128; // posts; half of `PENDING_MOST`

    /// @inheritdoc IClearing
    bytes32 public immutable community;
    /// @inheritdoc IClearing
    ICurrency public immutable currency;
    /// @inheritdoc IClearing
    IPassport public immutable passport;

    address private immutable _OPERATOR;
    address private immutable _GUARDIAN;
    IVerifier private immutable _VERIFIER;
    ICompliance private immutable _COMPLIANCE;
    uint32 private immutable _DELAY; //       posting to live       [s]
    uint32 private immutable _EXIT_WINDOW; // request to deadline   [s]
    uint8 private immutable _TRADE_ENERGY;

    Tip private _tip;
    bytes32 private _tipHash;
    Queue private _queue;
    mapping(uint256 epoch => Posting) private _postings;
    mapping(address account => Member) private _members;
    mapping(address account => Exit) private _exits;

    constructor(
        ICurrency currency_,
        IPassport passport_,
        string memory name,
        address operator,
        address guardian,
        address verifier,
        uint32 delay,
        uint32 exitWindow
    ) {
        if (operator == address(0) || guardian == address(0) || verifier == address(0)) {
            revert ZeroRole();
        }
        if (exitWindow <= delay) revert ExitWindowTooShort(exitWindow, delay);

        (currency, passport) = (currency_, passport_);
        (_OPERATOR, _GUARDIAN, _VERIFIER) = (operator, guardian, IVerifier(verifier));
        (_DELAY, _EXIT_WINDOW) = (delay, exitWindow);
        _TRADE_ENERGY = passport_.TRADE_ENERGY();
        _COMPLIANCE = IRuledToken(address(currency_)).compliance();
        community = keccak256(abi.encode(block.chainid, address(this), keccak256(bytes(name))));
        _tip.nextEpoch = 1;
    }

    // --- deposit --------------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function deposit(address account, uint128 amountUd) external {
        _credit(account, amountUd, msg.sender != account && !currency.isTill(msg.sender));
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc IClearing
    function depositMany(address[] calldata accounts, uint128[] calldata amountsUd) external {
        if (accounts.length != amountsUd.length) {
            revert LengthsDiffer(accounts.length, amountsUd.length);
        }
        bool isAsked = !currency.isTill(msg.sender);
        uint256 totalUd = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            _credit(accounts[i], amountsUd[i], isAsked);
            totalUd += amountsUd[i];
        }
        currency.safeTransferFrom(msg.sender, address(this), totalUd);
    }

    /// @inheritdoc IClearing
    function depositWithPermit(
        address account,
        uint128 amountUd,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _credit(account, amountUd, msg.sender != account && !currency.isTill(msg.sender));
        // A permit used up by someone else has left the same allowance; without one the transfer
        // below fails.
        try currency.permit(msg.sender, address(this), amountUd, deadline, v, r, s) {} catch {}
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    // --- post, veto and rewind ------------------------------------------------------------------

    /// @inheritdoc IClearing
    function post(Statement calldata statement, bytes calldata proof) external {
        if (msg.sender != _OPERATOR) revert NotOperator(msg.sender, _OPERATOR);
        Tip memory tip = _readTip();
        if (tip.woundUp) revert CommunityWoundUp(community);
        _checkBuildsOn(tip, _checkNoExitOverdue(), statement);
        bytes32 digest = statementHash(statement);
        if (!_VERIFIER.verify(digest, proof)) revert ProofRefused(digest);

        uint40 liveAt = uint40(block.timestamp + _DELAY); // fits for 34,000 years
        _write(tip.nextEpoch, bytes26(statement.payoutRoot), liveAt, false);
        tip.epoch = tip.nextEpoch;
        unchecked {
            ++tip.nextEpoch; // one in a second lasts for 136 years
        }
        _setTip(tip, digest, statement);
        emit Posted(digest, statement, liveAt);
    }

    /// @inheritdoc IClearing
    function veto(uint64 epoch) external {
        if (msg.sender != _GUARDIAN) revert NotGuardian(msg.sender, _GUARDIAN);
        (, uint256 liveAt) = _posting(epoch);
        if (block.timestamp >= liveAt) revert AlreadyLive(epoch, uint64(liveAt));

        _voidFrom(uint32(epoch)); // exists, so it fits
    }

    /// @inheritdoc IClearing
    function rewind(Statement[] calldata statements) external {
        if (!_tip.isVoid) revert HeadStands(_tipHash);
        _rewind(statements);
    }

    // --- withdraw -------------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function withdraw(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external {
        _checkLeaf(epoch, leaf, proof);
        if (_payIfDue(leaf)) return;
        _checkPassport(leaf.account);
        revert NothingDue(leaf.account, _members[leaf.account].paid);
    }

    /// @inheritdoc IClearing
    function withdrawMany(uint64 epoch, Leaf[] calldata leaves, bytes32[][] calldata proofs)
        external
    {
        if (leaves.length != proofs.length) revert LengthsDiffer(leaves.length, proofs.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            _checkLeaf(epoch, leaves[i], proofs[i]);
            _payIfDue(leaves[i]);
        }
    }

    // --- exit and escape ------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function requestExit() external {
        if (_tip.woundUp) revert CommunityWoundUp(community);
        uint64 depositedUd = _members[msg.sender].deposited;
        if (depositedUd == 0) revert NoDeposits(msg.sender);
        Exit storage exit = _exits[msg.sender];
        if (exit.deadline != 0) revert ExitPending(msg.sender, exit.deadline);

        address older = _queue.newest;
        uint40 deadline = (block.timestamp + _EXIT_WINDOW).toUint40();
        exit.older = older;
        exit.deadline = deadline;
        exit.requestedAfter = _tip.nextEpoch - 1;
        exit.deposited = depositedUd;
        if (older == address(0)) _queue.oldest = msg.sender;
        else _exits[older].newer = msg.sender;
        _queue.newest = msg.sender;
        emit ExitRequested(msg.sender, deadline);
    }

    /// @inheritdoc IClearing
    function serveExit(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external {
        _checkLeaf(epoch, leaf, proof);
        Exit memory exit = _exits[leaf.account];
        if (exit.deadline == 0) revert NoExit(leaf.account);
        if (epoch <= exit.requestedAfter) revert PostedBeforeRequest(epoch, exit.requestedAfter);
        if (leaf.balanceUd != 0 || leaf.depositedUd < exit.deposited) {
            revert ExitIncomplete(leaf.balanceUd, leaf.depositedUd, exit.deposited);
        }

        _leaveQueue(leaf.account);
        emit ExitServed(leaf.account, epoch);
        _payIfDue(leaf);
    }

    /// @inheritdoc IClearing
    function escape(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external {
        if (!_tip.woundUp) _windUp(leaf.account);
        if (epoch != _tip.epoch) revert NotLatest(_tip.epoch, epoch);
        _checkLeaf(epoch, leaf, proof);
        _checkPassport(leaf.account);
        Member storage member = _members[leaf.account];
        if (leaf.depositedUd > member.deposited) {
            revert DepositsExceeded(member.deposited, leaf.depositedUd);
        }
        uint64 unaccountedUd = member.deposited - uint64(leaf.depositedUd);
        uint256 entitledUd = uint256(leaf.payoutUd) + leaf.balanceUd;
        if (entitledUd < member.paid) revert NothingDue(leaf.account, member.paid);
        uint256 amountUd = entitledUd - member.paid;
        if (amountUd + unaccountedUd == 0) revert NothingDue(leaf.account, member.paid);

        if (unaccountedUd != 0) _undoDeposits(leaf.account, unaccountedUd);
        member.paid = entitledUd.toUint128();
        emit Escaped(leaf.account, epoch, amountUd, entitledUd);
        currency.safeTransfer(leaf.account, amountUd + unaccountedUd);
    }

    /// @inheritdoc IClearing
    function reclaim(Statement[] calldata statements) external {
        if (!_tip.woundUp) _windUp(msg.sender);
        if (_tip.isVoid) _rewind(statements);
        _checkPassport(msg.sender);
        Member storage member = _members[msg.sender];
        uint64 depositedUd = member.deposited;
        if (depositedUd == 0) revert NoDeposits(msg.sender);
        uint64 accountedUd = _tip.deposits;
        if (accountedUd > member.depositedAfter) {
            revert DepositsAccounted(accountedUd, member.depositedAfter);
        }

        _undoDeposits(msg.sender, depositedUd);
        currency.safeTransfer(msg.sender, depositedUd);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function statementHash(Statement calldata statement) public view returns (bytes32 hash) {
        // keccak256(abi.encode(block.chainid, address(this), statement))
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, chainid())
            mstore(add(words, 0x20), address())
            calldatacopy(add(words, 0x40), statement, 0x1e0)
            hash := keccak256(words, 0x220)
        }
    }

    /// @inheritdoc IClearing
    function leafHash(Leaf calldata leaf) public view returns (bytes32 hash) {
        // keccak256(keccak256(abi.encode(community, leaf))): twice, so that no leaf can pass for an
        // inner node
        bytes32 id = community;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, id)
            calldatacopy(add(words, 0x20), leaf, 0xa0)
            mstore(0, keccak256(words, 0xc0))
            hash := keccak256(0, 0x20)
        }
    }

    /// @inheritdoc IClearing
    function paid(address account) external view returns (uint128) {
        return _members[account].paid;
    }

    /// @inheritdoc IClearing
    function deposited(address account) external view returns (uint128) {
        return _members[account].deposited;
    }

    /// @inheritdoc IClearing
    function funds() public view returns (uint256) {
        return currency.balanceOf(address(this));
    }

    /// @inheritdoc IClearing
    function terms() external view returns (Terms memory) {
        return Terms({
            operator: _OPERATOR,
            guardian: _GUARDIAN,
            verifier: address(_VERIFIER),
            delay: _DELAY,
            exitWindow: _EXIT_WINDOW,
            woundUp: _tip.woundUp,
            depositsUd: _queue.deposits,
            fundsUd: funds()
        });
    }

    /// @inheritdoc IClearing
    function head() external view returns (Head memory) {
        Tip memory tip = _tip;
        return Head({
            epoch: tip.epoch,
            hash: _tipHash,
            end: tip.end,
            liveAt: _postings[tip.epoch].liveAt,
            depositsUd: tip.deposits,
            payoutsUd: tip.payouts,
            nextEpoch: tip.nextEpoch,
            isVoid: tip.isVoid
        });
    }

    /// @inheritdoc IClearing
    function statementOf(uint64 epoch) external view returns (Record memory) {
        Posting memory posting = _postings[epoch];
        if (posting.liveAt == 0) return Record(0, 0, 0, false);
        return Record({
            payoutRoot: posting.vetoed ? bytes26(0) : posting.payoutRoot,
            liveAt: posting.liveAt,
            previousEpoch: _acceptedBefore(uint32(epoch)),
            vetoed: posting.vetoed
        });
    }

    /// @inheritdoc IClearing
    function exitOf(address account)
        external
        view
        returns (uint64 deadline, uint64 requestedAfter, uint128 depositsAtRequestUd)
    {
        Exit storage exit = _exits[account];
        return (exit.deadline, exit.requestedAfter, exit.deposited);
    }

    /// @inheritdoc IClearing
    function oldestExit() external view returns (address account, uint64 deadline) {
        account = _queue.oldest;
        deadline = _exits[account].deadline;
    }

    // --- checks ---------------------------------------------------------------------------------

    /// A statement that exists and was not vetoed.
    function _posting(uint64 epoch) private view returns (bytes26 payoutRoot, uint256 liveAt) {
        uint256 word = _read(epoch);
        if (word == 0) revert UnknownEpoch(epoch);
        liveAt = word >> 208;
        if (liveAt >> 40 != 0) revert StatementVetoed(epoch);
        payoutRoot = bytes26(uint208(word));
    }

    function _checkPassport(address account) private view {
        if (!passport.allows(account, _TRADE_ENERGY)) {
            revert PassportInvalid(account, _TRADE_ENERGY);
        }
    }

    /// Answers with the deposits ever made, which are in the same slot.
    function _checkNoExitOverdue() private view returns (uint256 depositsUd) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_queue.slot)
        }
        address oldest = address(uint160(word));
        depositsUd = uint64(word >> 160);
        if (oldest == address(0)) return depositsUd;
        uint40 deadline = _exits[oldest].deadline;
        if (block.timestamp > deadline) revert ExitOverdue(oldest, deadline);
    }

    function _checkBuildsOn(Tip memory tip, uint256 depositsUd, Statement calldata s) private view {
        if (s.community != community) revert WrongCommunity(community, s.community);
        uint256 epoch = tip.nextEpoch;
        if (s.epoch != epoch) revert WrongEpoch(uint64(epoch), s.epoch);
        // Looked at once in a while, which bounds it all the same: since the last look all but half
        // as many as may wait are live, and half as many may have come.
        if (epoch % _LOOK_EVERY == 0) {
            uint64 liveAt = _postings[epoch - _LOOK_EVERY].liveAt;
            if (block.timestamp < liveAt) revert TooManyPending(tip.nextEpoch, liveAt);
        }
        bytes32 previous = _tipHash;
        if (tip.isVoid) revert HeadVoid(previous);
        if (s.previous != previous) revert WrongPrevious(previous, s.previous);
        (uint64 start, uint64 end) = (s.start, s.end);
        if (start < tip.end || end <= start) revert WrongPeriod(tip.end, start, end);
        (uint256 accountedUd, uint256 payoutsUd) = (s.depositsUd, s.payoutsUd);
        if (payoutsUd + s.balancesUd != accountedUd) {
            revert Unbalanced(s.depositsUd, s.payoutsUd, s.balancesUd);
        }
        if (accountedUd < tip.deposits || accountedUd > depositsUd) {
            revert DepositsOutOfRange(tip.deposits, uint128(depositsUd), s.depositsUd);
        }
        if (payoutsUd < tip.payouts) revert PayoutsFell(tip.payouts, s.payoutsUd);
    }

    /// The leaf belongs to a statement that is live.
    function _checkLeaf(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) private view {
        uint256 word = _read(epoch);
        unchecked {
            // One comparison for three: a missing statement's zero wraps round, and the bit of a
            // vetoed one puts it beyond any time.
            if ((word >> 208) - 1 >= block.timestamp) {
                (, uint256 liveAt) = _posting(epoch);
                revert NotLive(epoch, uint64(liveAt));
            }
        }
        bytes32 hash = leafHash(leaf);
        if ((uint256(proof.rootOf(hash)) >> 48 ^ word) << 48 != 0) {
            revert LeafRefused(hash, bytes26(uint208(word)));
        }
    }

    // --- writes ---------------------------------------------------------------------------------

    function _credit(address account, uint128 amountUd, bool isAsked) private {
        if (_tip.woundUp) revert CommunityWoundUp(community);
        if (amountUd == 0) revert ZeroAmount();
        _checkPassport(account);
        if (isAsked && msg.sender != account) {
            _COMPLIANCE.recordTransfer(address(currency), msg.sender, account, amountUd);
        }

        uint64 amount = uint256(amountUd).toUint64();
        uint64 depositsUd = _queue.deposits;
        Member storage member = _members[account];
        if (member.deposited == 0) member.depositedAfter = depositsUd;
        member.deposited += amount;
        _queue.deposits = depositsUd + amount;
        emit Deposited(account, amountUd);
    }

    /// Deposits no statement will ever account for go back as if never made, so that none of
    /// `escape` and `reclaim`, in any order, returns them twice.
    function _undoDeposits(address account, uint64 amountUd) private {
        _queue.deposits -= amountUd;
        _members[account].deposited -= amountUd;
        emit Reclaimed(account, amountUd);
    }

    /// Says no of an account that is paid already or may not be paid.
    function _payIfDue(Leaf calldata leaf) private returns (bool) {
        (address account, uint256 payoutUd) = _dueOf(leaf);
        Member storage member = _members[account];
        uint256 word;
        assembly ("memory-safe") {
            word := sload(member.slot)
        }
        uint256 paidUd = word >> 128;
        if (payoutUd <= paidUd || !passport.allows(account, _TRADE_ENERGY)) return false;

        assembly ("memory-safe") {
            sstore(member.slot, or(shr(128, shl(128, word)), shl(128, payoutUd)))
        }
        unchecked {
            currency.send(account, payoutUd - paidUd);
        }
        return true;
    }

    /// Makes an accepted statement the one to build on.
    function _setTip(Tip memory tip, bytes32 hash, Statement calldata s) private {
        tip.deposits = uint64(s.depositsUd); // at most the deposits made, so it fits
        tip.payouts = uint64(s.payoutsUd); // at most its deposits
        tip.end = uint256(s.end).toUint40();
        _write(tip);
        _tipHash = hash;
    }

    /// The functions below do what the compiler does, with one access for a slot.
    function _readTip() private view returns (Tip memory tip) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_tip.slot)
        }
        tip.deposits = uint64(word);
        tip.payouts = uint64(word >> 64);
        tip.end = uint40(word >> 128);
        tip.epoch = uint32(word >> 168);
        tip.nextEpoch = uint32(word >> 200);
        tip.isVoid = uint8(word >> 232) != 0;
        tip.woundUp = uint8(word >> 240) != 0;
    }

    function _read(uint256 epoch) private view returns (uint256 word) {
        Posting storage posting = _postings[epoch];
        assembly ("memory-safe") {
            word := sload(posting.slot)
        }
    }

    /// Of a leaf whose root is checked: its words are as they were hashed.
    function _dueOf(Leaf calldata leaf) private pure returns (address account, uint256 payoutUd) {
        assembly ("memory-safe") {
            account := calldataload(leaf)
            payoutUd := shr(128, shl(128, calldataload(add(leaf, 64))))
        }
    }

    function _write(Tip memory tip) private {
        uint256 word = uint256(tip.deposits) | uint256(tip.payouts) << 64 | uint256(tip.end) << 128
            | uint256(tip.epoch) << 168 | uint256(tip.nextEpoch) << 200;
        if (tip.isVoid) word |= 1 << 232;
        if (tip.woundUp) word |= 1 << 240;
        assembly ("memory-safe") {
            sstore(_tip.slot, word)
        }
    }

    function _write(uint256 epoch, bytes26 payoutRoot, uint40 liveAt, bool vetoed) private {
        Posting storage posting = _postings[epoch];
        uint256 word = uint208(payoutRoot) | uint256(liveAt) << 208;
        if (vetoed) word |= 1 << 248;
        assembly ("memory-safe") {
            sstore(posting.slot, word)
        }
    }

    /// Epoch accepted before this one.
    function _acceptedBefore(uint32 epoch) private view returns (uint32) {
        Posting storage posting = _postings[epoch - 1];
        return posting.vetoed ? uint32(uint208(posting.payoutRoot)) : epoch - 1;
    }

    /// Voids the accepted statement of `epoch` and all after it, which build on it. A void one says
    /// which was accepted before it, so that going back is one step, however many were vetoed.
    function _voidFrom(uint32 epoch) private {
        uint32 before = _acceptedBefore(epoch);
        uint32 nextEpoch = _tip.nextEpoch;
        for (uint256 i = epoch; i < nextEpoch; ++i) {
            _write(i, bytes26(uint208(before)), _postings[i].liveAt, true);
        }
        _tip.epoch = before;
        _tip.isVoid = true;
        emit Vetoed(epoch, nextEpoch - 1);
    }

    /// Goes back from the void statement at the tip to the last accepted one, by their hashes.
    function _rewind(Statement[] calldata statements) private {
        Tip memory tip = _tip;
        bytes32 hash = _tipHash;
        tip.isVoid = false;
        for (uint256 i = 0; i < statements.length; ++i) {
            Statement calldata s = statements[i];
            bytes32 given = statementHash(s);
            if (given != hash) revert WrongStatement(hash, given);
            if (s.epoch == tip.epoch) {
                _setTip(tip, hash, s);
                emit Rewound(tip.epoch, hash);
                return;
            }
            hash = s.previous;
        }
        if (hash != 0) revert HeadVoid(hash);
        (tip.deposits, tip.payouts, tip.end) = (0, 0, 0);
        _tip = tip;
        _tipHash = 0;
        emit Rewound(0, 0);
    }

    /// Ends the community at the word of a member whose exit was ignored: the last live statement
    /// becomes the head for ever.
    function _windUp(address account) private {
        if (msg.sender != account) revert NotAccount(msg.sender, account);
        uint40 deadline = _exits[account].deadline;
        if (deadline == 0) revert NoExit(account);
        if (block.timestamp <= deadline) revert ExitNotOverdue(account, deadline);

        _tip.woundUp = true;
        uint32 pending = 0;
        uint32 last = _tip.epoch;
        while (last != 0 && block.timestamp < _postings[last].liveAt) {
            pending = last;
            last = _acceptedBefore(last);
        }
        if (pending != 0) _voidFrom(pending);
        emit WoundUp(last);
    }

    function _leaveQueue(address account) private {
        Exit memory exit = _exits[account];
        if (exit.older == address(0)) _queue.oldest = exit.newer;
        else _exits[exit.older].newer = exit.newer;
        if (exit.newer == address(0)) _queue.newest = exit.older;
        else _exits[exit.newer].older = exit.older;
        delete _exits[account];
    }
}
