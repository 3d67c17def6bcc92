// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IHouseholdTrustFactory} from "../interfaces/IHouseholdTrustFactory.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Escrow
/// @notice See `IEscrow`.
abstract contract Escrow is IEscrow, EIP712 {
    using SafeERC20 for ICurrency;

    enum Word {
        None,
        Given,
        TakenBack
    }

    /// @inheritdoc IEscrow
    ICurrency public immutable currency;
    /// @inheritdoc IEscrow
    IPassport public immutable passport;
    /// @inheritdoc IEscrow
    ICompliance public immutable compliance;
    /// @inheritdoc IEscrow
    IHouseholdTrustFactory public immutable trusts;

    /// @inheritdoc IEscrow
    mapping(address account => uint256) public owed;
    /// @inheritdoc IEscrow
    mapping(address trust => uint256) public returned;

    mapping(bytes32 id => mapping(address party => Word)) private _words;

    constructor(
        ICurrency currency_,
        IPassport passport_,
        ICompliance compliance_,
        IHouseholdTrustFactory trusts_
    ) {
        currency = currency_;
        passport = passport_;
        compliance = compliance_;
        trusts = trusts_;
    }

    /// @inheritdoc IEscrow
    function agree(bytes32 id) external {
        _words[id][msg.sender] = Word.Given;
        emit AgreementSet(id, msg.sender, true);
    }

    /// @inheritdoc IEscrow
    function disagree(bytes32 id) external {
        _words[id][msg.sender] = Word.TakenBack;
        emit AgreementSet(id, msg.sender, false);
    }

    /// @inheritdoc IEscrow
    function withdraw(address account) external returns (uint256 amountUd) {
        amountUd = owed[account];
        owed[account] = 0;
        _send(account, amountUd);
    }

    /// @inheritdoc IEscrow
    function collect() external returns (uint256 amountUd) {
        amountUd = returned[msg.sender];
        returned[msg.sender] = 0;
        _send(msg.sender, amountUd);
    }

    function _checkAgreed(bytes32 id, address party, bytes calldata signature) internal view {
        if (msg.sender == party) return;
        Word word = _words[id][party];
        if (word == Word.Given) return;
        if (
            word == Word.TakenBack
                || !SignatureChecker.isValidSignatureNowCalldata(party, id, signature)
        ) revert NotAgreed(id, party);
    }

    function _checkBefore(uint256 end) internal view {
        if (block.timestamp >= end) revert TooLate(end, block.timestamp);
    }

    function _checkFrom(uint256 start) internal view {
        if (block.timestamp < start) revert TooEarly(start, block.timestamp);
    }

    function _credit(address account, uint256 amountUd) internal {
        owed[account] += amountUd;
    }

    /// To a trust its own money must not come as a plain transfer, which would make it income.
    function _giveBack(address account, uint256 amountUd) internal {
        if (trusts.isTrust(account)) returned[account] += amountUd;
        else _credit(account, amountUd);
    }

    /// Takes `amountUd`, of which the other party may get `mostUd`: of that the rules are asked, since
    /// the token does not ask about a venue.
    function _pull(address account, address other, uint256 mostUd, uint256 amountUd) internal {
        compliance.recordTransfer(address(currency), account, other, mostUd);
        currency.safeTransferFrom(account, address(this), amountUd);
    }

    function _send(address account, uint256 amountUd) private {
        if (amountUd == 0) revert NothingOwed(account);
        if (!passport.canReceive(account)) revert PassportInvalid(account);

        emit Withdrawn(account, amountUd);
        currency.safeTransfer(account, amountUd);
    }
}
