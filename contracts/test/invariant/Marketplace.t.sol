// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../src/bank/Currency.sol";
import {Compliance} from "../../src/marketplace/Compliance.sol";
import {Exchange} from "../../src/marketplace/Exchange.sol";
import {LiquidityPool} from "../../src/marketplace/LiquidityPool.sol";
import {Base} from "../Base.sol";
import {Credits} from "../unit/marketplace/Tokens.sol";
import {Traders} from "./Traders.sol";

/// @title Marketplace: what is always true of exchange, pool and rulebook
contract MarketplaceTest is Base {
    uint256 private constant SEASON = 202_601;

    Traders private traders;
    Compliance private compliance;
    Exchange private exchange;
    LiquidityPool private pool;
    Credits private credits;
    Currency private currency;
    address private feePot;
    address private levyPot;
    uint256 private moneyUd; //  in all hands at first
    uint256 private assetsWh;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        traders = new Traders();
        traders.setUp();
        address[5] memory a;
        (a[0], a[1], a[2], a[3], a[4], feePot, levyPot) = traders.contracts();
        compliance = Compliance(a[0]);
        exchange = Exchange(a[1]);
        pool = LiquidityPool(a[2]);
        credits = Credits(a[3]);
        currency = Currency(a[4]);
        moneyUd = _money();
        assetsWh = _assets();
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory verbs = new bytes4[](13);
        verbs[0] = Traders.buy.selector;
        verbs[1] = Traders.sell.selector;
        verbs[2] = Traders.roundTrip.selector;
        verbs[3] = Traders.provide.selector;
        verbs[4] = Traders.withdraw.selector;
        verbs[5] = Traders.collect.selector;
        verbs[6] = Traders.gift.selector;
        verbs[7] = Traders.settle.selector;
        verbs[8] = Traders.takeAgain.selector;
        verbs[9] = Traders.cancel.selector;
        verbs[10] = Traders.steal.selector;
        verbs[11] = Traders.hold.selector;
        verbs[12] = Traders.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(traders), verbs);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(traders);
    }

    function _money() private view returns (uint256 sum) {
        sum = currency.balanceOf(address(pool)) + currency.balanceOf(address(exchange))
            + currency.balanceOf(feePot) + currency.balanceOf(levyPot);
        for (uint256 i = 0; i < traders.MEMBERS(); ++i) {
            sum += currency.balanceOf(traders.members(i));
        }
    }

    function _assets() private view returns (uint256 sum) {
        sum =
            credits.balanceOf(address(pool), SEASON) + credits.balanceOf(address(exchange), SEASON);
        for (uint256 i = 0; i < traders.MEMBERS(); ++i) {
            sum += credits.balanceOf(traders.members(i), SEASON);
        }
    }

    function invariant_money_and_assets_are_conserved() public view {
        assertEq(_money(), moneyUd, "money");
        assertEq(_assets(), assetsWh, "assets");
    }

    function invariant_the_product_a_share_never_falls() public view {
        assertLe(traders.kMost(), traders.k(), "k");
    }

    function invariant_the_pool_holds_what_it_owes() public view {
        (uint256 money, uint256 assets,) = pool.reserves();
        uint256 owed = money + pool.feeDueUd() + pool.levyDueUd();
        assertLe(owed, currency.balanceOf(address(pool)), "money"); // gifts are above
        assertEq(credits.balanceOf(address(pool), SEASON), assets, "assets");
    }

    function invariant_nothing_stays_in_the_exchange() public view {
        assertEq(currency.balanceOf(address(exchange)), 0, "money");
        assertEq(credits.balanceOf(address(exchange), SEASON), 0, "assets");
    }

    function invariant_no_order_is_filled_above_its_amount() public view {
        uint256 count = traders.hashCount();
        for (uint256 i = 0; i < count; ++i) {
            bytes32 hash = traders.hashes(i);
            uint256 filled = exchange.filledOf(traders.makerOf(hash), hash);
            if (filled != type(uint256).max) assertLe(filled, traders.amountOf(hash), "filled");
        }
    }

    function invariant_no_hook_is_served() public view {
        assertEq(traders.thief().successes(), 0, "re-entered");
    }

    function afterInvariant() public {
        traders.everybodyLeaves();
    }

    function invariant_the_rulebook_counts_shares_as_the_pool_does() public view {
        uint256 holders;
        for (uint256 i = 0; i < traders.MEMBERS(); ++i) {
            address member = traders.members(i);
            uint256 balance = pool.balanceOf(member);
            assertEq(compliance.holdingOf(address(pool), member), balance, "holding");
            if (balance != 0) ++holders;
        }
        (,,, uint32 counted) = compliance.tokenOf(address(pool));
        assertEq(counted, holders, "holders");
    }

    function invariant_the_accumulator_never_falls() public view {
        assertLe(traders.cumulativeMost(), pool.cumulativePrice(), "cumulative price");
        (uint256 priceUd, uint256 parties, uint256 since) = pool.average();
        assertLe(since, block.timestamp, "since");
        assertLe(parties, traders.MEMBERS(), "parties are distinct");
        assertLe(1, priceUd, "an average");
    }
}
