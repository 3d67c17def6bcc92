// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "../../../src/community/Certificates.sol";
import {ImpactReports} from "../../../src/community/ImpactReports.sol";
import {ICertificates} from "../../../src/interfaces/ICertificates.sol";
import {IImpactReports} from "../../../src/interfaces/IImpactReports.sol";
import {Estate} from "../../Estate.sol";

contract CertificatesTest is Estate {
    Certificates private certificates;
    bytes32 private meter;

    function setUp() public override {
        super.setUp();
        certificates = new Certificates(address(manager), passport, rulebook, devices);
        meter = _meter(7);
        vm.prank(admin);
        devices.setVerified(meter, true);
        vm.warp(START_S + 31 days);
    }

    function _meter(uint256 key) private returns (bytes32) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        vm.prank(admin);
        return devices.register(bytes32(x), bytes32(y), operator, 1, 50_000);
    }

    function _span(uint256 start, uint256 end, uint256 energyWh)
        private
        view
        returns (ICertificates.Span memory)
    {
        return ICertificates.Span(meter, uint40(start), uint40(end), uint64(energyWh));
    }

    function _issue(ICertificates.Span memory span, address to) private returns (uint256) {
        vm.prank(admin);
        return certificates.issue(span, to, 1, false, 70_993);
    }

    function _refused(ICertificates.Span memory span, bytes memory reason) private {
        vm.prank(admin);
        vm.expectRevert(reason);
        certificates.issue(span, prosumer, 1, false, 70_993);
    }

    function test_refuses_whoever_does_not_settle() public {
        ICertificates.Span memory span = _span(START_S, START_S + 900, 1);
        vm.prank(operator);
        vm.expectRevert(_unauthorized(operator));
        certificates.issue(span, operator, 1, false, 70_993);
    }

    function test_S16_refuses_an_unverified_meter() public {
        meter = _meter(8);
        _refused(
            _span(START_S, START_S + 900, 1),
            abi.encodeWithSelector(ICertificates.MeterUnverified.selector, meter)
        );
    }

    function test_refuses_spans_that_are_no_settled_time() public {
        uint256[2][5] memory spans = [
            [START_S, START_S],
            [START_S + 1, START_S + 900],
            [START_S, START_S + 899],
            [START_S + 31 days, START_S + 31 days + 900],
            [START_S - 900, START_S + 900] // in two years
        ];
        for (uint256 i = 0; i < spans.length; ++i) {
            _refused(
                _span(spans[i][0], spans[i][1], 1),
                abi.encodeWithSelector(ICertificates.SpanInvalid.selector, spans[i][0], spans[i][1])
            );
        }
    }

    function test_refuses_more_than_the_meter_could_make() public {
        _refused(
            _span(START_S, START_S + 900, 12_501),
            abi.encodeWithSelector(ICertificates.AboveCapacity.selector, 12_500, 12_501)
        );
    }

    function test_S16_one_metered_kwh_yields_one_certificate() public {
        _issue(_span(START_S + 900, START_S + 1800, 1000), prosumer);
        // neither the same interval, nor one that holds or touches it
        bytes memory reason =
            abi.encodeWithSelector(ICertificates.AlreadyIssued.selector, meter, START_S + 900);
        _refused(_span(START_S + 900, START_S + 1800, 1000), reason);
        reason = abi.encodeWithSelector(ICertificates.AlreadyIssued.selector, meter, START_S);
        _refused(_span(START_S, START_S + 30 days, 1000), reason);
        _refused(_span(START_S, START_S + 1200, 1000), reason);
        _issue(_span(START_S, START_S + 900, 1000), prosumer);
        _issue(_span(START_S + 1800, START_S + 30 days, 1000), prosumer);
    }

    function test_one_meter_interval_one_certificate(
        uint256[6] memory starts,
        uint256[6] memory lengths
    ) public {
        uint256 slots = 30 days / 300;
        bool[] memory taken = new bool[](slots);
        for (uint256 i = 0; i < 6; ++i) {
            uint256 first = bound(starts[i], 0, slots - 1);
            uint256 end = first + bound(lengths[i], 1, slots - first);
            bool free = true;
            for (uint256 s = first; s < end; ++s) {
                free = free && !taken[s];
            }
            ICertificates.Span memory span = _span(START_S + first * 300, START_S + end * 300, 1);
            vm.prank(admin);
            try certificates.issue(span, prosumer, 1, false, 1) {
                assertTrue(free, "issued for free time only");
            } catch {
                assertTrue(!free, "refused for taken time only");
            }
            for (uint256 s = first; free && s < end; ++s) {
                taken[s] = true;
            }
        }
        for (uint256 s = 0; s < slots; s += 37) {
            assertTrue(certificates.issuedAt(meter, uint40(START_S + s * 300)) == taken[s], "slot");
        }
    }

    function test_S16_a_class_tells_vintage_source_and_factor() public {
        uint256 id = _issue(_span(START_S, START_S + 30 days, 1_250_000), prosumer);
        ICertificates.Class memory class_ = certificates.classOf(id);
        assertEq(class_.vintage, 2026, "vintage");
        assertEq(class_.source, 1, "source");
        assertEq(class_.carbonMgPerKwh, 70_993, "factor");
        assertTrue(!class_.bundled, "bundled");
        assertEq(certificates.balanceOf(prosumer, id), 1_250_000, "Wh");
        class_.bundled = true;
        assertTrue(certificates.idOf(class_) != id, "bundled ones are others");
    }

    function test_S16_locked_while_offered() public {
        uint256 id = _issue(_span(START_S, START_S + 30 days, 1000), prosumer);
        vm.prank(prosumer);
        certificates.setApprovalForAll(stranger, true);
        vm.prank(prosumer);
        certificates.offer(stranger, id, 600);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificates.Locked.selector, prosumer, id, 400, 401)
        );
        certificates.offer(operator, id, 401);
        bytes memory reason =
            abi.encodeWithSelector(ICertificates.Locked.selector, prosumer, id, 400, 401);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        certificates.safeTransferFrom(prosumer, tenant, id, 401, "");
        vm.prank(prosumer);
        vm.expectRevert(reason);
        certificates.retire(id, 401, prosumer, 0);
        // the venue moves what is offered to it
        vm.prank(stranger);
        certificates.safeTransferFrom(prosumer, tenant, id, 500, "");
        (uint64 lockedWh, uint64 atVenueWh) = certificates.lockedOf(prosumer, id, stranger);
        assertEq(lockedWh, 100, "less is locked");
        assertEq(atVenueWh, 100, "at the venue");
        vm.prank(prosumer);
        certificates.offer(stranger, id, 0);
        vm.prank(prosumer);
        certificates.safeTransferFrom(prosumer, tenant, id, 500, "");
        assertEq(certificates.balanceOf(tenant, id), 1000, "all");
    }

    function test_S16_retired_once_and_never_moves_again() public {
        uint256 id = _issue(_span(START_S, START_S + 30 days, 1_250_000), prosumer);
        vm.prank(prosumer);
        certificates.safeTransferFrom(prosumer, tenant, id, 1_000_000, "");
        vm.prank(tenant);
        uint256 retirement = certificates.retire(id, 1_000_000, tenant, "flat");
        ICertificates.Retirement memory r = certificates.retirementOf(retirement);
        assertEq(r.beneficiary, tenant, "beneficiary");
        assertEq(r.energyWh, 1_000_000, "energy");
        assertEq(certificates.balanceOf(tenant, id), 0, "burnt");
        (uint64 issuedWh, uint64 retiredWh) = certificates.supplyOf(id);
        assertEq(issuedWh - retiredWh, 250_000, "in circulation");
        vm.prank(tenant);
        (bool again,) = address(certificates)
            .call(abi.encodeCall(ICertificates.retire, (id, 1, tenant, bytes32(0))));
        assertTrue(!again, "a second retirement");
        vm.prank(tenant);
        (bool resale,) = address(certificates)
            .call(abi.encodeCall(certificates.safeTransferFrom, (tenant, prosumer, id, 1, "")));
        assertTrue(!resale, "a resale");
        _refused(
            _span(START_S, START_S + 30 days, 1),
            abi.encodeWithSelector(ICertificates.AlreadyIssued.selector, meter, START_S)
        );
    }

    function test_S03_only_with_the_carbon_permission() public {
        uint256 id = _issue(_span(START_S, START_S + 900, 10), prosumer);
        bytes memory reason =
            abi.encodeWithSelector(ICertificates.PassportInvalid.selector, tenant, CARBON);
        vm.prank(admin);
        passport.revoke(tenant, CARBON);
        vm.prank(prosumer);
        vm.expectRevert(reason);
        certificates.safeTransferFrom(prosumer, tenant, id, 1, "");
        vm.prank(admin);
        passport.revoke(prosumer, CARBON);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificates.PassportInvalid.selector, prosumer, CARBON)
        );
        certificates.retire(id, 1, prosumer, 0);
    }

    // --- reports

    function test_S16_a_report_is_corrected_by_a_new_version_and_never_overwritten() public {
        ImpactReports reports = new ImpactReports(address(manager));
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        reports.publish("C1", "2026-01", "report");
        vm.prank(admin);
        vm.expectRevert(_error(IImpactReports.EmptyReport.selector));
        reports.publish("C1", "2026-01", 0);
        vm.prank(admin);
        assertEq(reports.publish("C1", "2026-01", "report"), 1, "first");
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IImpactReports.SameReport.selector, 1, bytes32("report"))
        );
        reports.publish("C1", "2026-01", "report");
        vm.prank(admin);
        assertEq(reports.publish("C1", "2026-01", "corrected"), 2, "second");
        assertEq(reports.reportOf("C1", "2026-01", 1).hash, bytes32("report"), "kept");
        assertEq(reports.reportOf("C1", "2026-01", 2).issuer, admin, "issuer");
        assertEq(reports.reportOf("C1", "2026-01", 3).hash, bytes32(0), "none");
        assertEq(reports.versionOf("C1", "2026-01"), 2, "last");
    }
}
