// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Savings: opt-in, and paid only out of revenue that came in
/// @notice Who puts money here owns shares of the pot of the country in the passport. Each pot has
/// a rate, and `chi`: what a share is worth. `chi` grows by the rate, only as far as realised
/// revenue that was given to this contract covers, and never falls. A country without a rate, an
/// account without a valid passport, and country 0 earn nothing: the rate is 0 until the council
/// sets one for a country whose rules allow interest. Nothing is ever minted, and money that is
/// not put here earns nothing.
///
/// All amounts are micro-dollars [ud], `chi` and rates are rays [10⁻²⁷], times UTC unix seconds
/// [s].
///
/// @dev A pot accrues before its rate, its shares or its members change. The growth over a span is
/// e^(rate · span), three terms, rounded down, so that it matters little how often a pot accrues.
/// Rounding is against the caller: shares down on the way in and up on the way out; what is
/// rounded away is revenue again.
///
/// Assumption. The currency moves exactly the amounts asked for and calls nobody.
///
/// What holds whatever anybody does: the money held is at least what all pots owe plus the revenue
/// not yet earned; no role can take money, or stop a withdrawal.
///
/// Warning: **interest is not promised.** Where revenue does not cover the rate, `chi` grows by
/// what there is and the rest is not made up for.
///
/// Warning: **pots share the revenue**; the one that accrues first earns first.
///
/// Warning: an account that moved to another country stays in its old pot until anyone calls
/// `move` for it.
interface ISavings {
    /// @notice What is kept of a country's pot.
    struct Pot {
        uint128 shares;
        uint128 owedUd; // what they are worth, rounded up
        uint128 chi; // what a share is worth [ray]
        uint64 ratePerS; // growth of chi [ray/s]
        uint40 accruedAt; // [UTC unix s]
    }

    /// @notice Revenue came in, to pay interest from.
    event RevenueAdded(address indexed from, uint256 amountUd);

    /// @notice An account put money in.
    event Deposited(
        address indexed account, uint16 indexed country, uint256 amountUd, uint256 shares
    );

    /// @notice An account took money out.
    event Withdrawn(
        address indexed account, uint16 indexed country, uint256 amountUd, uint256 shares
    );

    /// @notice An account's money is in another country's pot now.
    event Moved(address indexed account, uint16 indexed from, uint16 indexed to, uint256 amountUd);

    /// @notice A pot earned `interestUd`.
    event Accrued(uint16 indexed country, uint256 chi, uint256 interestUd);

    /// @notice A pot's rate was set.
    event RateSet(uint16 indexed country, uint64 ratePerS);

    /// @notice Thrown when nothing would be moved, or so little that it is no share.
    error ZeroAmount();

    /// @notice Thrown when more would be taken out than the account has.
    error BeyondBalance(address account, uint256 balanceUd, uint256 amountUd);

    /// @notice Thrown when a rate is above the most the code allows, or is for country 0.
    error RateRefused(uint16 country, uint64 most, uint64 given);

    /// @notice Gives realised revenue of the caller's, to pay interest from.
    /// @dev Called by anyone.
    function addRevenue(uint128 amountUd) external;

    /// @notice Puts `amountUd` of the caller's in the pot of the caller's country.
    /// @dev Called by anyone.
    function deposit(uint128 amountUd) external returns (uint256 shares);

    /// @notice Takes `amountUd` out for the caller.
    /// @dev Called by anyone who put money in. Nothing can stop it.
    function withdraw(uint128 amountUd) external returns (uint256 shares);

    /// @notice Moves the money of `account` to the pot of the country its passport says now.
    /// @dev Called by anyone.
    function move(address account) external;

    /// @notice Lets the pot of `country` earn what is due.
    /// @dev Called by anyone.
    function accrue(uint16 country) external returns (uint256 chi);

    /// @notice Sets the rate of `country`, from now on; zero forbids interest there.
    /// @dev Called by the council, behind its delay.
    function setRate(uint16 country, uint64 ratePerS) external;

    /// @notice What `account` could take out, as of the last accrual, rounded down [ud].
    function balanceOf(address account) external view returns (uint256);

    /// @notice Shares of `account`, and the country of its pot.
    function positionOf(address account) external view returns (uint256 shares, uint16 country);

    /// @notice The pot of `country`, as of its last accrual.
    function potOf(uint16 country) external view returns (Pot memory);

    /// @notice Revenue no pot has earned yet [ud].
    function revenueUd() external view returns (uint256);
}
