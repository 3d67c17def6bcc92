// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {IClearing} from "../../src/interfaces/IClearing.sol";
import {Clearing} from "../../src/market/Clearing.sol";
import {Base} from "../Base.sol";
import {Books} from "./Books.sol";

/// @title Money: what is always true
contract MoneyTest is Base {
    uint256 private constant MEMBERS = 4;

    Books private books;
    Clearing private clearing;
    Currency private currency;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        books = new Books();
        books.setUp();
        (address clearing_, address currency_) = books.contracts();
        (clearing, currency) = (Clearing(clearing_), Currency(currency_));
    }

    /// The fuzzer's hands are the books' verbs, and nothing else.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](13);
        verbs[0] = Books.mintAndBurn.selector;
        verbs[1] = Books.depositMoney.selector;
        verbs[2] = Books.depositElsewhere.selector;
        verbs[3] = Books.trade.selector;
        verbs[4] = Books.postStatement.selector;
        verbs[5] = Books.veto.selector;
        verbs[6] = Books.wait.selector;
        verbs[7] = Books.withdraw.selector;
        verbs[8] = Books.requestExit.selector;
        verbs[9] = Books.serveExit.selector;
        verbs[10] = Books.escape.selector;
        verbs[11] = Books.reclaim.selector;
        verbs[12] = Books.rewind.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(books), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(books);
    }

    function invariant_supply_is_the_sum_of_the_buckets() public view {
        uint256 levels;
        for (uint256 i = 0; i < 2; ++i) {
            (, uint128 level) = currency.bucketOf(books.facilitators(i));
            levels += level;
        }
        assertEq(currency.totalSupply(), levels, "supply");
    }

    function invariant_no_community_touches_anothers_funds() public view {
        Clearing other = books.otherClearing();
        assertEq(other.funds(), books.depositedElsewhere(), "all that was ever deposited");
        assertEq(currency.balanceOf(address(other)), other.funds(), "held");
    }

    function invariant_funds_are_deposits_less_payments() public view {
        uint256 depositsUd;
        uint256 paidUd;
        for (uint256 i = 0; i < MEMBERS; ++i) {
            depositsUd += clearing.deposited(books.members(i));
            paidUd += clearing.paid(books.members(i));
        }
        IClearing.Terms memory terms = clearing.terms();
        assertEq(terms.depositsUd, depositsUd, "deposits");
        assertEq(terms.fundsUd, depositsUd - paidUd, "funds");
    }

    function invariant_payments_stay_within_payouts_within_deposits() public view {
        IClearing.Terms memory terms = clearing.terms();
        IClearing.Head memory head = clearing.head();
        assertLe(head.payoutsUd, head.depositsUd, "payouts within deposits accounted for");
        assertLe(head.depositsUd, terms.depositsUd, "accounted for within made");
        if (terms.woundUp) return; // balances leave too
        assertLe(terms.depositsUd - terms.fundsUd, head.payoutsUd, "payments within payouts");
    }

    function invariant_what_was_paid_never_falls() public view {
        for (uint256 i = 0; i < MEMBERS; ++i) {
            address member = books.members(i);
            assertLe(books.paidBefore(member), clearing.paid(member), "paid");
        }
    }

    function invariant_no_epoch_is_live_early_or_after_a_veto() public view {
        // that nothing is paid by such an epoch is asserted by `Books.withdraw`
        uint64 last = clearing.head().nextEpoch - 1;
        uint64 previous = 0;
        uint64 liveAt = 0;
        for (uint64 epoch = 1; epoch <= last; ++epoch) {
            IClearing.Record memory record = clearing.statementOf(epoch);
            assertLe(liveAt, record.liveAt, "live in the order posted");
            liveAt = record.liveAt;
            if (record.vetoed) continue;
            assertEq(record.previousEpoch, previous, "accepted ones form one chain");
            previous = epoch;
        }
        assertEq(clearing.head().epoch, previous, "the head is its end");
    }

    function afterInvariant() public {
        books.everybodyLeaves();
    }
}
