// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../../src/bank/Currency.sol";
import {Certificates} from "../../../src/community/Certificates.sol";
import {Fund} from "../../../src/community/Fund.sol";
import {ICertificates} from "../../../src/interfaces/ICertificates.sol";
import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {IDevices} from "../../../src/interfaces/IDevices.sol";
import {IEnergyCredit} from "../../../src/interfaces/IEnergyCredit.sol";
import {IFund} from "../../../src/interfaces/IFund.sol";
import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {ITradingHalt} from "../../../src/interfaces/ITradingHalt.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {Assets} from "../../../src/libraries/Assets.sol";
import {CertificateBasket} from "../../../src/marketplace/CertificateBasket.sol";
import {EnergyCredit} from "../../../src/marketplace/EnergyCredit.sol";
import {LiquidityPool} from "../../../src/marketplace/LiquidityPool.sol";
import {Base} from "../../Base.sol";
import {NoGates} from "../../NoGates.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// @title NoGatesTest: what `docs/contracts.md` says to whoever runs a published suite
/// @notice Each contract is made with its constructor and `NoGates` alone, and serves people who
/// have no passport, no role and no rules.
contract NoGatesTest is Base {
    uint40 private constant LATER = type(uint40).max;

    address private gates;
    Currency private currency;
    EnergyCredit private credit;
    Certificates private certificates;
    CertificateBasket private basket;
    Fund private fund;
    LiquidityPool private pool;

    function setUp() public {
        vm.warp(START_S);
        gates = address(new NoGates());
        currency = new Currency(gates, IPassport(gates), ICompliance(gates));
        credit = new EnergyCredit(
            gates,
            currency,
            IPassport(gates),
            ICompliance(gates),
            IEnergyCredit.Season("Season", "KWH", 0, type(uint64).max, 1000)
        );
        certificates =
            new Certificates(gates, IPassport(gates), ICompliance(gates), IDevices(gates));
        basket = new CertificateBasket(
            gates, certificates, IPassport(gates), ICompliance(gates), 2025, "Basket", "BSK"
        );
        fund = new Fund(
            IFund.Terms({
                name: "Fund",
                symbol: "FUND",
                currency: address(currency),
                passport: gates,
                compliance: gates,
                manager: address(this),
                treasury: address(this),
                reservePpm: 0,
                periodS: 1 days,
                capUd: type(uint64).max
            })
        );
        pool = new LiquidityPool(
            gates,
            IVenue.Terms(currency, IRulebook(gates), ITradingHalt(gates), gates, gates),
            Assets.Standard.ERC20,
            address(credit),
            0,
            1000,
            1 days
        );
        currency.setBucket(address(this), type(uint128).max);
    }

    function _cash(address account, uint128 amountUd, address spender) private {
        currency.mint(account, amountUd);
        vm.prank(account);
        currency.approve(spender, amountUd);
    }

    function _credit(address account, uint128 energyWh, bytes32 source) private {
        _cash(address(this), energyWh, address(credit));
        credit.mint(account, energyWh, source);
        vm.prank(account);
        credit.approve(address(pool), energyWh);
    }

    /// An hour's energy of a meter nobody registered.
    function _certificate(address account, uint64 energyWh) private returns (uint256 id) {
        ICertificates.Span memory span;
        span.meter = "meter";
        (span.start, span.end) = (uint40(START_S - 2 hours), uint40(START_S - 1 hours));
        span.energyWh = energyWh;
        return certificates.issue(span, account, 1, true, 0);
    }

    function test_refuses_address_zero_alone() public {
        assertEq(fund.maxDeposit(address(0)), 0, "nobody invests");
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, address(0), 1, 0)
        );
        fund.deposit(1, address(0));
        assertEq(fund.maxDeposit(stranger), type(uint64).max, "everybody else");
    }

    function test_money_moves_between_strangers() public {
        currency.mint(stranger, 5);
        vm.prank(stranger);
        currency.transfer(neighbour, 2);
        assertEq(currency.balanceOf(neighbour), 2, "received");
    }

    function test_credits_move_between_strangers() public {
        _credit(stranger, 5, "source");
        vm.prank(stranger);
        credit.transfer(neighbour, 2);
        assertEq(credit.balanceOf(neighbour), 2, "received");
    }

    function test_certificates_and_basket_move_between_strangers() public {
        uint256 id = _certificate(stranger, 5);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        basket.admit(ids);
        vm.prank(stranger);
        certificates.safeTransferFrom(stranger, neighbour, id, 3, "");
        vm.prank(neighbour);
        certificates.setApprovalForAll(address(basket), true);
        vm.prank(neighbour);
        basket.deposit(id, 2);
        vm.prank(neighbour);
        basket.transfer(stranger, 1);
        assertEq(basket.balanceOf(stranger), 1, "received");
        assertEq(certificates.balanceOf(neighbour, id), 1, "left");
    }

    function test_the_vault_serves_strangers() public {
        _cash(stranger, 5, address(fund));
        vm.prank(stranger);
        uint256 shares = fund.deposit(5, neighbour);
        vm.prank(neighbour);
        fund.transfer(stranger, shares);
        vm.prank(stranger);
        assertEq(fund.redeem(shares, stranger, stranger), 5, "as deposited");
    }

    function test_the_pool_serves_strangers() public {
        _cash(neighbour, 1_000_000, address(pool));
        _credit(neighbour, 1_000_000, "neighbour");
        vm.prank(neighbour);
        uint256 shares = pool.provide(1_000_000, 1_000_000, 0, true, LATER);
        _cash(stranger, 1000, address(pool));
        vm.prank(stranger);
        assertEq(pool.buy(1000, 0, LATER), 996, "0.3 % of 1000 stays");
        vm.prank(neighbour);
        pool.transfer(stranger, shares);
        vm.prank(stranger);
        pool.withdraw(uint128(shares), 0, 0, LATER);
        assertEq(pool.totalSupply(), pool.LOCKED(), "all but what is locked");
    }
}
