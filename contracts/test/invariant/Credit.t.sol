// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {EnergyCredit} from "../../src/marketplace/EnergyCredit.sol";
import {Base} from "../Base.sol";
import {CreditHands} from "./CreditHands.sol";

/// @title Credit: every credit is metered, and backed until it is used up or cashed out
contract CreditTest is Base {
    CreditHands private hands;
    EnergyCredit private credit;
    Currency private currency;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        hands = new CreditHands();
        hands.setUp();
        (address credit_, address currency_) = hands.contracts();
        (credit, currency) = (EnergyCredit(credit_), Currency(currency_));
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](6);
        verbs[0] = CreditHands.mint.selector;
        verbs[1] = CreditHands.redeem.selector;
        verbs[2] = CreditHands.transfer.selector;
        verbs[3] = CreditHands.cashOut.selector;
        verbs[4] = CreditHands.hold.selector;
        verbs[5] = CreditHands.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(hands), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(hands);
    }

    function invariant_credits_are_the_metered_less_the_used_up_and_cashed_out() public view {
        uint256 gone = hands.redeemedWh() + hands.cashedOutWh();
        assertEq(credit.totalSupply(), hands.mintedWh() - gone, "supply");
    }

    function invariant_credits_never_lack_their_feed_in_value() public view {
        assertLe(
            credit.totalSupply() * credit.feedInUdPerKwh(), credit.backingUd() * 1000, "backed"
        );
        assertEq(currency.balanceOf(address(credit)), credit.backingUd(), "and held");
    }
}
