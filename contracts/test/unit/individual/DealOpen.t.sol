// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deal} from "../../../src/individual/Deal.sol";
import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {IDeal} from "../../../src/interfaces/IDeal.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {DealWorld} from "../../DealWorld.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract DealOpenTest is DealWorld {
    function _notAgreed(bytes32 id, address party) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.NotAgreed.selector, id, party);
    }

    function test_refuses_a_fee_to_nobody() public {
        ICompliance rules = currency.compliance();
        vm.expectRevert(abi.encodeWithSelector(IDeal.ZeroReceiver.selector));
        new Deal(currency, passport, rules, trusts, verifier, tradingHalt, FEE, address(0));
    }

    function test_refuses_terms_a_party_did_not_agree_to() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = deal.idOf(terms);
        bytes memory seller = _signature("producer", id);
        bytes memory buyer = _signature("consumer", id);
        vm.expectRevert(_notAgreed(id, producer));
        deal.open(terms, buyer, buyer);
        vm.expectRevert(_notAgreed(id, consumer));
        deal.open(terms, seller, seller);
        terms.priceUdPerKwh += 1; // the signatures are for another price
        id = deal.idOf(terms);
        vm.expectRevert(_notAgreed(id, producer));
        deal.open(terms, seller, buyer);
    }

    /// A halt stops new deals; those that are open are delivered, settled and paid.
    function test_S23_refuses_while_trading_is_halted_and_settles_what_is_open() public {
        vm.warp(HOUR_S - 2 hours);
        IDeal.Terms memory open = _hour(3000);
        open.start -= 3600;
        open.expiry -= 3600;
        _open(open);
        vm.warp(HOUR_S - 1 minutes);
        _halt();
        IDeal.Terms memory terms = _hour(1000);
        terms.start += 3600;
        terms.expiry += 3600;
        uint64 until = tradingHalt.until();
        _openRefused(terms, abi.encodeWithSelector(IDeal.TradingHalted.selector, until));
        vm.warp(HOUR_S);
        _settle(open, _wh(3000));
        deal.withdraw(producer);
        vm.warp(until);
        _open(terms);
    }

    function test_refuses_a_word_taken_back() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = deal.idOf(terms);
        vm.expectEmit();
        emit IEscrow.AgreementSet(id, consumer, false);
        vm.prank(consumer);
        deal.disagree(id);
        _openRefused(terms, _notAgreed(id, consumer));
        vm.prank(consumer);
        deal.agree(id);
        _open(terms);
    }

    function test_refuses_the_signatures_of_another_chain_or_contract() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = deal.idOf(terms);
        Deal other = new Deal(
            currency, passport, currency.compliance(), trusts, verifier, tradingHalt, FEE, treasury
        );
        assertTrue(other.idOf(terms) != id, "another contract");
        vm.chainId(2);
        assertTrue(deal.idOf(terms) != id, "another chain");
    }

    function test_S08_refuses_to_sell_the_same_deal_twice() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = _open(terms);
        _openRefused(terms, abi.encodeWithSelector(IEscrow.AlreadyOpened.selector, id));
        vm.warp(terms.expiry);
        deal.expire(terms);
        _openRefused(terms, abi.encodeWithSelector(IEscrow.AlreadyOpened.selector, id));
    }

    function test_S08_refuses_a_buyer_without_funds() public {
        vm.prank(consumer);
        currency.transfer(stranger, 1e12 - 312_499);
        _openRefused(
            _quarters(),
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, consumer, 312_499, 312_500
            )
        );
    }

    function test_refuses_a_party_that_may_not_trade() public {
        _hold(producer);
        _openRefused(
            _quarters(), abi.encodeWithSelector(IEscrow.PassportInvalid.selector, producer)
        );
        _release(producer);
        vm.prank(admin);
        passport.revoke(consumer, TRADE_ENERGY);
        _openRefused(
            _quarters(), abi.encodeWithSelector(IEscrow.PassportInvalid.selector, consumer)
        );
    }

    function test_refuses_a_deal_with_oneself() public {
        IDeal.Terms memory terms = _quarters();
        terms.seller = consumer;
        _openRefused(terms, abi.encodeWithSelector(IEscrow.SameParty.selector, consumer));
    }

    function test_refuses_intervals_that_are_none() public {
        IDeal.Terms memory terms = _quarters();
        terms.interval = 600;
        _openRefused(
            terms, abi.encodeWithSelector(IDeal.IntervalRefused.selector, HOUR_S, uint32(600))
        );
        terms.interval = 900;
        terms.start += 1;
        _openRefused(
            terms, abi.encodeWithSelector(IDeal.IntervalRefused.selector, HOUR_S + 1, uint32(900))
        );
    }

    function test_refuses_an_empty_and_an_endless_schedule() public {
        bytes4 refused = IDeal.ScheduleRefused.selector;
        _openRefused(_terms(new uint64[](0)), abi.encodeWithSelector(refused, 0, 0));
        _openRefused(_terms(new uint64[](4)), abi.encodeWithSelector(refused, 4, 0));
        _openRefused(_terms(new uint64[](673)), abi.encodeWithSelector(refused, 673, 0));
    }

    function test_refuses_an_expiry_that_leaves_no_time_to_settle() public {
        IDeal.Terms memory terms = _quarters();
        terms.expiry -= 1;
        _openRefused(
            terms,
            abi.encodeWithSelector(
                IDeal.ExpiryTooEarly.selector, terms.expiry, uint256(terms.expiry) + 1
            )
        );
    }

    function test_refuses_once_the_first_interval_has_begun() public {
        vm.warp(HOUR_S + 1);
        _openRefused(
            _quarters(),
            abi.encodeWithSelector(
                IEscrow.TooLate.selector, uint256(HOUR_S) + 1, uint256(HOUR_S) + 1
            )
        );
    }

    function test_opens_with_two_signatures_and_takes_the_escrow(uint64 totalWh, uint64 price)
        public
    {
        totalWh = uint64(bound(totalWh, 1, 1e6));
        price = uint64(bound(price, 0, 1e7));
        IDeal.Terms memory terms = _hour(totalWh);
        terms.priceUdPerKwh = price;
        uint256 escrowUd = (uint256(totalWh) * (uint256(price) + FEE) + 999) / 1000; // rounded up
        bytes32 id = deal.idOf(terms);
        bytes memory seller = _signature("producer", id);
        bytes memory buyer = _signature("consumer", id);
        vm.expectEmit();
        emit IDeal.Opened(id, producer, consumer, HOUR_S, 3600, totalWh, price, uint64(escrowUd));
        deal.open(terms, seller, buyer);
        assertEq(currency.balanceOf(address(deal)), escrowUd, "held");
        assertEq(deal.stateOf(id).escrowUd, escrowUd, "escrow");
        assertTrue(deal.stateOf(id).open, "open");
    }

    function test_opens_by_a_call_and_a_word_given_on_chain() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = deal.idOf(terms);
        vm.prank(producer);
        deal.agree(id);
        vm.prank(consumer);
        deal.open(terms, "", "");
        assertTrue(deal.stateOf(id).open, "open");
    }
}
