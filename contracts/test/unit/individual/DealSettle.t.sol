// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeal} from "../../../src/interfaces/IDeal.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {DealWorld} from "../../DealWorld.sol";

contract DealSettleTest is DealWorld {
    function _refused(IDeal.Terms memory terms, uint64[] memory deliveredWh, bytes memory reason)
        private
    {
        bytes memory proof = _quorum(terms, deliveredWh);
        vm.expectRevert(reason);
        deal.settle(terms, deliveredWh, proof);
    }

    // --- refusals

    function test_refuses_what_is_not_open() public {
        IDeal.Terms memory terms = _quarters();
        bytes memory reason = abi.encodeWithSelector(IEscrow.NotOpen.selector, deal.idOf(terms));
        _refused(terms, _wh(1), reason);
        vm.expectRevert(reason);
        deal.expire(terms);
        _open(terms);
        vm.warp(HOUR_S + 1 days);
        _settle(terms, _wh(1, 1, 1, 1));
        _refused(terms, _wh(1), reason);
    }

    function test_refuses_intervals_that_have_not_ended() public {
        IDeal.Terms memory terms = _quarters();
        _open(terms);
        vm.warp(HOUR_S + 899);
        _refused(
            terms,
            _wh(1),
            abi.encodeWithSelector(
                IEscrow.TooEarly.selector, uint256(HOUR_S) + 900, block.timestamp
            )
        );
        vm.warp(HOUR_S + 900);
        _settle(terms, _wh(1));
        _refused(
            terms,
            _wh(1),
            abi.encodeWithSelector(
                IEscrow.TooEarly.selector, uint256(HOUR_S) + 1800, block.timestamp
            )
        );
    }

    function test_refuses_no_interval_and_more_than_are_left() public {
        IDeal.Terms memory terms = _hour(1000);
        _open(terms);
        vm.warp(HOUR_S + 1 days);
        bytes4 refused = IDeal.TooManyIntervals.selector;
        _refused(terms, new uint64[](0), abi.encodeWithSelector(refused, 0, 1));
        _refused(terms, _wh(1, 1, 1, 1), abi.encodeWithSelector(refused, 4, 1));
    }

    function test_refuses_a_delivery_the_quorum_did_not_sign() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = _open(terms);
        vm.warp(HOUR_S + 1 days);
        bytes memory proof = _quorum(terms, _wh(500));
        bytes32 digest = deal.deliveryHash(id, 0, _wh(501));
        vm.expectRevert(abi.encodeWithSelector(IDeal.ProofRefused.selector, digest));
        deal.settle(terms, _wh(501), proof);
        deal.settle(terms, _wh(500), proof);
        digest = deal.deliveryHash(id, 1, _wh(500)); // it was for the first interval
        vm.expectRevert(abi.encodeWithSelector(IDeal.ProofRefused.selector, digest));
        deal.settle(terms, _wh(500), proof);
    }

    function test_refuses_the_proof_of_another_deal() public {
        IDeal.Terms memory terms = _quarters();
        IDeal.Terms memory other = _quarters();
        other.salt = 1;
        _open(terms);
        bytes32 id = _open(other);
        vm.warp(HOUR_S + 1 days);
        bytes memory proof = _quorum(terms, _wh(500));
        bytes32 digest = deal.deliveryHash(id, 0, _wh(500));
        vm.expectRevert(abi.encodeWithSelector(IDeal.ProofRefused.selector, digest));
        deal.settle(other, _wh(500), proof);
    }

    function test_refuses_after_the_expiry_and_expires_not_before() public {
        IDeal.Terms memory terms = _quarters();
        _open(terms);
        vm.warp(terms.expiry - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IEscrow.TooEarly.selector, terms.expiry, block.timestamp)
        );
        deal.expire(terms);
        vm.warp(terms.expiry);
        _refused(
            terms,
            _wh(1),
            abi.encodeWithSelector(IEscrow.TooLate.selector, terms.expiry, block.timestamp)
        );
    }

    // --- worked numbers

    /// 13:00 to 14:00: the tenant buys 2.500 kWh and the neighbour 0.500 kWh at 12.0 ¢.
    function test_S08_escrow_is_released_against_metered_delivery() public {
        IDeal.Terms memory tenants = _hour(2500);
        IDeal.Terms memory neighbours = _hour(500);
        neighbours.buyer = neighbour;
        _open(tenants);
        _open(neighbours);
        assertEq(currency.balanceOf(consumer), 1e12 - 312_500, "30.00 cents and 1.25 in escrow");
        assertEq(currency.balanceOf(neighbour), 1e12 - 62_500, "6.00 cents and 0.25 in escrow");

        vm.warp(HOUR_S + 3600);
        vm.expectEmit();
        emit IDeal.Settled(deal.idOf(tenants), 0, 1, 2500, 300_000, 12_500);
        _settle(tenants, _wh(2500));
        _settle(neighbours, _wh(500));
        assertEq(deal.owed(producer), 360_000, "36.00 cents");
        assertEq(deal.owed(treasury), 15_000, "1.50 cents of fees");
        assertEq(deal.owed(consumer) + deal.owed(neighbour), 0, "nothing returns");
        deal.withdraw(producer);
        assertEq(currency.balanceOf(producer), 360_000, "received");
    }

    /// The meter says 2.380 kWh of 2.500: 0.120 kWh less, 1.44 ¢ of energy and 0.06 ¢ of fee.
    function test_S10_pays_only_what_was_delivered_and_returns_the_rest() public {
        IDeal.Terms memory terms = _hour(2500);
        bytes32 id = _open(terms);
        vm.warp(HOUR_S + 3600);
        _settle(terms, _wh(2380));
        assertEq(deal.owed(producer), 300_000 - 14_400, "1.44 cents less");
        assertEq(deal.owed(treasury), 12_500 - 600, "0.06 cents less");
        assertEq(deal.owed(consumer), 15_000, "1.50 cents return");
        assertTrue(!deal.stateOf(id).open, "closed");
        deal.withdraw(consumer);
        assertEq(currency.balanceOf(consumer), 1e12 - 297_500, "money back");
    }

    function test_B604_surplus_of_one_interval_does_not_make_up_for_another() public {
        IDeal.Terms memory terms = _quarters(); // 700, 600, 600, 600
        _open(terms);
        vm.warp(HOUR_S + 3600);
        _settle(terms, _wh(9000, 0, 600, 599));
        assertEq(deal.owed(producer), uint256(700 + 600 + 599) * PRICE / 1000, "as agreed");
    }

    function test_what_is_not_settled_by_the_expiry_is_undelivered() public {
        IDeal.Terms memory terms = _quarters();
        bytes32 id = _open(terms);
        vm.warp(HOUR_S + 900);
        _settle(terms, _wh(700));
        vm.warp(terms.expiry);
        vm.expectEmit();
        emit IDeal.Closed(id, 1800 * (PRICE + FEE) / 1000);
        vm.prank(stranger);
        deal.expire(terms);
        assertEq(deal.owed(producer), 700 * PRICE / 1000, "the part settled is paid");
        assertEq(deal.owed(consumer), 1800 * (PRICE + FEE) / 1000, "the rest returns");
    }

    // --- always

    function test_parts_pay_the_same_as_the_whole(uint64[4] memory agreed, uint64[4] memory got)
        public
    {
        uint64[] memory scheduledWh = new uint64[](4);
        uint64[] memory deliveredWh = new uint64[](4);
        for (uint256 i = 0; i < 4; ++i) {
            scheduledWh[i] = uint64(bound(agreed[i], 1, 1e6));
            deliveredWh[i] = uint64(bound(got[i], 0, 2e6));
        }
        IDeal.Terms memory whole = _terms(scheduledWh);
        whole.priceUdPerKwh = 123_457;
        IDeal.Terms memory parts = _terms(scheduledWh);
        parts.priceUdPerKwh = 123_457;
        parts.buyer = neighbour;
        _open(whole);
        _open(parts);
        vm.warp(HOUR_S + 3600);
        _settle(whole, deliveredWh);
        uint256 once = deal.owed(producer);
        for (uint256 i = 0; i < 4; ++i) {
            _settle(parts, _wh(deliveredWh[i]));
        }
        assertEq(deal.owed(producer), 2 * once, "paid");
        assertEq(deal.owed(consumer), deal.owed(neighbour), "returned");
        assertEq(
            currency.balanceOf(address(deal)),
            deal.owed(producer) + deal.owed(consumer) + deal.owed(neighbour) + deal.owed(treasury),
            "nothing is left over"
        );
    }
}
