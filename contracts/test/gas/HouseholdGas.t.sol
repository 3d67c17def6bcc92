// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "../../src/community/Certificates.sol";
import {Fund} from "../../src/community/Fund.sol";
import {ImpactReports} from "../../src/community/ImpactReports.sol";
import {ICertificates} from "../../src/interfaces/ICertificates.sol";
import {ICommunity} from "../../src/interfaces/ICommunity.sol";
import {Coop} from "../unit/community/Coop.sol";
import {Family} from "../unit/household/Family.sol";

/// @title CommunityGas: what a transaction of layer 4 costs, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// forge-config: default.isolate = true
contract CommunityGasTest is Coop {
    function _note(string memory name) private {
        vm.snapshotGasLastCall("Household", name);
    }

    function test_fund() public {
        fund = _newFund(operator);
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
        _note("fund close period, any number of holders");
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
}
