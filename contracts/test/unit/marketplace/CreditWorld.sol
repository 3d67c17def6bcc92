// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {EnergyCredit} from "../../../src/marketplace/EnergyCredit.sol";
import {EnergyCredits} from "../../../src/marketplace/EnergyCredits.sol";
import {World} from "../../World.sol";

/// @title Rules: a rule pack that forbids one receiver, asks for passports, and counts
contract Rules is ICompliance {
    IPassport private immutable _passport;
    mapping(address account => bool) public isVenue;
    mapping(address token => uint8) private _permissions;
    address private _forbidden;
    uint256 public recorded;

    error Forbidden(address to);
    error PassportInvalid(address account, uint8 permissions);

    constructor(IPassport passport) {
        _passport = passport;
    }

    function register(address token, uint8 permissions) external {
        _permissions[token] = permissions;
    }

    function forbid(address to) external {
        _forbidden = to;
    }

    function addVenue(address venue) external {
        isVenue[venue] = true;
    }

    function checkTransfer(address token, address from, address to, uint256) public view {
        uint8 permissions = _permissions[token];
        if (from != address(0) && !_passport.isAllowed(from, permissions)) {
            revert PassportInvalid(from, permissions);
        }
        if (!_passport.isAllowed(to, permissions)) revert PassportInvalid(to, permissions);
        if (to == _forbidden) revert Forbidden(to);
    }

    function recordTransfer(address token, address from, address to, uint256 amount) external {
        checkTransfer(token, from, to, amount);
        recorded += amount;
    }
}

/// @title CreditWorld: a season's credit at 5 ¢ feed-in, and who settles
abstract contract CreditWorld is World {
    uint64 internal constant SEASON_START = uint64(START_S + 1 days);
    uint64 internal constant SEASON_END = uint64(START_S + 180 days);
    uint64 internal constant FEED_IN = 50_001; // odd, so that rounding shows

    address internal settlement = _actor("settlement");
    uint64 internal constant SETTLEMENT_ROLE = 7;

    Rules internal rules;
    EnergyCredits internal credits;
    EnergyCredit internal credit;
    uint256 private _records;

    function setUp() public virtual override {
        super.setUp();
        rules = new Rules(passport);
        credits = new EnergyCredits(address(manager), currency, passport, rules);
        vm.prank(admin);
        credit = EnergyCredit(credits.open(_season()));
        rules.register(address(credit), TRADE_ENERGY);
        _addVenue(address(credit));
        bytes4[] memory verbs = new bytes4[](3);
        verbs[0] = EnergyCredit.mint.selector;
        verbs[1] = EnergyCredit.redeem.selector;
        verbs[2] = EnergyCredit.cashOut.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(credit), verbs, SETTLEMENT_ROLE);
        vm.prank(admin);
        manager.grantRole(SETTLEMENT_ROLE, settlement, 0);
        _fund(settlement, 1e15);
        vm.prank(settlement);
        currency.approve(address(credit), type(uint256).max);
        vm.warp(SEASON_START);
    }

    function _season() internal pure returns (IEnergyCredit.Season memory) {
        return IEnergyCredit.Season(
            "Energy Credit winter 2026", "KWH26W", SEASON_START, SEASON_END, FEED_IN
        );
    }

    function _record() internal returns (bytes32) {
        return keccak256(abi.encode("record", ++_records));
    }

    function _mint(address to, uint256 energyWh) internal {
        bytes32 source = _record();
        vm.prank(settlement);
        credit.mint(to, uint128(energyWh), source);
    }

    function _redeem(address account, uint256 energyWh) internal {
        vm.prank(account);
        credit.approve(settlement, energyWh);
        bytes32 source = _record();
        vm.prank(settlement);
        credit.redeem(account, uint128(energyWh), source);
    }

    function _invalid(address account) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IEnergyCredit.PassportInvalid.selector, account, TRADE_ENERGY);
    }
}
