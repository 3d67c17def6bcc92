// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILiquidityPool} from "../../../src/interfaces/ILiquidityPool.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {LiquidityPool} from "../../../src/marketplace/LiquidityPool.sol";
import {Market} from "./Market.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Reentrant: trades again from within the hook that hands it its credits
contract Reentrant is ERC1155Holder {
    LiquidityPool private immutable _pool;
    bytes private _call;
    bytes public reason;

    constructor(LiquidityPool pool) {
        _pool = pool;
    }

    function approve(address money, address credits) external {
        (bool ok,) = money.call(
            abi.encodeWithSignature("approve(address,uint256)", address(_pool), type(uint256).max)
        );
        (bool also,) = credits.call(
            abi.encodeWithSignature("setApprovalForAll(address,bool)", address(_pool), true)
        );
        require(ok && also, "approve");
    }

    function buy(uint128 moneyUd, bytes calldata call) external {
        _call = call;
        _pool.buy(moneyUd, 0, type(uint40).max);
    }

    function onERC1155Received(address a, address b, uint256 c, uint256 d, bytes memory e)
        public
        override
        returns (bytes4)
    {
        (bool ok, bytes memory given) = address(_pool).call(_call);
        require(!ok, "the pool let it in");
        reason = given;
        return super.onERC1155Received(a, b, c, d, e);
    }
}

contract PoolSellTest is Market {
    function setUp() public override {
        super.setUp();
        _provideS20();
        _credit(producer, 100 * KWH);
    }

    function test_refuses_a_stale_quote() public {
        vm.warp(LATER + 1);
        vm.prank(producer);
        vm.expectRevert(abi.encodeWithSelector(IVenue.DeadlinePassed.selector, LATER, LATER + 1));
        pool.sell(1000, 0, LATER);
    }

    function test_refuses_less_than_the_seller_accepts() public {
        uint256 quote = pool.quoteSell(1000);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, quote + 1, quote)
        );
        pool.sell(1000, uint128(quote + 1), LATER);
    }

    function test_refuses_a_seller_on_hold() public {
        _hold(producer);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(IRulebook.PassportInvalid.selector, producer, TRADE_ENERGY)
        );
        pool.sell(1000, 0, LATER);
    }

    function test_refuses_gifts() public {
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILiquidityPool.Unasked.selector, producer, address(credits), SEASON
            )
        );
        credits.safeTransferFrom(producer, address(pool), SEASON, 1, "");
        uint256[] memory ids = new uint256[](1);
        vm.prank(producer);
        vm.expectRevert(
            abi.encodeWithSelector(ILiquidityPool.Unasked.selector, producer, address(credits), 0)
        );
        credits.safeBatchTransferFrom(producer, address(pool), ids, ids, "");
    }

    function test_a_gift_of_money_moves_no_price() public {
        uint256 quote = pool.quoteSell(1000);
        _cash(consumer, DOLLAR);
        vm.prank(consumer);
        currency.transfer(address(pool), DOLLAR);
        assertEq(pool.quoteSell(1000), quote, "the same");
    }

    function test_sells_with_fee_and_levy_out_of_the_proceeds() public {
        vm.prank(admin);
        pool.setSharesOfPrice(100, 200);
        uint256 out = 1000 * 997 * 120e6 / (1_000_000 * 1000 + uint256(1000 * 997));
        uint256 feeUd = (out * 100 + 9999) / 10_000;
        uint256 levyUd = (out * 200 + 9999) / 10_000;
        vm.expectEmit();
        emit ILiquidityPool.Sold(producer, out - feeUd - levyUd, 1000, feeUd, levyUd);
        vm.prank(producer);
        pool.sell(1000, 0, LATER);
        assertEq(currency.balanceOf(producer), out - feeUd - levyUd, "net");
        (uint256 moneyUd, uint256 assets,) = pool.reserves();
        assertEq(moneyUd, 120 * DOLLAR - out, "money");
        assertEq(assets, 1001 * KWH, "assets");
        assertEq(pool.feeDueUd() + pool.levyDueUd(), feeUd + levyUd, "due");
    }

    function test_a_round_trip_never_profits(uint64 moneyUd, uint16 feeBps) public {
        moneyUd = uint64(bound(moneyUd, 1000, 1e14));
        vm.prank(admin);
        pool.setSharesOfPrice(uint16(bound(feeBps, 0, 300)), 0);
        _cash(consumer, moneyUd);
        _credit(consumer, 0);
        vm.prank(consumer);
        uint256 bought = pool.buy(moneyUd, 0, LATER);
        vm.prank(consumer);
        pool.sell(uint128(bought), 0, LATER);
        assertLe(currency.balanceOf(consumer), moneyUd, "money");
        assertEq(_creditsOf(consumer), 0, "credits");
    }

    function test_a_round_trip_the_other_way_never_profits(uint64 assets) public {
        assets = uint64(bound(assets, 1, 1e12));
        _credit(consumer, assets);
        _cash(consumer, 0);
        vm.prank(consumer);
        uint256 moneyUd = pool.sell(assets, 0, LATER);
        (bool bought,) =
            address(this).call(abi.encodeCall(this.buyAs, (consumer, uint128(moneyUd)))); // or so little that it buys nothing
        assertLe(_creditsOf(consumer), assets, bought ? "credits" : "nothing");
    }

    function buyAs(address account, uint128 moneyUd) external {
        vm.prank(account);
        pool.buy(moneyUd, 0, LATER);
    }

    /// The attacker buys before and sells after; the victim gets at least what it accepted.
    function test_S20_a_sandwich_is_bounded_by_the_slippage(uint64 frontUd) public {
        frontUd = uint64(bound(frontUd, DOLLAR, 1000 * DOLLAR));
        uint128 least = uint128(pool.quoteBuy(12 * DOLLAR) * 95 / 100);
        _cash(neighbour, frontUd);
        _cash(consumer, 12 * DOLLAR);
        uint256 before = currency.balanceOf(neighbour);
        vm.prank(neighbour);
        uint256 bought = pool.buy(frontUd, 0, LATER);
        uint256 given = pool.quoteBuy(12 * DOLLAR);
        vm.prank(consumer);
        if (given < least) {
            vm.expectRevert(
                abi.encodeWithSelector(ILiquidityPool.SlippageExceeded.selector, least, given)
            );
        }
        pool.buy(12 * DOLLAR, least, LATER);
        vm.prank(neighbour);
        pool.sell(uint128(bought), 0, LATER);
        uint256 after_ = currency.balanceOf(neighbour);
        if (given < least) {
            assertEq(currency.balanceOf(consumer), 12 * DOLLAR, "the victim lost nothing");
            assertLe(after_, before, "the attacker paid the fee twice");
        } else {
            assertLe(least, _creditsOf(consumer), "the victim got what it accepted");
            assertLe(after_, before + 12 * DOLLAR * 10 / 100, "a bounded gain");
        }
    }

    function test_a_hook_cannot_come_back_in() public {
        Reentrant thief = new Reentrant(pool);
        _admit(address(thief));
        vm.prank(facilitator);
        currency.mint(address(thief), 10 * DOLLAR);
        thief.approve(address(currency), address(credits));
        bytes[5] memory calls = [
            abi.encodeCall(pool.buy, (1000, 0, LATER)),
            abi.encodeCall(pool.sell, (1, 0, LATER)),
            abi.encodeCall(pool.provide, (1000, 1000, 0, true, LATER)),
            abi.encodeCall(pool.withdraw, (1, 0, 0, LATER)),
            abi.encodeCall(pool.collect, ())
        ];
        for (uint256 i = 0; i < 5; ++i) {
            thief.buy(uint128(DOLLAR), calls[i]);
            assertEq(
                bytes32(bytes4(thief.reason())),
                bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "refused"
            );
        }
    }
}
