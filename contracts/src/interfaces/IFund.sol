// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title Fund: shares of a project or a community, and their income
/// @notice An ERC-4626 vault over settlement money. Shares have 12 digits, six more than money.
/// Assets are the cash held and the money invested, at cost. Income is kept apart from assets: it
/// is shared by share-seconds, period after period, and never moves the share price.
///
/// Income of a period: a reserve goes to the treasury, rounded down to the ud; the rest is shared by
/// share-seconds held in that period, each holder's part rounded down to the ud. Income counts in
/// the period in which it arrives; a period ends when anyone closes it, not before its length is
/// over. Nobody is looped over: closing costs the same for any number of holders, a claim too.
///
/// Cents: `claim` pays whole cents, the nearest one, half a cent up. What is rounded down stays owed
/// to the holder. What is rounded up is lent by the float, which the holder's next income repays;
/// half a cent a holder is float enough for ever. With an empty float, `claim` rounds down. The
/// float is a gift: it repays itself, and nobody can take it.
/// @dev Assumes that the currency is `ICurrency`, without hooks or fees, and that the manager is a
/// contract that invests only what its members voted for.
///
/// Warning: money sent by a plain transfer belongs to nobody. Use `deposit`, `receiveIncome`,
/// `giveBack` or `endow`.
///
/// Warning: what is invested cannot be redeemed at once. Who wants to leave queues, and is served in
/// order, at the price of the day of service, as free cash comes in. Queued shares earn nothing. Who
/// waits is a holder until served, and the queue itself is none.
///
/// Warning: the transfer of shares to a smart account that cannot call `claim` is no danger: anyone
/// may call it for a holder.
interface IFund is IERC4626 {
    /// @notice What a fund is made of. All of it is for ever.
    struct Terms {
        string name; //      of the shares
        string symbol; //    of the shares
        address currency; //   settlement money
        address passport; //   who may hold shares
        address compliance; // which transfers are allowed
        address manager; //    invests; a `Community`
        address treasury; //   gets the reserve
        uint32 reservePpm; //  of income                 [10⁻⁶]
        uint32 periodS; //     shortest period           [s]
        uint64 capUd; //       most assets, at first     [ud]
    }

    /// @notice A closed period.
    struct Period {
        uint40 endedAt; //  [UTC unix s]
        uint256 rate; //    income of a share-second [2⁻¹²⁸ ud]
        uint256 growth; //  income of a share held from the start of the first period [2⁻¹²⁸ ud]
    }

    /// @notice What is held, by purpose; the sum is the currency held, plain transfers aside [ud].
    struct Pots {
        uint64 cashUd; //      to invest or to redeem
        uint64 incomeUd; //    of the period that runs
        uint64 dividendsUd; // shared, not yet paid
        uint64 floatUd; //     lends what cents are rounded up
        uint64 releasedUd; //  of served exits, not yet withdrawn
    }

    /// @notice Income arrived.
    event IncomeReceived(address indexed from, uint32 indexed period, uint64 amountUd);

    /// @notice A period was closed. `sharedUd` / `shareSeconds` is the formula of every holder's part.
    event PeriodClosed(
        uint32 indexed period,
        uint64 incomeUd,
        uint64 reserveUd,
        uint64 sharedUd,
        uint256 shareSeconds
    );

    /// @notice A holder was paid income; what remains below a cent is owed, or lent by the float.
    event Claimed(address indexed holder, uint64 amountUd, uint64 owedUd, uint64 lentUd);

    /// @notice The float was given money.
    event Endowed(address indexed from, uint64 amountUd);

    /// @notice The manager invested cash.
    event Invested(address indexed to, uint64 amountUd, uint64 investedUd);

    /// @notice Cash was set aside for a project, or is free again.
    event CommittedSet(uint64 committedUd);

    /// @notice Invested money came back.
    event GivenBack(address indexed from, uint64 amountUd, uint64 investedUd);

    /// @notice Invested money is lost; the share price falls.
    event WrittenOff(uint64 amountUd, uint64 investedUd);

    /// @notice The most assets deposits may fill was set.
    event CapSet(uint64 capUd);

    /// @notice A holder queued shares to leave.
    event ExitRequested(uint256 indexed ticket, address indexed holder, uint256 shares);

    /// @notice A holder took the rest of a ticket back.
    event ExitCancelled(uint256 indexed ticket, address indexed holder, uint256 shares);

    /// @notice Queued shares were turned into money their holder may withdraw.
    event ExitServed(
        uint256 indexed ticket, address indexed holder, uint256 shares, uint64 amountUd
    );

    /// @notice A holder withdrew the money of served exits.
    event ExitWithdrawn(address indexed holder, uint64 amountUd);

    /// @notice Thrown when an account is not allowed to hold shares, or to be paid.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Thrown when another than the manager calls a manager's verb.
    error NotManager(address caller);

    /// @notice Thrown when terms name no currency, passport, compliance, manager or treasury.
    error ZeroAddress();

    /// @notice Thrown when the reserve would be more than the income.
    error ReserveTooLarge(uint32 reservePpm);

    /// @notice Thrown when nothing would be moved.
    error ZeroAmount();

    /// @notice Thrown when more cash is needed than there is.
    error CashExceeded(uint64 cashUd, uint256 amountUd);

    /// @notice Thrown when more would come back, or be written off, than is invested.
    error InvestedExceeded(uint64 investedUd, uint256 amountUd);

    /// @notice Thrown when a subscription would be given more time than it can have waited.
    error WaitedTooLong(uint256 waitedUdS, uint256 mostUdS);

    /// @notice Thrown when a period is closed early.
    error PeriodRuns(uint32 period, uint256 endsAt);

    /// @notice Thrown when a holder is owed less than a cent.
    error NothingDue(address holder);

    /// @notice Thrown when a ticket is not the caller's, or is used up.
    error NoTicket(uint256 ticket, address caller);

    /// @notice Adds `amountUd` to the income of the period that runs [ud].
    /// @dev Called by anyone who pays it.
    function receiveIncome(uint64 amountUd) external;

    /// @notice Ends the period: pays the reserve, and books the rest for those who held shares. With
    /// no share-seconds in it, its income passes on to the next one.
    /// @dev Called by anyone, once the period's length is over.
    function closePeriod() external;

    /// @notice Pays `holder` the income it is owed, in whole cents.
    /// @dev Called by anyone.
    /// @return amountUd paid [ud]
    function claim(address holder) external returns (uint64 amountUd);

    /// @notice Gives the float money, for ever [ud].
    /// @dev Called by anyone who pays it.
    function endow(uint64 amountUd) external;

    /// @notice Issues shares for money that waited elsewhere, as if it had waited here. The receiver
    /// was checked when it pledged: a hold put on it since does not undo the purchase, it holds the
    /// shares.
    /// @dev Called by the manager, who pays.
    /// @param waitedUdS money times waiting time [ud·s]; counts in the running period only
    function subscribe(address receiver, uint64 amountUd, uint256 waitedUdS)
        external
        returns (uint256 shares);

    /// @notice Pays `amountUd` of the cash to `to`; it counts as invested [ud].
    /// @dev Called by the manager.
    function invest(address to, uint64 amountUd) external;

    /// @notice Sets aside so much cash that is to be invested and not redeemed [ud]. Investing uses
    /// it up.
    /// @dev Called by the manager.
    function setCommitted(uint64 committedUd) external;

    /// @notice Pays invested money back [ud]. What comes back beyond the cost is income.
    /// @dev Called by anyone who pays it.
    function giveBack(uint64 amountUd) external;

    /// @notice Says that `amountUd` of what was invested is lost [ud].
    /// @dev Called by the manager.
    function writeOff(uint64 amountUd) external;

    /// @notice Sets the most assets that deposits may fill [ud]; below the assets: closed.
    /// @dev Called by the manager.
    function setCap(uint64 capUd) external;

    /// @notice Queues `shares` of the caller to be redeemed when there is cash.
    /// @return ticket its number
    function requestExit(uint256 shares) external returns (uint256 ticket);

    /// @notice Takes back what is left of a ticket of the caller.
    function cancelExit(uint256 ticket) external;

    /// @notice Serves at most `most` tickets, oldest first, as far as the cash goes, rounded down.
    /// @dev Called by anyone.
    function serveExits(uint256 most) external;

    /// @notice Pays the caller the money of its served exits.
    /// @return amountUd paid [ud]
    function withdrawExit() external returns (uint64 amountUd);

    /// @notice Reverts with the reason when `from` may not send `amount` shares to `to`.
    function checkTransfer(address from, address to, uint256 amount) external view;

    /// @notice May `from` send `amount` shares to `to`?
    function canTransfer(address from, address to, uint256 amount) external view returns (bool);

    /// @notice Income `holder` could be paid, were cents no matter [ud].
    function owedOf(address holder) external view returns (uint64 owedUd, uint64 lentUd);

    /// @notice Money of served exits `holder` may withdraw [ud].
    function releasedOf(address holder) external view returns (uint64);

    /// @notice A ticket's holder and what is left of it.
    function ticketOf(uint256 ticket) external view returns (address holder, uint256 shares);

    /// @notice Shares queued to leave, and the next tickets to be served and to be given.
    function queue() external view returns (uint256 shares, uint256 first, uint256 next);

    /// @notice The period that runs, its start, and the share-seconds in it so far.
    function running() external view returns (uint32 period, uint40 startedAt, uint256 shareSeconds);

    /// @notice A closed period; all zero where it is not.
    function periodOf(uint32 period) external view returns (Period memory);

    /// @notice What is held, by purpose [ud].
    function pots() external view returns (Pots memory);

    /// @notice Money invested, at cost [ud].
    function investedUd() external view returns (uint64);

    /// @notice Cash set aside to be invested [ud].
    function committedUd() external view returns (uint64);

    /// @notice The most assets that deposits may fill [ud].
    function capUd() external view returns (uint64);

    /// @notice Who invests.
    function manager() external view returns (address);

    /// @notice Who gets the reserve.
    function treasury() external view returns (address);
}
