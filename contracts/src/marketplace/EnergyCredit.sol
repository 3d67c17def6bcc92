// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IEnergyCredit} from "../interfaces/IEnergyCredit.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {CountedToken} from "./CountedToken.sol";
import {RuledToken} from "./RuledToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title EnergyCredit
/// @notice See `IEnergyCredit`.
contract EnergyCredit is IEnergyCredit, RuledToken, ERC20Permit, AccessManaged {
    using SafeERC20 for ICurrency;

    /// @notice The largest price: 100 dollars a kWh; more is a unit error.
    uint64 public constant PRICE_MOST_UD_PER_KWH = 1e8;

    uint256 private constant WH_PER_KWH = 1000;

    /// @notice The money held.
    ICurrency public immutable currency;

    /// @inheritdoc IEnergyCredit
    uint64 public immutable start;
    /// @inheritdoc IEnergyCredit
    uint64 public immutable end;
    /// @inheritdoc IEnergyCredit
    uint64 public immutable feedInUdPerKwh;

    /// @inheritdoc IEnergyCredit
    uint256 public backingUd;
    /// @inheritdoc IEnergyCredit
    mapping(bytes32 source => bool) public isMinted;
    /// @inheritdoc IEnergyCredit
    mapping(bytes32 source => bool) public isRedeemed;

    constructor(
        address authority,
        ICurrency currency_,
        IPassport passport_,
        ICompliance compliance_,
        Season memory season
    )
        ERC20(season.name, season.symbol)
        ERC20Permit(season.name)
        RuledToken(compliance_, passport_, IRulebook.Kind.CREDIT, passport_.TRADE_ENERGY())
        AccessManaged(authority)
    {
        if (
            season.end <= season.start || season.feedInUdPerKwh == 0
                || season.feedInUdPerKwh > PRICE_MOST_UD_PER_KWH
        ) revert SeasonRefused(season.start, season.end, season.feedInUdPerKwh);
        currency = currency_;
        start = season.start;
        end = season.end;
        feedInUdPerKwh = season.feedInUdPerKwh;
    }

    /// @inheritdoc IEnergyCredit
    function mint(address to, uint128 energyWh, bytes32 source) external restricted {
        _checkSeason(energyWh);
        if (isMinted[source]) revert SourceUsed(source);
        _checkPassport(to);

        isMinted[source] = true;
        uint256 neededUd = _valueUp(totalSupply() + energyWh);
        uint256 depositedUd = neededUd - backingUd;
        backingUd = neededUd;
        emit Minted(to, source, energyWh, depositedUd);
        _askToMake(to, energyWh);
        _mint(to, energyWh);
        currency.safeTransferFrom(msg.sender, address(this), depositedUd);
    }

    /// @inheritdoc IEnergyCredit
    function redeem(address account, uint128 energyWh, bytes32 source) external restricted {
        _checkSeason(energyWh);
        if (isRedeemed[source]) revert SourceUsed(source);
        _checkPassport(account);

        isRedeemed[source] = true;
        _spendAllowance(account, msg.sender, energyWh);
        _burn(account, energyWh);
        uint256 neededUd = _valueUp(totalSupply());
        uint256 releasedUd = backingUd - neededUd;
        backingUd = neededUd;
        emit Redeemed(account, source, energyWh, releasedUd);
        currency.safeTransfer(msg.sender, releasedUd);
    }

    /// @inheritdoc IEnergyCredit
    function cashOut(address account) external returns (uint256 paidUd) {
        if (msg.sender != account) _checkCanCall(msg.sender, msg.data);
        if (block.timestamp < end) revert SeasonNotOver(end, block.timestamp);
        uint256 energyWh = balanceOf(account);
        if (energyWh == 0) revert NothingDue(account);
        if (!compliance.isVenue(account)) _checkPassport(account); // a venue has none

        paidUd = energyWh * feedInUdPerKwh / WH_PER_KWH;
        backingUd -= paidUd;
        _burn(account, energyWh);
        emit CashedOut(account, energyWh, paidUd);
        currency.safeTransfer(account, paidUd);
    }

    /// @notice What `account` holds [Wh].
    function balanceOf(address account)
        public
        view
        override(ERC20, CountedToken, IERC20)
        returns (uint256)
    {
        return CountedToken.balanceOf(account);
    }

    /// @notice Credits out [Wh].
    function totalSupply() public view override(ERC20, CountedToken, IERC20) returns (uint256) {
        return CountedToken.totalSupply();
    }

    /// @notice Digits after the point: one unit is a watt-hour.
    function decimals() public pure override returns (uint8) {
        return 3;
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner)
        public
        view
        override(ERC20Permit, IERC20Permit)
        returns (uint256)
    {
        return super.nonces(owner);
    }

    // --- inside ---------------------------------------------------------------------------------

    function _checkSeason(uint128 energyWh) private view {
        if (block.timestamp < start || block.timestamp >= end) {
            revert OutOfSeason(start, end, block.timestamp);
        }
        if (energyWh == 0) revert ZeroEnergy();
    }

    function _checkPassport(address account) private view {
        if (!passport.isAllowed(account, _PERMISSIONS)) {
            revert PassportInvalid(account, _PERMISSIONS);
        }
    }

    /// Feed-in value of energy, rounded up: what must be held for it.
    function _valueUp(uint256 energyWh) private view returns (uint256) {
        return (energyWh * feedInUdPerKwh + WH_PER_KWH - 1) / WH_PER_KWH;
    }

    /// @notice Moves `value` from the caller to `to`.
    function transfer(address to, uint256 value)
        public
        override(ERC20, CountedToken, IERC20)
        returns (bool)
    {
        return CountedToken.transfer(to, value);
    }

    function _update(address from, address to, uint256 value)
        internal
        override(ERC20, CountedToken)
    {
        CountedToken._update(from, to, value);
    }

    function _move(address from, address to, uint256 value) internal override {
        if (to == address(this)) revert ERC20InvalidReceiver(to); // as a venue it would keep them
        super._move(from, to, value);
    }
}
