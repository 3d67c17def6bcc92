// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "./ICompliance.sol";
import {ICurrency} from "./ICurrency.sol";
import {IHouseholdTrustFactory} from "./IHouseholdTrustFactory.sol";
import {IPassport} from "./IPassport.sol";

/// @title Escrow: money between two parties who both agreed
/// @notice What is common to `IDeal` and `IInvestment`. Terms are known by their EIP-712 digest,
/// the id, which holds chain and contract. A party agrees by calling, by `agree`, or by a
/// signature over the id (ERC-1271 for accounts that are contracts). Whoever is due money is
/// credited, and withdraws. Own money that comes back to a household trust waits for its trustees:
/// sent by anybody it would count as the trust's income.
///
/// The rules on money (travel-rule data, daily limits, closed countries) are asked as it enters the
/// escrow, for the most that the other party may get. What leaves it meets none; what comes back
/// stays counted.
/// @dev Assumes a currency without fees or hooks on transfer, and that the rulebook lists this
/// contract as a venue.
///
/// Warning: a party whose passport is on hold or expired is not paid until it is valid again; the
/// money stays its own.
interface IEscrow {
    /// @notice A party agreed to the terms, or no longer does.
    event AgreementSet(bytes32 indexed id, address indexed party, bool agreed);

    /// @notice A party was paid what it was due [ud].
    event Withdrawn(address indexed account, uint256 amountUd);

    /// @notice Thrown when a party neither calls nor agreed nor signed, or took its word back.
    error NotAgreed(bytes32 id, address party);

    /// @notice Thrown when terms were opened before.
    error AlreadyOpened(bytes32 id);

    /// @notice Thrown when nothing is open under these terms: never opened, or closed.
    error NotOpen(bytes32 id);

    /// @notice Thrown when both parties are the same.
    error SameParty(address party);

    /// @notice Thrown when a passport does not allow the account what the terms need.
    error PassportInvalid(address account);

    /// @notice Thrown when a time has not come [UTC unix s].
    error TooEarly(uint256 notBefore, uint256 now_);

    /// @notice Thrown when a time has passed [UTC unix s].
    error TooLate(uint256 notAfter, uint256 now_);

    /// @notice Thrown when there is nothing to pay.
    error NothingOwed(address account);

    /// @notice The money held.
    function currency() external view returns (ICurrency);

    /// @notice Who may take part and be paid.
    function passport() external view returns (IPassport);

    /// @notice Who knows the rules.
    function compliance() external view returns (ICompliance);

    /// @notice Who knows household trusts.
    function trusts() external view returns (IHouseholdTrustFactory);

    /// @notice Agrees to the terms with this id.
    /// @dev Called by a party.
    function agree(bytes32 id) external;

    /// @notice Takes the caller's word back, signatures included, until it agrees anew. Terms that
    /// are open stay open.
    /// @dev Called by a party.
    function disagree(bytes32 id) external;

    /// @notice Pays `account` what it is due.
    /// @dev Called by anybody.
    function withdraw(address account) external returns (uint256 amountUd);

    /// @notice Pays the caller, a trust, what came back to it.
    /// @dev Called by the trust: m trustees.
    function collect() external returns (uint256 amountUd);

    /// @notice What `account` is due, and anybody may have paid [ud].
    function owed(address account) external view returns (uint256);

    /// @notice Own money that came back to a trust, and only it collects [ud].
    function returned(address trust) external view returns (uint256);
}
