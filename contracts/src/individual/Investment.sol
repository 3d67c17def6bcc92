// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IHouseholdTrustFactory} from "../interfaces/IHouseholdTrustFactory.sol";
import {IInvestment} from "../interfaces/IInvestment.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {Escrow} from "./Escrow.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Investment
/// @notice See `IInvestment`.
contract Investment is IInvestment, Escrow {
    using SafeERC20 for IERC20;

    bytes32 private constant _TERMS_TYPEHASH = keccak256(
        "Investment(address investor,address project,address share,uint256 units,uint64 amountUd,bytes32 documentHash,uint64 thinkUntil,uint64 closeBy,uint256 salt)"
    );

    /// @inheritdoc IInvestment
    uint64 public constant THINK_LEAST = 48 hours;

    uint8 private immutable _INVEST;

    /// @inheritdoc IInvestment
    mapping(bytes32 id => Stage) public stageOf;

    constructor(
        ICurrency currency_,
        IPassport passport_,
        ICompliance compliance_,
        IHouseholdTrustFactory trusts_
    ) Escrow(currency_, passport_, compliance_, trusts_) EIP712("SourceEnergy Investment", "1") {
        _INVEST = passport_.INVEST();
    }

    /// @inheritdoc IInvestment
    function open(
        Terms calldata terms,
        bytes calldata investorSignature,
        bytes calldata projectSignature
    ) external returns (bytes32 id) {
        id = idOf(terms);
        if (stageOf[id] != Stage.None) revert AlreadyOpened(id);
        _checkTerms(terms);
        if (!passport.isAllowed(terms.investor, _INVEST)) revert PassportInvalid(terms.investor);
        if (!passport.canReceive(terms.project)) revert PassportInvalid(terms.project);
        _checkAgreed(id, terms.investor, investorSignature);
        _checkAgreed(id, terms.project, projectSignature);
        compliance.checkTransfer(address(terms.share), terms.project, terms.investor, terms.units);

        stageOf[id] = Stage.Open;
        emit Opened(
            id,
            terms.investor,
            terms.project,
            terms.amountUd,
            terms.documentHash,
            terms.thinkUntil,
            terms.closeBy
        );
        _pull(terms.investor, terms.project, terms.amountUd, terms.amountUd);
    }

    /// @inheritdoc IInvestment
    function rescind(Terms calldata terms) external {
        bytes32 id = _openId(terms);
        _checkParty(terms.investor);
        _checkBefore(terms.thinkUntil);

        _close(id, terms, Stage.Rescinded);
        _giveBack(terms.investor, terms.amountUd);
    }

    /// @inheritdoc IInvestment
    function release(Terms calldata terms) external {
        bytes32 id = _openId(terms);
        _checkParty(terms.project);
        _checkFrom(terms.thinkUntil);
        _checkBefore(terms.closeBy);

        _close(id, terms, Stage.Released);
        _credit(terms.project, terms.amountUd);
        terms.share.safeTransferFrom(terms.project, terms.investor, terms.units);
    }

    /// @inheritdoc IInvestment
    function refund(Terms calldata terms) external {
        bytes32 id = _openId(terms);
        if (msg.sender != terms.project) _checkFrom(terms.closeBy);

        _close(id, terms, Stage.Refunded);
        _giveBack(terms.investor, terms.amountUd);
    }

    /// @inheritdoc IInvestment
    function idOf(Terms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_TERMS_TYPEHASH, terms)));
    }

    // --- inside ---------------------------------------------------------------------------------

    function _close(bytes32 id, Terms calldata terms, Stage stage) private {
        stageOf[id] = stage;
        emit Closed(id, stage, terms.amountUd);
    }

    function _checkTerms(Terms calldata terms) private view {
        if (terms.investor == terms.project) revert SameParty(terms.project);
        if (terms.documentHash == 0 || terms.amountUd == 0 || terms.units == 0) {
            revert TermsIncomplete(terms.documentHash, terms.amountUd, terms.units);
        }
        uint256 least = block.timestamp + THINK_LEAST;
        if (terms.thinkUntil < least) revert ThinkTooShort(terms.thinkUntil, least);
        if (terms.closeBy <= terms.thinkUntil) {
            revert CloseTooEarly(terms.closeBy, terms.thinkUntil);
        }
    }

    function _checkParty(address party) private view {
        if (msg.sender != party) revert NotParty(msg.sender, party);
    }

    function _openId(Terms calldata terms) private view returns (bytes32 id) {
        id = idOf(terms);
        if (stageOf[id] != Stage.Open) revert NotOpen(id);
    }
}
