// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HouseholdTrustFactory} from "../../../src/household/HouseholdTrustFactory.sol";
import {Investment} from "../../../src/individual/Investment.sol";
import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {IInvestment} from "../../../src/interfaces/IInvestment.sol";
import {World} from "../../World.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A share for tests, all of it the project's.
contract Share is ERC20("School Roof", "ROOF") {
    constructor(address project) {
        _mint(project, 90_000);
    }
}

/// A rule for tests: at most 2,500 units a holder.
contract Rule is ICompliance {
    error HoldingCapExceeded(address holder, uint256 units, uint256 most);

    function checkTransfer(address, address, address to, uint256 amount) external pure {
        if (amount > 2500) revert HoldingCapExceeded(to, amount, 2500);
    }

    function recordTransfer(address, address, address, uint256) external {}

    function isVenue(address) external pure returns (bool) {
        return false;
    }
}

contract InvestmentTest is World {
    uint64 private constant THURSDAY_S = 1_768_500_000; // 2026-01-15 13:00 EST
    uint64 private constant MONDAY_END_S = 1_768_885_200; // 2026-01-20 00:00 EST, 2 business days
    uint64 private constant DAY_90_S = THURSDAY_S + 90 days;
    uint64 private constant INVESTED_UD = 500_000_000; // $500

    address private investor = _actor("investor");
    address private project = _actor("project");
    Investment private investment;
    Share private share;

    function setUp() public override {
        super.setUp();
        vm.warp(THURSDAY_S);
        investment = new Investment(
            currency, passport, new Rule(), new HouseholdTrustFactory(currency, passport, devices)
        );
        share = new Share(project);
        vm.prank(admin);
        passport.admit(investor, keccak256("investor"), 1, EXPIRY, CANADA);
        _admit(project);
        vm.prank(facilitator);
        currency.mint(investor, 10 * INVESTED_UD);
        vm.prank(investor);
        currency.approve(address(investment), type(uint256).max);
        vm.prank(project);
        share.approve(address(investment), type(uint256).max);
    }

    function _terms() private view returns (IInvestment.Terms memory) {
        return IInvestment.Terms({
            investor: investor,
            project: project,
            share: share,
            units: 500,
            amountUd: INVESTED_UD,
            documentHash: keccak256("offering document, version 3"),
            thinkUntil: MONDAY_END_S,
            closeBy: DAY_90_S,
            salt: 0
        });
    }

    /// The project signed; the investor calls.
    function _open(IInvestment.Terms memory terms) private returns (bytes32 id) {
        bytes memory signed = _signature("project", investment.idOf(terms));
        vm.prank(investor);
        return investment.open(terms, "", signed);
    }

    function _openRefused(IInvestment.Terms memory terms, bytes memory reason) private {
        bytes memory signed = _signature("project", investment.idOf(terms));
        vm.prank(investor);
        vm.expectRevert(reason);
        investment.open(terms, "", signed);
    }

    function _as(address caller, bytes4 verb, bytes memory refusal) private {
        bytes memory data = abi.encodeWithSelector(verb, _terms());
        vm.prank(caller);
        (bool done, bytes memory reason) = address(investment).call(data);
        assertTrue(done == (refusal.length == 0), "done or refused");
        if (!done) assertEq(keccak256(reason), keccak256(refusal), "reason");
    }

    // --- refusals

    function test_S11_refuses_a_project_without_a_document() public {
        IInvestment.Terms memory terms = _terms();
        terms.documentHash = 0;
        _openRefused(
            terms,
            abi.encodeWithSelector(
                IInvestment.TermsIncomplete.selector, bytes32(0), INVESTED_UD, 500
            )
        );
    }

    function test_refuses_less_time_to_think_than_the_least() public {
        IInvestment.Terms memory terms = _terms();
        terms.thinkUntil = THURSDAY_S + 48 hours - 1;
        _openRefused(
            terms,
            abi.encodeWithSelector(
                IInvestment.ThinkTooShort.selector, terms.thinkUntil, THURSDAY_S + 48 hours
            )
        );
        terms = _terms();
        terms.closeBy = terms.thinkUntil;
        _openRefused(
            terms,
            abi.encodeWithSelector(
                IInvestment.CloseTooEarly.selector, terms.closeBy, terms.thinkUntil
            )
        );
    }

    function test_refuses_an_investor_without_permission_and_a_project_on_hold() public {
        vm.prank(admin);
        passport.revoke(investor, 1);
        _openRefused(_terms(), abi.encodeWithSelector(IEscrow.PassportInvalid.selector, investor));
        vm.prank(admin);
        passport.issue(investor, 1, EXPIRY, CANADA);
        _hold(project);
        _openRefused(_terms(), abi.encodeWithSelector(IEscrow.PassportInvalid.selector, project));
    }

    function test_S11_refuses_what_the_rules_forbid() public {
        IInvestment.Terms memory terms = _terms();
        terms.units = 2501;
        terms.amountUd = 2_501_000_000;
        _openRefused(
            terms, abi.encodeWithSelector(Rule.HoldingCapExceeded.selector, investor, 2501, 2500)
        );
    }

    function test_refuses_a_party_who_did_not_agree_and_the_same_party_twice() public {
        IInvestment.Terms memory terms = _terms();
        bytes32 id = investment.idOf(terms);
        vm.prank(investor);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotAgreed.selector, id, project));
        investment.open(terms, "", "");
        vm.prank(project);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotAgreed.selector, id, investor));
        investment.open(terms, "", "");
        terms.project = investor;
        _openRefused(terms, abi.encodeWithSelector(IEscrow.SameParty.selector, investor));
        _open(_terms());
        _openRefused(_terms(), abi.encodeWithSelector(IEscrow.AlreadyOpened.selector, id));
    }

    function test_refuses_the_other_partys_verbs() public {
        bytes32 id = investment.idOf(_terms());
        _as(
            investor,
            Investment.rescind.selector,
            abi.encodeWithSelector(IEscrow.NotOpen.selector, id)
        );
        _open(_terms());
        bytes4 refused = IInvestment.NotParty.selector;
        _as(
            project, Investment.rescind.selector, abi.encodeWithSelector(refused, project, investor)
        );
        _as(
            investor,
            Investment.release.selector,
            abi.encodeWithSelector(refused, investor, project)
        );
        _as(
            investor,
            Investment.refund.selector,
            abi.encodeWithSelector(IEscrow.TooEarly.selector, DAY_90_S, block.timestamp)
        );
    }

    function test_the_project_takes_nothing_in_the_time_to_think_or_after_the_last_day() public {
        _open(_terms());
        vm.warp(MONDAY_END_S - 1);
        _as(
            project,
            Investment.release.selector,
            abi.encodeWithSelector(IEscrow.TooEarly.selector, MONDAY_END_S, block.timestamp)
        );
        vm.warp(DAY_90_S);
        _as(
            project,
            Investment.release.selector,
            abi.encodeWithSelector(IEscrow.TooLate.selector, DAY_90_S, block.timestamp)
        );
    }

    function test_the_project_takes_nothing_without_the_shares() public {
        _open(_terms());
        vm.prank(project);
        share.transfer(stranger, 89_501);
        vm.warp(MONDAY_END_S);
        _as(
            project,
            Investment.release.selector,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, project, 499, 500
            )
        );
        assertEq(investment.owed(project), 0, "nothing");
    }

    // --- worked numbers

    function test_S11_the_investor_changes_her_mind_within_two_business_days() public {
        bytes32 id = _open(_terms());
        assertEq(currency.balanceOf(investor), 9 * INVESTED_UD, "in escrow");
        vm.warp(MONDAY_END_S - 1);
        vm.expectEmit();
        emit IInvestment.Closed(id, IInvestment.Stage.Rescinded, INVESTED_UD);
        _as(investor, Investment.rescind.selector, "");
        investment.withdraw(investor);
        assertEq(currency.balanceOf(investor), 10 * INVESTED_UD, "money back in full");
    }

    function test_S11_after_the_time_to_think_she_is_bound() public {
        _open(_terms());
        vm.warp(MONDAY_END_S);
        _as(
            investor,
            Investment.rescind.selector,
            abi.encodeWithSelector(IEscrow.TooLate.selector, MONDAY_END_S, block.timestamp)
        );
    }

    function test_S11_target_missed_every_cent_returns() public {
        _open(_terms());
        vm.warp(DAY_90_S);
        _as(stranger, Investment.refund.selector, ""); // anybody, no operator needed
        vm.prank(stranger);
        investment.withdraw(investor);
        assertEq(currency.balanceOf(investor), 10 * INVESTED_UD, "every cent");
        assertEq(share.balanceOf(investor), 0, "no units");
    }

    function test_S11_target_met_shares_against_money() public {
        bytes32 id = _open(_terms());
        vm.warp(DAY_90_S - 1);
        _as(project, Investment.release.selector, "");
        assertEq(share.balanceOf(investor), 500, "units");
        assertEq(investment.owed(project), INVESTED_UD, "money");
        assertTrue(investment.stageOf(id) == IInvestment.Stage.Released, "released");
        _as(
            project,
            Investment.release.selector,
            abi.encodeWithSelector(IEscrow.NotOpen.selector, id)
        );
        _as(
            project,
            Investment.refund.selector,
            abi.encodeWithSelector(IEscrow.NotOpen.selector, id)
        );
    }

    function test_the_project_may_decline() public {
        _open(_terms());
        _as(project, Investment.refund.selector, "");
        assertEq(investment.owed(investor), INVESTED_UD, "credited");
    }
}
