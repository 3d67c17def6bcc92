// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {World} from "../../World.sol";

contract PassportQuestionsTest is World {
    function _says(address account, uint8 permissions, bytes memory reason) private {
        vm.expectRevert(reason);
        passport.checkAllowed(account, permissions);
        assertTrue(!passport.isAllowed(account, permissions), "not allowed");
    }

    function test_S11_names_the_reason_of_a_refusal() public {
        _says(stranger, 1, abi.encodeWithSelector(IPassport.NoPassport.selector, stranger));
        _says(
            consumer,
            1,
            abi.encodeWithSelector(
                IPassport.PermissionMissing.selector, consumer, uint8(1), TRADE_ENERGY
            )
        );
        _hold(consumer);
        _says(consumer, 2, abi.encodeWithSelector(IPassport.OnHold.selector, consumer));
        vm.warp(EXPIRY);
        _says(
            producer,
            2,
            abi.encodeWithSelector(IPassport.PassportExpired.selector, producer, EXPIRY)
        );
    }

    function test_says_nothing_exactly_where_allowed(uint8 held, uint8 asked, bool frozen) public {
        held = uint8(bound(held, 1, 7));
        asked = uint8(bound(asked, 1, 7));
        vm.prank(admin);
        passport.issue(stranger, held, EXPIRY, CANADA);
        if (frozen) _hold(stranger);
        bool silent = true;
        try passport.checkAllowed(stranger, asked) {}
        catch {
            silent = false;
        }
        assertTrue(silent == passport.isAllowed(stranger, asked), "same answer");
    }

    function test_answers_as_erc_7943() public {
        assertTrue(passport.canSend(consumer) && passport.canReceive(producer), "both");
        assertTrue(passport.canTransfer(consumer, producer, 1), "from one to the other");
        assertTrue(passport.areAllowed(consumer, producer, TRADE_ENERGY), "both to trade");
        assertTrue(!passport.areAllowed(consumer, producer, 1), "neither to invest");
        assertTrue(!passport.canTransfer(consumer, stranger, 1), "not to nobody");
        assertTrue(!passport.canTransfer(stranger, consumer, 1), "not from nobody");
        assertEq(passport.getFrozenTokens(consumer), 0, "nothing frozen");

        _hold(consumer);
        assertTrue(!passport.canSend(consumer) && !passport.canReceive(consumer), "on hold");
        assertTrue(!passport.canTransfer(consumer, producer, 0), "not even nothing");
        assertEq(passport.getFrozenTokens(consumer), type(uint256).max, "all frozen");

        vm.prank(admin);
        passport.revoke(producer, 7);
        assertTrue(!passport.canReceive(producer), "no permission left");
        vm.warp(EXPIRY);
        assertTrue(!passport.canSend(neighbour), "expired");
    }
}
