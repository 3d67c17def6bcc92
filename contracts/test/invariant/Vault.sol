// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBackingReserve} from "../../src/interfaces/IBackingReserve.sol";
import {ISavings} from "../../src/interfaces/ISavings.sol";
import {IStabilisationFund} from "../../src/interfaces/IStabilisationFund.sol";
import {ITradingHalt} from "../../src/interfaces/ITradingHalt.sol";
import {Bank} from "../Bank.sol";

/// @title Vault: everybody's hands on the bank
/// @notice The custodians keep honest books of a bank account, that now and then is robbed; members
/// bring money, save, redeem and sell to the fund; guardians halt trading; a thief with a council
/// key and a guardian's key tries whatever is there. Every call is one that must succeed, or one
/// that must fail and is expected to.
contract Vault is Bank {
    uint16 private constant ELSEWHERE = 276;
    uint256 private constant MOST = 1e15; // a thousand million dollars

    address[3] public members;
    address public thief;
    uint16[3] public countries = [0, CANADA, ELSEWHERE];

    uint256 public account; //  at the bank                            [ud]
    uint256 public attested; // as last attested                       [ud]
    uint64 public paid; //      claims the bank has paid
    uint256 public paidUd; //   in total                               [ud]
    bool public robbed; //      less at the bank than is owed, ever
    bool public overIssued; //  more out than held, right after issuing
    bool public paidNotPar; //  a redemption below or above par
    bool public ratioFell; //   held / owed fell by a redemption
    bool public chiFell;
    bool public beyondFloor; // the fund spent its floor
    bool public beyondDay; //   the fund spent more than a day's part
    uint256 public fedUd; //    to the fund, ever                      [ud]
    uint256 public spentUd; //  by the fund, ever                      [ud]
    uint256 public haltedS; //  ordered, ever                          [s]
    uint64 public haltEnd; //   of the last halt                       [s]
    bool public chained; //     a halt without a gap
    uint256[3] private _chis;
    uint256 private _day;
    uint256 private _dayStartUd;
    uint256 private _daySpentUd;

    function setUp() public override {
        super.setUp();
        members = [consumer, producer, neighbour];
        thief = councillors[3];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(admin);
            passport.issue(
                members[i], TRADE_ENERGY, uint40(START_S + 3650 days), i == 0 ? ELSEWHERE : CANADA
            );
            address[3] memory spenders = [address(fund), address(savings), address(reserve)];
            for (uint256 j = 0; j < 3; ++j) {
                vm.prank(members[i]);
                currency.approve(spenders[j], type(uint256).max);
            }
            vm.prank(members[i]);
            venue.approve(address(fund), type(uint256).max);
            venue.give(members[i], 1e18);
        }
        vm.prank(admin);
        savings.setRate(ELSEWHERE, 1_547_125_957_863_212_448);
        _handOver();
    }

    function bank() external view returns (address, address, address, address, address) {
        return (
            address(currency),
            address(reserve),
            address(fund),
            address(savings),
            address(tradingHalt)
        );
    }

    // --- the custodians

    function payClaims(uint256 many) external {
        uint64 last = reserve.lastClaim();
        for (many = bound(many, 0, 4); many > 0 && paid < last; --many) {
            uint256 amountUd = reserve.claimOf(paid + 1).amountUd;
            if (amountUd > account) return;
            account -= amountUd;
            paidUd += amountUd;
            ++paid;
        }
    }

    function attest() public {
        _attest(account, paid);
        attested = account;
    }

    function bringMoney(uint256 who, uint256 amountUd) external {
        amountUd = bound(amountUd, 1, MOST);
        account += amountUd;
        attest();
        _tryIssue(members[who % 3], amountUd);
    }

    /// A receipt for money that is not there, properly signed.
    function overIssue(uint256 who, uint256 amountUd) external {
        _tryIssue(members[who % 3], bound(amountUd, 1, MOST));
    }

    function rob(uint256 amountUd) external {
        if (amountUd % 8 != 0) return; // seldom
        amountUd = bound(amountUd, 0, account / 10);
        account -= amountUd;
        robbed = robbed || amountUd != 0;
    }

    function _tryIssue(address to, uint256 amountUd) private {
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        IBackingReserve.Receipt memory r = _receipt(to, amountUd);
        bytes memory proof = _signed("custodian", reserve.receiptHash(r));
        if (block.timestamp >= reserve.staleAt()) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IBackingReserve.AttestationStale.selector,
                    reserve.lastAttestation().asOf,
                    reserve.staleAt()
                )
            );
            reserve.issue(r, proof);
            return;
        }
        if (outUd + claimsUd + amountUd > heldUd) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IBackingReserve.Unbacked.selector, heldUd, outUd + claimsUd, amountUd
                )
            );
            reserve.issue(r, proof);
            return;
        }
        reserve.issue(r, proof);
        (heldUd, outUd, claimsUd) = reserve.reserves();
        overIssued = overIssued || outUd + claimsUd > heldUd;
    }

    // --- the members

    function redeem(uint256 who, uint256 amountUd) external {
        address member = members[who % 3];
        uint256 cents = currency.balanceOf(member) / 10_000;
        if (cents == 0) return;
        amountUd = bound(amountUd, 1, cents) * 10_000;
        (uint256 heldUd, uint256 outUd, uint256 claimsUd) = reserve.reserves();
        vm.prank(member);
        uint64 claim = reserve.redeem(uint128(amountUd), PAYEE);
        paidNotPar = paidNotPar || reserve.claimOf(claim).amountUd != amountUd;
        (uint256 held, uint256 out, uint256 claims) = reserve.reserves();
        ratioFell = ratioFell || held != heldUd || out + claims != outUd + claimsUd;
    }

    function save(uint256 who, uint256 amountUd) external {
        address member = members[who % 3];
        uint256 mostUd = currency.balanceOf(member);
        if (mostUd < 1000) return;
        amountUd = bound(amountUd, 1000, mostUd);
        vm.prank(member);
        savings.deposit(uint128(amountUd));
        assertLe(savings.revenueUd(), type(uint128).max, "revenue");
    }

    function unsave(uint256 who, uint256 amountUd) external {
        address member = members[who % 3];
        uint256 mostUd = savings.balanceOf(member);
        if (mostUd == 0) return;
        amountUd = bound(amountUd, 1, mostUd);
        uint256 before = currency.balanceOf(member);
        vm.prank(member);
        savings.withdraw(uint128(amountUd));
        assertEq(currency.balanceOf(member), before + amountUd, "to the unit");
    }

    function addRevenue(uint256 who, uint256 amountUd) external {
        address member = members[who % 3];
        uint256 mostUd = currency.balanceOf(member);
        if (mostUd == 0) return;
        amountUd = bound(amountUd, 1, mostUd);
        vm.prank(member);
        savings.addRevenue(uint128(amountUd));
    }

    function accrue(uint256 which) external {
        savings.accrue(countries[which % 3]);
        _noteChi();
    }

    function moveCountry(uint256 who, bool away) external {
        address member = members[who % 3];
        vm.prank(address(timelock));
        passport.issue(
            member, TRADE_ENERGY, uint40(START_S + 36_500 days), away ? ELSEWHERE : CANADA
        );
        savings.move(member);
        _noteChi();
    }

    function setRate(uint256 which, uint64 rate) external {
        uint16 country = countries[1 + which % 2];
        rate = uint64(bound(rate, 0, savings.RATE_MOST()));
        vm.prank(address(timelock));
        savings.setRate(country, rate);
        _noteChi();
    }

    // --- the fund

    function feed(uint256 who, uint256 amountUd) external {
        address member = members[who % 3];
        uint256 mostUd = currency.balanceOf(member);
        if (mostUd == 0) return;
        amountUd = bound(amountUd, 1, mostUd);
        vm.prank(member);
        fund.feed(uint128(amountUd));
        fedUd += amountUd;
    }

    function price(uint256 hour) external {
        venue.set(bound(hour, 10_000, 200_000), 120_000);
    }

    function sell(uint256 who, uint256 amountWh) external {
        address member = members[who % 3];
        uint256 hour = venue.hour();
        uint256 availableUd = fund.availableUd();
        uint256 mostWh = availableUd * 1000 / hour;
        if (mostWh == 0 || tradingHalt.isHalted()) return;
        amountWh = bound(amountWh, 1, mostWh + mostWh / 4);
        uint256 costUd = amountWh * hour / 1000;
        uint256 heldUd = currency.balanceOf(address(fund));
        vm.prank(member);
        if (hour > 102_000) {
            vm.expectRevert(
                abi.encodeWithSelector(IStabilisationFund.WithinBand.selector, hour, 102_000)
            );
        } else if (costUd == 0) {
            vm.expectRevert(abi.encodeWithSelector(IStabilisationFund.ZeroAmount.selector));
        } else if (costUd > availableUd) {
            vm.expectRevert(
                abi.encodeWithSelector(IStabilisationFund.BeyondLimit.selector, availableUd, costUd)
            );
        }
        fund.support(venue, uint128(amountWh), 0);
        if (hour > 102_000 || costUd == 0 || costUd > availableUd) return;

        uint256 today = block.timestamp / 1 days;
        if (today != _day) (_day, _dayStartUd, _daySpentUd) = (today, heldUd, 0);
        _daySpentUd += costUd;
        spentUd += costUd;
        beyondDay = beyondDay || _daySpentUd * 5 > _dayStartUd;
        beyondFloor = beyondFloor || currency.balanceOf(address(fund)) * 4 < fund.highWaterUd();
    }

    // --- the guardians

    function halt(uint64 durationS) external {
        durationS = uint64(bound(durationS, 1, 72 hours));
        ITradingHalt.Order memory order = _order(durationS);
        bytes memory proof = _signed("guardian", tradingHalt.orderHash(order));
        uint64 earliest = tradingHalt.until() == 0 ? 0 : tradingHalt.until() + 72 hours;
        if (block.timestamp < earliest) {
            vm.expectRevert(
                abi.encodeWithSelector(ITradingHalt.TooSoon.selector, earliest, block.timestamp)
            );
            tradingHalt.halt(order, proof);
            return;
        }
        tradingHalt.halt(order, proof);
        chained = chained || (haltEnd != 0 && block.timestamp < haltEnd + 72 hours);
        haltEnd = tradingHalt.until();
        haltedS += durationS;
    }

    /// A councillor who is also a guardian tries everything alone, and gains nothing.
    function steal(uint256 which, uint256 amountUd) external {
        bytes[7] memory calls = [
            abi.encodeWithSignature("setBucket(address,uint128)", thief, amountUd),
            abi.encodeWithSignature("mint(address,uint128)", thief, bound(amountUd, 1, MOST)),
            abi.encodeWithSignature("setInsider(address,bool)", thief, false),
            abi.encodeWithSignature("support(address,uint128,uint128)", venue, 1000, 0),
            abi.encodeWithSignature("setRate(uint16,uint64)", ELSEWHERE, 1),
            abi.encodeWithSignature("withdraw(uint128)", bound(amountUd, 1, MOST)),
            abi.encodeWithSignature("setGuardians(address)", thief)
        ];
        address[7] memory targets = [
            address(currency),
            address(currency),
            address(fund),
            address(fund),
            address(savings),
            address(savings),
            address(tradingHalt)
        ];
        which = which % 7;
        vm.prank(thief);
        (bool ok,) = targets[which].call(calls[which]);
        assertTrue(!ok, "refused");
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 3 days));
    }

    function _noteChi() private {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 chi = savings.potOf(countries[i]).chi;
            chiFell = chiFell || chi < _chis[i];
            _chis[i] = chi;
        }
    }

    function noteChi() external {
        _noteChi();
    }

    // --- the end

    /// Everybody takes everything out of savings and redeems it, in spite of a halt.
    function everybodyLeaves() external {
        for (uint256 i = 0; i < 3; ++i) {
            savings.accrue(countries[i]);
        }
        for (uint256 i = 0; i < 3; ++i) {
            uint256 balanceUd = savings.balanceOf(members[i]);
            if (balanceUd != 0) {
                vm.prank(members[i]);
                savings.withdraw(uint128(balanceUd));
            }
            uint256 wholeUd = currency.balanceOf(members[i]) / 10_000 * 10_000;
            if (wholeUd == 0) continue;
            vm.prank(members[i]);
            reserve.redeem(uint128(wholeUd), PAYEE);
            assertLe(currency.balanceOf(members[i]), 9999, "all but part of a cent");
        }
        assertLe(
            currency.totalSupply(),
            currency.balanceOf(address(fund)) + savings.revenueUd() + 3 * 9999 + 3,
            "what is left is the fund's, and revenue nobody earned"
        );
    }

    function savingsOwedUd() external view returns (uint256 owedUd) {
        for (uint256 i = 0; i < 3; ++i) {
            ISavings.Pot memory pot = savings.potOf(countries[i]);
            owedUd += pot.owedUd;
        }
    }
}
