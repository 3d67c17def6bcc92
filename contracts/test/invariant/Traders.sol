// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IExchange} from "../../src/interfaces/IExchange.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {Market} from "../unit/marketplace/Market.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @title Thief: a member that, whenever credits reach it, tries to be served again
contract Thief is ERC1155Holder {
    address private immutable _pool;
    bytes[] private _ofPool;
    bytes[] private _ofExchange;
    address public exchange;
    bool private _isBusy;
    uint256 public attempts;
    uint256 public successes; // of being served by a venue that serves it already

    constructor(address pool, address exchange_) {
        (_pool, exchange) = (pool, exchange_);
    }

    function plan(bytes[] calldata ofPool, bytes[] calldata ofExchange) external {
        for (uint256 i = 0; i < ofPool.length; ++i) {
            _ofPool.push(ofPool[i]);
        }
        for (uint256 i = 0; i < ofExchange.length; ++i) {
            _ofExchange.push(ofExchange[i]);
        }
    }

    function act(address target, bytes calldata call) external returns (bool ok) {
        (ok,) = target.call(call);
    }

    /// Tries the venue that serves it now, and then the other, which may serve it.
    function onERC1155Received(address operator, address b, uint256 c, uint256 d, bytes memory e)
        public
        override
        returns (bytes4)
    {
        if (_isBusy) return super.onERC1155Received(operator, b, c, d, e);
        _isBusy = true;
        attempts += operator == _pool ? _ofPool.length : _ofExchange.length;
        uint256 ofPool = _try(_pool, _ofPool);
        uint256 ofExchange = _try(exchange, _ofExchange);
        successes += operator == _pool ? ofPool : operator == exchange ? ofExchange : 0;
        _isBusy = false;
        return super.onERC1155Received(operator, b, c, d, e);
    }

    function _try(address target, bytes[] storage calls) private returns (uint256 served) {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok,) = target.call(calls[i]);
            if (ok) ++served;
        }
    }
}

/// @title Traders: members, a settler who pleases itself, a thief, and a clock
/// @notice The fuzzer calls the verbs in any order. A call that the rules allow may succeed or
/// fail; what it leaves behind is judged by the invariants.
contract Traders is Market {
    uint256 public constant MEMBERS = 4;
    uint128 private constant RICH = 1e15;

    address[MEMBERS] public members; // the last is the thief
    Thief public thief;

    uint256 public kMost; //          product of the reserves per share squared, highest seen
    uint256 public cumulativeMost;
    uint256 public salt;
    uint256 public trades;
    bytes32[] public hashes;
    mapping(bytes32 orderHash => address) public makerOf;
    mapping(bytes32 orderHash => uint256) public amountOf;
    string[3] private _roles;

    function setUp() public override {
        super.setUp();
        _setHeldFrom(CANADA, NO_LIMIT);
        bytes[] memory calls = new bytes[](5); // what it tries from within a hook
        calls[0] = abi.encodeCall(pool.buy, (1000, 0, type(uint40).max));
        calls[1] = abi.encodeCall(pool.sell, (10, 0, type(uint40).max));
        calls[2] = abi.encodeCall(pool.provide, (1000, 1000, 0, true, type(uint40).max));
        calls[3] = abi.encodeCall(pool.withdraw, (1, 0, 0, type(uint40).max));
        calls[4] = abi.encodeCall(pool.collect, ());
        thief = new Thief(address(pool), address(exchange));
        _roles = ["consumer", "producer", "neighbour"];
        members = [consumer, producer, neighbour, address(thief)];
        _admit(address(thief));
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _cash(members[i], RICH);
            _credit(members[i], RICH);
        }
        IExchange.Order memory order = _order("producer", true, 1e9, 12 * CENT);
        (order.salt, order.deadline) = (type(uint256).max, type(uint40).max);
        _note(order);
        bytes[] memory takes = new bytes[](1);
        takes[0] = abi.encodeCall(exchange.take, (_fill("producer", order, 1000), uint128(CENT)));
        thief.plan(calls, takes);
        vm.prank(admin);
        pool.setSharesOfPrice(100, 200);
        vm.prank(admin);
        exchange.setCharges(address(credits), 5000, 100);
        vm.prank(consumer);
        pool.provide(120e9, 1_000_000_000, 0, true, type(uint40).max);
        kMost = k();
    }

    function k() public view returns (uint256) {
        (uint256 moneyUd, uint256 assets,) = pool.reserves();
        uint256 supply = pool.totalSupply();
        return moneyUd * assets * 1e18 / (supply * supply);
    }

    modifier watched() {
        _;
        kMost = _max(kMost, k());
        cumulativeMost = _max(cumulativeMost, pool.cumulativePrice());
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    /// A verb succeeds only between valid passports.
    function _call(address account, address target, bytes memory data) private returns (bool ok) {
        vm.prank(account);
        (ok,) = target.call(data);
        if (!ok) return false;
        ++trades;
        assertTrue(passport.isAllowed(account, TRADE_ENERGY), "a valid passport");
    }

    // --- the pool

    function buy(uint256 who, uint256 moneyUd) external watched {
        address account = members[who % MEMBERS];
        uint128 amountUd = uint128(bound(moneyUd, 1, 1e11));
        _call(account, address(pool), abi.encodeCall(pool.buy, (amountUd, 0, type(uint40).max)));
    }

    function sell(uint256 who, uint256 assets) external watched {
        address account = members[who % MEMBERS];
        uint128 amount = uint128(bound(assets, 1, 1e9));
        _call(account, address(pool), abi.encodeCall(pool.sell, (amount, 0, type(uint40).max)));
    }

    /// There and back again at once: nobody gains. (The thief's hook would trade elsewhere, too.)
    function roundTrip(uint256 who, uint256 moneyUd) external watched {
        address account = members[who % 3];
        uint256 before = currency.balanceOf(account);
        uint256 assets = _creditsOf(account);
        uint128 amountUd = uint128(bound(moneyUd, 1, 1e11));
        if (!_call(
                account, address(pool), abi.encodeCall(pool.buy, (amountUd, 0, type(uint40).max))
            )) return;
        uint128 bought = uint128(_creditsOf(account) - assets);
        _call(account, address(pool), abi.encodeCall(pool.sell, (bought, 0, type(uint40).max)));
        assertLe(currency.balanceOf(account), before, "no profit");
    }

    function provide(uint256 who, uint256 moneyUd, uint256 assets) external watched {
        address account = members[who % MEMBERS];
        bytes memory data = abi.encodeCall(
            pool.provide,
            (
                uint128(bound(moneyUd, 1, 1e12)),
                uint128(bound(assets, 1, 1e10)),
                0,
                true,
                type(uint40).max
            )
        );
        _call(account, address(pool), data);
    }

    function withdraw(uint256 who, uint256 shares) external watched {
        address account = members[who % MEMBERS];
        uint256 held = pool.balanceOf(account);
        if (held == 0) return;
        bytes memory data = abi.encodeCall(
            pool.withdraw, (uint128(bound(shares, 1, held)), 0, 0, type(uint40).max)
        );
        bool ok = _call(account, address(pool), data);
        assertTrue(ok || !passport.isAllowed(account, TRADE_ENERGY), "nobody else stops it");
    }

    function collect() external watched {
        if (pool.feeDueUd() + pool.levyDueUd() != 0) pool.collect();
    }

    function gift(uint256 who, uint256 amountUd) external watched {
        vm.prank(members[who % MEMBERS]);
        currency.transfer(address(pool), bound(amountUd, 0, 1e9));
    }

    // --- the exchange

    /// A settler puts any price to any pair: what it can do is within their limits.
    function settle(uint256 who, uint256 limits, uint256 priceUd, uint256 amount) external watched {
        uint256 most = bound(amount, 1, 1e9);
        uint256 part = amount % 3 == 0 ? bound(amount >> 128, 1, most) : most;
        uint256 offer = limits % 1e6;
        uint256 bid = (limits >> 128) % 1e6;
        uint256 price = priceUd % 1e6;
        if (offer < bid && priceUd % 4 != 0) price = bound(priceUd, offer, bid);
        IExchange.Fill memory sell_ = _signed(who % 3, true, most, offer, part);
        IExchange.Fill memory buy_ = _signed((who >> 8) % 3, false, most, bid, part);
        _settle(uint128(price), sell_, buy_);
    }

    function _settle(uint128 priceUd, IExchange.Fill memory sell_, IExchange.Fill memory buy_)
        private
    {
        (address seller, address buyer) = (sell_.order.maker, buy_.order.maker);
        uint256 paidUd = currency.balanceOf(buyer);
        uint256 receivedUd = currency.balanceOf(seller);
        vm.prank(stranger);
        try exchange.settle(priceUd, _one(sell_), _one(buy_)) {
            ++trades;
            uint256 amount = sell_.amount;
            paidUd -= currency.balanceOf(buyer);
            receivedUd = currency.balanceOf(seller) - receivedUd;
            uint256 charges = (amount * CENT + KWH - 1) / KWH;
            uint256 most = (amount * buy_.order.priceUd + KWH - 1) / KWH + charges;
            assertLe(paidUd, most, "nobody pays above bid and charges");
            assertLe(amount * sell_.order.priceUd / KWH, receivedUd, "nor gets below offer");
            assertTrue(passport.isAllowed(seller, TRADE_ENERGY), "seller's passport");
            assertTrue(passport.isAllowed(buyer, TRADE_ENERGY), "buyer's passport");
        } catch {}
    }

    /// The same order is presented again and again, in parts.
    function takeAgain(uint256 which, uint256 who, uint256 amount) external watched {
        (uint256 i, uint256 j) = (which % 3, who % 3);
        uint256 most = 1e6;
        IExchange.Order memory order = _order(_roles[i], true, most, 12 * CENT);
        (order.salt, order.deadline) = (which % 5, type(uint40).max);
        IExchange.Fill memory fill = _fill(_roles[i], order, bound(amount, 1, 2 * most));
        _note(order);
        bytes memory data = abi.encodeCall(exchange.take, (fill, uint128(CENT)));
        _call(members[who % 5 == 0 ? 3 : j], address(exchange), data);
    }

    function cancel(uint256 which, uint256 hash) external watched {
        if (hashes.length == 0) return;
        bytes32 hash_ = hashes[hash % hashes.length];
        vm.prank(members[which % MEMBERS]); // also who is not its maker
        exchange.cancel(hash_);
    }

    function _signed(uint256 i, bool sells, uint256 most, uint256 limitUd, uint256 amount)
        private
        returns (IExchange.Fill memory)
    {
        IExchange.Order memory order = _order(_roles[i], sells, most, limitUd);
        (order.salt, order.deadline) = (++salt, type(uint40).max);
        _note(order);
        return _fill(_roles[i], order, amount);
    }

    function _note(IExchange.Order memory order) private {
        bytes32 hash = exchange.orderHash(order);
        if (makerOf[hash] != address(0)) return;
        hashes.push(hash);
        makerOf[hash] = order.maker;
        amountOf[hash] = order.amount;
    }

    function hashCount() external view returns (uint256) {
        return hashes.length;
    }

    // --- the world

    function steal(uint256 moneyUd) external watched {
        bytes memory data =
            abi.encodeCall(pool.buy, (uint128(bound(moneyUd, 1000, 1e10)), 0, type(uint40).max));
        if (thief.act(address(pool), data)) ++trades;
    }

    function hold(uint256 who, bool frozen) external watched {
        if (frozen && who % 3 == 0) _hold(members[who % MEMBERS]);
        else _release(members[who % MEMBERS]);
    }

    /// At last every hold is lifted, the thief tries once more, and every provider takes all out.
    function everybodyLeaves() external watched {
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _release(members[i]);
        }
        // Where purchases all but emptied the pool of assets, it has some to sell again.
        _call(consumer, address(pool), abi.encodeCall(pool.sell, (1e9, 0, type(uint40).max)));
        uint256 before = thief.attempts();
        this.steal(1e6);
        assertEq(thief.attempts() - before, 5, "the thief tried every verb of the pool");
        for (uint256 i = 0; i < MEMBERS; ++i) {
            uint128 shares = uint128(pool.balanceOf(members[i]));
            if (shares == 0) continue;
            vm.prank(members[i]);
            pool.withdraw(shares, 0, 0, type(uint40).max);
        }
        assertEq(pool.totalSupply(), pool.LOCKED(), "only the minimum stays");
    }

    function wait(uint256 seconds_) external watched {
        vm.warp(block.timestamp + bound(seconds_, 1, 2 days));
    }

    function contracts()
        external
        view
        returns (address, address, address, address, address, address, address)
    {
        return (
            address(compliance),
            address(exchange),
            address(pool),
            address(credits),
            address(currency),
            feePot,
            levyPot
        );
    }
}
