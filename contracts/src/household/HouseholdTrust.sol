// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFund} from "../interfaces/IFund.sol";
import {IHouseholdTrust} from "../interfaces/IHouseholdTrust.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title HouseholdTrust
/// @notice See `IHouseholdTrust`.
/// @dev Balance = cash + held + income, always; income is what is neither of the others.
contract HouseholdTrust is IHouseholdTrust, ERC1155Holder, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    struct Purse {
        uint64 cash; //      trustees may spend it                 [ud]
        uint64 held; //      for beneficiaries                     [ud]
        uint64 limit; //     one trustee may buy for, in a day     [ud]
        uint64 spent; //     by single trustees on `_day`          [ud]
    }

    /// @notice Most trustees and most beneficiaries; bounds every loop.
    uint256 public constant MOST = 32;

    uint64 private constant CENT = 10_000; //       [ud]
    uint256 private constant WHOLE_PPM = 1_000_000;

    /// @notice Settlement money.
    IERC20 public immutable currency;

    /// @notice Who may be paid.
    IPassport public immutable passport;

    /// @notice How long a trustee said to be lost may object [s].
    uint32 public immutable delayS;

    Purse private _purse;
    uint32 private _day; //       of `spent` [days since 1970]
    uint32 private _term; //      of the trustees
    uint32 private _version; //   of the rule
    uint32 private _ledger; //    last version
    uint8 private _threshold; //  trustees who must act together
    address[] private _trustees;
    Rule private _rule;
    Pending[] private _pending;
    mapping(address beneficiary => uint64) private _held;
    mapping(address target => bool) private _known; // m trustees called it
    mapping(address lost => Replacement) private _replacements;
    mapping(uint32 version => bytes32 root) private _roots;

    constructor(
        IERC20 currency_,
        IPassport passport_,
        address[] memory trustees,
        uint8 threshold,
        Rule memory rule,
        uint64 limitUd,
        uint32 delayS_
    ) {
        currency = currency_;
        passport = passport_;
        delayS = delayS_;
        _setTrustees(trustees, threshold);
        _setRule(rule);
        _purse.limit = limitUd;
        emit LimitSet(limitUd);
    }

    modifier onlyTrust() {
        if (msg.sender != address(this)) revert NotTrust(msg.sender);
        _;
    }

    // --- income ---------------------------------------------------------------------------------

    /// @inheritdoc IHouseholdTrust
    function contribute(uint64 amountUd) external nonReentrant {
        _purse.cash += amountUd;
        emit Contributed(msg.sender, amountUd);
        currency.safeTransferFrom(msg.sender, address(this), amountUd);
    }

    /// @inheritdoc IHouseholdTrust
    function distribute() external nonReentrant {
        uint64 incomeUd = _income();
        if (incomeUd < CENT) revert NothingToDistribute(incomeUd);
        _distribute(incomeUd);
    }

    /// @inheritdoc IHouseholdTrust
    function payHeld(address beneficiary) external nonReentrant {
        if (_held[beneficiary] == 0) revert NothingHeld(beneficiary);
        if (!passport.isAllowed(beneficiary, 0)) revert PassportInvalid(beneficiary);
        _pay(beneficiary);
    }

    // --- trustees -------------------------------------------------------------------------------

    /// @inheritdoc IHouseholdTrust
    function buy(IFund fund, uint64 amountUd) external nonReentrant returns (uint256 shares) {
        _actingBit();
        if (!_known[address(fund)] && address(fund) != address(_rule.target)) {
            revert FundUnknown(address(fund));
        }
        Purse memory purse = _purse;
        uint32 today = uint32(block.timestamp / 1 days);
        uint256 spentUd = amountUd + (_day == today ? uint256(purse.spent) : 0);
        if (spentUd > purse.limit) revert LimitExceeded(purse.limit, spentUd);
        if (amountUd > purse.cash) revert CashExceeded(purse.cash, amountUd);

        _day = today;
        purse.spent = uint64(spentUd);
        purse.cash -= amountUd;
        _purse = purse;
        currency.forceApprove(address(fund), amountUd);
        shares = fund.deposit(amountUd, address(this));
        currency.forceApprove(address(fund), 0);
        emit Bought(msg.sender, address(fund), amountUd, shares);
    }

    /// @inheritdoc IHouseholdTrust
    function submit(Action calldata action) external returns (uint256 id) {
        if (action.target == address(currency)) revert TargetRefused(action.target);
        id = _pending.length;
        _pending.push();
        _pending[id].action = action;
        _pending[id].term = _term;
        approve(id);
    }

    /// @inheritdoc IHouseholdTrust
    function approve(uint256 id) public {
        uint64 bit = _actingBit();
        if (id >= _pending.length) revert CannotApprove(id, msg.sender);
        Pending storage pending = _pending[id];
        if (pending.done || pending.term != _term || pending.approved & bit != 0) {
            revert CannotApprove(id, msg.sender);
        }

        uint64 approved = pending.approved | bit;
        pending.approved = approved;
        uint256 approvals = _count(approved);
        emit Approved(id, msg.sender, approvals);
        if (approvals < _threshold || _verified(approved) < _threshold) return;
        pending.done = true;
        _execute(id, pending.action);
    }

    /// @inheritdoc IHouseholdTrust
    function setRule(Rule calldata rule) external onlyTrust {
        uint64 incomeUd = _income();
        if (incomeUd >= CENT) _distribute(incomeUd);
        _setRule(rule);
    }

    /// @inheritdoc IHouseholdTrust
    function setTrustees(address[] calldata trustees, uint8 threshold) external onlyTrust {
        _setTrustees(trustees, threshold);
    }

    /// @inheritdoc IHouseholdTrust
    function setLimit(uint64 limitUd) external onlyTrust {
        _purse.limit = limitUd;
        emit LimitSet(limitUd);
    }

    /// @inheritdoc IHouseholdTrust
    function anchor(bytes32 root) external returns (uint32 version) {
        _trusteeBit(msg.sender);

        version = ++_ledger;
        _roots[version] = root;
        emit LedgerAnchored(version, root, msg.sender);
    }

    // --- replacement ----------------------------------------------------------------------------

    /// @inheritdoc IHouseholdTrust
    function replace(address lost, address successor) external {
        uint64 bit = _actingBit();
        uint64 lostBit = _trusteeBit(lost);
        Replacement storage r = _replacements[lost];
        if (r.successor != successor || r.term != _term) {
            // a trustee who prefers another successor begins anew
            _checkVerified(successor);
            delete _replacements[lost];
            (r.lost, r.successor, r.term) = (lost, successor, _term);
        }
        if (bit == lostBit || r.approved & bit != 0 || _isTrustee(successor)) {
            revert CannotReplace(lost, successor, msg.sender);
        }

        r.approved |= bit;
        emit Approved(type(uint256).max, msg.sender, _count(r.approved));
        if (_count(r.approved) + 1 != _trustees.length) return;
        r.readyAt = uint40(block.timestamp + delayS);
        emit ReplacementStarted(lost, successor, r.readyAt);
    }

    /// @inheritdoc IHouseholdTrust
    function refuseReplacement() external {
        address successor = _replacements[msg.sender].successor;
        if (successor == address(0)) revert NoReplacement(msg.sender, 0);

        delete _replacements[msg.sender];
        emit ReplacementRefused(msg.sender, successor);
    }

    /// @inheritdoc IHouseholdTrust
    function finishReplacement(address lost) external {
        Replacement memory r = _replacements[lost];
        if (r.readyAt == 0 || block.timestamp < r.readyAt || r.term != _term) {
            revert NoReplacement(lost, r.readyAt);
        }

        delete _replacements[lost];
        address[] memory trustees = _trustees;
        for (uint256 i = 0; i < trustees.length; ++i) {
            if (trustees[i] == lost) trustees[i] = r.successor;
        }
        emit Replaced(lost, r.successor);
        _setTrustees(trustees, _threshold);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IHouseholdTrust
    function trusteesOf()
        external
        view
        returns (address[] memory trustees, uint8 threshold, uint32 term)
    {
        return (_trustees, _threshold, _term);
    }

    /// @inheritdoc IHouseholdTrust
    function ruleOf() external view returns (Rule memory rule, uint32 version) {
        return (_rule, _version);
    }

    /// @inheritdoc IHouseholdTrust
    function pendingOf(uint256 id) external view returns (Pending memory) {
        return _pending[id];
    }

    /// @inheritdoc IHouseholdTrust
    function replacementOf(address lost) external view returns (Replacement memory) {
        return _replacements[lost];
    }

    /// @inheritdoc IHouseholdTrust
    function ledgerOf(uint32 version) external view returns (bytes32 root, uint32 last) {
        return (_roots[version], _ledger);
    }

    /// @inheritdoc IHouseholdTrust
    function heldOf(address beneficiary) external view returns (uint64) {
        return _held[beneficiary];
    }

    /// @inheritdoc IHouseholdTrust
    function moneyOf()
        external
        view
        returns (uint64 cashUd, uint64 heldUd, uint64 incomeUd, uint64 limitUd)
    {
        return (_purse.cash, _purse.held, _income(), _purse.limit);
    }

    // --- split ----------------------------------------------------------------------------------

    function _income() private view returns (uint64) {
        uint256 bookedUd = uint256(_purse.cash) + _purse.held;
        return (currency.balanceOf(address(this)) - bookedUd).toUint64();
    }

    /// Books every part before any money moves; reinvests first, so that a caller who is short of
    /// gas cannot make the purchase alone fail.
    function _distribute(uint64 incomeUd) private {
        Rule memory rule = _rule;
        uint64 centsUd = incomeUd - incomeUd % CENT;
        uint64 reinvestUd = uint64(uint256(centsUd) * rule.reinvestPpm / WHOLE_PPM);
        reinvestUd -= reinvestUd % CENT; // down
        uint64 sharedUd = centsUd - reinvestUd;
        uint64[] memory partsUd = _split(sharedUd, rule.sharesPpm);

        _purse.cash += reinvestUd;
        _purse.held += sharedUd;
        emit Distributed(_version, incomeUd, reinvestUd, sharedUd);
        for (uint256 i = 0; i < partsUd.length; ++i) {
            if (partsUd[i] == 0) continue;
            _held[rule.beneficiaries[i]] += partsUd[i];
            emit Credited(i, rule.beneficiaries[i], partsUd[i]);
        }
        if (reinvestUd != 0) _reinvest(rule.target, reinvestUd);
        for (uint256 i = 0; i < partsUd.length; ++i) {
            address beneficiary = rule.beneficiaries[i];
            if (_held[beneficiary] == 0) continue;
            if (passport.isAllowed(beneficiary, 0)) _payOrHold(beneficiary);
            else emit Held(beneficiary, _held[beneficiary]);
        }
    }

    /// One payment that the rules hold, say for travel-rule data, holds no other up.
    function _payOrHold(address beneficiary) private {
        uint64 amountUd = _held[beneficiary];
        _held[beneficiary] = 0;
        _purse.held -= amountUd;
        try currency.transfer(beneficiary, amountUd) returns (bool) {
            emit Paid(beneficiary, amountUd);
        } catch {
            _held[beneficiary] = amountUd;
            _purse.held += amountUd;
            emit Held(beneficiary, amountUd);
        }
    }

    /// Whole cents by share: largest remainder, ties to the lowest member number.
    function _split(uint64 amountUd, uint32[] memory sharesPpm)
        private
        pure
        returns (uint64[] memory partsUd)
    {
        uint256 count = sharesPpm.length;
        partsUd = new uint64[](count);
        uint256[] memory remainders = new uint256[](count);
        uint256 leftCents = amountUd / CENT;
        for (uint256 i = 0; i < count; ++i) {
            uint256 exact = uint256(amountUd / CENT) * sharesPpm[i];
            partsUd[i] = uint64(exact / WHOLE_PPM) * CENT;
            remainders[i] = exact % WHOLE_PPM << 8 | (type(uint8).max - i); // the lower, the larger
            leftCents -= exact / WHOLE_PPM;
        }
        for (; leftCents != 0; --leftCents) {
            uint256 largest = 0;
            for (uint256 i = 0; i < count; ++i) {
                uint256 remainder = remainders[i];
                if (remainder > largest) largest = remainder;
            }
            uint256 winner = type(uint8).max - (largest & type(uint8).max);
            partsUd[winner] += CENT;
            remainders[winner] = 0;
        }
    }

    function _reinvest(IFund target, uint64 amountUd) private {
        currency.forceApprove(address(target), amountUd);
        try target.deposit(amountUd, address(this)) returns (uint256 shares) {
            _purse.cash -= amountUd;
            emit Reinvested(address(target), amountUd, shares);
        } catch (bytes memory reason) {
            emit KeptAsCash(address(target), amountUd, reason);
        }
        currency.forceApprove(address(target), 0);
    }

    function _pay(address beneficiary) private {
        uint64 amountUd = _held[beneficiary];
        _held[beneficiary] = 0;
        _purse.held -= amountUd;
        emit Paid(beneficiary, amountUd);
        currency.safeTransfer(beneficiary, amountUd);
    }

    // --- act ------------------------------------------------------------------------------------

    /// A call of the trust to itself guards itself; any other must leave held parts and income as
    /// they were, and spend no more cash than was approved. What it brings in is cash.
    function _execute(uint256 id, Action memory action) private nonReentrant {
        uint64 cash = _purse.cash;
        uint64 spentUd = 0;
        if (action.target == address(this)) {
            Address.functionCall(address(this), action.data);
        } else {
            if (action.spendUd > cash) revert CashExceeded(cash, action.spendUd);
            uint256 before = currency.balanceOf(address(this));
            if (action.data.length == 0) {
                currency.safeTransfer(action.target, action.spendUd);
            } else {
                _known[action.target] = true;
                currency.forceApprove(action.target, action.spendUd);
                Address.functionCall(action.target, action.data);
                currency.forceApprove(action.target, 0);
            }
            uint256 after_ = currency.balanceOf(address(this));
            if (after_ < before) {
                spentUd = (before - after_).toUint64();
                if (spentUd > action.spendUd) revert CashExceeded(action.spendUd, spentUd);
                _purse.cash = cash - spentUd;
            } else {
                _purse.cash = cash + (after_ - before).toUint64();
            }
        }
        emit Executed(id, action.target, spentUd, _purse.cash);
    }

    // --- trustees and rule ----------------------------------------------------------------------

    function _setTrustees(address[] memory trustees, uint8 threshold) private {
        uint256 count = trustees.length;
        if (threshold == 0 || threshold > count || count > MOST) {
            revert TrusteesInvalid(count, threshold);
        }
        for (uint256 i = 0; i < count; ++i) {
            _checkVerified(trustees[i]);
            for (uint256 j = 0; j < i; ++j) {
                if (trustees[i] == trustees[j]) revert TrusteesInvalid(count, threshold);
            }
        }

        _trustees = trustees;
        _threshold = threshold;
        emit TrusteesSet(++_term, trustees, threshold);
    }

    function _setRule(Rule memory rule) private {
        uint256 count = rule.beneficiaries.length;
        if (count == 0 || count > MOST || count != rule.sharesPpm.length) {
            revert BeneficiariesInvalid(count, rule.sharesPpm.length);
        }
        uint256 sumPpm = 0;
        for (uint256 i = 0; i < count; ++i) {
            address beneficiary = rule.beneficiaries[i];
            if (beneficiary == address(0) || beneficiary == address(this)) {
                revert BeneficiaryRefused(beneficiary);
            }
            sumPpm += rule.sharesPpm[i];
        }
        if (sumPpm != WHOLE_PPM) revert SharesNotWhole(sumPpm);
        // what is no fund of this money could stop every distribution, and so every later rule
        if (
            rule.reinvestPpm > WHOLE_PPM
                || (address(rule.target) == address(0)
                        ? rule.reinvestPpm != 0
                        : rule.target.asset() != address(currency))
        ) revert ReinvestmentInvalid(rule.reinvestPpm, address(rule.target));

        _rule = rule;
        emit RuleSet(++_version, rule);
    }

    function _checkVerified(address trustee) private view {
        if (!passport.isAllowed(trustee, 0)) revert TrusteeUnverified(trustee);
    }

    function _isTrustee(address account) private view returns (bool) {
        for (uint256 i = 0; i < _trustees.length; ++i) {
            if (_trustees[i] == account) return true;
        }
        return false;
    }

    function _trusteeBit(address account) private view returns (uint64) {
        for (uint256 i = 0; i < _trustees.length; ++i) {
            if (_trustees[i] == account) return uint64(1 << i);
        }
        revert NotTrustee(account);
    }

    /// The caller's, whose passport must be valid: who is on hold moves nothing of a trust's either.
    function _actingBit() private view returns (uint64 bit) {
        bit = _trusteeBit(msg.sender);
        _checkVerified(msg.sender);
    }

    /// How many of these trustees have a valid passport now.
    function _verified(uint64 bits) private view returns (uint256 count) {
        for (uint256 i = 0; i < _trustees.length; ++i) {
            if (bits & 1 << i != 0 && passport.isAllowed(_trustees[i], 0)) ++count;
        }
    }

    function _count(uint64 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }
}
