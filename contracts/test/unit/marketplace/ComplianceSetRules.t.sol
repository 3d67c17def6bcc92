// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {Compliance} from "../../../src/marketplace/Compliance.sol";
import {Market} from "./Market.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

contract ComplianceSetRulesTest is Market {
    IRulebook.Kind private constant MONEY = IRulebook.Kind.MONEY;

    function _refused(IRulebook.Kind kind, IRulebook.Rules memory rules, bytes memory reason)
        private
    {
        vm.prank(admin);
        vm.expectRevert(reason);
        compliance.setRules(kind, CANADA, rules);
    }

    function test_refuses_whoever_does_not_govern() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        compliance.setRules(MONEY, CANADA, _free());
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        compliance.register(stranger, MONEY, 1, false);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        compliance.addVenue(stranger);
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        compliance.setProvider(stranger, stranger);
    }

    /// Turning a rule off needs the governance path: its delay cannot be skipped.
    function test_S21_refuses_a_change_before_the_delay_is_over() public {
        uint64 role = 7;
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = Compliance.setRules.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(compliance), verbs, role);
        vm.prank(admin);
        manager.grantRole(role, stranger, 48 hours);
        IRulebook.Rules memory rules = _free();
        rules.from = uint40(START_S + 60 hours);
        bytes memory call = abi.encodeCall(Compliance.setRules, (MONEY, CANADA, rules));
        bytes32 operation = manager.hashOperation(stranger, address(compliance), call);

        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation)
        );
        manager.execute(address(compliance), call);
        vm.prank(stranger);
        manager.schedule(address(compliance), call, 0);
        vm.warp(START_S + 48 hours - 1);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation)
        );
        manager.execute(address(compliance), call);
        vm.warp(START_S + 48 hours);
        vm.prank(stranger);
        manager.execute(address(compliance), call);
        assertEq(compliance.versionsOf(MONEY, CANADA), 2, "a new version");
    }

    function test_refuses_the_past() public {
        IRulebook.Rules memory rules = _free();
        rules.from -= 1;
        _refused(
            MONEY,
            rules,
            abi.encodeWithSelector(IRulebook.RulesInPast.selector, START_S - 1, START_S)
        );
    }

    function test_refuses_rules_that_mean_nothing() public {
        IRulebook.Rules memory rules = _free();
        _refused(
            IRulebook.Kind.NONE,
            rules,
            abi.encodeWithSelector(IRulebook.KindRefused.selector, IRulebook.Kind.NONE, 0)
        );
        rules.lockUp = 365 days + 1;
        _refused(
            MONEY,
            rules,
            abi.encodeWithSelector(IRulebook.RulesRefused.selector, 365 days + 1, NO_LIMIT)
        );
        (rules.lockUp, rules.heldFrom) = (0, 0);
        _refused(MONEY, rules, abi.encodeWithSelector(IRulebook.RulesRefused.selector, 0, 0));
    }

    function test_refuses_more_countries_than_can_be_compared() public {
        uint256 most = compliance.COUNTRIES_MOST();
        for (uint16 i = 3; i < most; ++i) {
            _set(MONEY, 1000 + i, _free());
        }
        IRulebook.Rules memory rules = _free();
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.TooManyCountries.selector, MONEY, most));
        compliance.setRules(MONEY, 2000, rules);
        _set(MONEY, CANADA, rules); // a new version of one there is
    }

    function test_S21_an_old_trade_is_judged_by_the_old_rule() public {
        IRulebook.Rules memory rules = _free();
        (rules.from, rules.heldFrom) = (uint40(START_S + 10 days), 500 * DOLLAR);
        vm.expectEmit();
        emit IRulebook.RulesSet(MONEY, CANADA, 2, rules);
        _set(MONEY, CANADA, rules);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 old = START_S + 10 days - 1;
            assertEq(compliance.rulesAt(MONEY, CANADA, old).heldFrom, 1000 * DOLLAR, "old rule");
            assertEq(compliance.rulesAt(MONEY, CANADA, old + 1).heldFrom, 500 * DOLLAR, "new rule");
            compliance.checkAt(address(currency), CANADA, CANADA, 999 * DOLLAR, old);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IRulebook.HeldForTravelRule.selector, 0, 999 * DOLLAR, 500 * DOLLAR
                )
            );
            compliance.checkAt(address(currency), CANADA, CANADA, 999 * DOLLAR, old + 1);
            vm.warp(START_S + 20 days); // the same whenever it is asked
        }
    }

    function test_a_version_not_yet_in_force_can_be_replaced_but_no_older_one() public {
        IRulebook.Rules memory rules = _free();
        (rules.from, rules.heldFrom) = (uint40(START_S + 10 days), 1);
        _set(MONEY, CANADA, rules);
        (rules.from, rules.heldFrom) = (uint40(START_S + 5 days), 2);
        _set(MONEY, CANADA, rules);
        assertEq(compliance.versionsOf(MONEY, CANADA), 2, "replaced");
        assertEq(compliance.rulesAt(MONEY, CANADA, START_S + 10 days).heldFrom, 2, "the later");
        assertEq(compliance.rulesAt(MONEY, CANADA, START_S).heldFrom, 1000 * DOLLAR, "the first");
        rules.from = uint40(START_S);
        _set(MONEY, CANADA, rules); // at once; the one scheduled is gone
        assertEq(compliance.versionsOf(MONEY, CANADA), 2, "both dates stay");
        assertEq(compliance.rulesAt(MONEY, CANADA, START_S).heldFrom, 2, "at once");
    }

    /// Whether or not somebody turned the page, the same version is in force.
    function test_the_page_turns_by_itself(uint40 from, uint40 time, bool turned) public {
        from = uint40(bound(from, START_S + 1, START_S + 100 days));
        time = uint40(bound(time, START_S, START_S + 200 days));
        _moveTo(consumer, GERMANY);
        _moveTo(producer, GERMANY);
        IRulebook.Rules memory rules = _free();
        rules.from = from;
        _set(MONEY, GERMANY, rules); // from the first cent until then, free from then
        vm.warp(time);
        if (turned) compliance.turnOver(MONEY, GERMANY);
        (bool allowed,) = compliance.canTransfer(address(currency), consumer, producer, 1);
        assertTrue(allowed == (time >= from), "in force from its first second");
    }

    function test_an_unknown_country_is_judged_by_the_strictest_of_all() public {
        IRulebook.Rules memory rules = _free();
        (rules.dailyMost, rules.lockUp) = (7, 1 days);
        _set(MONEY, USA, rules);
        IRulebook.Rules memory strictest = compliance.rulesAt(MONEY, NOWHERE, block.timestamp);
        assertEq(strictest.heldFrom, 1, "from Germany");
        assertEq(strictest.dailyMost, 7, "from the USA");
        assertEq(strictest.lockUp, 1 days, "from the USA");
        assertEq(strictest.holdingMost, NO_LIMIT, "nobody has one");
        assertTrue(!strictest.closed, "nobody is closed");
        rules.closed = true;
        _set(MONEY, USA, rules);
        assertTrue(compliance.rulesAt(MONEY, NOWHERE, block.timestamp).closed, "one is closed");
    }

    function test_a_kind_without_any_pack_is_closed() public {
        address certificates = address(0xCE);
        _register(certificates, IRulebook.Kind.CERTIFICATE, false);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.CountryClosed.selector, certificates, CANADA)
        );
        compliance.checkTransfer(certificates, consumer, producer, 1);
    }

    function test_refuses_a_second_or_empty_registration() public {
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.TokenRegistered.selector, address(currency))
        );
        compliance.register(address(currency), MONEY, 1, true);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.ZeroAddress.selector));
        compliance.register(address(0), MONEY, 1, true);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.ZeroAddress.selector));
        compliance.addVenue(address(0));
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.KindRefused.selector, IRulebook.Kind.CREDIT, 0)
        );
        compliance.register(stranger, IRulebook.Kind.CREDIT, 0, true);
    }
}
