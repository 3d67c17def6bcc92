// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccountFactory} from "../interfaces/IAccountFactory.sol";
import {IMemberPaymaster} from "../interfaces/IMemberPaymaster.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {
    Paymaster as ERC4337Paymaster
} from "@openzeppelin/contracts/account/paymaster/Paymaster.sol";
import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC7821} from "@openzeppelin/contracts/interfaces/draft-IERC7821.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Paymaster
/// @notice See `IMemberPaymaster`.
contract Paymaster is IMemberPaymaster, ERC4337Paymaster, AccessManaged {
    using ERC4337Utils for PackedUserOperation;
    using SafeCast for uint256;

    struct Usage {
        uint64 period; //   of the last operation   [periods since the unix epoch]
        uint128 spent; //   in it                   [wei]
    }

    struct Charge {
        address account;
        bytes32 person;
        uint64 period; //   in which it was taken
        uint128 taken; //   most it may cost        [wei]
        uint256 later; //   gas after the count     [gas]
    }

    /// What the entry point itself spends around `postOp`, generously [gas].
    uint256 private constant _AROUND_GAS = 10_000;

    /// @inheritdoc IMemberPaymaster
    uint64 public immutable PERIOD;
    /// @inheritdoc IMemberPaymaster
    uint128 public immutable MEMBER_MOST;
    /// @inheritdoc IMemberPaymaster
    uint128 public immutable TOTAL_MOST;
    /// @inheritdoc IMemberPaymaster
    address payable public immutable sponsor;
    /// @inheritdoc IMemberPaymaster
    IPassport public immutable passport;
    /// @inheritdoc IMemberPaymaster
    IAccountFactory public immutable factory;

    IEntryPoint private immutable _ENTRY_POINT;

    /// @inheritdoc IMemberPaymaster
    uint128 public memberBudget;
    /// @inheritdoc IMemberPaymaster
    uint128 public totalBudget;
    /// @inheritdoc IMemberPaymaster
    mapping(address target => bool) public isTarget;

    Usage private _total;
    mapping(bytes32 person => Usage) private _usages;

    constructor(
        address authority,
        IEntryPoint entryPoint_,
        IPassport passport_,
        IAccountFactory factory_,
        address payable sponsor_,
        uint64 period,
        uint128 memberMost,
        uint128 totalMost
    ) AccessManaged(authority) {
        if (sponsor_ == address(0) || period == 0 || address(entryPoint_) == address(0)) {
            revert ZeroParameter();
        }
        _ENTRY_POINT = entryPoint_;
        passport = passport_;
        factory = factory_;
        sponsor = sponsor_;
        PERIOD = period;
        MEMBER_MOST = memberMost;
        TOTAL_MOST = totalMost;
    }

    modifier onlySponsor() {
        if (msg.sender != sponsor) revert PaymasterUnauthorized(msg.sender);
        _;
    }

    // --- set ------------------------------------------------------------------------------------

    /// @inheritdoc IMemberPaymaster
    function setBudget(uint128 memberWei, uint128 totalWei) external restricted {
        if (memberWei > MEMBER_MOST) revert BudgetOutOfRange(memberWei, MEMBER_MOST);
        if (totalWei > TOTAL_MOST) revert BudgetOutOfRange(totalWei, TOTAL_MOST);

        memberBudget = memberWei;
        totalBudget = totalWei;
        emit BudgetSet(memberWei, totalWei);
    }

    /// @inheritdoc IMemberPaymaster
    function setTarget(address target, bool allowed) external restricted {
        isTarget[target] = allowed;
        emit TargetSet(target, allowed);
    }

    // --- the sponsor's money --------------------------------------------------------------------

    /// @inheritdoc IMemberPaymaster
    function deposit() external payable {
        _deposit(msg.value);
    }

    /// @inheritdoc IMemberPaymaster
    function withdraw(uint256 amountWei) external onlySponsor {
        _withdraw(sponsor, amountWei);
    }

    /// @inheritdoc IMemberPaymaster
    function addStake(uint32 delay) external payable onlySponsor {
        _addStake(msg.value, delay);
    }

    /// @inheritdoc IMemberPaymaster
    function unlockStake() external onlySponsor {
        _unlockStake();
    }

    /// @inheritdoc IMemberPaymaster
    function withdrawStake() external onlySponsor {
        _withdrawStake(sponsor);
    }

    // --- questions ------------------------------------------------------------------------------

    /// @notice Who may call `validatePaymasterUserOp` and `postOp`.
    function entryPoint() public view override returns (IEntryPoint) {
        return _ENTRY_POINT;
    }

    /// @inheritdoc IMemberPaymaster
    function personOf(address account) public view returns (bytes32 person) {
        person = passport.identityOf(account);
        if (person == 0) person = bytes32(uint256(uint160(account)));
    }

    /// @inheritdoc IMemberPaymaster
    function spentBy(bytes32 person) external view returns (uint256) {
        return _spentIn(_usages[person], _period());
    }

    /// @inheritdoc IMemberPaymaster
    function spent() external view returns (uint256) {
        return _spentIn(_total, _period());
    }

    // --- pay ------------------------------------------------------------------------------------

    function _validatePaymasterUserOp(
        PackedUserOperation calldata userOp,
        bytes32,
        uint256 requiredPreFund
    ) internal override returns (bytes memory context, uint256 validationData) {
        address account = userOp.sender;
        if (!passport.canSend(account)) revert PassportInvalid(account);
        _checkCalls(account, userOp.callData);
        bytes32 person = personOf(account);
        uint64 period = _period();
        uint256 member = _spentIn(_usages[person], period);
        uint256 total = _spentIn(_total, period);
        uint256 left = Math.saturatingSub(memberBudget, member);
        if (requiredPreFund > left) revert MemberBudgetExceeded(person, requiredPreFund, left);
        left = Math.saturatingSub(totalBudget, total);
        if (requiredPreFund > left) revert TotalBudgetExceeded(requiredPreFund, left);

        uint128 taken = requiredPreFund.toUint128();
        _usages[person] = Usage(period, member.toUint128() + taken);
        _total = Usage(period, total.toUint128() + taken);
        uint256 later = userOp.paymasterPostOpGasLimit() + Math.ceilDiv(userOp.callGasLimit(), 10)
            + _AROUND_GAS;
        context = abi.encode(Charge(account, person, period, taken, later));
        return (context, ERC4337Utils.SIG_VALIDATION_SUCCESS);
    }

    /// Gives back what was not spent, if the period is still the same.
    function _postOp(
        PostOpMode,
        bytes calldata context,
        uint256 actualGasCost,
        uint256 actualUserOpFeePerGas
    ) internal override {
        Charge memory charge = abi.decode(context, (Charge));
        uint256 counted =
            Math.min(charge.taken, actualGasCost + charge.later * actualUserOpFeePerGas);

        uint128 back = (charge.taken - counted).toUint128();
        if (_usages[charge.person].period == charge.period) _usages[charge.person].spent -= back;
        if (_total.period == charge.period) _total.spent -= back;
        emit Sponsored(charge.account, charge.person, counted);
    }

    function _checkCalls(address account, bytes calldata callData) private view {
        bytes4 selector = bytes4(callData);
        if (selector != IERC7821.execute.selector) revert VerbRefused(selector);
        (, bytes memory batch) = abi.decode(callData[4:], (bytes32, bytes));
        Execution[] memory calls = abi.decode(batch, (Execution[]));
        for (uint256 i = 0; i < calls.length; ++i) {
            address target = calls[i].target;
            if (calls[i].value != 0) revert ValueRefused(target, calls[i].value);
            if (target == address(0) || target == account) {
                // both mean itself; calls within a call are not looked at
                selector = bytes4(calls[i].callData);
                if (selector == IERC7821.execute.selector) revert VerbRefused(selector);
                continue;
            }
            if (!isTarget[target] && !factory.isAccount(target)) revert TargetRefused(target);
        }
    }

    function _spentIn(Usage memory usage, uint64 period) private pure returns (uint256) {
        return usage.period == period ? usage.spent : 0;
    }

    function _period() private view returns (uint64) {
        return uint64(block.timestamp / PERIOD);
    }
}
