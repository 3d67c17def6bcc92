// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TradingHalt} from "../../src/bank/TradingHalt.sol";
import {HouseholdTrustFactory} from "../../src/household/HouseholdTrustFactory.sol";
import {Deal} from "../../src/individual/Deal.sol";
import {IDeal} from "../../src/interfaces/IDeal.sol";
import {SponsoredWorld} from "../SponsoredWorld.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title IndividualGas: what the Individual layer's transactions cost, kept in `snapshots/`
/// @notice Every call is a transaction of its own, so that its base cost and cold storage count.
/// The entry point is our stand-in.
/// forge-config: default.isolate = true
contract IndividualGasTest is SponsoredWorld {
    function _note(string memory name) private {
        vm.snapshotGasLastCall("Individual", name);
    }

    /// The Solidity fallback for chains without the precompile, as a call of its own.
    function verifyBySolidity(bytes32 digest, bytes32 r, bytes32 s, bytes32 qx, bytes32 qy)
        external
        view
        returns (bool)
    {
        return P256.verifySolidity(digest, r, s, qx, qy);
    }

    function verifyByPrecompile(bytes32 digest, bytes32 r, bytes32 s, bytes32 qx, bytes32 qy)
        external
        view
        returns (bool)
    {
        return P256.verifyNative(digest, r, s, qx, qy);
    }

    function test_passport() public {
        vm.prank(admin);
        passport.admit(stranger, keccak256("stranger"), ALL, EXPIRY, CANADA);
        _note("passport admit");
        vm.prank(admin);
        passport.link(stranger, thief);
        _note("passport link");
        vm.prank(admin);
        passport.setFrozen(stranger, true);
        _note("passport hold, 2 wallets");
        vm.prank(admin);
        passport.rebind(thief, third);
        _note("passport rebind");
        passport.isAllowed(stranger, 2);
        _note("passport isAllowed, called from outside");
    }

    function test_account() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        factory.create(qx, qy, _guardians(), 2, 0);
        _note("account create, 3 guardians");

        _act(KEY, _transfer(producer, 1));
        _act(KEY, _transfer(producer, 1));
        _note("passkey transfer, precompile, own gas");

        _approve(first, NEW_KEY);
        _note("approve recovery");
        _approve(second, NEW_KEY);
        _note("approve recovery, and start it");
        vm.warp(START_S + 48 hours);
        account.completeRecovery();
        _note("complete recovery");
    }

    function test_signature() public {
        (bytes32 qx, bytes32 qy) = _public(KEY);
        (bytes32 r, bytes32 s) = _signP256(KEY, "digest");
        this.verifyByPrecompile("digest", r, s, qx, qy);
        _note("P-256 by the precompile, called from outside");
        this.verifyBySolidity("digest", r, s, qx, qy);
        _note("P-256 by Solidity, called from outside");
    }

    function test_sponsored() public {
        _sponsor(KEY, _sponsored(_transfer(producer, 1)));
        _sponsor(KEY, _sponsored(_transfer(producer, 1)));
        _note("passkey transfer, precompile, sponsored");
    }

    function test_deal() public {
        Deal deal = new Deal(
            currency,
            passport,
            currency.compliance(),
            new HouseholdTrustFactory(currency, passport, devices),
            verifier,
            new TradingHalt(address(manager), verifier),
            5000,
            operator
        );
        IDeal.Terms memory terms = IDeal.Terms({
            seller: producer,
            buyer: consumer,
            start: uint64(START_S + 900),
            interval: 900,
            priceUdPerKwh: 120_000,
            expiry: uint64(START_S + 3 days),
            salt: 0,
            scheduledWh: new uint64[](4)
        });
        for (uint256 i = 0; i < 4; ++i) {
            terms.scheduledWh[i] = 600;
        }
        vm.prank(facilitator);
        currency.mint(consumer, 1e9);
        vm.prank(consumer);
        currency.approve(address(deal), type(uint256).max);
        bytes32 id = deal.idOf(terms);
        bytes memory seller = _signature("producer", id);
        bytes memory buyer = _signature("consumer", id);
        deal.open(terms, seller, buyer);
        _note("deal open, 4 intervals, 2 signatures");
        vm.warp(START_S + 1 days);
        uint64[] memory deliveredWh = new uint64[](4);
        deliveredWh[0] = 600;
        bytes memory proof = _proof(deal.deliveryHash(id, 0, deliveredWh), 0, 1);
        deal.settle(terms, deliveredWh, proof);
        _note("deal settle, 4 intervals, 2 verifiers, close");
        deal.withdraw(producer);
        _note("deal withdraw, first of an account");
    }
}
