// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../src/interfaces/IPoolAsset.sol";
import {IRevenueCascade} from "../../src/interfaces/IRevenueCascade.sol";
import {Split} from "../../src/libraries/Split.sol";
import {Merkle} from "../Merkle.sol";
import {PoolWorld} from "../unit/market/PoolWorld.sol";

/// @title LadderHands: sales and the way of their money, with an operator and verifiers who lie
contract LadderHands is PoolWorld {
    bytes32[] public levels;
    uint256 public revenueUd; // ever
    mapping(bytes32 level => mapping(uint32 number => uint256)) public paidUd;

    mapping(bytes32 level => IRevenueCascade.Share[]) private _shares;
    mapping(bytes32 level => IPoolAsset.Class) private _classOf;
    mapping(bytes32 level => uint256) private _poolOf;
    uint256[4] private _wh; // last contributed

    function setUp() public override {
        super.setUp();
        _admit(operator); // who would like the money
    }

    function contracts() external view returns (address, address) {
        return (address(cascade), address(currency));
    }

    function count() external view returns (uint256) {
        return levels.length;
    }

    /// A pool of the next interval is made, closed and sold. Selling it twice fails.
    function sell(uint64[4] memory energiesWh, uint256 cents) external {
        intervalStart = uint64(block.timestamp / INTERVAL * INTERVAL);
        vm.warp(intervalStart + INTERVAL);
        for (uint256 i = 0; i < 4; ++i) {
            _release([prosumer, prosumer2, trust, entity][i]);
        }
        pool = pools.poolOf(market, intervalStart);
        delete contributed;
        for (uint256 i = 0; i < 4; ++i) {
            _wh[i] = bound(energiesWh[i], 1, 1e9);
        }
        _contribute("prosumer", IPoolAsset.Class.Individual, _wh[0]);
        _contribute("prosumer2", IPoolAsset.Class.Individual, _wh[1]);
        _contribute("trust", IPoolAsset.Class.Trust, _wh[2]);
        _contribute("entity", IPoolAsset.Class.Entity, _wh[3]);
        _close(_run());
        uint256 saleUd = bound(cents, 1, 1e9) * 10_000;
        _settle(saleUd);
        revenueUd += saleUd;
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 level = _class(IPoolAsset.Class(i));
            levels.push(level);
            _classOf[level] = IPoolAsset.Class(i);
            _poolOf[level] = pool;
            _share3(level, i);
        }
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IRevenueCascade.AlreadySettled.selector, pool, 1));
        cascade.settle(pool, 1, uint128(saleUd));
    }

    /// Honest shares, or everybody's cent rounded up, or all of it for the operator.
    function publish(uint256 which, uint256 lie) external {
        if (levels.length == 0) return;
        bytes32 level = _recent(which);
        IRevenueCascade.Level memory l = cascade.levelOf(level);
        if (l.amountUd == 0) return;
        IRevenueCascade.Share[] memory shares = _shares[level];
        if (lie % 3 == 1) {
            for (uint256 i = 0; i < shares.length; ++i) {
                uint256 exact = l.amountUd / 10_000 * shares[i].weightWh;
                shares[i].amountUd = uint128((exact + l.weightWh - 1) / l.weightWh * 10_000);
            }
        } else if (lie % 3 == 2) {
            shares[0].account = operator;
            shares[0].weightWh = l.weightWh;
            shares[0].amountUd = l.amountUd;
        }
        bytes32 root = Merkle.root(_shareHashes(level, shares));
        bytes memory proof = _proof(cascade.sharesHash(level, root), 0, 1);
        vm.prank(l.publisher == address(0) ? operator : l.publisher);
        if (l.paidUd != 0) {
            vm.expectRevert(
                abi.encodeWithSelector(IRevenueCascade.AlreadyPaying.selector, level, l.paidUd)
            );
        }
        if (l.publisher == address(0)) {
            cascade.publishClass(_poolOf[level], 1, _classOf[level], root, proof);
        } else {
            cascade.publish(level, root);
        }
        if (l.paidUd != 0) return;
        delete _shares[level];
        for (uint256 i = 0; i < shares.length; ++i) {
            _shares[level].push(shares[i]);
        }
    }

    function pay(uint256 which, uint256 who) external {
        if (levels.length == 0) return;
        bytes32 level = _recent(which);
        IRevenueCascade.Share[] memory shares = _shares[level];
        uint256 i = who % shares.length;
        bytes32[] memory proof = _proofOf(level, shares, i);
        uint256 before = currency.balanceOf(shares[i].account);
        bool waits = cascade.takesItself(shares[i].account);
        try cascade.pay(level, shares[i], proof) {
            assertTrue(!waits, "left to the account");
            uint256 got = currency.balanceOf(shares[i].account) - before;
            assertEq(got, shares[i].amountUd, "its share");
            assertEq(paidUd[level][shares[i].number], 0, "once");
            paidUd[level][shares[i].number] = got;
        } catch (bytes memory reason) {
            _known(reason);
        }
    }

    function passDown(uint256 which, uint256 who) external {
        if (levels.length == 0) return;
        bytes32 level = _recent(which);
        IRevenueCascade.Share[] memory shares = _shares[level];
        uint256 i = who % shares.length;
        bytes32[] memory proof = _proofOf(level, shares, i);
        vm.prank(shares[i].account);
        try cascade.passDown(level, shares[i], proof) returns (bytes32 below) {
            assertEq(paidUd[level][shares[i].number], 0, "once");
            paidUd[level][shares[i].number] = shares[i].amountUd;
            levels.push(below);
            uint256 weightWh = shares[i].weightWh;
            _two(below, [consumer, neighbour], [weightWh / 3, weightWh - weightWh / 3]);
        } catch (bytes memory reason) {
            _known(reason);
        }
    }

    function hold(uint256 who, bool frozen) external {
        address account = [prosumer, prosumer2, trust, entity, consumer][who % 5];
        if (frozen) _hold(account);
        else _release(account);
    }

    function takeItself(uint256 who, bool itself) external {
        vm.prank([prosumer, prosumer2, trust, entity, consumer][who % 5]);
        cascade.setTakesItself(itself);
    }

    /// Everything that was ever paid went to one of these.
    function receivedUd() external view returns (uint256 sum) {
        address[9] memory accounts = [
            fees, stabilisation, prosumer, prosumer2, trust, entity, consumer, neighbour, operator
        ];
        for (uint256 i = 0; i < 9; ++i) {
            sum += currency.balanceOf(accounts[i]);
        }
    }

    /// One of the newest levels, so that money is seen to go all the way down.
    function _recent(uint256 which) private view returns (bytes32) {
        uint256 length = levels.length;
        return levels[length - 1 - which % (length < 5 ? length : 5)];
    }

    // --- what is published when nobody lies

    function _share3(bytes32 level, uint256 class) private {
        if (class == 0) _two(level, [prosumer, prosumer2], [_wh[0], _wh[1]]);
        else if (class == 1) _whole(level, trust, _wh[2]);
        else _whole(level, entity, _wh[3]);
    }

    function _whole(bytes32 level, address account, uint256 weightWh) private {
        _shares[level].push(_share(0, account, weightWh, cascade.levelOf(level).amountUd));
    }

    function _two(bytes32 level, address[2] memory accounts, uint256[2] memory weightsWh) private {
        uint256[] memory weights = new uint256[](2);
        (weights[0], weights[1]) = (weightsWh[0], weightsWh[1]);
        uint256[] memory cents =
            Split.largestRemainder(cascade.levelOf(level).amountUd / 10_000, weights);
        for (uint32 i = 0; i < 2; ++i) {
            _shares[level].push(_share(i, accounts[i], weightsWh[i], cents[i] * 10_000));
        }
    }

    function _known(bytes memory reason) private pure {
        bytes4 name = bytes4(reason);
        assertTrue(
            name == IRevenueCascade.ShareRefused.selector
                || name == IRevenueCascade.AlreadyPaid.selector
                || name == IRevenueCascade.LevelExceeded.selector
                || name == IRevenueCascade.NothingDue.selector
                || name == IRevenueCascade.NotAccount.selector
                || name == IRevenueCascade.PassportInvalid.selector,
            "refused by name"
        );
    }
}
