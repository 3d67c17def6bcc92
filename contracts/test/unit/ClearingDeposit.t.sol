// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {World} from "../World.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

contract ClearingDepositTest is World {
    function test_refuses_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(IClearing.ZeroAmount.selector));
        clearing.deposit(consumer, 0);
    }

    function test_refuses_an_account_without_passport() public {
        _fund(stranger, 1);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.PassportInvalid.selector, stranger, TRADE_ENERGY)
        );
        clearing.deposit(stranger, 1);
    }

    function test_refuses_an_expired_passport() public {
        _fund(consumer, 1);
        vm.warp(EXPIRY);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.PassportInvalid.selector, consumer, TRADE_ENERGY)
        );
        clearing.deposit(consumer, 1);
    }

    function test_refuses_money_the_caller_has_not() public {
        _fund(consumer, 5);
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, consumer, 5, 6)
        );
        clearing.deposit(consumer, 6);
    }

    function test_refuses_lists_that_differ() public {
        vm.expectRevert(abi.encodeWithSelector(IClearing.LengthsDiffer.selector, 2, 1));
        clearing.depositMany(new address[](2), new uint128[](1));
    }

    function test_deposits_for_anyone(uint64 amountUd) public {
        amountUd = uint64(bound(amountUd, 1, type(uint64).max));
        _fund(stranger, amountUd); // the payer needs no passport
        vm.expectEmit();
        emit IClearing.Deposited(consumer, amountUd);
        vm.prank(stranger);
        clearing.deposit(consumer, amountUd);
        assertEq(clearing.deposited(consumer), amountUd, "deposited");
        assertEq(clearing.funds(), amountUd, "funds");
        assertEq(clearing.terms().depositsUd, amountUd, "deposits");
        assertEq(currency.balanceOf(address(clearing)), amountUd, "held");
    }

    function test_deposits_for_many_with_one_transfer(uint32 one, uint32 two) public {
        address[] memory accounts = new address[](2);
        uint128[] memory amountsUd = new uint128[](2);
        (accounts[0], accounts[1]) = (consumer, producer);
        (amountsUd[0], amountsUd[1]) = (uint128(one) + 1, uint128(two) + 1);
        uint256 totalUd = uint256(one) + two + 2;
        _fund(stranger, totalUd);
        vm.prank(stranger);
        clearing.depositMany(accounts, amountsUd);
        assertEq(clearing.deposited(consumer), amountsUd[0], "first");
        assertEq(clearing.deposited(producer), amountsUd[1], "second");
        assertEq(clearing.funds(), totalUd, "funds");
        assertEq(currency.balanceOf(address(clearing)), totalUd, "held");
    }

    function test_one_of_many_without_passport_refuses_all() public {
        address[] memory accounts = new address[](2);
        uint128[] memory amountsUd = new uint128[](2);
        (accounts[0], accounts[1]) = (consumer, stranger);
        (amountsUd[0], amountsUd[1]) = (1, 1);
        _fund(stranger, 2);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IClearing.PassportInvalid.selector, stranger, TRADE_ENERGY)
        );
        clearing.depositMany(accounts, amountsUd);
    }

    function _permit(uint128 amountUd) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 permit = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                ),
                consumer,
                address(clearing),
                amountUd,
                0,
                EXPIRY
            )
        );
        return vm.sign(
            _key("consumer"), MessageHashUtils.toTypedDataHash(currency.DOMAIN_SEPARATOR(), permit)
        );
    }

    function test_deposits_with_a_permit(bool handedInBefore) public {
        vm.prank(facilitator);
        currency.mint(consumer, 500);
        (uint8 v, bytes32 r, bytes32 s) = _permit(500);
        if (handedInBefore) currency.permit(consumer, address(clearing), 500, EXPIRY, v, r, s);
        vm.prank(consumer);
        clearing.depositWithPermit(consumer, 500, EXPIRY, v, r, s);
        assertEq(clearing.deposited(consumer), 500, "deposited");
    }

    function test_refuses_a_permit_of_somebody_else() public {
        vm.prank(facilitator);
        currency.mint(stranger, 500);
        (uint8 v, bytes32 r, bytes32 s) = _permit(500);
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(clearing), 0, 500
            )
        );
        clearing.depositWithPermit(consumer, 500, EXPIRY, v, r, s);
    }
}
