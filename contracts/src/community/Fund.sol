// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFund} from "../interfaces/IFund.sol";
import {FundExits} from "./FundExits.sol";
import {FundIncome} from "./FundIncome.sol";
import {FundShares} from "./FundShares.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Fund
/// @notice See `IFund`.
/// @dev The vault and what its manager does with the money. `FundShares` keeps the books of shares
/// and share-seconds, `FundIncome` shares income, `FundExits` is the queue of those who leave.
contract Fund is FundIncome, FundExits {
    using Math for uint256;
    using SafeCast for uint256;

    uint256 private constant VIRTUAL_SHARES = 1_000_000; // against the first depositor's tricks

    /// @inheritdoc IFund
    address public immutable manager;

    constructor(Terms memory terms) FundShares(terms) FundIncome(terms.treasury, terms.reservePpm) {
        if (terms.manager == address(0)) revert ZeroAddress();

        manager = terms.manager;
        _book.cap = terms.capUd;
        emit CapSet(terms.capUd);
    }

    modifier onlyManager() {
        if (msg.sender != manager) revert NotManager(msg.sender);
        _;
    }

    // --- manage ---------------------------------------------------------------------------------

    /// @inheritdoc IFund
    function subscribe(address receiver, uint64 amountUd, uint256 waitedUdS)
        external
        onlyManager
        returns (uint256 shares)
    {
        if (amountUd == 0) revert ZeroAmount();
        uint256 mostUdS = uint256(amountUd) * (block.timestamp - _book.startedAt);
        if (waitedUdS > mostUdS) revert WaitedTooLong(waitedUdS, mostUdS);
        shares = previewDeposit(amountUd);

        if (passport.isAllowed(receiver, _INVEST) && !_isPlain(receiver, receiver, shares)) {
            _askRules(address(0), receiver, shares);
        }
        _make(receiver, amountUd, shares, Math.mulDiv(shares, waitedUdS, amountUd));
        emit Deposit(msg.sender, receiver, amountUd, shares);
        _transferIn(msg.sender, amountUd);
    }

    /// @inheritdoc IFund
    function invest(address to, uint64 amountUd) external onlyManager {
        uint64 cash = _pool.cash;
        if (amountUd > cash) revert CashExceeded(cash, amountUd);

        uint64 committed = committedUd;
        if (committed != 0) committedUd = committed > amountUd ? committed - amountUd : 0;
        _pool.cash = cash - amountUd;
        _book.invested += amountUd;
        emit Invested(to, amountUd, _book.invested);
        _transferOut(to, amountUd);
    }

    /// @inheritdoc IFund
    function setCommitted(uint64 committedUd_) external onlyManager {
        committedUd = committedUd_;
        emit CommittedSet(committedUd_);
    }

    /// @inheritdoc IFund
    function giveBack(uint64 amountUd) external {
        _lessInvested(amountUd);
        _pool.cash += amountUd;
        emit GivenBack(msg.sender, amountUd, _book.invested);
        _transferIn(msg.sender, amountUd);
    }

    /// @inheritdoc IFund
    function writeOff(uint64 amountUd) external onlyManager {
        _lessInvested(amountUd);
        emit WrittenOff(amountUd, _book.invested);
    }

    /// @inheritdoc IFund
    function setCap(uint64 capUd_) external onlyManager {
        _book.cap = capUd_;
        emit CapSet(capUd_);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc IFund
    function pots() external view returns (Pots memory) {
        Purse memory purse = _purse;
        return Pots(_pool.cash, purse.income, purse.dividends, purse.float, purse.released);
    }

    /// @inheritdoc IFund
    function investedUd() external view returns (uint64) {
        return _book.invested;
    }

    /// @inheritdoc IFund
    function capUd() external view returns (uint64) {
        return _book.cap;
    }

    /// @notice Cash held and money invested, at cost [ud].
    function totalAssets() public view override(ERC4626, IERC4626) returns (uint256) {
        return uint256(_pool.cash) + _book.invested;
    }

    /// @notice What `receiver` may deposit: up to the cap, with a passport [ud].
    function maxDeposit(address receiver)
        public
        view
        override(ERC4626, IERC4626)
        returns (uint256)
    {
        return passport.isAllowed(receiver, _INVEST) ? _room() : 0;
    }

    /// @notice Shares `receiver` may mint: up to the cap, with a passport.
    function maxMint(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return convertToShares(maxDeposit(receiver));
    }

    /// @notice Shares `owner` may redeem at once: as far as the cash goes, when nobody queues.
    function maxRedeem(address owner) public view override(ERC4626, IERC4626) returns (uint256) {
        if (_supply.queued != 0 || !passport.isAllowed(owner, _INVEST)) return 0;
        uint256 shares = balanceOf(owner);
        uint256 freeUd = _freeUd();
        return previewRedeem(shares) > freeUd ? convertToShares(freeUd) : shares;
    }

    // --- vault ----------------------------------------------------------------------------------

    /// @notice Makes shares of `receiver` for `assets` of the caller.
    /// @dev The cap is looked up here; the passport, once, with the rules.
    function deposit(uint256 assets, address receiver)
        public
        override(ERC4626, IERC4626)
        returns (uint256 shares)
    {
        uint256 total = totalAssets();
        uint256 cap = _book.cap;
        if (total > cap || assets > cap - total) {
            revert ERC4626ExceededMaxDeposit(receiver, assets, maxDeposit(receiver));
        }
        unchecked {
            // as `previewDeposit`; assets have 64 bits now, and the supply 88
            shares = assets * (totalSupply() + VIRTUAL_SHARES) / (total + 1);
        }
        _deposit(msg.sender, receiver, assets, shares);
    }

    /// What the cap leaves, and the register of shares, which is full first where a share is worth
    /// next to nothing.
    function _room() private view returns (uint256) {
        (uint256 assets, uint256 cap) = (totalAssets(), _book.cap);
        if (cap <= assets) return 0;
        return Math.min(cap - assets, convertToAssets(type(uint88).max - totalSupply()));
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        return assets.mulDiv(totalSupply() + VIRTUAL_SHARES, totalAssets() + 1, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        return shares.mulDiv(totalAssets() + 1, totalSupply() + VIRTUAL_SHARES, rounding);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares)
        internal
        override
    {
        if (caller != receiver && !passport.isAllowed(caller, 0)) {
            revert PassportInvalid(caller, 0);
        }
        if (!_isPlain(receiver, receiver, shares)) {
            if (!passport.isAllowed(receiver, _INVEST)) {
                revert ERC4626ExceededMaxDeposit(receiver, assets, 0);
            }
            compliance.recordTransfer(address(this), address(0), receiver, shares);
        }
        _make(receiver, assets, shares, 0);
        emit Deposit(caller, receiver, assets, shares);
        _transferIn(caller, assets);
    }

    function _withdraw(
        address caller,
        address receiver,
        address owner,
        uint256 assets,
        uint256 shares
    ) internal override {
        if (!passport.isAllowed(receiver, 0)) revert PassportInvalid(receiver, 0);
        if (caller != owner) _spendAllowance(owner, caller, shares);
        _pool.cash -= assets.toUint64();
        _burn(owner, shares);
        emit Withdraw(caller, receiver, owner, assets, shares);
        _transferOut(receiver, assets);
    }

    // --- writes ---------------------------------------------------------------------------------

    function _lessInvested(uint64 amountUd) private {
        uint64 invested = _book.invested;
        if (amountUd == 0) revert ZeroAmount();
        if (amountUd > invested) revert InvestedExceeded(invested, amountUd);
        _book.invested = invested - amountUd;
    }
}
