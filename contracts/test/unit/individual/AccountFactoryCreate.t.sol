// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../../../src/individual/Account.sol";
import {IAccountFactory} from "../../../src/interfaces/IAccountFactory.sol";
import {IMemberAccount} from "../../../src/interfaces/IMemberAccount.sol";
import {IndividualWorld} from "../../IndividualWorld.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

contract AccountFactoryCreateTest is IndividualWorld {
    function test_refuses_a_key_off_the_curve_and_bad_guardians() public {
        (bytes32 qx, bytes32 qy) = _public(KEY);
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.NotOnCurve.selector, qx, qx));
        factory.create(qx, qx, _guardians(), 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.GuardiansOutOfRange.selector, 3, 3));
        factory.create(qx, qy, _guardians(), 3, 0);
    }

    function test_nobody_sets_up_an_account_again_or_the_template() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        bytes memory reason = abi.encodeWithSelector(Initializable.InvalidInitialization.selector);
        vm.expectRevert(reason);
        account.initialize(qx, qy, _guardians(), 2);
        Account template = Account(payable(factory.template()));
        vm.expectRevert(reason);
        template.initialize(qx, qy, _guardians(), 2);
    }

    function test_creates_at_the_address_announced(uint256 key, bytes32 salt) public {
        (bytes32 qx, bytes32 qy) = _public(bound(key, 1, type(uint128).max));
        address announced = factory.addressOf(qx, qy, _guardians(), 2, salt);
        if (announced == address(account)) return;
        assertTrue(!factory.isAccount(announced), "not yet");
        vm.expectEmit();
        emit IAccountFactory.Created(announced, qx, qy);
        vm.prank(stranger);
        address made = factory.create(qx, qy, _guardians(), 2, salt);
        assertEq(made, announced, "as announced");
        assertTrue(factory.isAccount(made), "made here");
        (bytes32 x, bytes32 y) = Account(payable(made)).signer();
        assertEq(x, qx, "x");
        assertEq(y, qy, "y");
        assertEq(factory.create(qx, qy, _guardians(), 2, salt), made, "once is enough");
    }

    function test_other_guardians_are_another_address() public view {
        (bytes32 qx, bytes32 qy) = _public(KEY);
        address mine = factory.addressOf(qx, qy, _guardians(), 2, 0);
        address other = factory.addressOf(qx, qy, _list(thief, stranger, third), 2, 0);
        assertEq(mine, address(account), "as made");
        assertTrue(mine != other, "a thief's guardians make another account");
    }

    function test_B601_money_and_passport_wait_at_an_address_before_it_is_made() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        bytes memory creation =
            abi.encodeCall(factory.create, (qx, qy, _guardians(), 2, bytes32(0)));
        address announced = factory.addressOf(qx, qy, _guardians(), 2, 0);
        _admit(announced);
        vm.prank(facilitator);
        currency.mint(announced, 1000);
        vmP256.deal(announced, 1 ether);

        PackedUserOperation memory op = _operation(announced, _transfer(producer, 250));
        op.initCode = abi.encodePacked(address(factory), creation);
        entryPoint.handleOps(_sign(NEW_KEY, op), payable(operator));
        assertEq(currency.balanceOf(producer), 250, "made and used in one operation");
        assertEq(currency.balanceOf(announced), 750, "the rest");
    }
}
