// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateBasket} from "../../../src/interfaces/ICertificateBasket.sol";
import {ICertificates} from "../../../src/interfaces/ICertificates.sol";
import {CertificateBasket} from "../../../src/marketplace/CertificateBasket.sol";
import {CreditWorld, Rules} from "./CreditWorld.sol";
import {IERC1155Errors, IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// Certificates anybody makes; the year is the id without its last two digits.
contract AnyCertificates is ERC1155("") {
    function classOf(uint256 id) external pure returns (ICertificates.Class memory) {
        return ICertificates.Class(uint16(id / 100), 1, false, 0);
    }

    function make(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}

contract CertificateBasketTest is CreditWorld {
    uint8 private constant CARBON = 4;
    uint256 private constant ROOF = 202_601;
    uint256 private constant WIND = 202_602;
    uint256 private constant OLDER = 202_501;

    AnyCertificates private certificates;
    CertificateBasket private basket;

    function setUp() public override {
        super.setUp();
        certificates = new AnyCertificates();
        basket = new CertificateBasket(
            address(manager),
            ICertificates(address(certificates)),
            passport,
            rules,
            2026,
            "Certificates 2026",
            "REC26"
        );
        rules.register(address(basket), CARBON);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (ROOF, WIND);
        vm.expectEmit();
        emit ICertificateBasket.Admitted(ROOF);
        vm.prank(admin);
        basket.admit(ids);
        address[2] memory holders = [producer, consumer];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(admin);
            passport.issue(holders[i], CARBON, EXPIRY, CANADA);
            vm.prank(holders[i]);
            certificates.setApprovalForAll(address(basket), true);
        }
        certificates.make(producer, ROOF, 100);
        certificates.make(consumer, WIND, 50);
        certificates.make(producer, OLDER, 10);
    }

    function _deposit(address account, uint256 id, uint256 amount) private {
        vm.prank(account);
        basket.deposit(id, amount);
    }

    function _refusedDeposit(uint256 id, uint256 amount, bytes memory reason) private {
        vm.prank(producer);
        vm.expectRevert(reason);
        basket.deposit(id, amount);
    }

    // --- refusals

    function test_refuses_to_admit_for_a_stranger() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        basket.admit(new uint256[](1));
    }

    function test_refuses_to_admit_another_vintage() public {
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (ROOF, OLDER);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateBasket.OtherVintage.selector, OLDER, 2025, 2026)
        );
        basket.admit(ids);
    }

    function test_refuses_a_kind_that_is_not_admitted() public {
        bytes memory reason = abi.encodeWithSelector(ICertificateBasket.NotAdmitted.selector, OLDER);
        _refusedDeposit(OLDER, 1, reason);
        vm.expectRevert(reason);
        basket.withdraw(OLDER, 1);
    }

    function test_refuses_no_amount() public {
        bytes memory reason = abi.encodeWithSelector(ICertificateBasket.ZeroAmount.selector);
        _refusedDeposit(ROOF, 0, reason);
        vm.expectRevert(reason);
        basket.withdraw(ROOF, 0);
    }

    function test_refuses_a_deposit_without_a_valid_passport_or_the_certificates() public {
        _refusedDeposit(
            WIND,
            1,
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, producer, 0, 1, WIND
            )
        );
        _hold(producer);
        _refusedDeposit(
            ROOF,
            1,
            abi.encodeWithSelector(ICertificateBasket.PassportInvalid.selector, producer, CARBON)
        );
    }

    function test_refuses_certificates_that_are_sent() public {
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICertificateBasket.DepositOnly.selector, address(certificates), producer
            )
        );
        certificates.safeTransferFrom(producer, address(basket), ROOF, 1, "");
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (ROOF, OLDER);
        uint256[] memory amounts = new uint256[](2);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICertificateBasket.DepositOnly.selector, address(certificates), producer
            )
        );
        certificates.safeBatchTransferFrom(producer, address(basket), ids, amounts, "");
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateBasket.DepositOnly.selector, address(this), stranger)
        );
        basket.onERC1155Received(address(basket), stranger, ROOF, 1, "");
    }

    function test_refuses_more_than_the_shares_or_the_basket_hold() public {
        _deposit(producer, ROOF, 10);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, producer, 10, 11)
        );
        basket.withdraw(ROOF, 11);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, address(basket), 0, 1, WIND
            )
        );
        basket.withdraw(WIND, 1);
    }

    function test_refuses_a_transfer_without_passports_or_against_the_rules() public {
        _deposit(producer, ROOF, 10);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateBasket.PassportInvalid.selector, neighbour, CARBON)
        );
        basket.transfer(neighbour, 1);
        rules.forbid(consumer);
        vm.prank(producer);
        vm.expectRevert(abi.encodeWithSelector(Rules.Forbidden.selector, consumer));
        basket.transfer(consumer, 1);
        _hold(producer);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateBasket.PassportInvalid.selector, producer, CARBON)
        );
        basket.transfer(consumer, 1);
    }

    // --- success

    function test_one_share_a_certificate_whatever_its_kind() public {
        vm.expectEmit();
        emit ICertificateBasket.Deposited(producer, ROOF, 100);
        _deposit(producer, ROOF, 100);
        _deposit(consumer, WIND, 50);
        assertEq(basket.balanceOf(producer), 100, "shares");
        assertEq(basket.totalSupply(), 150, "one each");
        assertEq(basket.decimals(), 0, "whole");
        assertEq(basket.year(), 2026, "year");

        vm.expectEmit();
        emit ICertificateBasket.Withdrawn(producer, WIND, 30);
        vm.prank(producer);
        basket.withdraw(WIND, 30);
        assertEq(certificates.balanceOf(producer, WIND), 30, "another kind");
        assertEq(basket.balanceOf(producer), 70, "shares given back");
    }

    function test_a_held_account_still_takes_its_certificates_out() public {
        _deposit(producer, ROOF, 10);
        _hold(producer);
        vm.prank(producer);
        basket.withdraw(ROOF, 10);
        assertEq(certificates.balanceOf(producer, ROOF), 100, "all back");
    }

    function test_shares_are_always_the_certificates(uint256 roofs, uint256 winds, uint256 back)
        public
    {
        roofs = bound(roofs, 1, 100);
        winds = bound(winds, 1, 50);
        _deposit(producer, ROOF, roofs);
        _deposit(consumer, WIND, winds);
        back = bound(back, 1, roofs);
        vm.prank(producer);
        basket.transfer(consumer, back);
        vm.prank(consumer);
        basket.withdraw(ROOF, back);
        uint256 held = certificates.balanceOf(address(basket), ROOF)
            + certificates.balanceOf(address(basket), WIND);
        assertEq(basket.totalSupply(), held, "one each");
    }
}
