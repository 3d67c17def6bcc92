// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {TradingHalt} from "../../src/bank/TradingHalt.sol";
import {Passport} from "../../src/individual/Passport.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../src/interfaces/IVenue.sol";
import {Venue} from "../../src/marketplace/Venue.sol";
import {Authority, Believer, Proof} from "./Proof.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title OpenVenue: a venue whose rounding can be asked for
contract OpenVenue is Venue {
    constructor(address authority, Terms memory terms) AccessManaged(authority) Venue(terms) {}

    function shareUp(uint256 amountUd, uint256 shareBps) external pure returns (uint256) {
        return _shareUp(amountUd, shareBps);
    }
}

/// @title A fee or levy is its exact share rounded up: against whoever trades
/// @custom:bounds amounts of 8 bits at shares of 1, 250 and 300 basis points: a wider quotient
/// takes the solver longer than its time.
contract RoundingProof is Proof {
    OpenVenue private venue;

    function setUp() public {
        address authority = address(new Authority());
        Passport passport = new Passport(authority);
        Believer believer = new Believer(passport);
        IVenue.Terms memory terms = IVenue.Terms(
            new Currency(authority, passport, believer),
            IRulebook(address(believer)),
            new TradingHalt(authority, believer),
            address(1),
            address(2)
        );
        venue = new OpenVenue(authority, terms);
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
}
