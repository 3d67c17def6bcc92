// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BackingReserve} from "../../src/bank/BackingReserve.sol";
import {Currency} from "../../src/bank/Currency.sol";
import {Savings} from "../../src/bank/Savings.sol";
import {StabilisationFund} from "../../src/bank/StabilisationFund.sol";
import {TradingHalt} from "../../src/bank/TradingHalt.sol";
import {Base} from "../Base.sol";
import {Vault} from "./Vault.sol";

/// @title BankMoney: what is always true of the bank
contract BankMoneyTest is Base {
    Vault private vault;
    Currency private currency;
    BackingReserve private reserve;
    StabilisationFund private fund;
    Savings private savings;
    TradingHalt private tradingHalt;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        vault = new Vault();
        vault.setUp();
        (address a, address b, address c, address d, address e) = vault.bank();
        (currency, reserve, fund) = (Currency(a), BackingReserve(b), StabilisationFund(c));
        (savings, tradingHalt) = (Savings(d), TradingHalt(e));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](18);
        verbs[0] = Vault.payClaims.selector;
        verbs[1] = Vault.attest.selector;
        verbs[2] = Vault.bringMoney.selector;
        verbs[3] = Vault.overIssue.selector;
        verbs[4] = Vault.rob.selector;
        verbs[5] = Vault.redeem.selector;
        verbs[6] = Vault.save.selector;
        verbs[7] = Vault.unsave.selector;
        verbs[8] = Vault.addRevenue.selector;
        verbs[9] = Vault.accrue.selector;
        verbs[10] = Vault.moveCountry.selector;
        verbs[11] = Vault.setRate.selector;
        verbs[12] = Vault.feed.selector;
        verbs[13] = Vault.price.selector;
        verbs[14] = Vault.sell.selector;
        verbs[15] = Vault.halt.selector;
        verbs[16] = Vault.steal.selector;
        verbs[17] = Vault.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(vault), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(vault);
    }

    function invariant_supply_is_the_buckets_within_capacity_within_backing() public view {
        (uint128 capacityUd, uint128 levelUd) = currency.bucketOf(address(reserve));
        assertEq(currency.totalSupply(), levelUd, "supply is the only bucket");
        assertLe(levelUd, capacityUd, "within capacity");
        assertTrue(!vault.overIssued(), "never made beyond what is held");
        if (vault.robbed()) return; // an attestation then says less than is owed
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        assertLe(outUd + claimsUd, heldUd, "every dollar is backed");
    }

    function invariant_redemption_is_at_par_and_keeps_the_ratio() public view {
        assertTrue(!vault.paidNotPar(), "at par");
        assertTrue(!vault.ratioFell(), "held and owed as before");
    }

    function invariant_the_two_pots_never_mix() public view {
        assertEq(currency.balanceOf(address(reserve)), 0, "the reserve holds no money");
        assertEq(
            currency.balanceOf(address(fund)),
            vault.fedUd() - vault.spentUd(),
            "the fund has what it was fed, less what it spent"
        );
        (uint256 heldUd,,) = reserve.reserves();
        assertEq(heldUd, vault.attested(), "the backing is what custodians say, and nothing else");
    }

    function invariant_the_fund_keeps_its_cap_and_floor() public view {
        assertTrue(!vault.beyondDay(), "a fifth a day");
        assertTrue(!vault.beyondFloor(), "a quarter stays");
    }

    function invariant_chi_never_falls() public {
        vault.noteChi();
        assertTrue(!vault.chiFell(), "chi");
    }

    function invariant_savings_owe_no_more_than_they_hold() public view {
        assertEq(
            currency.balanceOf(address(savings)),
            vault.savingsOwedUd() + savings.revenueUd(),
            "held is owed plus revenue"
        );
        uint256 balancesUd;
        for (uint256 i = 0; i < 3; ++i) {
            balancesUd += savings.balanceOf(vault.members(i));
        }
        assertLe(balancesUd, vault.savingsOwedUd(), "balances within what is owed");
    }

    function invariant_the_thief_and_guardians_get_nothing() public view {
        assertEq(currency.balanceOf(vault.thief()), 0, "the thief");
        for (uint256 i = 0; i < 3; ++i) {
            string memory role = ["first guardian", "second guardian", "third guardian"][i];
            assertEq(currency.balanceOf(vm.addr(_key(role))), 0, "a guardian");
        }
    }

    function invariant_halts_end_and_leave_a_gap() public view {
        assertTrue(!vault.chained(), "a gap between two");
        assertLe(tradingHalt.until(), block.timestamp + 72 hours, "72 hours at most");
    }

    function afterInvariant() public {
        vault.everybodyLeaves();
    }
}
