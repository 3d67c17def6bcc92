// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoolAsset} from "../../../src/interfaces/IPoolAsset.sol";
import {PoolAsset} from "../../../src/market/PoolAsset.sol";
import {PoolWorld} from "./PoolWorld.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// A trust's account: accepts one hash.
contract Signatory is IERC1271 {
    bytes32 private _signed;

    function sign(bytes32 hash) external {
        _signed = hash;
    }

    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        return hash == _signed ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

contract PoolContributeTest is PoolWorld {
    function _signed(address account, uint64 start, string memory role)
        private
        view
        returns (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures)
    {
        IPoolAsset.Contribution memory c =
            _contribution(_energy(account, IPoolAsset.Class.Individual, 90_000));
        return _one(c, _signature(role, pools.contributionHash(market, start, c)));
    }

    function _refused(
        uint64 start,
        IPoolAsset.Contribution[] memory cs,
        bytes[] memory signatures,
        bytes memory reason
    ) private {
        vm.prank(operator);
        vm.expectRevert(reason);
        pools.contribute(market, start, cs, signatures);
    }

    function test_refuses_an_unknown_market_and_who_is_not_its_operator() public {
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _signed(prosumer, intervalStart, "prosumer");
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.UnknownMarket.selector, bytes32("x")));
        pools.contribute(bytes32("x"), intervalStart, cs, signatures);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPoolAsset.NotOperator.selector, stranger, operator));
        pools.contribute(market, intervalStart, cs, signatures);
    }

    function test_refuses_an_interval_that_is_not_one_or_not_over() public {
        uint64[2] memory starts = [intervalStart + 60, intervalStart + INTERVAL];
        for (uint256 i = 0; i < 2; ++i) {
            (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
                _signed(prosumer, starts[i], "prosumer");
            _refused(
                starts[i],
                cs,
                signatures,
                abi.encodeWithSelector(
                    IPoolAsset.WrongInterval.selector, starts[i], INTERVAL, block.timestamp
                )
            );
        }
    }

    function test_refuses_lists_of_different_lengths() public {
        (IPoolAsset.Contribution[] memory cs,) = _signed(prosumer, intervalStart, "prosumer");
        _refused(
            intervalStart,
            cs,
            new bytes[](0),
            abi.encodeWithSelector(IPoolAsset.LengthsDiffer.selector, 1, 0)
        );
    }

    function test_refuses_who_has_no_valid_passport() public {
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _signed(stranger, intervalStart, "stranger");
        _refused(
            intervalStart,
            cs,
            signatures,
            abi.encodeWithSelector(IPoolAsset.PassportInvalid.selector, stranger, TRADE_ENERGY)
        );
    }

    /// B607: else a kWh could be in twice, once by each wallet of its maker.
    function test_S17_refuses_a_second_wallet_of_the_same_person() public {
        address phone = _actor("phone");
        vm.prank(admin);
        passport.admit(phone, keccak256("person"), TRADE_ENERGY, EXPIRY, CANADA);
        vm.prank(admin);
        passport.link(phone, _actor("laptop"));
        _contribute("phone", IPoolAsset.Class.Individual, 1000);
        assertTrue(pools.hasContributed(_actor("laptop"), intervalStart), "the person has");
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _signed(_actor("laptop"), intervalStart, "laptop");
        _refused(
            intervalStart,
            cs,
            signatures,
            abi.encodeWithSelector(
                IPoolAsset.ContributionDuplicate.selector, _actor("laptop"), intervalStart
            )
        );
    }

    function test_S17_refuses_an_unsigned_contribution() public {
        string[2] memory signers = ["operator", "prosumer2"];
        for (uint256 i = 0; i < 2; ++i) {
            (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
                _signed(prosumer, intervalStart, signers[i]);
            bytes32 digest = pools.contributionHash(market, intervalStart, cs[0]);
            bytes memory reason =
                abi.encodeWithSelector(IPoolAsset.ContributionUnsigned.selector, prosumer, digest);
            _refused(intervalStart, cs, signatures, reason);
            signatures[0] = "";
            _refused(intervalStart, cs, signatures, reason);
        }
    }

    function test_refuses_a_signature_over_another_interval_energy_or_class() public {
        vm.warp(START_S + 2 * INTERVAL);
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _signed(prosumer, intervalStart + INTERVAL, "prosumer");
        _refusedAsUnsigned(cs, signatures);
        (cs, signatures) = _signed(prosumer, intervalStart, "prosumer");
        cs[0].leaf = bytes32(uint256(cs[0].leaf) ^ 1);
        _refusedAsUnsigned(cs, signatures);
        (cs, signatures) = _signed(prosumer, intervalStart, "prosumer");
        cs[0].class = IPoolAsset.Class.Entity;
        _refusedAsUnsigned(cs, signatures);
    }

    function _refusedAsUnsigned(IPoolAsset.Contribution[] memory cs, bytes[] memory signatures)
        private
    {
        bytes32 digest = pools.contributionHash(market, intervalStart, cs[0]);
        _refused(
            intervalStart,
            cs,
            signatures,
            abi.encodeWithSelector(IPoolAsset.ContributionUnsigned.selector, prosumer, digest)
        );
    }

    function test_S17_refuses_a_duplicate_in_one_call_or_two() public {
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _signed(prosumer, intervalStart, "prosumer");
        IPoolAsset.Contribution[] memory twice = new IPoolAsset.Contribution[](2);
        bytes[] memory both = new bytes[](2);
        (twice[0], twice[1], both[0], both[1]) = (cs[0], cs[0], signatures[0], signatures[0]);
        bytes memory reason = abi.encodeWithSelector(
            IPoolAsset.ContributionDuplicate.selector, prosumer, intervalStart
        );
        _refused(intervalStart, twice, both, reason);
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        _refused(intervalStart, cs, signatures, reason);
    }

    function test_S17_refuses_a_kWh_in_two_pools() public {
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        vm.prank(admin);
        bytes32 other = pools.open("Oak Street", operator, seller, address(verifier));
        IPoolAsset.Contribution memory c =
            _contribution(_energy(prosumer, IPoolAsset.Class.Individual, 90_000));
        bytes32 digest = pools.contributionHash(other, intervalStart, c);
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _one(c, _signature("prosumer", digest));
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPoolAsset.ContributionDuplicate.selector, prosumer, intervalStart
            )
        );
        pools.contribute(other, intervalStart, cs, signatures);
    }

    // --- success

    function test_contributes() public {
        IPoolAsset.Contribution memory c =
            _contribution(_energy(prosumer, IPoolAsset.Class.Individual, 90_000));
        vm.expectEmit();
        emit IPoolAsset.Contributed(pool, 1, prosumer, IPoolAsset.Class.Individual, c.leaf);
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        assertTrue(pools.hasContributed(prosumer, intervalStart), "contributed");
        assertTrue(!pools.hasContributed(prosumer, intervalStart + INTERVAL), "once");
        IPoolAsset.Open memory open_ = pools.openRunOf(pool);
        assertEq(open_.contributions, 1, "contributions");
        assertEq(open_.contributed, keccak256(abi.encode(bytes32(0), c)), "chain");
        assertEq(pools.marketOf(pool), market, "market");
    }

    function test_the_next_interval_is_another_pool(uint256 intervals) public {
        intervals = bound(intervals, 1, 1000);
        _contribute("prosumer", IPoolAsset.Class.Individual, 90_000);
        uint64 start = uint64(START_S + intervals * INTERVAL);
        vm.warp(start + INTERVAL);
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) =
            _signed(prosumer, start, "prosumer");
        vm.prank(operator);
        pools.contribute(market, start, cs, signatures);
        assertTrue(pools.hasContributed(prosumer, start), "contributed");
    }

    function test_a_contract_signs_for_itself() public {
        Signatory signatory = new Signatory();
        _admit(address(signatory));
        IPoolAsset.Contribution memory c =
            _contribution(_energy(address(signatory), IPoolAsset.Class.Trust, 80_500));
        bytes32 digest = pools.contributionHash(market, intervalStart, c);
        (IPoolAsset.Contribution[] memory cs, bytes[] memory signatures) = _one(c, "");
        _refused(
            intervalStart,
            cs,
            signatures,
            abi.encodeWithSelector(
                IPoolAsset.ContributionUnsigned.selector, address(signatory), digest
            )
        );
        signatory.sign(digest);
        vm.prank(operator);
        pools.contribute(market, intervalStart, cs, signatures);
    }
}
