// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../interfaces/IClearing.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Clearing
/// @notice See `IClearing`.
/// @dev Money is kept in 64 bits: 2⁶⁴ ud are 18 million million dollars. Every verb checks, writes,
/// emits and then transfers.
contract Clearing is IClearing, AccessManaged {
    using SafeERC20 for ICurrency;
    using SafeCast for uint256;

    struct Community {
        address operator; //      posts
        uint32 delay; //          posting to live                  [s]
        uint32 exitWindow; //     request to deadline              [s]
        bool woundUp; //          ended by an escape
        // slot
        uint40 lastEpoch; //      posted last, vetoed or not
        uint40 headEpoch; //      accepted last; zero: none
        uint64 deposits; //       made ever                        [ud]
        uint64 funds; //          held now                         [ud]
        // slot
        address verifier; //      judges proofs
        // slot
        address guardian; //      may veto
        // slot
        address oldestExit; //    first of the queue; zero: none
        // slot
        address newestExit; //    last of the queue
    }

    struct Posting {
        bytes32 hash; //          of the statement
        bytes32 payoutRoot; //    of its leaves
        uint64 deposits; //       accounted for ever               [ud]
        uint64 payouts; //        authorised ever                  [ud]
        uint40 end; //            first second not settled         [s]
        uint40 liveAt; //         first second it pays             [s]
        uint40 previousEpoch; //  accepted before it
        bool vetoed; //           void for ever
    }

    struct Member {
        uint64 deposited; //      ever, less taken back            [ud]
        uint64 depositedAfter; // the community's deposits before the first of this account [ud]
        uint64 paid; //           ever                             [ud]
    }

    struct Exit {
        address older; //         neighbours in the queue, which is in order of deadline
        uint40 deadline; //       to be served until; zero: none   [s]
        uint40 requestedAfter; // last epoch posted then
        // slot
        address newer;
        uint64 deposited; //      then                             [ud]
    }

    /// @notice Most statements of a community that may wait to be live; bounds the loops of `veto`
    /// and of winding up, so that no operator can make them too dear.
    uint64 public constant PENDING_MOST = 256;

    /// @notice The money held.
    ICurrency public immutable currency;

    /// @notice Who may be paid.
    IPassport public immutable passport;

    uint8 private immutable _TRADE_ENERGY;

    mapping(bytes32 community => Community) private _communities;
    mapping(bytes32 community => mapping(uint64 epoch => Posting)) private _postings;
    mapping(bytes32 community => mapping(address account => Member)) private _members;
    mapping(bytes32 community => mapping(address account => Exit)) private _exits;

    constructor(address authority, ICurrency currency_, IPassport passport_)
        AccessManaged(authority)
    {
        currency = currency_;
        passport = passport_;
        _TRADE_ENERGY = passport_.TRADE_ENERGY();
    }

    // --- open and deposit -----------------------------------------------------------------------

    /// @inheritdoc IClearing
    function open(
        string calldata name,
        address operator,
        address guardian,
        address verifier,
        uint32 delay,
        uint32 exitWindow
    ) external restricted returns (bytes32 community) {
        if (operator == address(0) || guardian == address(0) || verifier == address(0)) {
            revert ZeroRole();
        }
        if (exitWindow <= delay) revert ExitWindowTooShort(exitWindow, delay);
        community = keccak256(abi.encode(block.chainid, address(this), keccak256(bytes(name))));
        Community storage c = _communities[community];
        if (c.operator != address(0)) revert CommunityExists(community);

        c.operator = operator;
        c.delay = delay;
        c.exitWindow = exitWindow;
        c.verifier = verifier;
        c.guardian = guardian;
        emit Opened(community, name, operator, guardian, verifier, delay, exitWindow);
    }

    /// @inheritdoc IClearing
    function deposit(bytes32 community, address account, uint128 amountUd) external {
        _credit(community, account, amountUd);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc IClearing
    function depositMany(
        bytes32 community,
        address[] calldata accounts,
        uint128[] calldata amountsUd
    ) external {
        if (accounts.length != amountsUd.length) {
            revert LengthsDiffer(accounts.length, amountsUd.length);
        }
        uint256 totalUd;
        for (uint256 i = 0; i < accounts.length; ++i) {
            _credit(community, accounts[i], amountsUd[i]);
            totalUd += amountsUd[i];
        }
        currency.safeTransferFrom(msg.sender, address(this), totalUd);
    }

    /// @inheritdoc IClearing
    function depositWithPermit(
        bytes32 community,
        address account,
        uint128 amountUd,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _credit(community, account, amountUd);
        // A permit used up by someone else has left the same allowance; without one the transfer
        // below fails.
        try currency.permit(msg.sender, address(this), amountUd, deadline, v, r, s) {} catch {}
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    // --- post and veto --------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function post(Statement calldata statement, bytes calldata proof) external {
        bytes32 community = statement.community;
        Community storage c = _community(community);
        if (msg.sender != c.operator) revert NotOperator(msg.sender, c.operator);
        if (c.woundUp) revert CommunityWoundUp(community);
        _checkNoExitOverdue(community, c.oldestExit);
        _checkBuildsOn(community, c, statement);
        bytes32 digest = statementHash(statement);
        if (!IVerifier(c.verifier).verify(digest, proof)) revert ProofRefused(digest);

        uint40 liveAt = uint256(block.timestamp + c.delay).toUint40();
        _postings[community][statement.epoch] = Posting({
            hash: digest,
            payoutRoot: statement.payoutRoot,
            deposits: uint256(statement.depositsUd).toUint64(),
            payouts: uint256(statement.payoutsUd).toUint64(),
            end: uint256(statement.end).toUint40(),
            liveAt: liveAt,
            previousEpoch: c.headEpoch,
            vetoed: false
        });
        c.lastEpoch = uint256(statement.epoch).toUint40();
        c.headEpoch = c.lastEpoch;
        emit Posted(community, statement.epoch, digest, statement, liveAt);
    }

    /// @inheritdoc IClearing
    function veto(bytes32 community, uint64 epoch) external {
        Community storage c = _community(community);
        if (msg.sender != c.guardian) revert NotGuardian(msg.sender, c.guardian);
        Posting storage posting = _posting(community, epoch);
        if (block.timestamp >= posting.liveAt) revert AlreadyLive(epoch, posting.liveAt);

        _voidFrom(community, c, epoch);
    }

    // --- withdraw -------------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function withdraw(bytes32 community, uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof)
        external
    {
        _checkLeaf(community, epoch, leaf, proof);
        _checkPassport(leaf.account);
        uint64 paidUd = _members[community][leaf.account].paid;
        if (leaf.payoutUd <= paidUd) revert NothingDue(leaf.account, paidUd);

        _pay(community, epoch, leaf.account, leaf.payoutUd - paidUd);
    }

    // --- exit and escape ------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function requestExit(bytes32 community) external {
        Community storage c = _community(community);
        if (c.woundUp) revert CommunityWoundUp(community);
        uint64 depositedUd = _members[community][msg.sender].deposited;
        if (depositedUd == 0) revert NoDeposits(msg.sender);
        Exit storage exit = _exits[community][msg.sender];
        if (exit.deadline != 0) revert ExitPending(msg.sender, exit.deadline);

        address older = c.newestExit;
        uint40 deadline = uint256(block.timestamp + c.exitWindow).toUint40();
        exit.older = older;
        exit.deadline = deadline;
        exit.requestedAfter = c.lastEpoch;
        exit.deposited = depositedUd;
        if (older == address(0)) c.oldestExit = msg.sender;
        else _exits[community][older].newer = msg.sender;
        c.newestExit = msg.sender;
        emit ExitRequested(community, msg.sender, deadline);
    }

    /// @inheritdoc IClearing
    function serveExit(
        bytes32 community,
        uint64 epoch,
        Leaf calldata leaf,
        bytes32[] calldata proof
    ) external {
        _checkLeaf(community, epoch, leaf, proof);
        Exit memory exit = _exits[community][leaf.account];
        if (exit.deadline == 0) revert NoExit(leaf.account);
        if (epoch <= exit.requestedAfter) revert PostedBeforeRequest(epoch, exit.requestedAfter);
        if (leaf.balanceUd != 0 || leaf.depositedUd < exit.deposited) {
            revert ExitIncomplete(leaf.balanceUd, leaf.depositedUd, exit.deposited);
        }

        _leaveQueue(community, leaf.account);
        emit ExitServed(community, leaf.account, epoch);
        uint64 paidUd = _members[community][leaf.account].paid;
        if (leaf.payoutUd > paidUd && passport.isAllowed(leaf.account, _TRADE_ENERGY)) {
            _pay(community, epoch, leaf.account, leaf.payoutUd - paidUd);
        }
    }

    /// @inheritdoc IClearing
    function escape(bytes32 community, uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof)
        external
    {
        Community storage c = _community(community);
        if (!c.woundUp) _windUp(community, c, leaf.account);
        if (epoch != c.headEpoch) revert NotLatest(c.headEpoch, epoch);
        _checkLeaf(community, epoch, leaf, proof);
        _checkPassport(leaf.account);
        Member storage member = _members[community][leaf.account];
        if (leaf.depositedUd > member.deposited) {
            revert DepositsExceeded(member.deposited, leaf.depositedUd);
        }
        uint64 unaccountedUd = member.deposited - uint64(leaf.depositedUd);
        uint128 entitledUd = leaf.payoutUd + leaf.balanceUd;
        if (entitledUd < member.paid) revert NothingDue(leaf.account, member.paid);
        uint128 amountUd = entitledUd - member.paid;
        if (amountUd + unaccountedUd == 0) revert NothingDue(leaf.account, member.paid);

        if (unaccountedUd != 0) _undoDeposits(community, leaf.account, unaccountedUd);
        uint64 paidUd = _debit(community, leaf.account, amountUd);
        emit Escaped(community, leaf.account, epoch, amountUd, paidUd);
        currency.safeTransfer(leaf.account, amountUd + unaccountedUd);
    }

    /// @inheritdoc IClearing
    function reclaim(bytes32 community) external {
        Community storage c = _community(community);
        if (!c.woundUp) _windUp(community, c, msg.sender);
        _checkPassport(msg.sender);
        Member storage member = _members[community][msg.sender];
        uint64 depositedUd = member.deposited;
        if (depositedUd == 0) revert NoDeposits(msg.sender);
        uint64 accountedUd = _postings[community][c.headEpoch].deposits;
        if (accountedUd > member.depositedAfter) {
            revert DepositsAccounted(accountedUd, member.depositedAfter);
        }

        _undoDeposits(community, msg.sender, depositedUd);
        currency.safeTransfer(msg.sender, depositedUd);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IClearing
    function statementHash(Statement calldata statement) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), statement));
    }

    /// @inheritdoc IClearing
    function leafHash(bytes32 community, Leaf calldata leaf) public pure returns (bytes32) {
        // Twice, so that no leaf can pass for an inner node.
        return keccak256(bytes.concat(keccak256(abi.encode(community, leaf))));
    }

    /// @inheritdoc IClearing
    function paid(bytes32 community, address account) external view returns (uint128) {
        return _members[community][account].paid;
    }

    /// @inheritdoc IClearing
    function deposited(bytes32 community, address account) external view returns (uint128) {
        return _members[community][account].deposited;
    }

    /// @inheritdoc IClearing
    function fundsOf(bytes32 community) external view returns (uint128) {
        return _communities[community].funds;
    }

    /// @inheritdoc IClearing
    function termsOf(bytes32 community) external view returns (Terms memory) {
        Community storage c = _communities[community];
        return Terms({
            operator: c.operator,
            guardian: c.guardian,
            verifier: c.verifier,
            delay: c.delay,
            exitWindow: c.exitWindow,
            woundUp: c.woundUp,
            depositsUd: c.deposits,
            fundsUd: c.funds
        });
    }

    /// @inheritdoc IClearing
    function headOf(bytes32 community) external view returns (Head memory) {
        Community storage c = _communities[community];
        Posting storage posting = _postings[community][c.headEpoch];
        return Head({
            epoch: c.headEpoch,
            hash: posting.hash,
            end: posting.end,
            liveAt: posting.liveAt,
            depositsUd: posting.deposits,
            payoutsUd: posting.payouts,
            nextEpoch: uint64(c.lastEpoch) + 1
        });
    }

    /// @inheritdoc IClearing
    function statementOf(bytes32 community, uint64 epoch) external view returns (Record memory) {
        Posting storage posting = _postings[community][epoch];
        return Record({
            hash: posting.hash,
            payoutRoot: posting.payoutRoot,
            end: posting.end,
            liveAt: posting.liveAt,
            previousEpoch: posting.previousEpoch,
            depositsUd: posting.deposits,
            payoutsUd: posting.payouts,
            vetoed: posting.vetoed
        });
    }

    /// @inheritdoc IClearing
    function exitOf(bytes32 community, address account)
        external
        view
        returns (uint64 deadline, uint64 requestedAfter, uint128 depositsAtRequestUd)
    {
        Exit storage exit = _exits[community][account];
        return (exit.deadline, exit.requestedAfter, exit.deposited);
    }

    /// @inheritdoc IClearing
    function oldestExitOf(bytes32 community)
        external
        view
        returns (address account, uint64 deadline)
    {
        account = _communities[community].oldestExit;
        deadline = _exits[community][account].deadline;
    }

    // --- checks ---------------------------------------------------------------------------------

    function _community(bytes32 community) private view returns (Community storage c) {
        c = _communities[community];
        if (c.operator == address(0)) revert UnknownCommunity(community);
    }

    /// A statement that exists and was not vetoed.
    function _posting(bytes32 community, uint64 epoch)
        private
        view
        returns (Posting storage posting)
    {
        posting = _postings[community][epoch];
        if (posting.liveAt == 0) revert UnknownEpoch(epoch);
        if (posting.vetoed) revert StatementVetoed(epoch);
    }

    function _checkPassport(address account) private view {
        if (!passport.isAllowed(account, _TRADE_ENERGY)) {
            revert PassportInvalid(account, _TRADE_ENERGY);
        }
    }

    function _checkNoExitOverdue(bytes32 community, address oldest) private view {
        if (oldest == address(0)) return;
        uint40 deadline = _exits[community][oldest].deadline;
        if (block.timestamp > deadline) revert ExitOverdue(oldest, deadline);
    }

    function _checkBuildsOn(bytes32 community, Community storage c, Statement calldata s)
        private
        view
    {
        uint64 epoch = uint64(c.lastEpoch) + 1;
        if (s.epoch != epoch) revert WrongEpoch(epoch, s.epoch);
        if (epoch > PENDING_MOST) {
            uint64 liveAt = _postings[community][epoch - PENDING_MOST].liveAt;
            if (block.timestamp < liveAt) revert TooManyPending(epoch, liveAt);
        }
        Posting storage head = _postings[community][c.headEpoch];
        if (s.previous != head.hash) revert WrongPrevious(head.hash, s.previous);
        if (s.start < head.end || s.end <= s.start) revert WrongPeriod(head.end, s.start, s.end);
        if (uint256(s.payoutsUd) + s.balancesUd != s.depositsUd) {
            revert Unbalanced(s.depositsUd, s.payoutsUd, s.balancesUd);
        }
        if (s.depositsUd < head.deposits || s.depositsUd > c.deposits) {
            revert DepositsOutOfRange(head.deposits, c.deposits, s.depositsUd);
        }
        if (s.payoutsUd < head.payouts) revert PayoutsFell(head.payouts, s.payoutsUd);
    }

    /// The leaf belongs to a statement that is live.
    function _checkLeaf(
        bytes32 community,
        uint64 epoch,
        Leaf calldata leaf,
        bytes32[] calldata proof
    ) private view {
        Posting storage posting = _posting(community, epoch);
        if (block.timestamp < posting.liveAt) revert NotLive(epoch, posting.liveAt);
        bytes32 hash = leafHash(community, leaf);
        bytes32 root = posting.payoutRoot;
        if (!MerkleProof.verifyCalldata(proof, root, hash)) revert LeafRefused(hash, root);
    }

    // --- writes ---------------------------------------------------------------------------------

    function _credit(bytes32 community, address account, uint128 amountUd) private {
        Community storage c = _community(community);
        if (c.woundUp) revert CommunityWoundUp(community);
        if (amountUd == 0) revert ZeroAmount();
        _checkPassport(account);

        uint64 amount = uint256(amountUd).toUint64();
        Member storage member = _members[community][account];
        if (member.deposited == 0) member.depositedAfter = c.deposits;
        member.deposited += amount;
        c.deposits += amount;
        c.funds += amount;
        emit Deposited(community, account, amountUd);
    }

    /// Deposits no statement will ever account for go back as if never made, so that none of
    /// `escape` and `reclaim`, in any order, returns them twice.
    function _undoDeposits(bytes32 community, address account, uint64 amountUd) private {
        Community storage c = _communities[community];
        if (amountUd > c.funds) revert FundsExceeded(c.funds, amountUd);

        c.deposits -= amountUd;
        c.funds -= amountUd;
        _members[community][account].deposited -= amountUd;
        emit Reclaimed(community, account, amountUd);
    }

    function _debit(bytes32 community, address account, uint128 amountUd)
        private
        returns (uint64 paidUd)
    {
        Community storage c = _communities[community];
        if (amountUd > c.funds) revert FundsExceeded(c.funds, amountUd);

        uint64 amount = uint64(amountUd); // fits, being at most the funds
        c.funds -= amount;
        Member storage member = _members[community][account];
        paidUd = member.paid + amount;
        member.paid = paidUd;
    }

    function _pay(bytes32 community, uint64 epoch, address account, uint128 amountUd) private {
        uint64 paidUd = _debit(community, account, amountUd);
        emit Withdrawn(community, account, epoch, amountUd, paidUd);
        currency.safeTransfer(account, amountUd);
    }

    /// Voids the accepted statement of `epoch` and all after it; the head goes back before them.
    function _voidFrom(bytes32 community, Community storage c, uint64 epoch) private {
        uint40 last = c.headEpoch;
        uint40 head = last;
        while (head >= epoch) {
            Posting storage posting = _postings[community][head];
            posting.vetoed = true;
            head = posting.previousEpoch;
        }
        c.headEpoch = head;
        emit Vetoed(community, epoch, last);
    }

    /// Ends the community at the word of a member whose exit was ignored: the last live statement
    /// becomes the head for ever.
    function _windUp(bytes32 community, Community storage c, address account) private {
        if (msg.sender != account) revert NotAccount(msg.sender, account);
        uint40 deadline = _exits[community][account].deadline;
        if (deadline == 0) revert NoExit(account);
        if (block.timestamp <= deadline) revert ExitNotOverdue(account, deadline);

        c.woundUp = true;
        uint40 pending = 0;
        uint40 head = c.headEpoch;
        while (head != 0 && block.timestamp < _postings[community][head].liveAt) {
            pending = head;
            head = _postings[community][head].previousEpoch;
        }
        if (pending != 0) _voidFrom(community, c, pending);
        emit WoundUp(community, head);
    }

    function _leaveQueue(bytes32 community, address account) private {
        Community storage c = _communities[community];
        Exit memory exit = _exits[community][account];
        if (exit.older == address(0)) c.oldestExit = exit.newer;
        else _exits[community][exit.older].newer = exit.newer;
        if (exit.newer == address(0)) c.newestExit = exit.older;
        else _exits[community][exit.newer].older = exit.older;
        delete _exits[community][account];
    }
}
