// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../../src/interfaces/IClearing.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IRuledToken} from "../../../src/interfaces/IRuledToken.sol";
import {Clearing} from "../../../src/market/Clearing.sol";
import {ClearingFactory} from "../../../src/market/ClearingFactory.sol";
import {Compliance} from "../../../src/marketplace/Compliance.sol";
import {Market} from "./Market.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @title A community is a venue from the moment it is opened
contract ClearingVenueTest is Market {
    string private constant NEW = "Oak Street";

    function _open(ClearingFactory factory) private returns (IClearing) {
        vm.prank(admin);
        return factory.open(NEW, operator, guardian, address(verifier), DELAY, EXIT_WINDOW);
    }

    function test_refuses_to_open_where_the_factory_may_not_add_a_venue() public {
        vm.prank(admin);
        manager.revokeRole(VENUE_ROLE, address(clearings));
        vm.prank(admin);
        vm.expectRevert(_unauthorized(address(clearings)));
        clearings.open(NEW, operator, guardian, address(verifier), DELAY, EXIT_WINDOW);
        assertEq(address(clearings.clearingOf(NEW)), address(0), "and the name stays free");
    }

    /// A community that the currency's rulebook does not list could not pay freely.
    function test_refuses_to_open_by_another_rulebook_than_the_currencys() public {
        Compliance other = new Compliance(address(manager), passport);
        ClearingFactory factory = new ClearingFactory(address(manager), currency, passport, other);
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = IRulebook.addVenue.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(other), verbs, VENUE_ROLE);
        vm.prank(admin);
        manager.grantRole(VENUE_ROLE, address(factory), 0);
        address venue = Create2.computeAddress(
            keccak256(bytes(NEW)), keccak256(_codeOf(factory)), address(factory)
        );
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IRuledToken.NotVenue.selector, venue));
        factory.open(NEW, operator, guardian, address(verifier), DELAY, EXIT_WINDOW);
        assertTrue(!other.isVenue(venue), "nor is it listed anywhere");
        assertEq(address(factory.clearingOf(NEW)), address(0), "and the name stays free");
    }

    function test_a_community_is_a_venue_as_it_opens() public {
        address venue = Create2.computeAddress(
            keccak256(bytes(NEW)), keccak256(_codeOf(clearings)), address(clearings)
        );
        assertTrue(!compliance.isVenue(venue), "not before");
        vm.expectEmit();
        emit IRulebook.VenueAdded(venue);
        vm.expectEmit();
        emit IRuledToken.VenueAcknowledged(venue);
        assertEq(address(_open(clearings)), venue, "where it was foretold");
        assertTrue(compliance.isVenue(venue), "from then on");
    }

    /// Ten times what would be held between members, in a country that closed meanwhile.
    function test_the_first_payout_of_a_new_community_is_not_held() public {
        clearing = Clearing(address(_open(clearings)));
        uint256 amountUd = 10_000 * DOLLAR;
        _deposit(consumer, amountUd);
        IClearing.Leaf[] memory leaves = _pair(amountUd, 0, 0, amountUd);
        uint64 epoch = _post(leaves);
        vm.warp(START_S + DELAY);
        IRulebook.Rules memory rules = _free();
        (rules.closed, rules.dailyMost, rules.heldFrom) = (true, 0, 1);
        _set(IRulebook.Kind.MONEY, CANADA, rules);
        clearing.withdraw(epoch, leaves[1], _proofOf(leaves, 1));
        assertEq(currency.balanceOf(producer), amountUd, "paid in full");
        assertEq(compliance.sentWithinDay(address(currency), address(clearing)), 0, "not counted");
    }

    function _codeOf(ClearingFactory factory) private view returns (bytes memory) {
        return abi.encodePacked(
            type(Clearing).creationCode,
            abi.encode(
                factory.currency(),
                factory.passport(),
                NEW,
                operator,
                guardian,
                verifier,
                DELAY,
                EXIT_WINDOW
            )
        );
    }
}
