// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "../../../src/community/Certificates.sol";
import {ICertificates} from "../../../src/interfaces/ICertificates.sol";
import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {CertificateBasket} from "../../../src/marketplace/CertificateBasket.sol";
import {EnergyCredit} from "../../../src/marketplace/EnergyCredit.sol";
import {Market} from "./Market.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Credits, certificates and their basket under the real rulebook, registered as deployed
contract RealRulesTest is Market {
    uint8 private constant ALL = 7;
    uint8 private constant CARBON = 4;

    EnergyCredit private credit;
    Certificates private certificates;
    CertificateBasket private basket;
    bytes32 private meter;
    uint256 private id;

    function setUp() public override {
        super.setUp();
        credit = new EnergyCredit(
            address(manager),
            currency,
            passport,
            compliance,
            IEnergyCredit.Season("Season", "KWH", uint64(START_S), uint64(START_S + 365 days), 1000)
        );
        certificates = new Certificates(address(manager), passport, compliance, devices);
        basket = new CertificateBasket(
            address(manager), certificates, passport, compliance, 2026, "Certificates", "REC26"
        );
        _register(address(credit), IRulebook.Kind.CREDIT, true);
        vm.prank(admin);
        compliance.register(address(certificates), IRulebook.Kind.CERTIFICATE, CARBON, true);
        vm.prank(admin);
        compliance.register(address(basket), IRulebook.Kind.CERTIFICATE, CARBON, true);
        _addVenue(address(credit));
        _addVenue(address(basket));
        _set(IRulebook.Kind.CERTIFICATE, CANADA, _free());
        _cash(admin, 1e12);
        vm.prank(admin);
        currency.approve(address(credit), type(uint256).max);
        address[2] memory members = [producer, consumer];
        for (uint256 i = 0; i < members.length; ++i) {
            vm.prank(admin);
            passport.issue(members[i], ALL, EXPIRY, CANADA);
        }
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        meter = devices.register(bytes32(x), bytes32(y), producer, 1, 50_000);
        vm.prank(admin);
        devices.setVerified(meter, true);
        vm.warp(START_S + 31 days);
    }

    function _mint(address to, uint256 energyWh, bytes32 source) private {
        vm.prank(admin);
        credit.mint(to, uint128(energyWh), source);
    }

    function _issue(address to, uint256 energyWh) private returns (uint256) {
        ICertificates.Span memory span =
            ICertificates.Span(meter, uint40(START_S), uint40(START_S + 30 days), uint64(energyWh));
        vm.prank(admin);
        return certificates.issue(span, to, 1, false, 70_993);
    }

    function _basketed(uint256 amountWh) private {
        id = _issue(producer, amountWh);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        vm.prank(admin);
        basket.admit(ids);
        vm.prank(producer);
        certificates.setApprovalForAll(address(basket), true);
        vm.prank(producer);
        basket.deposit(id, amountWh);
    }

    function _invalidReceiver(address receiver) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, receiver);
    }

    // --- lost in a contract

    function test_a_season_credit_cannot_be_lost_in_its_own_contract() public {
        _mint(producer, 1000, "record");
        vm.prank(producer);
        vm.expectRevert(_invalidReceiver(address(credit)));
        credit.transfer(address(credit), 1);
    }

    function test_a_basket_share_cannot_be_lost_in_the_basket() public {
        _basketed(1000);
        vm.prank(producer);
        vm.expectRevert(_invalidReceiver(address(basket)));
        basket.transfer(address(basket), 1);
    }

    // --- venues

    function test_the_basket_takes_certificates_with_nothing_but_its_place_as_a_venue() public {
        _basketed(1000);
        assertEq(basket.balanceOf(producer), 1000, "shares");
        vm.prank(producer);
        basket.withdraw(id, 400);
        assertEq(certificates.balanceOf(producer, id), 400, "out again");
        _hold(producer);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificates.PassportInvalid.selector, producer, CARBON)
        );
        basket.withdraw(id, 1);
    }

    // --- made, not moved

    function test_credits_are_made_within_the_rules() public {
        IRulebook.Rules memory rules = _free();
        rules.holdingMost = 1000;
        _set(IRulebook.Kind.CREDIT, CANADA, rules);
        vm.prank(admin);
        vm.expectRevert(_capped(address(credit), producer, 0, 1001, 1000));
        credit.mint(producer, 1001, "record");
        _mint(producer, 1000, "record");
        rules.closed = true;
        _set(IRulebook.Kind.CREDIT, CANADA, rules);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.CountryClosed.selector, address(credit), CANADA)
        );
        credit.mint(consumer, 1, "other record");
    }

    function test_basket_shares_are_made_within_the_rules() public {
        _basketed(1000);
        vm.prank(producer);
        basket.withdraw(id, 600);
        IRulebook.Rules memory rules = _free();
        rules.yearlyMost = 500;
        _set(IRulebook.Kind.CERTIFICATE, CANADA, rules);
        vm.prank(producer);
        basket.deposit(id, 500);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.InvestorLimitExceeded.selector, address(basket), producer, 500, 1, 500
            )
        );
        basket.deposit(id, 1);
    }

    // --- certificates, of all ids

    function test_certificates_are_issued_and_moved_within_a_cap_by_its_name() public {
        IRulebook.Rules memory rules = _free();
        rules.holdingMost = 1000;
        _set(IRulebook.Kind.CERTIFICATE, CANADA, rules);
        ICertificates.Span memory span =
            ICertificates.Span(meter, uint40(START_S), uint40(START_S + 30 days), 1001);
        vm.prank(admin);
        vm.expectRevert(_capped(address(certificates), producer, 0, 1001, 1000));
        certificates.issue(span, producer, 1, false, 70_993);
        id = _issue(producer, 1000);

        rules.holdingMost = 500;
        _set(IRulebook.Kind.CERTIFICATE, CANADA, rules);
        vm.prank(producer);
        certificates.safeTransferFrom(producer, consumer, id, 500, "");
        vm.prank(producer);
        vm.expectRevert(_capped(address(certificates), consumer, 500, 1, 500));
        certificates.safeTransferFrom(producer, consumer, id, 1, "");
    }

    /// A batch is one transfer: its parts do not pass a cap that their sum exceeds.
    function test_a_batch_is_capped_as_a_whole() public {
        id = _issue(producer, 1000);
        IRulebook.Rules memory rules = _free();
        rules.holdingMost = 900;
        _set(IRulebook.Kind.CERTIFICATE, CANADA, rules);
        uint256[] memory ids = new uint256[](2);
        uint256[] memory amounts = new uint256[](2);
        (ids[0], ids[1], amounts[0], amounts[1]) = (id, id, 500, 500);
        vm.prank(producer);
        vm.expectRevert(_capped(address(certificates), consumer, 0, 1000, 900));
        certificates.safeBatchTransferFrom(producer, consumer, ids, amounts, "");
    }

    function test_a_lock_up_and_a_cap_of_holders_bind_certificates() public {
        id = _issue(producer, 1000);
        IRulebook.Rules memory rules = _free();
        (rules.lockUp, rules.holdersMost) = (1 days, 2);
        _set(IRulebook.Kind.CERTIFICATE, CANADA, rules);
        assertEq(certificates.holders(), 1, "one");
        vm.prank(producer);
        certificates.safeTransferFrom(producer, consumer, id, 600, "");
        assertEq(certificates.holders(), 2, "two");
        vm.prank(consumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRulebook.LockedUp.selector, address(certificates), consumer, 0, 1
            )
        );
        certificates.safeTransferFrom(consumer, producer, id, 1, "");
        vm.prank(admin);
        passport.issue(neighbour, ALL, EXPIRY, CANADA);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.HolderCapReached.selector, address(certificates), 2, 2)
        );
        certificates.safeTransferFrom(producer, neighbour, id, 1, "");
        vm.prank(producer);
        certificates.retire(id, 400, producer, "claim");
        assertEq(certificates.holders(), 1, "who retired all holds none");
    }

    function _capped(address token, address account, uint256 held, uint256 amount, uint64 most)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IRulebook.HoldingCapExceeded.selector, token, account, held, amount, most
        );
    }
}
