// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountFactory} from "./IAccountFactory.sol";
import {IPassport} from "./IPassport.sol";

/// @title Paymaster: pays members' gas, each within a budget
/// @notice An ERC-4337 paymaster. It pays for an operation when its account has a valid passport,
/// when all it does is `execute` calls without value to allowed contracts, to itself, or to another
/// member's account (so that guardians need no gas either), and when its person and the house
/// have that much left of their budgets of the period. A person with several wallets has one
/// budget.
///
/// What an operation may cost at most is taken from the budgets before it runs; what it did not
/// cost is given back after it. What is counted is never less than what the entry point takes: the
/// gas after the count (this contract's own, and a tenth of unused gas) is counted at its most.
/// @dev Assumes the operator's own bundler: public ones refuse a paymaster whose validation reads
/// the time and passports.
///
/// Deposit and stake belong to the sponsor: nobody else takes them out, and no role sends them
/// anywhere else. A budget bounds what a bundler gets, whatever it submits.
///
/// Warning: an operation that fails costs its person too.
interface IMemberPaymaster {
    /// @notice The budgets were set [wei a period].
    event BudgetSet(uint128 memberWei, uint128 totalWei);

    /// @notice Calls to `target` are paid for, or no longer.
    event TargetSet(address indexed target, bool allowed);

    /// @notice An operation was paid for.
    /// @param countedWei taken from the budgets, at least what it cost [wei]
    event Sponsored(address indexed account, bytes32 indexed person, uint256 countedWei);

    /// @notice Thrown when there would be no sponsor, no time, or no entry point.
    error ZeroParameter();

    /// @notice Thrown when a budget would be above its bound [wei].
    error BudgetOutOfRange(uint256 budgetWei, uint256 mostWei);

    /// @notice Thrown when the account has no valid passport.
    error PassportInvalid(address account);

    /// @notice Thrown when an operation does something else than `execute`, or `execute` within it.
    error VerbRefused(bytes4 selector);

    /// @notice Thrown when an operation would send money of the chain.
    error ValueRefused(address target, uint256 value);

    /// @notice Thrown when calls to a contract are not paid for.
    error TargetRefused(address target);

    /// @notice Thrown when the person has less left in this period [wei].
    error MemberBudgetExceeded(bytes32 person, uint256 costWei, uint256 leftWei);

    /// @notice Thrown when the house has less left in this period [wei].
    error TotalBudgetExceeded(uint256 costWei, uint256 leftWei);

    /// @notice Length of a period [s]; periods count from the unix epoch.
    function PERIOD() external view returns (uint64);

    /// @notice Most that may ever be set as a person's budget [wei a period].
    function MEMBER_MOST() external view returns (uint128);

    /// @notice Most that may ever be set as the house's budget [wei a period].
    function TOTAL_MOST() external view returns (uint128);

    /// @notice Whose the deposit and the stake are.
    function sponsor() external view returns (address payable);

    /// @notice Who is a member.
    function passport() external view returns (IPassport);

    /// @notice Whose accounts may be called.
    function factory() external view returns (IAccountFactory);

    /// @notice Sets the budgets [wei a period]; they count at once.
    /// @dev Called by the budget role.
    function setBudget(uint128 memberWei, uint128 totalWei) external;

    /// @notice Pays for calls to `target`, or no longer.
    /// @dev Called by the target role.
    function setTarget(address target, bool allowed) external;

    /// @notice Adds to the deposit that pays.
    /// @dev Called by anybody.
    function deposit() external payable;

    /// @notice Gives `amountWei` of the deposit back to the sponsor.
    /// @dev Called by the sponsor.
    function withdraw(uint256 amountWei) external;

    /// @notice Adds to the stake, which may be taken back `delay` seconds after it is unlocked.
    /// @dev Called by the sponsor.
    function addStake(uint32 delay) external payable;

    /// @notice Begins the delay of the stake.
    /// @dev Called by the sponsor.
    function unlockStake() external;

    /// @notice Gives the stake back to the sponsor.
    /// @dev Called by the sponsor.
    function withdrawStake() external;

    /// @notice The budget of a person [wei a period].
    function memberBudget() external view returns (uint128);

    /// @notice The budget of the house [wei a period].
    function totalBudget() external view returns (uint128);

    /// @notice Are calls to `target` paid for?
    function isTarget(address target) external view returns (bool);

    /// @notice Whose budget an account draws on: its identity, or itself where none is known.
    function personOf(address account) external view returns (bytes32 person);

    /// @notice What is taken from a person's budget in this period [wei].
    function spentBy(bytes32 person) external view returns (uint256);

    /// @notice What is taken from the house's budget in this period [wei].
    function spent() external view returns (uint256);
}
