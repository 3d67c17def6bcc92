// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Incentives: so much a kWh, and never more than the budget
/// @notice The council opens a programme: a rate, a span of time and a budget, which is paid in at
/// once. When the span is over a quorum of the verifiers says how many watt-hours earned it, as a
/// total and a root of one salted leaf an account. If the budget covers the rate, each is paid by
/// the rate; if not, the budget is shared pro rata. Anyone may have an account paid. What is not
/// needed goes back to where it came from.
///
/// All amounts are micro-dollars [ud], energy is watt-hours [Wh], rates are micro-dollars per kWh
/// [ud/kWh], times UTC unix seconds [s].
///
/// @dev Assumptions. Fewer than the quorum of verifiers collude, so that the leaves add up to the
/// total, one leaf an account. The currency moves exactly the amounts asked for and calls nobody.
///
/// What holds whatever anybody does: a programme pays at most its budget, an account at most once,
/// and nobody outside it but its opener gets the rest.
///
/// Warning: rounding is against the account, down to a micro-dollar; what is rounded away stays
/// here for ever, less than one micro-dollar an account.
///
/// Warning: a payment needs a valid passport. It does not expire; it waits.
interface IIncentives {
    /// @notice A programme.
    struct Programme {
        address opener; // gave the budget, gets the rest
        uint64 rateUdPerKwh; // at most
        uint40 start; // first second
        uint40 end; // first second after
        bool ended; // settled or closed
        uint128 budgetUd; // paid in
        uint128 payableUd; // as settled
        uint128 paidUd; // so far
        uint128 energyWh; // that earned it
        bytes32 root; // of the leaves
        uint256 proposalId; // that opened it
        bytes32 goal; // it serves
    }

    /// @notice Energy of an account, as one leaf under a programme's root.
    struct Leaf {
        address account;
        uint128 energyWh;
        bytes32 salt; // keeps the other leaves unguessable
    }

    /// @notice A programme was opened and paid in.
    event Opened(
        uint64 indexed programme,
        uint256 indexed proposalId,
        bytes32 indexed goal,
        uint64 rateUdPerKwh,
        uint256 budgetUd,
        uint40 start,
        uint40 end
    );

    /// @notice A programme was settled: `wantedUd` by the rate, `payableUd` within the budget.
    event Settled(
        uint64 indexed programme,
        uint256 energyWh,
        uint256 wantedUd,
        uint256 payableUd,
        bytes32 root
    );

    /// @notice A programme that was not settled in time was closed and its budget given back.
    event Closed(uint64 indexed programme);

    /// @notice An account was paid.
    event Paid(
        uint64 indexed programme,
        address indexed account,
        uint256 indexed proposalId,
        uint256 energyWh,
        uint256 amountUd
    );

    /// @notice Thrown when no proposal is being executed.
    error ProposalMissing();

    /// @notice Thrown when the rate is zero or above what the policy allows.
    error RateRefused(uint128 most, uint64 given);

    /// @notice Thrown when the budget is zero or above the most the code allows.
    error BudgetRefused(uint128 most, uint128 given);

    /// @notice Thrown when a programme would start in the past, end before it starts, or last
    /// longer than a year.
    error SpanRefused(uint40 start, uint40 end);

    /// @notice Thrown when there is no such programme.
    error NoProgramme(uint64 programme);

    /// @notice Thrown when a programme is not over, or the time to settle it is not.
    error TooEarly(uint64 programme, uint256 earliest);

    /// @notice Thrown when a programme was settled or closed before.
    error AlreadyEnded(uint64 programme);

    /// @notice Thrown when a programme is not settled.
    error NotSettled(uint64 programme);

    /// @notice Thrown when the quorum did not sign this.
    error ProofRefused(bytes32 digest);

    /// @notice Thrown when a leaf is not under the programme's root.
    error LeafRefused(uint64 programme, address account);

    /// @notice Thrown when the account was paid before.
    error AlreadyPaid(uint64 programme, address account);

    /// @notice Thrown when the account's passport is not valid.
    error NotAllowed(address account);

    /// @notice Thrown when leaves would be paid more than they can add up to.
    error BeyondPayable(uint256 payableUd, uint256 paidUd, uint256 amountUd);

    /// @notice Opens a programme; its whole budget is taken from the caller.
    /// @dev Called by the council, behind its delay, while it executes a proposal.
    function open(uint64 rateUdPerKwh, uint128 budgetUd, uint40 start, uint40 end)
        external
        returns (uint64 programme);

    /// @notice Says what earned the incentive. The rest of the budget goes back.
    /// @dev Called by anyone.
    /// @param proof that a quorum of the verifiers signed `settlementHash`
    function settle(uint64 programme, uint128 energyWh, bytes32 root, bytes calldata proof) external;

    /// @notice Has an account paid.
    /// @dev Called by anyone.
    /// @param proof path from the leaf to the programme's root
    function pay(uint64 programme, Leaf calldata leaf, bytes32[] calldata proof)
        external
        returns (uint256 amountUd);

    /// @notice Gives the budget of a programme back that nobody settled for 90 days.
    /// @dev Called by anyone.
    function close(uint64 programme) external;

    /// @notice The programme of this number; the first is 1.
    function programmeOf(uint64 programme) external view returns (Programme memory);

    /// @notice What so much energy is paid by a settled programme, rounded down [ud].
    function amountOf(uint64 programme, uint128 energyWh) external view returns (uint256);

    /// @notice Was the account paid?
    function isPaid(uint64 programme, address account) external view returns (bool);

    /// @notice What verifiers sign: the EIP-712 digest, bound to this chain and contract.
    function settlementHash(uint64 programme, uint128 energyWh, bytes32 root)
        external
        view
        returns (bytes32);

    /// @notice Hash of a leaf.
    function leafHash(uint64 programme, Leaf calldata leaf) external pure returns (bytes32);
}
