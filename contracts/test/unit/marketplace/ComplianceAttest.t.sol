// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Market} from "./Market.sol";

contract ComplianceAttestTest is Market {
    bytes32 private constant DATA = keccak256("originator and beneficiary");

    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        compliance.setProvider(consumer, provider);
        vm.prank(admin);
        compliance.setProvider(producer, otherProvider);
    }

    function _attest(address from, uint256 amountUd, bytes32 data) private {
        vm.prank(from);
        compliance.attest(address(currency), consumer, producer, amountUd, data);
    }

    function _record(uint256 amountUd) private {
        vm.prank(address(exchange));
        compliance.recordTransfer(address(currency), consumer, producer, amountUd);
    }

    function _held(uint256 amountUd, uint256 heldFrom) private {
        bytes32 id = compliance.transferId(address(currency), consumer, producer, amountUd);
        vm.prank(address(exchange));
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.HeldForTravelRule.selector, id, amountUd, heldFrom)
        );
        compliance.recordTransfer(address(currency), consumer, producer, amountUd);
    }

    function test_refuses_whoever_is_neither_provider() public {
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.NotProvider.selector, stranger, consumer, producer)
        );
        compliance.attest(address(currency), consumer, producer, 1, DATA);
    }

    /// $999.99 needs no data, $1,000.00 is held (CA).
    function test_S21_canada_holds_from_1000_dollars() public {
        _record(999_990_000);
        _record(1000 * DOLLAR - 1);
        _held(1000 * DOLLAR, 1000 * DOLLAR);
    }

    function test_S21_europe_holds_from_the_first_cent() public {
        _moveTo(producer, GERMANY); // the stricter of both sides counts
        _held(CENT, 1);
        _held(1, 1);
    }

    function test_S21_an_unknown_country_is_the_strictest() public {
        _moveTo(consumer, NOWHERE);
        _held(CENT, 1);
        _moveTo(consumer, CANADA); // moving changes the pack at once
        _record(CENT);
    }

    function test_both_providers_release_it_once() public {
        bytes32 id = compliance.transferId(address(currency), consumer, producer, 1000 * DOLLAR);
        vm.expectEmit();
        emit IRulebook.Attested(id, provider, DATA);
        _attest(provider, 1000 * DOLLAR, DATA);
        _held(1000 * DOLLAR, 1000 * DOLLAR);
        _attest(otherProvider, 1000 * DOLLAR, keccak256("other data"));
        _held(1000 * DOLLAR, 1000 * DOLLAR);
        _attest(otherProvider, 1000 * DOLLAR, DATA);
        _held(1000 * DOLLAR + 1, 1000 * DOLLAR); // exactly this transfer
        vm.expectEmit();
        emit IRulebook.Released(id, DATA);
        _record(1000 * DOLLAR);
        _held(1000 * DOLLAR, 1000 * DOLLAR);
    }

    function test_a_word_can_be_taken_back() public {
        _attest(provider, 1000 * DOLLAR, DATA);
        _attest(otherProvider, 1000 * DOLLAR, DATA);
        _attest(provider, 1000 * DOLLAR, 0);
        _held(1000 * DOLLAR, 1000 * DOLLAR);
        _attest(otherProvider, 1000 * DOLLAR, 0); // two zeros are no data
        _held(1000 * DOLLAR, 1000 * DOLLAR);
    }

    function test_one_provider_of_both_sides_speaks_for_both() public {
        vm.prank(admin);
        compliance.setProvider(producer, provider);
        _attest(provider, 1000 * DOLLAR, DATA);
        _record(1000 * DOLLAR);
    }
}
