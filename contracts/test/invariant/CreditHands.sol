// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEnergyCredit} from "../../src/interfaces/IEnergyCredit.sol";
import {CreditWorld} from "../unit/marketplace/CreditWorld.sol";

/// @title CreditHands: settlement, holders and time, in any order
contract CreditHands is CreditWorld {
    address[3] private _holders;
    bytes32 private _lastSource;
    uint256 public mintedWh;
    uint256 public redeemedWh;
    uint256 public cashedOutWh;

    function setUp() public override {
        super.setUp();
        _holders = [consumer, producer, neighbour];
    }

    function contracts() external view returns (address, address) {
        return (address(credit), address(currency));
    }

    function mint(uint256 who, uint256 energyWh) external {
        if (block.timestamp >= SEASON_END) return;
        energyWh = bound(energyWh, 1, 1e9);
        _release(_holders[who % 3]);
        _lastSource = _record();
        vm.prank(settlement);
        credit.mint(_holders[who % 3], uint128(energyWh), _lastSource);
        mintedWh += energyWh;
        // a dishonest settlement mints the same metered energy to itself: refused
        vm.prank(settlement);
        vm.expectRevert(abi.encodeWithSelector(IEnergyCredit.SourceUsed.selector, _lastSource));
        credit.mint(_holders[(who % 3 + 1) % 3], uint128(energyWh), _lastSource);
    }

    function redeem(uint256 who, uint256 energyWh) external {
        address account = _holders[who % 3];
        uint256 balance = credit.balanceOf(account);
        if (block.timestamp >= SEASON_END || balance == 0) return;
        energyWh = bound(energyWh, 1, balance);
        _release(account);
        _redeem(account, energyWh);
        redeemedWh += energyWh;
    }

    function transfer(uint256 from, uint256 to, uint256 energyWh) external {
        address account = _holders[from % 3];
        energyWh = bound(energyWh, 0, credit.balanceOf(account));
        bool held = !passport.isAllowed(account, TRADE_ENERGY);
        held = held || !passport.isAllowed(_holders[to % 3], TRADE_ENERGY);
        vm.prank(account);
        try credit.transfer(_holders[to % 3], energyWh) {
            assertTrue(!held, "both passports are valid");
        } catch {
            assertTrue(held, "a passport is not valid");
        }
    }

    function cashOut(uint256 who) external {
        address account = _holders[who % 3];
        uint256 balance = credit.balanceOf(account);
        if (block.timestamp < SEASON_END || balance == 0) return;
        _release(account);
        uint256 before = currency.balanceOf(account);
        vm.prank(account);
        credit.cashOut(account);
        uint256 paid = currency.balanceOf(account) - before;
        assertEq(paid, balance * FEED_IN / 1000, "feed-in value");
        cashedOutWh += balance;
    }

    function hold(uint256 who) external {
        _hold(_holders[who % 3]);
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 10 days));
    }
}
