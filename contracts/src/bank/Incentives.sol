// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICouncil} from "../interfaces/ICouncil.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IIncentives} from "../interfaces/IIncentives.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IPolicy} from "../interfaces/IPolicy.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Incentives
/// @notice See `IIncentives`.
contract Incentives is IIncentives, EIP712, AccessManaged {
    using SafeERC20 for ICurrency;

    /// @notice Largest budget: a million dollars [ud].
    uint128 public constant BUDGET_MOST = 1e12;

    /// @notice Longest programme [s].
    uint40 public constant SPAN_MOST = 366 days;

    /// @notice Time to settle a programme after its end [s].
    uint40 public constant SETTLE_WITHIN = 90 days;

    uint256 private constant _WH_PER_KWH = 1000;
    bytes32 private constant _SETTLEMENT =
        keccak256("Settlement(uint64 programme,uint128 energyWh,bytes32 root)");

    /// @notice The money held.
    ICurrency public immutable currency;

    /// @notice Who may be paid.
    IPassport public immutable passport;

    /// @notice Whose proposals open programmes.
    ICouncil public immutable council;

    /// @notice Bounds the rate.
    IPolicy public immutable policy;

    /// @notice Judges whether a quorum of the verifiers signed.
    IVerifier public immutable verifier;

    /// @notice Number of the last programme; zero before the first.
    uint64 public lastProgramme;

    /// @inheritdoc IIncentives
    mapping(uint64 programme => mapping(address account => bool)) public isPaid;

    mapping(uint64 programme => Programme) private _programmes;

    constructor(
        address authority,
        ICurrency currency_,
        IPassport passport_,
        ICouncil council_,
        IPolicy policy_,
        IVerifier verifier_
    ) EIP712("SourceEnergy Incentives", "1") AccessManaged(authority) {
        currency = currency_;
        passport = passport_;
        council = council_;
        policy = policy_;
        verifier = verifier_;
    }

    /// @inheritdoc IIncentives
    function open(uint64 rateUdPerKwh, uint128 budgetUd, uint40 start, uint40 end)
        external
        restricted
        returns (uint64 programme)
    {
        uint128 most = policy.boundsOf(IPolicy.Parameter.PeakIncentive).most;
        if (rateUdPerKwh == 0 || rateUdPerKwh > most) revert RateRefused(most, rateUdPerKwh);
        if (budgetUd == 0 || budgetUd > BUDGET_MOST) revert BudgetRefused(BUDGET_MOST, budgetUd);
        if (start < block.timestamp || end <= start || end - start > SPAN_MOST) {
            revert SpanRefused(start, end);
        }
        (uint256 proposalId, bytes32 goal) = council.executing();
        if (proposalId == 0) revert ProposalMissing();

        programme = ++lastProgramme;
        Programme storage p = _programmes[programme];
        p.opener = msg.sender;
        p.rateUdPerKwh = rateUdPerKwh;
        p.start = start;
        p.end = end;
        p.budgetUd = budgetUd;
        p.proposalId = proposalId;
        p.goal = goal;
        emit Opened(programme, proposalId, goal, rateUdPerKwh, budgetUd, start, end);
        currency.safeTransferFrom(msg.sender, address(this), budgetUd);
    }

    /// @inheritdoc IIncentives
    function settle(uint64 programme, uint128 energyWh, bytes32 root, bytes calldata proof)
        external
    {
        Programme storage p = _running(programme);
        if (block.timestamp < p.end) revert TooEarly(programme, p.end);
        bytes32 digest = settlementHash(programme, energyWh, root);
        if (!verifier.verify(digest, proof)) revert ProofRefused(digest);

        uint256 wantedUd = uint256(energyWh) * p.rateUdPerKwh / _WH_PER_KWH; // down
        uint128 payableUd = root == 0 ? 0 : uint128(Math.min(wantedUd, p.budgetUd));
        p.ended = true;
        p.energyWh = energyWh;
        p.payableUd = payableUd;
        p.root = root;
        emit Settled(programme, energyWh, wantedUd, payableUd, root);
        currency.safeTransfer(p.opener, p.budgetUd - payableUd);
    }

    /// @inheritdoc IIncentives
    function pay(uint64 programme, Leaf calldata leaf, bytes32[] calldata proof)
        external
        returns (uint256 amountUd)
    {
        Programme storage p = _programmes[programme];
        if (p.root == 0) revert NotSettled(programme);
        if (isPaid[programme][leaf.account]) revert AlreadyPaid(programme, leaf.account);
        if (!MerkleProof.verifyCalldata(proof, p.root, leafHash(programme, leaf))) {
            revert LeafRefused(programme, leaf.account);
        }
        if (!passport.isAllowed(leaf.account, 0)) revert NotAllowed(leaf.account);
        amountUd = amountOf(programme, leaf.energyWh);
        if (p.paidUd + amountUd > p.payableUd) {
            revert BeyondPayable(p.payableUd, p.paidUd, amountUd);
        }

        isPaid[programme][leaf.account] = true;
        p.paidUd += uint128(amountUd);
        emit Paid(programme, leaf.account, p.proposalId, leaf.energyWh, amountUd);
        currency.safeTransfer(leaf.account, amountUd);
    }

    /// @inheritdoc IIncentives
    function close(uint64 programme) external {
        Programme storage p = _running(programme);
        uint256 earliest = uint256(p.end) + SETTLE_WITHIN;
        if (block.timestamp < earliest) revert TooEarly(programme, earliest);

        p.ended = true;
        emit Closed(programme);
        currency.safeTransfer(p.opener, p.budgetUd);
    }

    /// @inheritdoc IIncentives
    function programmeOf(uint64 programme) external view returns (Programme memory) {
        return _programmes[programme];
    }

    /// @inheritdoc IIncentives
    function amountOf(uint64 programme, uint128 energyWh) public view returns (uint256) {
        Programme storage p = _programmes[programme];
        if (p.root == 0) revert NotSettled(programme);
        return p.payableUd < p.budgetUd
            ? uint256(energyWh) * p.rateUdPerKwh / _WH_PER_KWH  // down
            : Math.mulDiv(energyWh, p.payableUd, p.energyWh); // down, and not above the rate
    }

    /// @inheritdoc IIncentives
    function settlementHash(uint64 programme, uint128 energyWh, bytes32 root)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(_SETTLEMENT, programme, energyWh, root)));
    }

    /// @inheritdoc IIncentives
    function leafHash(uint64 programme, Leaf calldata leaf) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(programme, leaf))));
    }

    function _running(uint64 programme) private view returns (Programme storage p) {
        p = _programmes[programme];
        if (p.opener == address(0)) revert NoProgramme(programme);
        if (p.ended) revert AlreadyEnded(programme);
    }
}
