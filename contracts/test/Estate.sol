// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../src/bank/Currency.sol";
import {Fund} from "../src/community/Fund.sol";
import {Devices} from "../src/individual/Devices.sol";
import {Passport} from "../src/individual/Passport.sol";
import {ICompliance} from "../src/interfaces/ICompliance.sol";
import {IFund} from "../src/interfaces/IFund.sol";
import {Base} from "./Base.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Rulebook: a compliance of two rules, that some receiver or amount is refused
contract Rulebook is ICompliance {
    error Refused(address to);
    error TooMuch(uint256 most, uint256 amount);

    address public refused;
    uint256 public most = type(uint256).max;

    function refuse(address to) external {
        refused = to;
    }

    function limit(uint256 most_) external {
        most = most_;
    }

    function checkTransfer(address, address, address to, uint256 amount) public view {
        if (to == refused) revert Refused(to);
        if (amount > most) revert TooMuch(most, amount);
    }

    function recordTransfer(address token, address from, address to, uint256 amount) external view {
        checkTransfer(token, from, to, amount);
    }

    function isVenue(address account) external view returns (bool) {
        return account.code.length != 0;
    }
}

/// @title Estate: layers 5 and 4 deployed, people with passports and money
abstract contract Estate is Base {
    uint256 internal constant DOLLAR = 1_000_000; // [ud]
    uint256 internal constant CENT = 10_000; //      [ud]
    uint256 internal constant SHARE = 1e12; //       of a dollar
    uint40 internal constant EXPIRY = uint40(START_S + 3650 days);
    uint16 internal constant CANADA = 124;
    uint32 internal constant PERIOD = 90 days;
    uint8 internal constant INVEST = 1;
    uint8 internal constant CARBON = 4;

    AccessManager internal manager;
    Passport internal passport;
    Devices internal devices;
    Currency internal currency;
    Rulebook internal rulebook;

    address internal prosumer = _actor("prosumer");
    address internal household = _actor("household");
    address internal tenant = _actor("tenant");
    address internal treasury = _actor("treasury");
    address internal installer = _actor("installer");

    function setUp() public virtual {
        vm.warp(START_S);
        manager = new AccessManager(admin);
        passport = new Passport(address(manager));
        devices = new Devices(address(manager));
        rulebook = new Rulebook();
        currency = new Currency(address(manager), passport, _rules());
        vm.prank(admin);
        currency.setBucket(facilitator, type(uint128).max);
        _admit(prosumer);
        _admit(household);
        _admit(tenant);
        _admit(neighbour);
    }

    /// The rulebook that money and funds ask.
    function _rules() internal virtual returns (ICompliance) {
        return rulebook;
    }

    /// A contract that serves members and judges them itself.
    function _addVenue(address venue) internal virtual {
        currency.acknowledge(venue);
    }

    function _admit(address account) internal {
        vm.prank(admin);
        passport.issue(account, 7, EXPIRY, CANADA);
    }

    function _freeze(address account, bool frozen) internal {
        vm.prank(admin);
        manager.grantRole(0, secondOfficer, 0);
        vm.prank(frozen ? admin : secondOfficer);
        passport.setFrozen(account, frozen);
    }

    function _mint(address account, uint256 amountUd) internal {
        vm.prank(facilitator);
        currency.mint(account, uint128(amountUd));
    }

    /// Money of the account, and its word that `spender` may take it.
    function _money(address account, address spender, uint256 amountUd) internal {
        _mint(account, amountUd);
        vm.prank(account);
        currency.approve(spender, type(uint256).max);
    }

    function _newFund(address manager_) internal returns (Fund fund) {
        fund = new Fund(
            IFund.Terms({
                name: "School Roof",
                symbol: "ROOF",
                currency: address(currency),
                passport: address(passport),
                compliance: address(_rules()),
                manager: manager_,
                treasury: treasury,
                reservePpm: 100_000,
                periodS: PERIOD,
                capUd: type(uint64).max
            })
        );
        _addVenue(address(fund));
    }

    function _put(Fund fund, address account, uint256 amountUd) internal returns (uint256) {
        _money(account, address(fund), amountUd);
        vm.prank(account);
        return fund.deposit(amountUd, account);
    }

    function _income(Fund fund, uint256 amountUd) internal {
        _money(stranger, address(fund), amountUd);
        vm.prank(stranger);
        fund.receiveIncome(uint64(amountUd));
    }

    function _unauthorized(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    function _error(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodePacked(selector);
    }
}
