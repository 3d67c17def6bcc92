// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommunity} from "../interfaces/ICommunity.sol";
import {ICompliance} from "../interfaces/ICompliance.sol";
import {IFund} from "../interfaces/IFund.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Community
/// @notice See `ICommunity`.
contract Community is ICommunity, AccessManaged {
    using SafeERC20 for IERC20;

    struct EnergyPledge {
        address member;
        uint40 since; // [UTC unix s]
        uint40 until; // zero: no end [UTC unix s]
    }

    struct Round {
        RoundTerms terms;
        RoundMoney money;
        bool funded;
        uint40 lastPledgeAt; // [UTC unix s]
        uint16 released; //     milestones
    }

    uint256 private constant WHOLE_PPM = 1_000_000;

    /// @notice Most milestones of a round, and persons of a trust; bounds every loop.
    uint256 public constant MOST = 32;

    /// @notice Settlement money.
    IERC20 public immutable currency;

    /// @notice Who may be a member, invest and be paid.
    IPassport public immutable passport;

    /// @notice Which purchases are allowed.
    ICompliance public immutable compliance;

    /// @notice How long a vote is open [s].
    uint32 public immutable votingS;

    /// @notice Notice of leaving [s].
    uint32 public immutable noticeS;

    /// @notice Part of the members who must vote [10⁻⁶].
    uint32 public immutable quorumPpm;

    /// @notice Advisory seats for residents of low income.
    uint32 public immutable seats;

    /// @inheritdoc ICommunity
    uint32 public members;

    /// @notice Advisory seats taken.
    uint32 public seatsTaken;

    uint8 private immutable _INVEST;

    Round[] private _rounds;
    Proposal[] private _proposals;
    mapping(address account => Member) private _members;
    mapping(bytes32 person => address account) private _counted;
    mapping(address account => bytes32 person) private _persons;
    mapping(uint256 round => mapping(address account => Pledge)) private _pledges;
    mapping(IFund fund => mapping(address account => uint64)) private _waiting; // pledged to it [ud]
    mapping(uint256 id => mapping(address member => bool)) private _voted;
    mapping(bytes32 meter => EnergyPledge[]) private _energy; // in order of time

    constructor(
        address authority,
        IERC20 currency_,
        IPassport passport_,
        ICompliance compliance_,
        uint32 votingS_,
        uint32 noticeS_,
        uint32 quorumPpm_,
        uint32 seats_
    ) AccessManaged(authority) {
        if (votingS_ == 0 || quorumPpm_ == 0 || quorumPpm_ > WHOLE_PPM) {
            revert TermsInvalid();
        }
        (currency, passport, compliance) = (currency_, passport_, compliance_);
        (votingS, noticeS, quorumPpm, seats) = (votingS_, noticeS_, quorumPpm_, seats_);
        _INVEST = passport_.INVEST();
    }

    // --- members --------------------------------------------------------------------------------

    /// @inheritdoc ICommunity
    function admit(address account, Kind kind, bytes32[] calldata persons) external restricted {
        uint256 count = persons.length;
        if (kind == Kind.None || count == 0 || count > MOST || (kind == Kind.Person && count != 1))
        {
            revert PersonsInvalid(kind, count);
        }
        if (_members[account].kind != Kind.None) revert AlreadyMember(account);
        if (!passport.isAllowed(account, 0)) revert PassportInvalid(account);

        for (uint256 i = 0; i < count; ++i) {
            address through = _counted[persons[i]];
            if (through != address(0)) revert PersonCounted(persons[i], through);
            _counted[persons[i]] = account;
        }
        Member storage member = _members[account];
        member.kind = kind;
        member.joinedAt = uint40(block.timestamp);
        member.persons = persons;
        ++members;
        emit Admitted(account, kind, persons);
        if (kind == Kind.Person) _link(account, persons[0]);
    }

    /// @inheritdoc ICommunity
    function link(address account, bytes32 person) external restricted {
        _link(account, person);
    }

    /// @inheritdoc ICommunity
    function giveNotice() external {
        _notice(msg.sender);
    }

    /// @inheritdoc ICommunity
    function exclude(address account) external restricted {
        _notice(account);
    }

    /// @inheritdoc ICommunity
    function finishNotice(address account) external {
        Member storage member = _members[account];
        uint40 endsAt = member.endsAt;
        if (endsAt == 0) revert NotMember(account);
        if (block.timestamp < endsAt) revert NoticeRuns(account, endsAt);

        for (uint256 i = 0; i < member.persons.length; ++i) {
            delete _counted[member.persons[i]];
        }
        delete _members[account];
        emit Left(account);
    }

    /// @inheritdoc ICommunity
    function setSeat(address account, bool seat) external restricted {
        _checkMember(account);
        Member storage member = _members[account];
        if (member.seat == seat) return;
        if (seat && seatsTaken == seats) revert SeatsTaken(seats);

        _seat(account, seat);
    }

    // --- rounds ---------------------------------------------------------------------------------

    /// @inheritdoc ICommunity
    function openRound(RoundTerms calldata terms) external restricted returns (uint256 round) {
        if (terms.document == 0) revert DocumentMissing();
        uint256 count = terms.milestonesUd.length;
        uint64 budgetUd = 0;
        for (uint256 i = 0; i < count; ++i) {
            budgetUd += terms.milestonesUd[i];
        }
        if (
            terms.targetUd == 0 || terms.capUd < terms.targetUd || count > MOST
                || budgetUd > terms.targetUd || terms.payee == address(0)
                || terms.deadline <= block.timestamp || terms.fund.manager() != address(this)
        ) revert RoundInvalid();

        round = _rounds.length;
        Round storage r = _rounds.push();
        r.terms = terms;
        r.money.budgetUd = budgetUd;
        emit RoundOpened(round, terms);
    }

    /// @inheritdoc ICommunity
    function setFundCap(IFund fund, uint64 capUd) external restricted {
        fund.setCap(capUd);
    }

    /// @inheritdoc ICommunity
    function pledge(uint256 round, uint64 amountUd, bytes32 document) external {
        Round storage r = _inState(round, State.Open);
        _checkMember(msg.sender);
        if (!passport.isAllowed(msg.sender, _INVEST)) revert PassportInvalid(msg.sender);
        if (block.timestamp >= r.terms.deadline) revert WrongState(round, State.Open);
        if (document != r.terms.document) revert DocumentDiffers(r.terms.document, document);
        if (amountUd == 0) revert ZeroAmount();
        uint256 raisedUd = uint256(r.money.raisedUd) + amountUd;
        if (raisedUd > r.terms.capUd) revert CapExceeded(r.terms.capUd, raisedUd);
        Pledge storage p = _pledges[round][msg.sender];
        IFund fund = r.terms.fund;
        uint64 waitingUd = _waiting[fund][msg.sender] + amountUd;
        compliance.checkTransfer(
            address(fund), address(0), msg.sender, fund.previewDeposit(waitingUd)
        );

        _waiting[fund][msg.sender] = waitingUd;
        p.amountUd += amountUd;
        p.lastAt = uint40(block.timestamp);
        p.moment += uint152(amountUd * block.timestamp);
        r.money.raisedUd = uint64(raisedUd);
        r.money.heldUd += amountUd;
        r.lastPledgeAt = uint40(block.timestamp);
        emit Pledged(round, msg.sender, amountUd, document);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc ICommunity
    function withdrawPledge(uint256 round) external {
        Round storage r = _inState(round, State.Open);
        uint256 endsAt = uint256(_pledges[round][msg.sender].lastAt) + r.terms.coolingS;
        if (block.timestamp >= endsAt) revert CoolingOff(endsAt);

        uint64 amountUd = _giveUp(round, r, msg.sender);
        r.money.raisedUd -= amountUd;
        emit PledgeWithdrawn(round, msg.sender, amountUd);
        currency.safeTransfer(msg.sender, amountUd);
    }

    /// @inheritdoc ICommunity
    function close(uint256 round) external {
        Round storage r = _inState(round, State.Open);
        bool full = r.money.raisedUd == r.terms.capUd;
        if (!full && block.timestamp < r.terms.deadline) revert WrongState(round, State.Open);
        uint256 endsAt = uint256(r.lastPledgeAt) + r.terms.coolingS;
        if (block.timestamp < endsAt) revert CoolingOff(endsAt);

        r.funded = true;
        emit Funded(round, r.money.raisedUd);
        IFund fund = r.terms.fund;
        fund.setCommitted(fund.committedUd() + r.money.budgetUd);
    }

    /// @inheritdoc ICommunity
    function convert(uint256 round, address account) external returns (uint256 shares) {
        Round storage r = _inState(round, State.Funded);
        IFund fund = r.terms.fund;
        uint256 moment = _pledges[round][account].moment;
        uint64 amountUd = _take(round, r, account);
        (, uint40 startedAt,) = fund.running();
        uint256 waitedUdS = Math.min(
            uint256(amountUd) * block.timestamp - moment,
            uint256(amountUd) * (block.timestamp - startedAt)
        );

        currency.forceApprove(address(fund), amountUd);
        shares = fund.subscribe(account, amountUd, waitedUdS);
        emit Converted(round, account, amountUd, shares);
    }

    /// @inheritdoc ICommunity
    function refund(uint256 round, address account) external {
        Round storage r = _inState(round, State.Missed);
        if (_members[account].kind == Kind.Trust && msg.sender != account) {
            revert TrustCollects(account);
        }

        uint64 amountUd = _giveUp(round, r, account);
        emit Refunded(round, account, amountUd);
        currency.safeTransfer(account, amountUd);
    }

    // --- votes ----------------------------------------------------------------------------------

    /// @inheritdoc ICommunity
    function propose(bytes32 document) external returns (uint256 id) {
        _checkMember(msg.sender);
        if (document == 0) revert DocumentMissing();
        return _propose(Subject.Decision, address(0), 0, 0, 0, document);
    }

    /// @inheritdoc ICommunity
    function claim(uint256 round, uint16 milestone, uint64 amountUd, bytes32 evidence)
        external
        returns (uint256 id)
    {
        Round storage r = _inState(round, State.Funded);
        if (msg.sender != r.terms.payee) _checkCanCall(msg.sender, msg.data);
        if (_persons[msg.sender] == 0) revert NotLinked(msg.sender);
        if (_persons[r.terms.payee] == 0) revert NotLinked(r.terms.payee);
        if (evidence == 0) revert DocumentMissing();
        _checkMilestone(r, milestone, amountUd);
        return _propose(Subject.Release, r.terms.payee, round, milestone, amountUd, evidence);
    }

    /// @inheritdoc ICommunity
    function proposeWriteOff(IFund fund, uint64 amountUd, bytes32 document)
        external
        returns (uint256 id)
    {
        _checkMember(msg.sender);
        if (document == 0) revert DocumentMissing();
        return _propose(Subject.WriteOff, address(fund), 0, 0, amountUd, document);
    }

    /// @inheritdoc ICommunity
    function proposeAbandon(uint256 round, bytes32 document) external returns (uint256 id) {
        _inState(round, State.Funded);
        _checkMember(msg.sender);
        if (document == 0) revert DocumentMissing();
        return _propose(Subject.Abandon, address(0), round, 0, 0, document);
    }

    /// @inheritdoc ICommunity
    function vote(uint256 id, bool yes) external {
        Proposal storage p = _proposal(id);
        _checkMember(msg.sender);
        uint40 joinedAt = _members[msg.sender].joinedAt;
        if (joinedAt >= p.createdAt) revert JoinedLater(msg.sender, joinedAt);
        if (block.timestamp >= p.endsAt) revert VoteOpen(id, p.endsAt);
        if (_voted[id][msg.sender]) revert AlreadyVoted(id, msg.sender);
        if (p.subject == Subject.Release) {
            bool own = _actsFor(msg.sender, p.proposer) || _actsFor(msg.sender, p.target);
            if (own) revert OwnClaim(msg.sender);
        }

        _voted[id][msg.sender] = true;
        if (yes) ++p.yes;
        else ++p.no;
        emit Voted(id, msg.sender, yes);
    }

    /// @inheritdoc ICommunity
    function carryOut(uint256 id) external {
        Proposal storage p = _proposal(id);
        if (block.timestamp < p.endsAt) revert VoteOpen(id, p.endsAt);
        if (p.done || !passed(id)) revert NotPassed(id, p.yes, p.no, _quorum(p.members));

        p.done = true;
        emit Carried(id, p.yes, p.no, p.members);
        if (p.subject == Subject.Release) _release(p);
        else if (p.subject == Subject.WriteOff) IFund(p.target).writeOff(p.amountUd);
        else if (p.subject == Subject.Abandon) _abandon(p.round);
    }

    // --- energy ---------------------------------------------------------------------------------

    /// @inheritdoc ICommunity
    function pledgeEnergy(bytes32 meter, uint40 since) external {
        _checkMember(msg.sender);
        EnergyPledge[] storage pledges = _energy[meter];
        uint256 count = pledges.length;
        bool free =
            count == 0 || (pledges[count - 1].until != 0 && pledges[count - 1].until <= since);
        if (!free || since < block.timestamp) revert EnergyPledgeInvalid(meter, msg.sender, since);

        pledges.push(EnergyPledge(msg.sender, since, 0));
        emit EnergyPledged(meter, msg.sender, since);
    }

    /// @inheritdoc ICommunity
    function endEnergyPledge(bytes32 meter) external {
        EnergyPledge[] storage pledges = _energy[meter];
        uint256 count = pledges.length;
        address member = count == 0 ? address(0) : pledges[count - 1].member;
        bool may = member == msg.sender || (member != address(0) && !isMember(member));
        if (!may || pledges[count - 1].until != 0) {
            revert EnergyPledgeInvalid(meter, msg.sender, 0);
        }

        EnergyPledge storage p = pledges[count - 1];
        p.until = uint40(Math.max(block.timestamp, p.since) + noticeS);
        emit EnergyPledgeEnded(meter, member, p.until);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc ICommunity
    function memberOf(address account) external view returns (Member memory) {
        return _members[account];
    }

    /// @inheritdoc ICommunity
    function isMember(address account) public view returns (bool) {
        Member storage member = _members[account];
        return member.kind != Kind.None && member.endsAt == 0;
    }

    /// @inheritdoc ICommunity
    function countedThrough(bytes32 person) external view returns (address) {
        return _counted[person];
    }

    /// @inheritdoc ICommunity
    function roundOf(uint256 round) external view returns (RoundTerms memory) {
        return _rounds[round].terms;
    }

    /// @inheritdoc ICommunity
    function moneyOf(uint256 round) external view returns (RoundMoney memory money, State state) {
        state = _state(round);
        if (state != State.Unknown) money = _rounds[round].money;
    }

    /// @inheritdoc ICommunity
    function pledgeOf(uint256 round, address account) external view returns (Pledge memory) {
        return _pledges[round][account];
    }

    /// @inheritdoc ICommunity
    function proposalOf(uint256 id) external view returns (Proposal memory) {
        return _proposal(id);
    }

    /// @inheritdoc ICommunity
    function passed(uint256 id) public view returns (bool) {
        Proposal storage p = _proposal(id);
        return
            block.timestamp >= p.endsAt && uint256(p.yes) + p.no >= _quorum(p.members)
                && p.yes > p.no;
    }

    /// @inheritdoc ICommunity
    function energyPledgeAt(bytes32 meter, uint40 time) external view returns (address member) {
        EnergyPledge[] storage pledges = _energy[meter];
        for (uint256 i = pledges.length; i != 0; --i) {
            EnergyPledge memory p = pledges[i - 1];
            if (p.since > time) continue;
            return p.until == 0 || time < p.until ? p.member : address(0);
        }
    }

    // --- checks ---------------------------------------------------------------------------------

    function _checkMember(address account) private view {
        if (!isMember(account)) revert NotMember(account);
    }

    function _proposal(uint256 id) private view returns (Proposal storage) {
        if (id >= _proposals.length) revert UnknownProposal(id);
        return _proposals[id];
    }

    /// A round below its target is missed at its deadline, without anyone's word.
    function _state(uint256 round) private view returns (State) {
        if (round >= _rounds.length) return State.Unknown;
        Round storage r = _rounds[round];
        if (r.funded) return State.Funded;
        bool over = block.timestamp >= r.terms.deadline;
        return over && r.money.raisedUd < r.terms.targetUd ? State.Missed : State.Open;
    }

    function _inState(uint256 round, State state) private view returns (Round storage) {
        State actual = _state(round);
        if (actual != state) revert WrongState(round, actual);
        return _rounds[round];
    }

    function _checkMilestone(Round storage r, uint16 milestone, uint64 amountUd) private view {
        uint256 spentUd = uint256(r.money.spentUd) + amountUd;
        if (spentUd > r.money.budgetUd) revert BudgetExceeded(r.money.budgetUd, spentUd);
        bool next = milestone == r.released && milestone < r.terms.milestonesUd.length;
        uint64 mostUd = next ? r.terms.milestonesUd[milestone] : 0;
        if (amountUd == 0 || amountUd > mostUd) {
            revert MilestoneInvalid(milestone, amountUd, mostUd);
        }
    }

    /// Does the member count the person who acts by `account`?
    function _actsFor(address member, address account) private view returns (bool) {
        return member == account || _counted[_persons[account]] == member;
    }

    /// Members who must vote, rounded up.
    function _quorum(uint32 members_) private view returns (uint256) {
        return Math.ceilDiv(uint256(members_) * quorumPpm, WHOLE_PPM);
    }

    // --- writes ---------------------------------------------------------------------------------

    function _link(address account, bytes32 person) private {
        _persons[account] = person;
        emit Linked(account, person);
    }

    function _notice(address account) private {
        Member storage member = _members[account];
        if (member.kind == Kind.None) revert NotMember(account);
        if (member.endsAt != 0) revert NoticeRuns(account, member.endsAt);

        member.endsAt = uint40(block.timestamp + noticeS);
        --members;
        if (member.seat) _seat(account, false);
        emit NoticeGiven(account, msg.sender, member.endsAt);
    }

    function _seat(address account, bool seat) private {
        _members[account].seat = seat;
        if (seat) ++seatsTaken;
        else --seatsTaken;
        emit SeatSet(account, seat, seatsTaken);
    }

    /// Takes a pledge out of the money held.
    function _take(uint256 round, Round storage r, address account)
        private
        returns (uint64 amountUd)
    {
        amountUd = _pledges[round][account].amountUd;
        if (amountUd == 0) revert NoPledge(round, account);
        delete _pledges[round][account];
        _waiting[r.terms.fund][account] -= amountUd;
        r.money.heldUd -= amountUd;
    }

    /// Takes a pledge to be paid back: own money is stopped by a hold, not by an expired passport.
    function _giveUp(uint256 round, Round storage r, address account) private returns (uint64) {
        (,,, bool frozen) = passport.passportOf(account);
        if (frozen) revert PassportInvalid(account);
        return _take(round, r, account);
    }

    function _propose(
        Subject subject,
        address target,
        uint256 round,
        uint16 milestone,
        uint64 amountUd,
        bytes32 document
    ) private returns (uint256 id) {
        id = _proposals.length;
        Proposal storage p = _proposals.push();
        p.subject = subject;
        p.createdAt = uint40(block.timestamp);
        p.endsAt = uint40(block.timestamp + votingS);
        p.members = members;
        p.milestone = milestone;
        p.amountUd = amountUd;
        p.round = round;
        p.target = target;
        p.proposer = msg.sender;
        p.document = document;
        emit Proposed(id, subject, msg.sender, amountUd, document, p.endsAt);
    }

    /// The milestone is checked again: another claim of it may have been released meanwhile.
    function _release(Proposal storage p) private {
        Round storage r = _rounds[p.round];
        _checkMilestone(r, p.milestone, p.amountUd);
        if (!passport.isAllowed(p.target, 0)) revert PassportInvalid(p.target);

        r.money.spentUd += p.amountUd;
        ++r.released;
        emit Released(p.round, p.milestone, p.amountUd, r.money.spentUd);
        r.terms.fund.invest(p.target, p.amountUd);
    }

    /// The budget shrinks to what is spent, so that nothing more can be claimed.
    function _abandon(uint256 round) private {
        Round storage r = _rounds[round];
        uint64 unspentUd = r.money.budgetUd - r.money.spentUd;
        r.money.budgetUd = r.money.spentUd;
        emit Abandoned(round, unspentUd);
        IFund fund = r.terms.fund;
        uint64 committedUd = fund.committedUd();
        fund.setCommitted(committedUd > unspentUd ? committedUd - unspentUd : 0);
    }
}
