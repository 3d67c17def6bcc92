// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TradingHalt} from "../../../src/bank/TradingHalt.sol";
import {HouseholdTrustFactory} from "../../../src/household/HouseholdTrustFactory.sol";
import {Deal} from "../../../src/individual/Deal.sol";
import {IDeal} from "../../../src/interfaces/IDeal.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {IndividualWorld} from "../../IndividualWorld.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// What an account signs for other contracts: a deal, by ERC-1271 with the passkey.
contract AccountSignTest is IndividualWorld {
    string private constant DEAL =
        "Deal(address seller,address buyer,uint64 start,uint32 interval,uint64 priceUdPerKwh,uint64 expiry,uint256 salt,uint64[] scheduledWh)";
    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    Deal private deal;
    IDeal.Terms private _terms;

    function setUp() public override {
        super.setUp();
        deal = new Deal(
            currency,
            passport,
            currency.compliance(),
            new HouseholdTrustFactory(currency, passport, devices),
            verifier,
            new TradingHalt(address(manager), verifier),
            5000,
            operator
        );
        uint64[] memory scheduledWh = new uint64[](1);
        scheduledWh[0] = 2500;
        _terms = IDeal.Terms({
            seller: producer,
            buyer: address(account),
            start: uint64(START_S + 3600),
            interval: 3600,
            priceUdPerKwh: 120_000,
            expiry: uint64(START_S + 3 days),
            salt: 0,
            scheduledWh: scheduledWh
        });
        vm.prank(facilitator);
        currency.mint(address(account), 312_500);
        _act(
            KEY,
            _call(address(currency), abi.encodeCall(currency.approve, (address(deal), 312_500)))
        );
    }

    function _domain(string memory name, address verifyingContract) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN, keccak256(bytes(name)), keccak256("1"), block.chainid, verifyingContract
            )
        );
    }

    /// ERC-7739: the deal's fields stay readable, and the account's own domain is signed too.
    function _signed(uint256 key, address signer) private view returns (bytes memory) {
        bytes32 contents = keccak256(
            abi.encode(
                keccak256(bytes(DEAL)),
                _terms.seller,
                _terms.buyer,
                _terms.start,
                _terms.interval,
                _terms.priceUdPerKwh,
                _terms.expiry,
                _terms.salt,
                keccak256(abi.encodePacked(_terms.scheduledWh))
            )
        );
        bytes32 domain = _domain("SourceEnergy Deal", address(deal));
        assertEq(
            MessageHashUtils.toTypedDataHash(domain, contents), deal.idOf(_terms), "EIP-712 id"
        );
        bytes32 nested = keccak256(
            abi.encode(
                keccak256(
                    bytes(
                        string.concat(
                            "TypedDataSign(Deal contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                            DEAL
                        )
                    )
                ),
                contents,
                keccak256("SourceEnergy Account"),
                keccak256("1"),
                block.chainid,
                signer,
                bytes32(0)
            )
        );
        bytes memory signature = _assertion(key, MessageHashUtils.toTypedDataHash(domain, nested));
        return abi.encodePacked(signature, domain, contents, DEAL, uint16(bytes(DEAL).length));
    }

    function _open(bytes memory buyer, bytes memory refusal) private {
        bytes memory seller = _signature("producer", deal.idOf(_terms));
        if (refusal.length != 0) vm.expectRevert(refusal);
        deal.open(_terms, seller, buyer);
    }

    function test_a_passkey_signs_a_deal() public {
        _open(_signed(KEY, address(account)), "");
        assertEq(currency.balanceOf(address(deal)), 312_500, "in escrow");
    }

    function test_refuses_another_key_another_account_and_a_locked_one() public {
        bytes memory reason =
            abi.encodeWithSelector(IEscrow.NotAgreed.selector, deal.idOf(_terms), address(account));
        _open(_signed(NEW_KEY, address(account)), reason);
        _open(_signed(KEY, address(1)), reason);
        bytes memory signed = _signed(KEY, address(account));
        _lock();
        _open(signed, reason);
    }
}
