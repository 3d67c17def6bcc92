// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Certificates} from "../../src/community/Certificates.sol";
import {Community} from "../../src/community/Community.sol";
import {Fund} from "../../src/community/Fund.sol";
import {HouseholdTrust} from "../../src/household/HouseholdTrust.sol";
import {ICommunity} from "../../src/interfaces/ICommunity.sol";
import {IFund} from "../../src/interfaces/IFund.sol";
import {Base} from "../Base.sol";
import {Village} from "./Village.sol";

/// @title Village: what is always true of layers 5 and 4
contract VillageTest is Base {
    uint256 private constant PEOPLE = 4;

    Village private village;
    Community private community;
    Fund private fund;
    Currency private currency;
    HouseholdTrust private trust;
    Certificates private certificates;
    uint256 private round;
    address private installer_;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        village = new Village();
        village.setUp();
        (address c, address f, address m, uint256 r, address i) = village.contracts();
        (community, fund, currency, round, installer_) = (Community(c), Fund(f), Currency(m), r, i);
        (trust, certificates) = (village.trust(), village.certificates());
    }

    /// The fuzzer's hands are the village's verbs, and nothing else.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](30);
        verbs[0] = Village.wait.selector;
        verbs[1] = Village.freeze.selector;
        verbs[2] = Village.pledge.selector;
        verbs[3] = Village.withdrawPledge.selector;
        verbs[4] = Village.closeRound.selector;
        verbs[5] = Village.convert.selector;
        verbs[6] = Village.refund.selector;
        verbs[7] = Village.claimAndVote.selector;
        verbs[8] = Village.grab.selector;
        verbs[9] = Village.depositMoney.selector;
        verbs[10] = Village.redeem.selector;
        verbs[11] = Village.send.selector;
        verbs[12] = Village.queueUp.selector;
        verbs[13] = Village.leaveQueue.selector;
        verbs[14] = Village.serveExits.selector;
        verbs[15] = Village.withdrawExit.selector;
        verbs[16] = Village.giveBack.selector;
        verbs[17] = Village.income.selector;
        verbs[18] = Village.closePeriod.selector;
        verbs[19] = Village.claimIncome.selector;
        verbs[20] = Village.trustIncome.selector;
        verbs[21] = Village.contribute.selector;
        verbs[22] = Village.distribute.selector;
        verbs[23] = Village.payHeld.selector;
        verbs[24] = Village.trustBuys.selector;
        verbs[25] = Village.trusteeGrabs.selector;
        verbs[26] = Village.issue.selector;
        verbs[27] = Village.sendCertificates.selector;
        verbs[28] = Village.offerCertificates.selector;
        verbs[29] = Village.retireCertificates.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(village), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(village);
    }

    function invariant_the_fund_holds_what_its_pots_say() public view {
        IFund.Pots memory pots = fund.pots();
        uint256 sumUd = uint256(pots.cashUd) + pots.incomeUd + pots.dividendsUd + pots.floatUd
            + pots.releasedUd;
        assertEq(currency.balanceOf(address(fund)), sumUd, "held");
    }

    function invariant_dividends_stay_within_what_was_received() public view {
        assertLe(village.claimedUd(), village.incomeUd(), "paid");
        uint256 owedUd;
        for (uint256 i = 0; i <= PEOPLE; ++i) {
            (uint64 holdersUd,) = fund.owedOf(_holder(i));
            owedUd += holdersUd;
        }
        assertLe(owedUd, fund.pots().dividendsUd, "owed");
    }

    function invariant_shares_are_the_register() public view {
        (uint256 queued,,) = fund.queue();
        uint256 shares = queued;
        for (uint256 i = 0; i <= PEOPLE; ++i) {
            shares += fund.balanceOf(_holder(i));
        }
        assertEq(fund.totalSupply(), shares, "register");
        assertEq(fund.balanceOf(address(fund)), queued, "queued");
    }

    function invariant_cash_is_what_came_less_what_went() public view {
        assertEq(fund.pots().cashUd, village.depositedUd() - village.withdrawnUd(), "fund's cash");
    }

    function invariant_shares_never_lose_to_rounding() public view {
        // without a loss written off, a dollar stays a dollar
        assertLe(fund.convertToShares(1e6), 1e12, "price");
    }

    function invariant_round_money_is_conserved() public view {
        (ICommunity.RoundMoney memory money, ICommunity.State state) = community.moneyOf(round);
        uint256 pledgedUd;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            pledgedUd += community.pledgeOf(round, village.people(i)).amountUd;
        }
        assertEq(money.heldUd, pledgedUd, "pledges");
        assertEq(currency.balanceOf(address(community)), pledgedUd, "held");
        if (state == ICommunity.State.Open) assertEq(money.raisedUd, pledgedUd, "raised");
        assertLe(money.spentUd, money.budgetUd, "within the budget");
        assertEq(
            currency.balanceOf(installer_), uint256(fund.investedUd()), "paid what was released"
        );
    }

    function invariant_the_trust_holds_cash_and_held_parts() public view {
        (uint64 cashUd, uint64 heldUd, uint64 incomeUd,) = trust.moneyOf();
        assertEq(currency.balanceOf(address(trust)), uint256(cashUd) + heldUd + incomeUd, "balance");
        uint256 sumUd;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            sumUd += trust.heldOf(village.people(i));
        }
        assertEq(heldUd, sumUd, "held");
    }

    function invariant_retired_certificates_never_move() public view {
        uint256 retiredWh;
        for (uint256 k = 0; k < village.idCount(); ++k) {
            uint256 id = village.ids(k);
            (uint64 issued, uint64 retired) = certificates.supplyOf(id);
            uint256 sumWh = retired;
            for (uint256 i = 0; i < PEOPLE; ++i) {
                address holder = village.people(i);
                uint256 balanceWh = certificates.balanceOf(holder, id);
                (uint64 lockedWh,) = certificates.lockedOf(holder, id, address(0));
                assertLe(lockedWh, balanceWh, "locked");
                sumWh += balanceWh;
            }
            assertEq(issued, sumWh, "issued = held + retired");
            retiredWh += retired;
        }
        assertEq(retiredWh, village.retiredWh(), "retired");
    }

    function invariant_one_meter_interval_one_certificate() public view {
        uint256 slots;
        for (uint256 s = 0; s < 96; ++s) {
            if (certificates.issuedAt(village.meter(), uint40(START_S + s * 300))) ++slots;
        }
        assertEq(slots, village.slots(), "slots");
    }

    function afterInvariant() public {
        village.everybodyIsRefunded();
    }

    function _holder(uint256 i) private view returns (address) {
        return i == PEOPLE ? address(trust) : village.people(i);
    }
}
