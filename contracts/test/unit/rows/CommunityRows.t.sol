// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "../../../src/community/Certificates.sol";
import {ImpactReports} from "../../../src/community/ImpactReports.sol";
import {ICertificates} from "../../../src/interfaces/ICertificates.sol";
import {ICommunity} from "../../../src/interfaces/ICommunity.sol";
import {IImpactReports} from "../../../src/interfaces/IImpactReports.sol";
import {Coop} from "../community/Coop.sol";

/// @title Layer 4, row by row
contract CommunityRowsTest is Coop {
    /// Target missed: each is refunded, and nobody needs an operator for it.
    function test_B401_a_missed_target_refunds_and_a_met_one_spends_by_vote() public {
        _pledge(prosumer, 2000 * DOLLAR);
        vm.warp(DEADLINE);
        vm.prank(stranger);
        community.refund(round, prosumer);
        assertEq(currency.balanceOf(prosumer), 2000 * DOLLAR, "every cent");

        vm.warp(START_S);
        vm.prank(admin);
        round = community.openRound(_terms());
        _funded();
        _pay(0, 3600 * DOLLAR);
        assertEq(currency.balanceOf(installer), 3600 * DOLLAR, "a milestone, by vote");
        vm.prank(installer);
        (bool done,) = address(community)
            .call(abi.encodeCall(community.claim, (round, 1, uint64(3600 * DOLLAR + 1), "more")));
        assertTrue(!done, "above the budget");
    }

    /// Equal money for half the time is half the return.
    function test_B402_returns_follow_money_and_time() public {
        _put(fund, prosumer, 1000 * DOLLAR);
        vm.warp(START_S + 45 days);
        _put(fund, tenant, 1000 * DOLLAR);
        _income(fund, 300 * DOLLAR);
        vm.warp(START_S + 90 days);
        fund.closePeriod();
        uint256 first = fund.claim(prosumer);
        uint256 second = fund.claim(tenant);
        assertEq(first, 180 * DOLLAR, "two thirds of 270");
        assertEq(second, 90 * DOLLAR, "one third");
        assertEq(currency.balanceOf(treasury), 30 * DOLLAR, "the reserve's tenth");
    }

    function test_B403_an_impact_report_is_a_hash_with_issuer_and_version() public {
        ImpactReports reports = new ImpactReports(address(manager));
        vm.prank(admin);
        uint32 version = reports.publish("C1", "2026-01", keccak256("kWh, CO2 and its factor"));
        IImpactReports.Report memory report = reports.reportOf("C1", "2026-01", version);
        assertEq(report.hash, keccak256("kWh, CO2 and its factor"), "the same file, the same hash");
        assertEq(report.issuer, admin, "issuer");
    }

    /// The pool is the sum of its members, money and energy.
    function test_B404_the_pools_of_money_and_energy_are_the_sums_of_the_members() public {
        _pool();
        (ICommunity.RoundMoney memory money,) = community.moneyOf(round);
        uint256 sum = community.pledgeOf(round, prosumer).amountUd
            + community.pledgeOf(round, household).amountUd
            + community.pledgeOf(round, tenant).amountUd;
        assertEq(money.raisedUd, sum, "money");
        vm.prank(household);
        community.pledgeEnergy("meter", uint40(block.timestamp));
        assertEq(community.energyPledgeAt("meter", uint40(block.timestamp)), household, "energy");
    }

    function test_B405_a_changed_reading_is_a_new_version_of_the_report() public {
        ImpactReports reports = new ImpactReports(address(manager));
        vm.prank(admin);
        reports.publish("C1", "2026-01", "first");
        vm.prank(admin);
        assertEq(reports.publish("C1", "2026-01", "corrected"), 2, "new");
        assertEq(reports.reportOf("C1", "2026-01", 1).hash, bytes32("first"), "the old one stays");
    }

    /// A trust pledges, the pool grows by just that, and the notice ends it.
    function test_B506_a_trusts_pledge_adds_exactly_and_ends_by_notice() public {
        (ICommunity.RoundMoney memory before,) = community.moneyOf(round);
        _pledge(household, 6000 * DOLLAR);
        (ICommunity.RoundMoney memory money,) = community.moneyOf(round);
        assertEq(money.raisedUd, before.raisedUd + 6000 * DOLLAR, "exactly");
        vm.prank(household);
        community.pledgeEnergy("meter", uint40(block.timestamp));
        vm.prank(household);
        community.endEnergyPledge("meter");
        uint40 end = uint40(block.timestamp) + NOTICE;
        assertEq(community.energyPledgeAt("meter", end - 1), household, "through the notice");
        assertEq(community.energyPledgeAt("meter", end), address(0), "then not");
    }

    function _meter(bool verified) private returns (bytes32 meter) {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        meter = devices.register(bytes32(x), bytes32(y), prosumer, 1, 50_000);
        vm.prank(admin);
        devices.setVerified(meter, verified);
    }

    function _issue(bytes32 meter) private returns (Certificates certificates, uint256 id) {
        certificates = new Certificates(address(manager), passport, rulebook, devices);
        vm.warp(START_S + 31 days);
        ICertificates.Span memory span =
            ICertificates.Span(meter, uint40(START_S), uint40(START_S + 900), 1000);
        vm.prank(admin);
        id = certificates.issue(span, prosumer, 1, false, 70_993);
    }

    /// One claim: what is retired is gone, and its interval issues nothing more.
    function test_X12_a_certificate_is_claimed_once() public {
        (Certificates certificates, uint256 id) = _issue(_meter(true));
        vm.prank(prosumer);
        certificates.retire(id, 1000, tenant, "claim");
        assertEq(certificates.balanceOf(prosumer, id), 0, "gone");
        vm.prank(prosumer);
        (bool done,) = address(certificates)
            .call(abi.encodeCall(certificates.retire, (id, 1, tenant, "again")));
        assertTrue(!done, "once");
    }

    function test_X13_an_unverified_meter_issues_nothing() public {
        bytes32 meter = _meter(false);
        Certificates certificates = new Certificates(address(manager), passport, rulebook, devices);
        vm.warp(START_S + 31 days);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICertificates.MeterUnverified.selector, meter));
        certificates.issue(
            ICertificates.Span(meter, uint40(START_S), uint40(START_S + 900), 1000),
            prosumer,
            1,
            false,
            70_993
        );
    }

    /// A device is an id on chain, of a key nobody else can register.
    function test_A13a_each_device_has_one_identity() public {
        bytes32 meter = _meter(true);
        assertEq(devices.deviceOf(meter).owner, prosumer, "owner");
        assertTrue(devices.deviceOf(meter).verified, "verified");
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        (bool done,) = address(devices)
            .call(abi.encodeCall(devices.register, (bytes32(x), bytes32(y), tenant, 1, 50_000)));
        assertTrue(!done, "once");
    }
}
