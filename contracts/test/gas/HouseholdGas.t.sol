// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "../../src/community/Certificates.sol";
import {Fund} from "../../src/community/Fund.sol";
import {ImpactReports} from "../../src/community/ImpactReports.sol";
import {HouseholdTrust} from "../../src/household/HouseholdTrust.sol";
import {ICertificates} from "../../src/interfaces/ICertificates.sol";
import {ICommunity} from "../../src/interfaces/ICommunity.sol";
import {ICompliance} from "../../src/interfaces/ICompliance.sol";
import {IHouseholdTrustFactory} from "../../src/interfaces/IHouseholdTrustFactory.sol";
import {IPassport} from "../../src/interfaces/IPassport.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {Compliance} from "../../src/marketplace/Compliance.sol";
import {Coop} from "../unit/community/Coop.sol";
import {Family} from "../unit/household/Family.sol";

/// @title RuledCoop: a community whose money and shares ask the real rulebook
/// @notice Its packs count nothing: a travel-rule threshold and no limit.
abstract contract RuledCoop is Coop {
    uint64 private constant RULEBOOK_ROLE = 9;

    Compliance internal compliance;

    function setUp() public virtual override {
        super.setUp();
        vm.prank(admin);
        compliance.register(address(currency), IRulebook.Kind.MONEY, 0, false);
        _register(fund);
        IRulebook.Rules memory rules = IRulebook.Rules(
            uint40(START_S),
            false,
            uint64(1000 * DOLLAR),
            type(uint64).max,
            0,
            type(uint32).max,
            type(uint64).max,
            type(uint64).max
        );
        vm.prank(admin);
        compliance.setRules(IRulebook.Kind.MONEY, CANADA, rules);
        rules.heldFrom = type(uint64).max;
        vm.prank(admin);
        compliance.setRules(IRulebook.Kind.SHARE, CANADA, rules);
    }

    function _register(Fund fund_) internal {
        vm.prank(admin);
        compliance.register(address(fund_), IRulebook.Kind.SHARE, INVEST, true);
    }

    function _rules() internal override returns (ICompliance) {
        if (address(compliance) != address(0)) return compliance;
        compliance = new Compliance(address(manager), passport);
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = IPassport.setLeeway.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(passport), verbs, RULEBOOK_ROLE);
        vm.prank(admin);
        manager.grantRole(RULEBOOK_ROLE, address(compliance), 0);
        return compliance;
    }

    function _addVenue(address venue) internal override {
        vm.prank(admin);
        compliance.addVenue(venue);
        currency.acknowledge(venue);
    }
}

/// @title CommunityGas: what a transaction of layer 4 costs, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// forge-config: default.isolate = true
contract CommunityGasTest is RuledCoop {
    function _note(string memory name) private {
        vm.snapshotGasLastCall("Household", name);
    }

    function test_fund() public {
        fund = _newFund(operator);
        _register(fund);
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        _put(fund, tenant, 100 * DOLLAR);
        _note("fund deposit, first of an account");
        vm.warp(START_S + 1 days);
        _mint(tenant, 100 * DOLLAR);
        vm.prank(tenant);
        fund.deposit(50 * DOLLAR, tenant);
        _note("fund deposit");
        vm.prank(prosumer);
        fund.transfer(tenant, shares / 2);
        _note("fund transfer");
        vm.prank(prosumer);
        fund.redeem(shares / 4, prosumer, prosumer);
        _note("fund redeem");
        _income(fund, 100 * DOLLAR);
        _note("fund income");
        vm.warp(START_S + PERIOD);
        fund.closePeriod();
        _note("fund close period");
        fund.claim(tenant);
        _note("fund claim, each holder");
        vm.prank(prosumer);
        fund.requestExit(shares / 4);
        _note("fund request exit");
        fund.serveExits(1);
        _note("fund serve an exit");
        vm.prank(prosumer);
        fund.withdrawExit();
        _note("fund withdraw exit");
    }

    function test_fund_transfer() public {
        fund = _newFund(operator);
        _register(fund);
        uint256 shares = _put(fund, prosumer, 100 * DOLLAR);
        _put(fund, tenant, 100 * DOLLAR);
        vm.warp(START_S + PERIOD);
        vm.prank(prosumer);
        fund.transfer(tenant, shares / 2);
        _note("fund transfer, period may have ended");
        _income(fund, 100 * DOLLAR);
        fund.closePeriod();
        vm.warp(START_S + PERIOD + 1 days);
        vm.prank(prosumer);
        fund.transfer(tenant, shares / 4);
        _note("fund transfer, both sides' first of a period");
    }

    /// Closing a period costs the same for 2 holders and for 20, and so does each one's claim.
    function test_a_share_of_income_costs_the_same_whatever_their_number() public {
        _mint(treasury, 1); // which is then no new account in either
        (uint256 close2, uint256 claim2) = _shared(2);
        (uint256 close20, uint256 claim20) = _shared(20);
        assertLe(close20, close2 + 50, "close"); // the amounts have other digits
        assertLe(close2, close20 + 50, "close");
        assertLe(claim20, claim2 + 50, "claim");
        assertLe(claim2, claim20 + 50, "claim");
    }

    function _shared(uint256 count) private returns (uint256 closeGas, uint256 claimGas) {
        fund = _newFund(operator);
        _register(fund);
        uint256 start = block.timestamp;
        for (uint256 i = 0; i < count; ++i) {
            address holder = vm.addr(5000 + i);
            _admit(holder);
            _put(fund, holder, 100 * DOLLAR);
        }
        _income(fund, count * 100 * DOLLAR);
        vm.warp(start + PERIOD);
        string memory among = count == 2 ? ", of 2 holders" : ", of 20 holders";
        fund.closePeriod();
        closeGas = vm.snapshotGasLastCall("Household", string.concat("fund close period", among));
        fund.claim(vm.addr(5000 + count - 1));
        claimGas = vm.snapshotGasLastCall("Household", string.concat("fund claim", among));
    }

    function test_community() public {
        bytes32[] memory persons = new bytes32[](1);
        persons[0] = "neighbour";
        vm.prank(admin);
        community.admit(neighbour, ICommunity.Kind.Person, persons);
        _note("community admit");
        _pledge(prosumer, 8000 * DOLLAR);
        _note("community pledge, first of a round");
        _pledge(tenant, 1000 * DOLLAR);
        _note("community pledge");
        vm.warp(DEADLINE);
        community.close(round);
        _note("community close");
        community.convert(round, prosumer);
        community.convert(round, tenant);
        _note("community convert");
        uint256 id = _claim(0, 3600 * DOLLAR);
        _note("community claim a milestone");
        _vote(prosumer, id, true);
        _vote(tenant, id, true);
        _note("community vote");
        vm.warp(community.proposalOf(id).endsAt);
        community.carryOut(id);
        _note("community release a milestone");
    }

    function test_refund() public {
        _pledge(prosumer, 1000 * DOLLAR);
        _pledge(tenant, 1000 * DOLLAR);
        vm.warp(DEADLINE);
        community.refund(round, prosumer);
        _note("community refund");
    }

    function test_certificates() public {
        Certificates certificates = new Certificates(address(manager), passport, rulebook, devices);
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        bytes32 meter = devices.register(bytes32(x), bytes32(y), operator, 1, 50_000);
        vm.prank(admin);
        devices.setVerified(meter, true);
        vm.warp(START_S + 31 days);
        ICertificates.Span memory span =
            ICertificates.Span(meter, uint40(START_S), uint40(START_S + 1 days), 100_000);
        vm.prank(admin);
        uint256 id = certificates.issue(span, prosumer, 1, false, 70_993);
        (span.start, span.end) = (span.end, uint40(START_S + 31 days));
        vm.prank(admin);
        certificates.issue(span, prosumer, 1, false, 70_993);
        _note("certificates issue, 30 days of a meter");
        vm.prank(prosumer);
        certificates.safeTransferFrom(prosumer, tenant, id, 1000, "");
        _note("certificates transfer");
        vm.prank(tenant);
        certificates.retire(id, 1000, tenant, "flat");
        _note("certificates retire");
    }

    function test_report() public {
        ImpactReports reports = new ImpactReports(address(manager));
        vm.prank(admin);
        reports.publish("C1", "2026-01", "report");
        _note("impact report");
    }
}

/// @title HouseholdGas: what a transaction of layer 5 costs, kept in `snapshots/`
/// forge-config: default.isolate = true
contract HouseholdGasTest is Family {
    function test_trust() public {
        _mint(address(trust), 1_000_020_000);
        trust.distribute();
        _mint(address(trust), 1_000_020_000);
        trust.distribute();
        vm.snapshotGasLastCall("Household", "trust distribute, 3 beneficiaries and a fund");
        vm.prank(trusteeA);
        trust.anchor("root");
        vm.prank(trusteeA);
        trust.anchor("root");
        vm.snapshotGasLastCall("Household", "trust anchor the ledger");
    }

    /// Each further beneficiary costs the same, however many there are.
    function test_a_beneficiary_costs_the_same_whatever_their_number() public {
        uint256 of2 = _distributed(2, "trust distribute, 2 beneficiaries");
        uint256 of5 = _distributed(5, "trust distribute, 5 beneficiaries");
        uint256 of20 = _distributed(20, "trust distribute, 20 beneficiaries");
        uint256 each = (of5 - of2) / 3;
        assertLe((of20 - of5) / 15, each + each / 20, "not dearer among many");
        assertLe(each, (of20 - of5) / 15 + each / 20, "nor cheaper");
    }

    function _distributed(uint256 count, string memory name) private returns (uint256) {
        IHouseholdTrustFactory.Terms memory terms = _terms();
        terms.rule.beneficiaries = new address[](count);
        terms.rule.sharesPpm = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            terms.rule.beneficiaries[i] = vm.addr(6000 + i);
            terms.rule.sharesPpm[i] = uint32(1_000_000 / count);
            _admit(terms.rule.beneficiaries[i]);
        }
        terms.rule.sharesPpm[0] += uint32(1_000_000 % count);
        terms.rule.reinvestPpm = 0;
        vm.prank(trusteeA);
        HouseholdTrust household_ = HouseholdTrust(factory.create(terms, bytes32(count)));
        _admit(address(household_));
        _mint(address(household_), 1000 * DOLLAR);
        household_.distribute();
        _mint(address(household_), 1000 * DOLLAR);
        household_.distribute();
        return vm.snapshotGasLastCall("Household", name);
    }
}
