// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFund} from "./IFund.sol";

/// @title Community: a development entity of persons and household trusts
/// @notice Members pledge money in rounds; a round that meets its target buys shares of its fund, one
/// that misses it is refunded. The fund's cash is spent on milestones, each claimed with evidence and
/// released by a vote: one member one vote, with a quorum, within the budget. A funded round's budget
/// is set aside in the fund, so that nobody who leaves takes it along.
///
/// A person counts once: admitted directly, or through one trust. Persons are known by commitments of
/// the passport issuer; nothing else of them is kept.
/// @dev Assumes that the admitting role knows the persons behind an account, and that a round's fund
/// has this community for manager. Money pledged is held here and leaves only to the fund, at the
/// funded price, or back to who pledged it.
///
/// Warning: an admitting role that invents persons can win votes. It cannot take money: what a vote
/// can release goes to the payee and within the budget that members saw when they pledged.
///
/// Warning: the role that links accounts to persons decides who may judge a claim. Give it to another
/// than the operating role.
///
/// Warning: a hold stops a refund until it is lifted; an expired passport does not.
///
/// Warning: a pledge that was allowed is bought when the round is funded. If its member has bought
/// other shares of the fund meanwhile, or the rules are stricter by then, it waits until they allow
/// it.
interface ICommunity {
    /// @notice How a member counts.
    enum Kind {
        None,
        Person,
        Trust
    }

    /// @notice A member.
    struct Member {
        Kind kind;
        bool seat; //         holds an advisory seat
        uint40 joinedAt; //   [UTC unix s]
        uint40 endsAt; //     of the notice given; zero: none [UTC unix s]
        bytes32[] persons; // commitments; one for a person
    }

    /// @notice What a round asks for.
    struct RoundTerms {
        IFund fund; //           whose shares are bought
        address payee; //        who does the work and is paid
        bytes32 document; //     hash of the offering document
        uint64 targetUd; //      least money                     [ud]
        uint64 capUd; //         most money                      [ud]
        uint40 deadline; //      first second without pledges    [UTC unix s]
        uint32 coolingS; //      a pledge may be taken back      [s]
        uint64[] milestonesUd; // what is paid for; sum is the budget [ud]
    }

    /// @notice Where a round stands.
    enum State {
        Unknown,
        Open,
        Funded,
        Missed
    }

    /// @notice A round's money [ud].
    struct RoundMoney {
        uint64 raisedUd; // pledged when it ended
        uint64 heldUd; //   pledges held here now
        uint64 budgetUd; // sum of the milestones
        uint64 spentUd; //  released
    }

    /// @notice One member's pledge to a round.
    struct Pledge {
        uint64 amountUd; //   [ud]
        uint40 lastAt; //     of the last one                 [UTC unix s]
        uint152 moment; //    sum of amount times its second [ud·s]
    }

    /// @notice What is voted on.
    enum Subject {
        Decision, // a text, by its hash
        Release, //  a milestone's payment
        WriteOff, // of a fund's investment
        Abandon //   of a round's milestones that are left
    }

    /// @notice A proposal and its votes.
    struct Proposal {
        Subject subject;
        bool done; //          carried out
        uint40 createdAt; //   [UTC unix s]
        uint40 endsAt; //      first second without votes [UTC unix s]
        uint32 members; //     who could vote
        uint32 yes;
        uint32 no;
        uint16 milestone; //   of a release
        uint64 amountUd; //    of a release or write-off [ud]
        uint256 round; //      of a release, or to abandon
        address target; //     payee, or fund
        address proposer;
        bytes32 document; //   hash of evidence or text
    }

    /// @notice A member was admitted.
    event Admitted(address indexed account, Kind kind, bytes32[] persons);

    /// @notice A person is known to act by this account too.
    event Linked(address indexed account, bytes32 indexed person);

    /// @notice A member gave notice, or was given it; it has no vote any more.
    event NoticeGiven(address indexed account, address indexed by, uint40 endsAt);

    /// @notice A member's notice is over; its persons may be counted elsewhere.
    event Left(address indexed account);

    /// @notice An advisory seat was given or taken.
    event SeatSet(address indexed account, bool seat, uint32 taken);

    /// @notice A round was opened.
    event RoundOpened(uint256 indexed round, RoundTerms terms);

    /// @notice A member pledged, having accepted the document.
    event Pledged(
        uint256 indexed round, address indexed account, uint64 amountUd, bytes32 document
    );

    /// @notice A member took its pledge back in time.
    event PledgeWithdrawn(uint256 indexed round, address indexed account, uint64 amountUd);

    /// @notice A round met its target.
    event Funded(uint256 indexed round, uint64 raisedUd);

    /// @notice A pledge bought shares.
    event Converted(
        uint256 indexed round, address indexed account, uint64 amountUd, uint256 shares
    );

    /// @notice A pledge of a missed round was paid back.
    event Refunded(uint256 indexed round, address indexed account, uint64 amountUd);

    /// @notice Something was put to the vote.
    event Proposed(
        uint256 indexed id,
        Subject indexed subject,
        address indexed proposer,
        uint64 amountUd,
        bytes32 document,
        uint40 endsAt
    );

    /// @notice A member voted.
    event Voted(uint256 indexed id, address indexed member, bool yes);

    /// @notice A proposal passed and was carried out; the turnout is the sum over the members.
    event Carried(uint256 indexed id, uint32 yes, uint32 no, uint32 members);

    /// @notice A milestone was paid.
    event Released(
        uint256 indexed round, uint16 indexed milestone, uint64 amountUd, uint64 spentUd
    );

    /// @notice A round's other milestones will not be paid.
    event Abandoned(uint256 indexed round, uint64 unspentUd);

    /// @notice A meter's energy counts to the community from `since` on.
    event EnergyPledged(bytes32 indexed meter, address indexed member, uint40 since);

    /// @notice A meter's energy counts to the community until `until`.
    event EnergyPledgeEnded(bytes32 indexed meter, address indexed member, uint40 until);

    /// @notice Thrown when the terms of the community are out of range.
    error TermsInvalid();

    /// @notice Thrown when an account has no valid passport, or is on hold.
    error PassportInvalid(address account);

    /// @notice Thrown when an account is a member already.
    error AlreadyMember(address account);

    /// @notice Thrown when the account is no member, or no longer one.
    error NotMember(address account);

    /// @notice Thrown when a kind is unknown, or does not fit the number of persons.
    error PersonsInvalid(Kind kind, uint256 persons);

    /// @notice Thrown when a person counts already, through `account`.
    error PersonCounted(bytes32 person, address account);

    /// @notice Thrown when notice was given before, or is not over.
    error NoticeRuns(address account, uint40 endsAt);

    /// @notice Thrown when all advisory seats are taken.
    error SeatsTaken(uint32 seats);

    /// @notice Thrown when a project has no document.
    error DocumentMissing();

    /// @notice Thrown when a round's fund, payee, amounts or times do not fit together.
    error RoundInvalid();

    /// @notice Thrown when a verb does not fit a round's state.
    error WrongState(uint256 round, State state);

    /// @notice Thrown when a pledge does not name the round's document.
    error DocumentDiffers(bytes32 document, bytes32 accepted);

    /// @notice Thrown when nothing would be moved.
    error ZeroAmount();

    /// @notice Thrown when a round would take more than its cap.
    error CapExceeded(uint64 capUd, uint256 raisedUd);

    /// @notice Thrown when a pledge may still be taken back, or may not any more.
    error CoolingOff(uint256 endsAt);

    /// @notice Thrown when there is no pledge.
    error NoPledge(uint256 round, address account);

    /// @notice Thrown when the pledge of a trust is refunded by another than the trust, whose books
    /// would take it for income.
    error TrustCollects(address trust);

    /// @notice Thrown when whoever puts a payment to the vote is not known by person.
    error NotLinked(address account);

    /// @notice Thrown when more would be spent than the budget.
    error BudgetExceeded(uint64 budgetUd, uint256 spentUd);

    /// @notice Thrown when a milestone is unknown, not the next, or claimed for more than it is worth.
    error MilestoneInvalid(uint16 milestone, uint256 amountUd, uint64 mostUd);

    /// @notice Thrown when nothing with this number was proposed.
    error UnknownProposal(uint256 id);

    /// @notice Thrown when the vote is over, or is not.
    error VoteOpen(uint256 id, uint40 endsAt);

    /// @notice Thrown when a member votes again.
    error AlreadyVoted(uint256 id, address member);

    /// @notice Thrown when a member joined too late to vote on this.
    error JoinedLater(address member, uint40 joinedAt);

    /// @notice Thrown when a person would vote on a payment it asked for or receives.
    error OwnClaim(address member);

    /// @notice Thrown when a vote lacks the quorum or the majority, or was carried out before.
    error NotPassed(uint256 id, uint32 yes, uint32 no, uint256 quorum);

    /// @notice Thrown when an energy pledge is dated back, exists already, or is not the caller's.
    error EnergyPledgeInvalid(bytes32 meter, address member, uint40 since);

    /// @notice Admits an account, for the persons behind it: one for a person, all of a trust's.
    /// @dev Called by the admitting role.
    function admit(address account, Kind kind, bytes32[] calldata persons) external;

    /// @notice Says which person acts by an account, so that it cannot judge its own claims.
    /// @dev Called by the admitting role.
    function link(address account, bytes32 person) external;

    /// @notice Gives notice; the caller's vote ends at once, its membership after the notice. Shares
    /// leave by the fund's queue.
    /// @dev Called by a member.
    function giveNotice() external;

    /// @notice Gives a member notice.
    /// @dev Called by the admitting role.
    function exclude(address account) external;

    /// @notice Ends a membership whose notice is over.
    /// @dev Called by anyone.
    function finishNotice(address account) external;

    /// @notice Gives a member an advisory seat, or takes it.
    /// @dev Called by the admitting role.
    function setSeat(address account, bool seat) external;

    /// @notice Opens a round.
    /// @dev Called by the operating role.
    function openRound(RoundTerms calldata terms) external returns (uint256 round);

    /// @notice Sets the most assets deposits to a fund may fill [ud].
    /// @dev Called by the operating role.
    function setFundCap(IFund fund, uint64 capUd) external;

    /// @notice Pledges money to a round [ud]. The rules judge all the caller's pledges to its fund
    /// together.
    /// @dev Called by a member who may invest.
    /// @param document hash of the document the member accepted
    function pledge(uint256 round, uint64 amountUd, bytes32 document) external;

    /// @notice Takes the caller's pledge back, all of it, within the cooling-off time of the last one.
    function withdrawPledge(uint256 round) external;

    /// @notice Says that a round met its target: when it is full or over, and nobody may withdraw.
    /// @dev Called by anyone.
    function close(uint256 round) external;

    /// @notice Buys `account` the shares it pledged for, as if the money had waited in the fund.
    /// @dev Called by anyone.
    function convert(uint256 round, address account) external returns (uint256 shares);

    /// @notice Pays a pledge of a missed round back.
    /// @dev Called by anyone; for a trust, by the trust.
    function refund(uint256 round, address account) external;

    /// @notice Puts a text to the vote.
    /// @dev Called by a member.
    function propose(bytes32 document) external returns (uint256 id);

    /// @notice Claims the next milestone's payment, with evidence, and puts it to the vote.
    /// @dev Called by the payee or the operating role, known by person.
    function claim(uint256 round, uint16 milestone, uint64 amountUd, bytes32 evidence)
        external
        returns (uint256 id);

    /// @notice Puts the loss of a fund's investment to the vote [ud].
    /// @dev Called by a member.
    function proposeWriteOff(IFund fund, uint64 amountUd, bytes32 document)
        external
        returns (uint256 id);

    /// @notice Puts to the vote that a round's other milestones are not paid any more; its cash is then
    /// free for members who leave.
    /// @dev Called by a member.
    function proposeAbandon(uint256 round, bytes32 document) external returns (uint256 id);

    /// @notice Votes. One member one vote, once.
    /// @dev Called by a member who joined before the proposal.
    function vote(uint256 id, bool yes) external;

    /// @notice Carries out what passed: votes reach the quorum, and more say yes than no. A payment
    /// waits until its payee has a valid passport.
    /// @dev Called by anyone, once the vote is over.
    function carryOut(uint256 id) external;

    /// @notice Counts a meter's energy to the community from `since` on [UTC unix s].
    /// @dev Called by a member. Warning: whether the meter is the member's is looked up off chain; the
    /// admitting role excludes who pledges another's.
    function pledgeEnergy(bytes32 meter, uint40 since) external;

    /// @notice Ends the energy pledge after the notice.
    /// @dev Called by the member who made it; by anyone, once that is no member any more.
    function endEnergyPledge(bytes32 meter) external;

    /// @notice What is known of a member.
    function memberOf(address account) external view returns (Member memory);

    /// @notice Is the account a member with a vote?
    function isMember(address account) external view returns (bool);

    /// @notice Through which account a person counts; zero: none.
    function countedThrough(bytes32 person) external view returns (address);

    /// @notice How many members have a vote.
    function members() external view returns (uint32);

    /// @notice What a round asks for.
    function roundOf(uint256 round) external view returns (RoundTerms memory);

    /// @notice A round's money and state.
    function moneyOf(uint256 round) external view returns (RoundMoney memory money, State state);

    /// @notice One member's pledge.
    function pledgeOf(uint256 round, address account) external view returns (Pledge memory);

    /// @notice A proposal and its votes.
    function proposalOf(uint256 id) external view returns (Proposal memory);

    /// @notice Did the vote end with quorum and majority?
    function passed(uint256 id) external view returns (bool);

    /// @notice Does the meter's energy count to the community at `time`, and for whom?
    function energyPledgeAt(bytes32 meter, uint40 time) external view returns (address member);
}
