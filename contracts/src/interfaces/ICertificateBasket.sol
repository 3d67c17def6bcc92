// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificates} from "./ICertificates.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title CertificateBasket: certificates of one vintage year, made fungible
/// @notice Whoever deposits a certificate of an admitted kind gets one share for each unit, and
/// whoever gives a share back takes a unit of any kind in the basket. Shares are an ERC-20 without
/// decimals; as many are out as there are certificates in the basket.
/// @dev Assumptions. The certificates' contract moves exactly what it is asked to, or reverts. This
/// contract may hold certificates there: it is a venue of the rulebook.
///
/// Warning: **who comes first chooses.** A share buys a unit of any kind in the basket, so that
/// within it no kind can be worth more than another for long. Kinds that differ in worth belong in
/// different baskets.
///
/// Warning: **a certificate sent here without `deposit` is refused.**
///
/// Warning: **a transfer of shares needs valid passports on both sides** and passes the rule packs.
/// A withdrawal asks no more than the certificates' own contract does.
interface ICertificateBasket is IERC20 {
    /// @notice Certificates of this kind are taken.
    event Admitted(uint256 indexed id);

    /// @notice Certificates came in, as many shares out.
    event Deposited(address indexed account, uint256 indexed id, uint256 amount);

    /// @notice Shares came back, as many certificates out.
    event Withdrawn(address indexed account, uint256 indexed id, uint256 amount);

    /// @notice Thrown when a kind is of another vintage year than the basket.
    error OtherVintage(uint256 id, uint16 vintage, uint16 year);

    /// @notice Thrown when the basket does not take this kind.
    error NotAdmitted(uint256 id);

    /// @notice Thrown when no amount is given.
    error ZeroAmount();

    /// @notice Thrown when certificates are sent here rather than deposited.
    error DepositOnly(address token, address from);

    /// @notice Thrown when the account has no valid passport with this permission.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Admits kinds of certificates, all of the basket's vintage year, for ever.
    /// @dev Called by the certificate role.
    function admit(uint256[] calldata ids) external;

    /// @notice Takes `amount` certificates `id` from the caller, for as many shares.
    /// @dev Called by a holder with a valid passport, who approved this contract there.
    function deposit(uint256 id, uint256 amount) external;

    /// @notice Gives the caller `amount` certificates `id` for as many shares.
    /// @dev Called by a holder of shares. Nobody can pause it.
    function withdraw(uint256 id, uint256 amount) external;

    /// @notice The certificates' contract.
    function certificates() external view returns (ICertificates);

    /// @notice Vintage year of every certificate in the basket.
    function year() external view returns (uint16);

    /// @notice Does the basket take this kind?
    function isAdmitted(uint256 id) external view returns (bool);
}
