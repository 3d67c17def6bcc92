// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICurrency} from "./ICurrency.sol";
import {IPassport} from "./IPassport.sol";

/// @title Clearing: holds a community's money and pays only what a final statement authorises
/// @notice Members deposit settlement money. For each commit period the operator posts one
/// statement, whatever the number of members: its payout root commits to one salted leaf a member
/// with the payout authorised so far and the balance left to buy energy with. After a delay, in
/// which the guardian may veto, the root is live and anyone may have a member paid. Roots that are
/// live stay so for ever. A member whose request to leave is ignored can take everything out
/// without the operator.
///
/// One contract is one community, with its terms in the code: its funds are the currency this
/// address holds, out of reach of every other community.
///
/// All amounts are micro-dollars [ud], all times UTC unix seconds [s], energy is watt-hours [Wh].
///
/// A correction is a later statement. Its leaves carry the corrected cumulative amounts, and its
/// audit bundle names the period corrected; what is paid then is the difference. Cumulative payouts
/// never fall, so what was authorised too much is taken from the balance, or from later earnings
/// until they make up for it.
///
/// @dev Assumptions. The currency moves exactly the amounts asked for and calls nobody. Fewer than
/// the quorum of the community's verifiers collude, so that in a statement with a proof
/// - the leaves add up to the statement's totals, one leaf an account;
/// - no account's payout is below an earlier statement's;
/// - deposits are accounted for whole and in the order they were made here, and every account
///   with an accounted deposit has a leaf.
///
/// What holds whatever operator and verifiers do: a community's funds pay nobody outside it, no
/// more is paid than came in, what was paid to an account never falls, nothing is paid from a root
/// before it is live or after a veto, and no role here can stop a withdrawal.
///
/// What is kept of a statement is its root and when it is live, and of the last accepted one, the
/// head, also its hash and totals. After a veto the head is void, and whoever wants to go on from
/// there shows the statements before it, which are in the events and lead back by their hashes:
/// see `rewind`. Withdrawals, vetoes and escapes do not wait for that.
///
/// Warning: **the community ends with the first escape.** Balances that left by an escape are still
/// in the operator's books, so no later statement could be paid in full. From then on nothing is
/// posted or deposited, statements not yet live are void, and each member escapes by the same last
/// live statement, which exactly exhausts the funds.
///
/// Warning: **a payment needs the account's passport to be valid**, a served exit does not: the
/// request is then cleared and the payout held for a later withdrawal. Otherwise a lapsed passport
/// could freeze the community.
///
/// Warning: **lost keys.** Terms are fixed for ever. If the operator's key is lost, members leave
/// through `requestExit` and `escape` and the community opens anew under another name.
///
/// Warning: **money sent here without `deposit`** is nobody's and stays.
interface IClearing {
    /// @notice One commit period of a community, as it is hashed and signed.
    struct Statement {
        bytes32 community;
        uint64 epoch; // counts up by one, vetoed ones included
        uint64 start; // first second settled
        uint64 end; // first second not settled
        bytes32 previous; // hash of the last accepted statement; zero for the first
        bytes32 payoutRoot; // Merkle root of the leaves
        bytes32 priceRoot; // Merkle root of the intervals' public prices
        bytes32 poolRoot; // Merkle root of the members' energy
        bytes32 bundleHash; // hash of the audit bundle
        uint128 importedWh;
        uint128 exportedWh;
        uint128 localWh; // shared inside the community
        uint128 depositsUd; // deposits accounted for, ever
        uint128 payoutsUd; // payouts authorised, ever
        uint128 balancesUd; // left to buy energy with
    }

    /// @notice What a member may do with money, as one leaf under a payout root.
    struct Leaf {
        address account;
        uint128 depositedUd; // deposits this leaf accounts for, ever
        uint128 payoutUd; // payout authorised, ever
        uint128 balanceUd; // left to buy energy with
        bytes32 salt; // keeps the other leaves unguessable
    }

    /// @notice What is kept of a statement.
    struct Record {
        bytes26 payoutRoot; // its first 26 bytes; zero where it is void or there is no such epoch
        uint64 liveAt; // first second in which it pays; zero where there is no such epoch
        uint64 previousEpoch; // accepted before it; zero for the first
        bool vetoed; // void for ever
    }

    /// @notice The last accepted statement (live or still pending, never vetoed), on which the
    /// next one must build. All zero before the first, but for `nextEpoch`.
    struct Head {
        uint64 epoch;
        bytes32 hash; // this, the end and the totals are of a void statement while `isVoid`
        uint64 end;
        uint64 liveAt;
        uint128 depositsUd;
        uint128 payoutsUd;
        uint64 nextEpoch; // the epoch the next statement must carry
        bool isVoid; // `rewind` comes first
    }

    /// @notice The community's terms, fixed for ever, and its money.
    struct Terms {
        address operator; // posts
        address guardian; // may veto
        address verifier; // an IVerifier
        uint32 delay; // from posting to live [s]
        uint32 exitWindow; // within which an exit must be served [s]
        bool woundUp; // ended by an escape
        uint128 depositsUd; // ever made
        uint256 fundsUd; // held now
    }

    /// @notice Money came in for `account`.
    event Deposited(address indexed account, uint256 amountUd);

    /// @notice A statement was accepted; it pays from `liveAt` unless vetoed.
    event Posted(bytes32 statementHash, Statement statement, uint64 liveAt);

    /// @notice The accepted statements in `fromEpoch` … `toEpoch` are void.
    event Vetoed(uint64 fromEpoch, uint64 toEpoch);

    /// @notice The next statement builds on that of `epoch`; both zero: it is the first.
    event Rewound(uint64 epoch, bytes32 statementHash);

    /// @notice `account` asked to leave; to be served until `deadline`.
    event ExitRequested(address indexed account, uint64 deadline);

    /// @notice The request was served by the statement of `epoch`.
    event ExitServed(address indexed account, uint64 epoch);

    /// @notice The community has ended; `epoch` is its last statement (zero: none was live).
    event WoundUp(uint64 epoch);

    /// @notice `account` took its payout and balance out; `cumulativeUd` is all it was paid ever.
    /// Deposits after its leaf are in a `Reclaimed` of their own.
    event Escaped(address indexed account, uint64 epoch, uint256 amountUd, uint256 cumulativeUd);

    /// @notice `account` took back deposits its last statement does not account for.
    event Reclaimed(address indexed account, uint256 amountUd);

    /// @notice Thrown when a role would be nobody's.
    error ZeroRole();

    /// @notice Thrown when an exit could not be served in time: a root must be live within the
    /// window.
    error ExitWindowTooShort(uint32 exitWindow, uint32 delay);

    /// @notice Thrown when a statement is of another community.
    error WrongCommunity(bytes32 expected, bytes32 given);

    /// @notice Thrown when the community has ended.
    error CommunityWoundUp(bytes32 community);

    /// @notice Thrown when the account has no valid passport with this permission.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Thrown when a deposit is zero.
    error ZeroAmount();

    /// @notice Thrown when two lists that belong together differ in length.
    error LengthsDiffer(uint256 one, uint256 other);

    /// @notice Thrown when a statement is posted by someone else.
    error NotOperator(address caller, address operator);

    /// @notice Thrown when a veto comes from someone else.
    error NotGuardian(address caller, address guardian);

    /// @notice Thrown when only the account itself may do this.
    error NotAccount(address caller, address account);

    /// @notice Thrown when posting is frozen: this account's exit is overdue.
    error ExitOverdue(address account, uint64 deadline);

    /// @notice Thrown when too many statements wait to be live.
    error TooManyPending(uint64 epoch, uint64 liveAt);

    /// @notice Thrown when the epoch is not the next one.
    error WrongEpoch(uint64 expected, uint64 given);

    /// @notice Thrown when the statement does not build on the last accepted one.
    error WrongPrevious(bytes32 expected, bytes32 given);

    /// @notice Thrown when the head is void: the statement with this hash must be shown first.
    error HeadVoid(bytes32 statementHash);

    /// @notice Thrown when there is nothing to go back from.
    error HeadStands(bytes32 statementHash);

    /// @notice Thrown when the statement shown is not the one before.
    error WrongStatement(bytes32 expected, bytes32 given);

    /// @notice Thrown when the period is empty or begins before the last accepted one ended.
    error WrongPeriod(uint64 notBefore, uint64 start, uint64 end);

    /// @notice Thrown when deposits are not payouts and balances together.
    error Unbalanced(uint128 depositsUd, uint128 payoutsUd, uint128 balancesUd);

    /// @notice Thrown when the deposits accounted for fall, or exceed those made.
    error DepositsOutOfRange(uint128 lowest, uint128 highest, uint128 given);

    /// @notice Thrown when authorised payouts would fall.
    error PayoutsFell(uint128 before, uint128 given);

    /// @notice Thrown when the verifier does not accept the proof.
    error ProofRefused(bytes32 statementHash);

    /// @notice Thrown when there is no statement of this epoch.
    error UnknownEpoch(uint64 epoch);

    /// @notice Thrown when the statement was vetoed.
    error StatementVetoed(uint64 epoch);

    /// @notice Thrown when the statement is not live yet.
    error NotLive(uint64 epoch, uint64 liveAt);

    /// @notice Thrown when it is too late for a veto.
    error AlreadyLive(uint64 epoch, uint64 liveAt);

    /// @notice Thrown when the leaf does not lead to the root of its statement.
    error LeafRefused(bytes32 leaf, bytes26 payoutRoot);

    /// @notice Thrown when the account was paid all this authorises already.
    error NothingDue(address account, uint128 paidUd);

    /// @notice Thrown when an account without deposits asks to leave.
    error NoDeposits(address account);

    /// @notice Thrown when the account asked already.
    error ExitPending(address account, uint64 deadline);

    /// @notice Thrown when the account did not ask to leave.
    error NoExit(address account);

    /// @notice Thrown when the account's exit may still be served.
    error ExitNotOverdue(address account, uint64 deadline);

    /// @notice Thrown when the statement is too old to serve the exit.
    error PostedBeforeRequest(uint64 epoch, uint64 requestedAfter);

    /// @notice Thrown when a leaf that is to serve an exit keeps a balance or forgets deposits.
    error ExitIncomplete(uint128 balanceUd, uint128 depositedUd, uint128 depositsAtRequestUd);

    /// @notice Thrown when another statement is the last live one.
    error NotLatest(uint64 latest, uint64 given);

    /// @notice Thrown when a leaf accounts for more than was deposited.
    error DepositsExceeded(uint128 madeUd, uint128 givenUd);

    /// @notice Thrown when deposits to reclaim are accounted for: the account has a leaf.
    error DepositsAccounted(uint128 accountedUd, uint128 madeBeforeUd);

    /// @notice Takes `amountUd` from the caller as a deposit of `account`, whose passport must
    /// allow trading energy.
    ///
    /// Who has a passport and pays in for somebody else is asked by the rules as if it sent the
    /// money there: else a deposit would be a way around a hold. Tills are not: a facilitator pays
    /// in what it made for the member, and an account without a passport holds no other money.
    /// @dev Called by anyone who approved the currency.
    function deposit(address account, uint128 amountUd) external;

    /// @notice The same for many accounts, with one transfer.
    function depositMany(address[] calldata accounts, uint128[] calldata amountsUd) external;

    /// @notice The same as `deposit`, with the caller's permit for `amountUd` (EIP-2612). A permit
    /// somebody else handed in first does no harm.
    function depositWithPermit(
        address account,
        uint128 amountUd,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Posts the statement of the next epoch.
    /// @dev Called by the operator; refused while an exit is overdue.
    /// @param proof what the community's verifier asks for, over `statementHash(statement)`
    function post(Statement calldata statement, bytes calldata proof) external;

    /// @notice Voids the accepted statement of `epoch` and all after it, before it is live. The
    /// next one builds on the statement before `epoch`, after a `rewind`.
    /// @dev Called by the guardian.
    function veto(uint64 epoch) external;

    /// @notice Goes back, after a veto, to the last accepted statement.
    /// @dev Called by anyone.
    /// @param statements from the void one at the head to the accepted one it leads to, newest
    /// first; where none is accepted, to the first of all
    function rewind(Statement[] calldata statements) external;

    /// @notice Pays `leaf.account` what the live statement of `epoch` authorises, less what it was
    /// paid before. It has no event of its own: the currency's `Transfer` from this contract says
    /// who got how much, and `paid` how much ever.
    /// @dev Called by anyone. Nobody can pause it.
    /// @param proof sibling hashes from the leaf to the payout root
    function withdraw(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice The same for many accounts. Passes over those that were paid already or whose
    /// passport is not valid, so that none of them keeps the others waiting.
    /// @dev Called by anyone, such as a keeper.
    function withdrawMany(uint64 epoch, Leaf[] calldata leaves, bytes32[][] calldata proofs)
        external;

    /// @notice Asks to leave: a statement posted from now on must be live, within the exit window,
    /// in which the caller's leaf accounts for all it has deposited and keeps no balance.
    /// @dev Called by an account with deposits.
    function requestExit() external;

    /// @notice Serves a requested exit by such a statement, and pays out.
    /// @dev Called by anyone, late too.
    function serveExit(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Pays `leaf.account` everything: payout and balance, less what it was paid, and
    /// deposits after the leaf. Winds the community up if nobody has yet.
    /// @dev Called by an account whose own exit is overdue; once the community is wound up, by
    /// anyone for any account.
    /// @param epoch the last live statement
    function escape(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Gives the caller back its deposits, none of which the last live statement accounts
    /// for, so that it has no leaf to escape by. Winds the community up if nobody has yet.
    /// @dev Called by an account whose own exit is overdue; once the community is wound up, by any
    /// account for itself.
    /// @param statements as `rewind` takes them, where the head is void or will be: statements not
    /// yet live end with the community. Not looked at otherwise.
    function reclaim(Statement[] calldata statements) external;

    /// @notice The community's id: keccak256(abi.encode(chain id, this contract,
    /// keccak256(name))).
    function community() external view returns (bytes32);

    /// @notice The money held.
    function currency() external view returns (ICurrency);

    /// @notice Who may be paid.
    function passport() external view returns (IPassport);

    /// @notice Hash of a statement, bound to this chain and contract:
    /// keccak256(abi.encode(chain id, this contract, statement)).
    function statementHash(Statement calldata statement) external view returns (bytes32);

    /// @notice Hash of a leaf: keccak256(keccak256(abi.encode(community, leaf))).
    function leafHash(Leaf calldata leaf) external view returns (bytes32);

    /// @notice What `account` was paid, ever [ud].
    function paid(address account) external view returns (uint128);

    /// @notice What was deposited for `account`, ever, less what it took back [ud].
    function deposited(address account) external view returns (uint128);

    /// @notice What the community holds now: deposits less payments [ud].
    function funds() external view returns (uint256);

    /// @notice The community's terms and money.
    function terms() external view returns (Terms memory);

    /// @notice The statement the next one must build on.
    function head() external view returns (Head memory);

    /// @notice What is kept of the statement of `epoch`.
    function statementOf(uint64 epoch) external view returns (Record memory);

    /// @notice The account's request to leave; all zero where there is none.
    /// @return deadline until when it is to be served [s]
    /// @return requestedAfter last epoch posted when it was made
    /// @return depositsAtRequestUd what the serving leaf must account for [ud]
    function exitOf(address account)
        external
        view
        returns (uint64 deadline, uint64 requestedAfter, uint128 depositsAtRequestUd);

    /// @notice The oldest unserved request to leave; zero where there is none. Posting is refused
    /// after its deadline.
    function oldestExit() external view returns (address account, uint64 deadline);
}
