// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TradingHalt} from "../../../src/bank/TradingHalt.sol";
import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {IExchange} from "../../../src/interfaces/IExchange.sol";
import {IHeeding} from "../../../src/interfaces/IHeeding.sol";
import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {ITradingHalt} from "../../../src/interfaces/ITradingHalt.sol";
import {IVenue} from "../../../src/interfaces/IVenue.sol";
import {Assets} from "../../../src/libraries/Assets.sol";
import {Compliance} from "../../../src/marketplace/Compliance.sol";
import {Exchange} from "../../../src/marketplace/Exchange.sol";
import {LiquidityPool} from "../../../src/marketplace/LiquidityPool.sol";
import {World} from "../../World.sol";
import {Credits, Units} from "./Tokens.sol";

/// @title Market: the world with a rulebook, an exchange and a pool of energy credits
abstract contract Market is World {
    uint16 internal constant GERMANY = 276;
    uint16 internal constant USA = 840;
    uint16 internal constant NOWHERE = 999; // has no pack
    uint64 internal constant NO_LIMIT = type(uint64).max;
    uint32 internal constant NO_CAP = type(uint32).max;
    uint64 internal constant KWH = 1000;
    uint64 internal constant CENT = 10_000; //   [ud]
    uint64 internal constant DOLLAR = 1_000_000; // [ud]
    uint256 internal constant SEASON = 202_601; // id of the credits
    uint32 internal constant WINDOW = 1 days;
    uint40 internal constant LATER = uint40(START_S + 1 hours);

    address internal feePot = _actor("fee pot");
    address internal levyPot = _actor("levy pot");
    address internal provider = _actor("provider");
    address internal otherProvider = _actor("other provider");

    uint64 internal constant RULEBOOK_ROLE = 9;
    uint64 internal constant VENUE_ROLE = 10;

    Compliance internal compliance;
    TradingHalt internal tradingHalt;
    Exchange internal exchange;
    LiquidityPool internal pool;
    Credits internal credits;
    Units internal units; // a tracked ERC-20

    function setUp() public virtual override {
        super.setUp();
        exchange = new Exchange(address(manager), _venue());
        credits = new Credits();
        units = new Units(compliance, passport);
        pool = new LiquidityPool(
            address(manager),
            _venue(),
            Assets.Standard.ERC1155,
            address(credits),
            SEASON,
            KWH,
            WINDOW
        );
        _register(address(currency), IRulebook.Kind.MONEY, false);
        _register(address(credits), IRulebook.Kind.CREDIT, false);
        _register(address(units), IRulebook.Kind.SHARE, true);
        _register(address(pool), IRulebook.Kind.CREDIT, true);
        _addVenue(address(exchange));
        _addVenue(address(pool));
        units.acknowledge(address(pool));
        IHeeding[] memory told = new IHeeding[](1);
        told[0] = pool;
        vm.prank(admin);
        tradingHalt.setVenues(told);
        vm.prank(admin);
        exchange.list(address(credits), Assets.Standard.ERC1155, KWH);
        vm.prank(admin);
        exchange.list(address(units), Assets.Standard.ERC20, 1_000_000);

        _setHeldFrom(CANADA, 1000 * DOLLAR);
        _setHeldFrom(GERMANY, 1);
        _setHeldFrom(USA, 3000 * DOLLAR);
        _set(IRulebook.Kind.CREDIT, CANADA, _free());
        _set(IRulebook.Kind.SHARE, CANADA, _free());
    }

    // --- rules

    function _newRules() internal override returns (ICompliance) {
        compliance = new Compliance(address(manager), passport);
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = IPassport.setLeeway.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(passport), verbs, RULEBOOK_ROLE);
        vm.prank(admin);
        manager.grantRole(RULEBOOK_ROLE, address(compliance), 0);
        return compliance;
    }

    function _letOpen() internal override {
        bytes4[] memory verbs = new bytes4[](1);
        verbs[0] = IRulebook.addVenue.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(compliance), verbs, VENUE_ROLE);
        vm.prank(admin);
        manager.grantRole(VENUE_ROLE, address(clearings), 0);
        vm.prank(admin);
        manager.grantRole(VENUE_ROLE, admin, 0);
    }

    function _addVenue(address venue) internal override {
        vm.prank(admin);
        compliance.addVenue(venue);
        currency.acknowledge(venue);
    }

    function _leaveMoneyFree() internal override {} // the rulebook does

    function _register(address token, IRulebook.Kind kind, bool tracked) internal {
        uint8 permissions = kind == IRulebook.Kind.MONEY ? 0 : TRADE_ENERGY;
        vm.prank(admin);
        compliance.register(token, kind, permissions, tracked);
    }

    /// What exchange and pools are made with; the world's verifiers are the guardians.
    function _venue() internal returns (IVenue.Terms memory) {
        if (address(tradingHalt) == address(0)) {
            tradingHalt = new TradingHalt(address(manager), verifier);
        }
        return IVenue.Terms(currency, compliance, tradingHalt, feePot, levyPot);
    }

    function _halt(uint64 durationS) internal {
        ITradingHalt.Order memory order = ITradingHalt.Order({
            number: tradingHalt.number() + 1,
            durationS: durationS,
            deadline: uint64(block.timestamp),
            reasonHash: keccak256("reason")
        });
        tradingHalt.halt(order, _proof(tradingHalt.orderHash(order), 0, 1));
    }

    /// Rules without any limit, in force from now.
    function _free() internal view returns (IRulebook.Rules memory) {
        return IRulebook.Rules({
            from: uint40(block.timestamp),
            closed: false,
            heldFrom: NO_LIMIT,
            dailyMost: NO_LIMIT,
            lockUp: 0,
            holdersMost: NO_CAP,
            holdingMost: NO_LIMIT,
            yearlyMost: NO_LIMIT
        });
    }

    function _set(IRulebook.Kind kind, uint16 country, IRulebook.Rules memory rules) internal {
        vm.prank(admin);
        compliance.setRules(kind, country, rules);
    }

    function _setHeldFrom(uint16 country, uint64 heldFrom) internal {
        IRulebook.Rules memory rules = _free();
        rules.heldFrom = heldFrom;
        _set(IRulebook.Kind.MONEY, country, rules);
    }

    function _moveTo(address account, uint16 country) internal {
        vm.prank(admin);
        passport.issue(account, TRADE_ENERGY, EXPIRY, country);
    }

    // --- money and assets

    function _cash(address account, uint256 amountUd) internal {
        vm.prank(facilitator);
        currency.mint(account, uint128(amountUd));
        vm.prank(account);
        currency.approve(address(exchange), type(uint256).max);
        vm.prank(account);
        currency.approve(address(pool), type(uint256).max);
    }

    function _credit(address account, uint256 amountWh) internal {
        credits.mint(account, SEASON, amountWh);
        vm.prank(account);
        credits.setApprovalForAll(address(exchange), true);
        vm.prank(account);
        credits.setApprovalForAll(address(pool), true);
    }

    function _creditsOf(address account) internal view returns (uint256) {
        return credits.balanceOf(account, SEASON);
    }

    // --- orders

    function _order(string memory maker, bool sells, uint256 amountWh, uint256 priceUd)
        internal
        returns (IExchange.Order memory)
    {
        return IExchange.Order({
            maker: _actor(maker),
            token: address(credits),
            id: SEASON,
            sells: sells,
            amount: uint128(amountWh),
            priceUd: uint128(priceUd),
            chargesMostUd: uint128(CENT),
            deadline: LATER,
            epoch: 0,
            settler: address(0),
            salt: 0
        });
    }

    /// Fills `amountWh` of an order its maker signed.
    function _fill(string memory maker, IExchange.Order memory order, uint256 amountWh)
        internal
        view
        returns (IExchange.Fill memory)
    {
        bytes memory signature = _signature(maker, exchange.orderHash(order));
        return IExchange.Fill(order, signature, uint128(amountWh));
    }

    function _fill(string memory maker, bool sells, uint256 amountWh, uint256 priceUd)
        internal
        returns (IExchange.Fill memory)
    {
        return _fill(maker, _order(maker, sells, amountWh, priceUd), amountWh);
    }

    function _one(IExchange.Fill memory fill)
        internal
        pure
        returns (IExchange.Fill[] memory fills)
    {
        fills = new IExchange.Fill[](1);
        fills[0] = fill;
    }

    // --- the pool

    /// The pool of S20: 1,000.000 credits, 120.00 CADx.
    function _provideS20() internal {
        _cash(neighbour, 120 * DOLLAR);
        _credit(neighbour, 1000 * KWH);
        vm.prank(neighbour);
        pool.provide(120 * DOLLAR, 1000 * KWH, 0, true, uint40(block.timestamp));
    }
}
