// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
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

/// @title A fee or levy is its exact share rounded up: against whoever trades
/// @custom:bounds amounts of 8 bits at shares of 1, 250 and 300 basis points: a wider quotient
/// takes the solver longer than its time.
contract RoundingProof is Proof {
    OpenVenue private venue;

    function setUp() public {
        address authority = address(new Authority());
        venue = new OpenVenue(authority, new Currency(authority), new Believer());
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
