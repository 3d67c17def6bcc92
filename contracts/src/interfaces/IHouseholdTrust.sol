// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFund} from "./IFund.sol";

/// @title HouseholdTrust: what a family owns together
/// @notice Holds money, project shares, energy credits and certificates. Trustees act m of n;
/// beneficiaries receive.
///
/// Income is money that arrived by a plain transfer. `distribute` splits it in whole cents: the part
/// to reinvest rounded down to the cent; the rest by shares, largest remainder, ties to the lowest
/// member number. What is below a cent waits for the next income. The reinvested part buys shares of
/// the target fund; where the fund refuses it, it is kept as cash and said so. A beneficiary on hold,
/// or without a passport, has its part held here while the others are paid.
///
/// Cash is what trustees may spend: paid in by `contribute`, kept from income, or returned by what
/// they bought. Held parts and income not yet distributed are never spendable.
/// @dev Assumes that the currency is `ICurrency`. A valid passport is asked of trustees as they are
/// named and whenever they act on money or replace one of them; approvals of those who are on hold
/// don't count.
///
/// Warning: money that trustees are owed back (a refund, a served exit) must be fetched by an action
/// of the trust, so that it counts as cash. Sent by a plain transfer it counts as income.
///
/// Warning: whatever an action of m trustees brings in counts as cash, be it income of a fund. Anyone
/// may have such income paid out first, by a plain transfer.
///
/// Warning: a change of rule distributes what has arrived by the old rule first.
interface IHouseholdTrust {
    /// @notice How income is split.
    struct Rule {
        address[] beneficiaries; // in order of member number; a minor's is the guardian's account
        uint32[] sharesPpm; //      of what is not reinvested, sum 10⁶      [10⁻⁶]
        uint32 reinvestPpm; //      of income                               [10⁻⁶]
        IFund target; //            where it is reinvested; zero: nothing is
    }

    /// @notice What trustees do together: a call, or a payment where `data` is empty.
    struct Action {
        address target;
        uint64 spendUd; // cash the target may take, or is paid [ud]
        bytes data;
    }

    /// @notice An action and who approved it.
    struct Pending {
        Action action;
        uint32 term; //     of the trustees who may approve it
        uint64 approved; // bit i: trustee i
        bool done;
    }

    /// @notice A trustee about to be replaced.
    struct Replacement {
        address lost;
        address successor;
        uint64 approved; // bit i: trustee i
        uint32 term; //     of the trustees who approve it
        uint40 readyAt; //  first second it can be finished; zero: not all have approved [UTC unix s]
    }

    /// @notice The trust has these trustees from now on.
    event TrusteesSet(uint32 indexed term, address[] trustees, uint8 threshold);

    /// @notice Income is split by this rule from now on.
    event RuleSet(uint32 indexed version, Rule rule);

    /// @notice One trustee alone may buy for so much a day [ud].
    event LimitSet(uint64 limitUd);

    /// @notice Cash was paid in.
    event Contributed(address indexed from, uint64 amountUd);

    /// @notice Income was split by a rule.
    event Distributed(uint32 indexed version, uint64 incomeUd, uint64 reinvestUd, uint64 sharedUd);

    /// @notice A beneficiary's part of a distribution was booked.
    event Credited(uint256 indexed member, address indexed beneficiary, uint64 amountUd);

    /// @notice A beneficiary was paid.
    event Paid(address indexed beneficiary, uint64 amountUd);

    /// @notice A beneficiary is owed money, and not paid because it may not receive it now.
    event Held(address indexed beneficiary, uint64 heldUd);

    /// @notice Income bought shares of the target.
    event Reinvested(address indexed target, uint64 amountUd, uint256 shares);

    /// @notice Income could not be reinvested, and is kept as cash.
    event KeptAsCash(address indexed target, uint64 amountUd, bytes reason);

    /// @notice One trustee bought shares within the limit.
    event Bought(address indexed trustee, address indexed fund, uint64 amountUd, uint256 shares);

    /// @notice A trustee proposed an action, or approved one.
    event Approved(uint256 indexed id, address indexed trustee, uint256 approvals);

    /// @notice An action was carried out.
    event Executed(uint256 indexed id, address indexed target, uint64 spentUd, uint64 cashUd);

    /// @notice The root of the private ledger was anchored.
    event LedgerAnchored(uint32 indexed version, bytes32 root, address indexed trustee);

    /// @notice All other trustees want a lost one replaced; it may object until `readyAt`.
    event ReplacementStarted(address indexed lost, address indexed successor, uint40 readyAt);

    /// @notice The trustee said to be lost is not.
    event ReplacementRefused(address indexed lost, address indexed successor);

    /// @notice A lost trustee was replaced.
    event Replaced(address indexed lost, address indexed successor);

    /// @notice Thrown when the caller is no trustee.
    error NotTrustee(address caller);

    /// @notice Thrown when a verb that takes m trustees is called by anyone.
    error NotTrust(address caller);

    /// @notice Thrown when trustees are none, too many, named twice, or fewer than must act.
    error TrusteesInvalid(uint256 count, uint8 threshold);

    /// @notice Thrown when a trustee, or one to be, has no valid passport.
    error TrusteeUnverified(address trustee);

    /// @notice Thrown when a rule's lists differ in length, are empty, or too long.
    error BeneficiariesInvalid(uint256 beneficiaries, uint256 shares);

    /// @notice Thrown when a part would be of nobody, or of the trust itself.
    error BeneficiaryRefused(address beneficiary);

    /// @notice Thrown when shares do not add to one.
    error SharesNotWhole(uint256 sumPpm);

    /// @notice Thrown when more than all would be reinvested, something into nothing, or into a fund
    /// of other money.
    error ReinvestmentInvalid(uint32 reinvestPpm, address target);

    /// @notice Thrown when there is no income of a cent or more.
    error NothingToDistribute(uint256 incomeUd);

    /// @notice Thrown when nothing is held for the beneficiary.
    error NothingHeld(address beneficiary);

    /// @notice Thrown when a payment to an account is on hold.
    error PassportInvalid(address account);

    /// @notice Thrown when one trustee would buy for more than the day's limit.
    error LimitExceeded(uint64 limitUd, uint256 spentUd);

    /// @notice Thrown when one trustee would buy from a fund the trustees together never called.
    error FundUnknown(address fund);

    /// @notice Thrown when more would be spent than there is cash, or than was approved.
    error CashExceeded(uint64 cashUd, uint256 amountUd);

    /// @notice Thrown when an action is unknown, done, of former trustees, or approved before.
    error CannotApprove(uint256 id, address trustee);

    /// @notice Thrown when an action would call the currency itself.
    error TargetRefused(address target);

    /// @notice Thrown when no such replacement is under way, or it is not ready.
    error NoReplacement(address lost, uint40 readyAt);

    /// @notice Thrown when a trustee may not take part in this replacement.
    error CannotReplace(address lost, address successor, address trustee);

    /// @notice Pays cash in [ud].
    /// @dev Called by anyone who pays it.
    function contribute(uint64 amountUd) external;

    /// @notice Splits the income that arrived, reinvests, and pays every beneficiary who may be paid.
    /// @dev Called by anyone.
    function distribute() external;

    /// @notice Pays `beneficiary` what is held for it.
    /// @dev Called by anyone.
    function payHeld(address beneficiary) external;

    /// @notice Buys shares of `fund` for cash, within the day's limit (UTC) [ud]. The fund is the
    /// rule's target, or one that m trustees have called before.
    /// @dev Called by one trustee.
    function buy(IFund fund, uint64 amountUd) external returns (uint256 shares);

    /// @notice Proposes an action and approves it; where one trustee is enough, carries it out.
    /// @dev Called by a trustee.
    function submit(Action calldata action) external returns (uint256 id);

    /// @notice Approves an action; the last approval needed carries it out.
    /// @dev Called by a trustee.
    function approve(uint256 id) external;

    /// @notice Sets how later income is split.
    /// @dev Called by the trust: m trustees.
    function setRule(Rule calldata rule) external;

    /// @notice Sets the trustees and how many must act together. Actions under way are void.
    /// @dev Called by the trust: m trustees.
    function setTrustees(address[] calldata trustees, uint8 threshold) external;

    /// @notice Sets what one trustee may buy for in a day [ud].
    /// @dev Called by the trust: m trustees.
    function setLimit(uint64 limitUd) external;

    /// @notice Anchors the root of the private ledger; earlier ones stay.
    /// @dev Called by one trustee.
    function anchor(bytes32 root) external returns (uint32 version);

    /// @notice Asks for, or approves, `successor` in the place of the trustee `lost`. When all other
    /// trustees have approved, the delay begins.
    /// @dev Called by another trustee.
    function replace(address lost, address successor) external;

    /// @notice Stops one's own replacement.
    /// @dev Called by the trustee said to be lost.
    function refuseReplacement() external;

    /// @notice Puts the successor in place, once the delay is over without an objection.
    /// @dev Called by anyone.
    function finishReplacement(address lost) external;

    /// @notice The trustees, how many must act together, and their term.
    function trusteesOf()
        external
        view
        returns (address[] memory trustees, uint8 threshold, uint32 term);

    /// @notice How income is split now, and the rule's number.
    function ruleOf() external view returns (Rule memory rule, uint32 version);

    /// @notice An action and who approved it.
    function pendingOf(uint256 id) external view returns (Pending memory);

    /// @notice The replacement of `lost` under way; all zero where there is none.
    function replacementOf(address lost) external view returns (Replacement memory);

    /// @notice Root of the private ledger by version, from 1; and the last version.
    function ledgerOf(uint32 version) external view returns (bytes32 root, uint32 last);

    /// @notice What is held for `beneficiary` [ud].
    function heldOf(address beneficiary) external view returns (uint64);

    /// @notice What trustees may spend, what is held for beneficiaries, what is yet to distribute,
    /// and what one trustee may buy for in a day [ud].
    function moneyOf()
        external
        view
        returns (uint64 cashUd, uint64 heldUd, uint64 incomeUd, uint64 limitUd);
}
