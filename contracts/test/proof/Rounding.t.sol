// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Savings} from "../../src/bank/Savings.sol";
import {Passport} from "../../src/individual/Passport.sol";
import {ICompliance} from "../../src/interfaces/ICompliance.sol";
import {ICurrency} from "../../src/interfaces/ICurrency.sol";
import {Venue} from "../../src/marketplace/Venue.sol";
import {Authority, Believer, Proof} from "./Proof.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title OpenVenue: a venue whose rounding can be asked for
contract OpenVenue is Venue {
    constructor(address authority, ICurrency currency_, ICompliance compliance_)
        AccessManaged(authority)
        Venue(currency_, compliance_, address(1), address(2))
    {}

    function shareUp(uint256 amountUd, uint256 shareBps) external pure returns (uint256) {
        return _shareUp(amountUd, shareBps);
    }
}

/// @title Rounding goes against whoever calls
/// @custom:bounds amounts of 8 bits at shares of 1, 250 and 300 basis points, and at one `chi`
/// above one: a wider quotient takes the solver longer than its time.
contract RoundingProof is Proof {
    OpenVenue private venue;
    Savings private savings;
    Currency private currency;

    function setUp() public {
        vm.warp(START_S);
        address authority = address(new Authority());
        Believer believer = new Believer();
        currency = new Currency(authority);
        venue = new OpenVenue(authority, currency, believer);
        Passport passport = new Passport(authority);
        savings = new Savings(authority, currency, passport);
        passport.issue(CONSUMER, 2, uint40(START_S + 365 days), 124);
        passport.issue(PRODUCER, 2, uint40(START_S + 365 days), 124);
        currency.setBucket(FACILITATOR, type(uint128).max);
        _give(PRODUCER);
        _give(CONSUMER);
        savings.setRate(124, savings.RATE_MOST());
        vm.prank(PRODUCER);
        savings.addRevenue(1e9);
        vm.prank(PRODUCER);
        savings.deposit(1e9);
        vm.warp(START_S + 300 days);
        savings.accrue(124);
    }

    function _give(address account) private {
        vm.prank(FACILITATOR);
        currency.mint(account, 1e12);
        vm.prank(account);
        currency.approve(address(savings), type(uint256).max);
    }

    function _feeIsUp(uint256 amountUd, uint256 shareBps) private view {
        uint256 feeUd = venue.shareUp(amountUd, shareBps);
        uint256 exact = amountUd * shareBps; // times ten thousand

        assert(feeUd * 10_000 >= exact);
        assert(feeUd * 10_000 < exact + 10_000);
    }

    function check_a_fee_of_a_basis_point_is_rounded_up(uint8 amountUd) public view {
        _feeIsUp(amountUd, 1);
    }

    function check_a_fee_of_250_basis_points_is_rounded_up(uint8 amountUd) public view {
        _feeIsUp(amountUd, 250);
    }

    function check_the_highest_fee_is_rounded_up(uint8 amountUd) public view {
        _feeIsUp(amountUd, 300);
    }

    /// Shares down on the way in.
    function check_saving_gives_no_more_than_was_put_in(uint8 amountUd) public {
        vm.prank(CONSUMER);
        savings.deposit(amountUd);

        assert(savings.balanceOf(CONSUMER) <= amountUd);
    }
}
