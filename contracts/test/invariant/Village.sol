// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Certificates} from "../../src/community/Certificates.sol";
import {HouseholdTrust} from "../../src/household/HouseholdTrust.sol";
import {HouseholdTrustFactory} from "../../src/household/HouseholdTrustFactory.sol";
import {ICertificates} from "../../src/interfaces/ICertificates.sol";
import {ICommunity} from "../../src/interfaces/ICommunity.sol";
import {IFund} from "../../src/interfaces/IFund.sol";
import {IHouseholdTrust} from "../../src/interfaces/IHouseholdTrust.sol";
import {IHouseholdTrustFactory} from "../../src/interfaces/IHouseholdTrustFactory.sol";
import {Coop} from "../unit/community/Coop.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Village: everybody's hands on layers 5 and 4, a malicious operator's and trustee's too
/// @notice The fuzzer calls the verbs in any order, with any numbers. What a contract refuses is
/// passed over; what it accepts is written down.
contract Village is Coop {
    uint256 public constant PEOPLE = 4;

    address[PEOPLE] public people;
    HouseholdTrust public trust;
    Certificates public certificates;
    bytes32 public meter;
    uint256[] public ids;

    // what was seen
    uint256 public incomeUd; //     paid in, with the float
    uint256 public claimedUd; //    paid to holders
    uint256 public depositedUd; //  by holders and rounds, and given back
    uint256 public withdrawnUd; //  by holders, and invested
    uint256 public trustInUd; //    minted to the trust, and contributed
    uint256 public slots; //        issued for
    uint256 public retiredWh; //    retired

    function setUp() public override {
        super.setUp();
        HouseholdTrustFactory factory = new HouseholdTrustFactory(currency, passport, devices);
        IHouseholdTrustFactory.Terms memory terms;
        terms.trustees = new address[](2);
        (terms.trustees[0], terms.trustees[1]) = (prosumer, tenant);
        terms.threshold = 2;
        terms.rule.beneficiaries = new address[](3);
        terms.rule.sharesPpm = new uint32[](3);
        (terms.rule.beneficiaries[0], terms.rule.sharesPpm[0]) = (prosumer, 333_333);
        (terms.rule.beneficiaries[1], terms.rule.sharesPpm[1]) = (tenant, 333_333);
        (terms.rule.beneficiaries[2], terms.rule.sharesPpm[2]) = (neighbour, 333_334);
        terms.rule.reinvestPpm = 250_000;
        terms.rule.target = fund;
        terms.limitUd = uint64(100 * DOLLAR);
        terms.delayS = 7 days;
        vm.prank(prosumer);
        trust = HouseholdTrust(factory.create(terms, bytes32(0)));
        _admit(address(trust));
        people = [prosumer, household, tenant, neighbour];
        for (uint256 i = 0; i < PEOPLE; ++i) {
            _money(people[i], address(community), 1e12);
            _money(people[i], address(fund), 1e12);
            vm.prank(people[i]);
            currency.approve(address(trust), type(uint256).max);
        }
        certificates = new Certificates(address(manager), passport, rulebook, devices);
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        meter = devices.register(bytes32(x), bytes32(y), operator, 1, 50_000);
        vm.prank(admin);
        devices.setVerified(meter, true);
        vm.warp(START_S + 2 days);
    }

    function contracts() external view returns (address, address, address, uint256, address) {
        return (address(community), address(fund), address(currency), round, installer);
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    function _as(address caller, address target, bytes memory data) private returns (bool done) {
        vm.prank(caller);
        (done,) = target.call(data);
    }

    function _who(uint256 who) private view returns (address) {
        return people[who % PEOPLE];
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 30 days));
    }

    function freeze(uint256 who, bool frozen) external {
        _freeze(_who(who), frozen);
    }

    // --- the round

    function pledge(uint256 who, uint64 amountUd) external {
        amountUd = uint64(bound(amountUd, TARGET / 4, TARGET));
        _as(
            _who(who),
            address(community),
            abi.encodeCall(ICommunity.pledge, (round, amountUd, DOCUMENT))
        );
    }

    function withdrawPledge(uint256 who) external {
        _as(_who(who), address(community), abi.encodeCall(ICommunity.withdrawPledge, (round)));
    }

    /// At the deadline, where the target is met.
    function closeRound() external {
        (ICommunity.RoundMoney memory money,) = community.moneyOf(round);
        if (money.raisedUd >= TARGET && block.timestamp < DEADLINE) vm.warp(DEADLINE + COOLING);
        _as(stranger, address(community), abi.encodeCall(ICommunity.close, (round)));
    }

    function convert(uint256 who) external {
        uint64 amountUd = community.pledgeOf(round, _who(who)).amountUd;
        if (_as(
                stranger, address(community), abi.encodeCall(ICommunity.convert, (round, _who(who)))
            )) {
            depositedUd += amountUd;
        }
    }

    function refund(uint256 who) external {
        _as(_who(who), address(community), abi.encodeCall(ICommunity.refund, (round, _who(who))));
    }

    /// The operator asks for anything, and has what passed paid.
    function claimAndVote(uint16 milestone, uint64 amountUd, uint256 votes) external {
        if (block.timestamp < DEADLINE && votes % 3 != 0) {
            for (uint256 i = 0; i < 3; ++i) {
                this.pledge(i, TARGET / 2);
            }
            this.closeRound();
            this.convert(votes);
            this.convert(votes + 1);
        }
        milestone %= 3;
        amountUd = uint64(bound(amountUd, 1, TARGET / 2));
        bytes memory data =
            abi.encodeCall(ICommunity.claim, (round, milestone, amountUd, bytes32("evidence")));
        vm.prank(installer);
        (bool done, bytes memory result) = address(community).call(data);
        if (!done) return;
        uint256 id = abi.decode(result, (uint256));
        for (uint256 i = 0; i < PEOPLE; ++i) {
            if (votes >> i & 1 == 0) continue;
            _as(people[i], address(community), abi.encodeCall(ICommunity.vote, (id, true)));
        }
        vm.warp(block.timestamp + VOTING);
        uint64 before = fund.investedUd();
        _as(installer, address(community), abi.encodeCall(ICommunity.carryOut, (id)));
        withdrawnUd += fund.investedUd() - before;
    }

    /// The operator tries every manager's verb itself.
    function grab(uint64 amountUd) external {
        assertTrue(
            !_as(admin, address(fund), abi.encodeCall(IFund.invest, (admin, amountUd)))
                && !_as(installer, address(fund), abi.encodeCall(IFund.writeOff, (amountUd)))
                && !_as(
                    operator,
                    address(fund),
                    abi.encodeCall(IFund.subscribe, (operator, amountUd, 0))
                ) && !_as(admin, address(fund), abi.encodeCall(IFund.setCommitted, (0))),
            "only the community manages"
        );
    }

    // --- the fund

    function depositMoney(uint256 who, uint256 amountUd) external {
        amountUd = bound(amountUd, 1, 1e10);
        if (_as(_who(who), address(fund), abi.encodeCall(fund.deposit, (amountUd, _who(who))))) {
            depositedUd += amountUd;
        }
    }

    function redeem(uint256 who, uint256 shares) external {
        address holder = _who(who);
        shares = bound(shares, 0, fund.maxRedeem(holder));
        uint256 before = currency.balanceOf(holder);
        if (_as(holder, address(fund), abi.encodeCall(fund.redeem, (shares, holder, holder)))) {
            withdrawnUd += currency.balanceOf(holder) - before;
        }
    }

    function send(uint256 from, uint256 to, uint256 shares) external {
        shares = bound(shares, 0, fund.balanceOf(_who(from)));
        _as(_who(from), address(fund), abi.encodeCall(fund.transfer, (_who(to), shares)));
    }

    function queueUp(uint256 who, uint256 shares) external {
        shares = bound(shares, 0, fund.balanceOf(_who(who)));
        _as(_who(who), address(fund), abi.encodeCall(IFund.requestExit, (shares)));
        if (shares % 2 == 1) this.serveExits(shares);
    }

    function leaveQueue(uint256 who, uint256 ticket) external {
        (,, uint256 next) = fund.queue();
        if (next == 0) return;
        _as(_who(who), address(fund), abi.encodeCall(IFund.cancelExit, (ticket % next)));
    }

    function serveExits(uint256 most) external {
        uint64 before = fund.pots().releasedUd;
        fund.serveExits(most % 8);
        withdrawnUd += fund.pots().releasedUd - before;
    }

    function withdrawExit(uint256 who) external {
        _as(_who(who), address(fund), abi.encodeCall(IFund.withdrawExit, ()));
    }

    function giveBack(uint64 amountUd) external {
        amountUd = uint64(bound(amountUd, 0, fund.investedUd()));
        _money(installer, address(fund), 0);
        if (_as(installer, address(fund), abi.encodeCall(IFund.giveBack, (amountUd)))) {
            depositedUd += amountUd;
        }
    }

    function income(uint64 amountUd, bool endowed) external {
        amountUd = uint64(bound(amountUd, 1, 1e10));
        _money(stranger, address(fund), amountUd);
        vm.prank(stranger);
        if (endowed) fund.endow(amountUd);
        else fund.receiveIncome(amountUd);
        incomeUd += amountUd;
    }

    /// At its end; some holders come for their income at once.
    function closePeriod(uint256 holders) external {
        (, uint40 startedAt,) = fund.running();
        if (block.timestamp < startedAt + PERIOD) vm.warp(startedAt + PERIOD);
        _as(stranger, address(fund), abi.encodeCall(IFund.closePeriod, ()));
        for (uint256 i = 0; i <= PEOPLE; ++i) {
            if (holders >> i & 1 == 1) this.claimIncome(i);
        }
    }

    function claimIncome(uint256 who) external {
        address holder = who % 5 == 4 ? address(trust) : _who(who);
        uint256 before = currency.balanceOf(holder);
        _as(stranger, address(fund), abi.encodeCall(IFund.claim, (holder)));
        claimedUd += currency.balanceOf(holder) - before;
        if (holder == address(trust)) trustInUd += currency.balanceOf(holder) - before;
    }

    // --- the trust

    function trustIncome(uint256 amountUd) external {
        amountUd = bound(amountUd, 1, 1e10);
        _mint(address(trust), amountUd);
        trustInUd += amountUd;
    }

    function contribute(uint256 who, uint64 amountUd) external {
        amountUd = uint64(bound(amountUd, 1, 1e9));
        if (_as(_who(who), address(trust), abi.encodeCall(IHouseholdTrust.contribute, (amountUd))))
        {
            trustInUd += amountUd;
        }
    }

    function distribute() external {
        uint256 before = fund.pots().cashUd;
        _as(stranger, address(trust), abi.encodeCall(IHouseholdTrust.distribute, ()));
        depositedUd += fund.pots().cashUd - before;
    }

    function payHeld(uint256 who) external {
        _as(stranger, address(trust), abi.encodeCall(IHouseholdTrust.payHeld, (_who(who))));
    }

    function trustBuys(uint64 amountUd) external {
        uint256 before = fund.pots().cashUd;
        _as(prosumer, address(trust), abi.encodeCall(IHouseholdTrust.buy, (fund, amountUd % 2e8)));
        depositedUd += fund.pots().cashUd - before;
    }

    /// One trustee alone tries to take the money.
    function trusteeGrabs(uint64 amountUd) external {
        uint256 before = currency.balanceOf(address(trust));
        IHouseholdTrust.Action memory action = IHouseholdTrust.Action(prosumer, amountUd, "");
        _as(prosumer, address(trust), abi.encodeCall(IHouseholdTrust.submit, (action)));
        action.target = address(currency);
        action.data = abi.encodeCall(IERC20.transfer, (prosumer, amountUd));
        _as(prosumer, address(trust), abi.encodeCall(IHouseholdTrust.submit, (action)));
        assertEq(currency.balanceOf(address(trust)), before, "one trustee moves nothing");
    }

    // --- certificates

    function issue(uint256 first, uint256 count, uint256 who, uint32 factor) external {
        first = bound(first, 0, 95);
        count = bound(count, 1, 96 - first);
        ICertificates.Span memory span = ICertificates.Span(
            meter, uint40(START_S + first * 300), uint40(START_S + (first + count) * 300), 1000
        );
        vm.prank(admin);
        try certificates.issue(span, _who(who), 1, false, factor % 2) returns (uint256 id) {
            slots += count;
            for (uint256 i = 0; i < ids.length; ++i) {
                if (ids[i] == id) return;
            }
            ids.push(id);
        } catch {}
    }

    function sendCertificates(uint256 from, uint256 to, uint256 id, uint256 amountWh) external {
        if (ids.length == 0) return;
        id = ids[id % ids.length];
        bytes memory data = abi.encodeCall(
            certificates.safeTransferFrom, (_who(from), _who(to), id, amountWh % 2000, "")
        );
        _as(_who(from), address(certificates), data);
    }

    function offerCertificates(uint256 who, uint256 venue, uint256 id, uint64 amountWh) external {
        if (ids.length == 0) return;
        bytes memory data = abi.encodeCall(
            ICertificates.offer, (_who(venue), ids[id % ids.length], amountWh % 2000)
        );
        _as(_who(who), address(certificates), data);
    }

    function retireCertificates(uint256 who, uint256 id, uint64 amountWh) external {
        if (ids.length == 0) return;
        amountWh %= 1500;
        bytes memory data = abi.encodeCall(
            ICertificates.retire, (ids[id % ids.length], amountWh, _who(who), bytes32(0))
        );
        if (_as(_who(who), address(certificates), data)) retiredWh += amountWh;
    }

    /// The operator is gone, the deadline is over: everybody is refunded.
    function everybodyIsRefunded() external {
        if (block.timestamp < DEADLINE) vm.warp(DEADLINE);
        (, ICommunity.State state) = community.moneyOf(round);
        if (state != ICommunity.State.Missed) return;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            _freeze(people[i], false);
            this.refund(i);
        }
        (ICommunity.RoundMoney memory money,) = community.moneyOf(round);
        assertEq(money.heldUd, 0, "refunds complete");
    }
}
