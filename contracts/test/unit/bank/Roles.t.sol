// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAveragePrice} from "../../../src/interfaces/IAveragePrice.sol";
import {ICurrency} from "../../../src/interfaces/ICurrency.sol";
import {IIncentives} from "../../../src/interfaces/IIncentives.sol";
import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {IPolicy} from "../../../src/interfaces/IPolicy.sol";
import {ISavings} from "../../../src/interfaces/ISavings.sol";
import {ISeats} from "../../../src/interfaces/ISeats.sol";
import {IStabilisationFund} from "../../../src/interfaces/IStabilisationFund.sol";
import {ITradingHalt} from "../../../src/interfaces/ITradingHalt.sol";
import {IVerifier} from "../../../src/interfaces/IVerifier.sol";
import {Bank} from "../../Bank.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Roles: after the deployer has handed over, only the time lock has power, and never at once
contract RolesTest is Bank {
    struct Power {
        address target;
        bytes call;
    }

    function setUp() public override {
        super.setUp();
        _handOver();
    }

    /// Every function of the bank that asks for a role, and those of the manager itself.
    function _powers() private view returns (Power[] memory p) {
        p = new Power[](17);
        p[0] = Power(address(currency), abi.encodeCall(ICurrency.setBucket, (stranger, 1)));
        p[1] = Power(address(seats), abi.encodeCall(ISeats.give, (stranger)));
        p[2] = Power(address(seats), abi.encodeCall(ISeats.take, (councillors[0])));
        p[3] = Power(
            address(fund),
            abi.encodeCall(IStabilisationFund.setCredit, (venue, IAveragePrice(stranger)))
        );
        p[4] =
            Power(address(fund), abi.encodeCall(IStabilisationFund.setInsider, (stranger, false)));
        p[5] = Power(address(savings), abi.encodeCall(ISavings.setRate, (CANADA, 1)));
        p[6] = Power(
            address(policy), abi.encodeCall(IPolicy.set, (IPolicy.Parameter.LoanRate, 450, EXPIRY))
        );
        p[7] = Power(
            address(incentives), abi.encodeCall(IIncentives.open, (1, 1, EXPIRY, EXPIRY + 1))
        );
        p[8] = Power(
            address(tradingHalt), abi.encodeCall(ITradingHalt.setGuardians, (IVerifier(stranger)))
        );
        p[9] = Power(address(passport), abi.encodeCall(IPassport.issue, (stranger, 1, EXPIRY, 1)));
        p[10] = Power(
            address(manager), abi.encodeCall(IAccessManager.grantRole, (ADMIN_ROLE, stranger, 0))
        );
        p[11] = Power(
            address(manager),
            abi.encodeCall(IAccessManager.revokeRole, (ADMIN_ROLE, address(timelock)))
        );
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = ICurrency.setBucket.selector;
        p[12] = Power(
            address(manager),
            abi.encodeCall(
                IAccessManager.setTargetFunctionRole,
                (address(currency), selectors, type(uint64).max)
            )
        );
        p[13] = Power(
            address(manager),
            abi.encodeCall(IAccessManager.updateAuthority, (address(currency), stranger))
        );
        p[14] = Power(
            address(manager),
            abi.encodeCall(IAccessManager.setTargetClosed, (address(currency), true))
        );
        p[15] = Power(address(manager), abi.encodeCall(IAccessManager.setRoleAdmin, (7, 8)));
        p[16] = Power(
            address(manager), abi.encodeCall(IAccessManager.execute, (p[0].target, p[0].call))
        );
    }

    function test_the_deployer_keeps_none() public {
        (bool isMember,) = manager.hasRole(ADMIN_ROLE, admin);
        assertTrue(!isMember, "not a member");
        address[6] memory everyone =
            [admin, address(this), guardian, operator, councillors[0], facilitator];
        Power[] memory powers = _powers();
        for (uint256 i = 0; i < everyone.length; ++i) {
            for (uint256 j = 0; j < powers.length; ++j) {
                vm.prank(everyone[i]);
                (bool ok,) = powers[j].target.call(powers[j].call);
                assertTrue(!ok, "refused");
            }
        }
    }

    function test_the_time_lock_has_the_role_alone() public view {
        (bool isMember, uint32 delay) = manager.hasRole(ADMIN_ROLE, address(timelock));
        assertTrue(isMember, "the time lock");
        assertEq(delay, 0, "its own delay is enough");
        assertLe(48 hours, timelock.getMinDelay(), "and not short");
    }

    function test_the_deployer_cannot_come_back() public {
        vm.prank(admin);
        (bool ok,) =
            address(manager).call(abi.encodeCall(IAccessManager.grantRole, (ADMIN_ROLE, admin, 0)));
        assertTrue(!ok, "not by itself");
        vm.prank(admin);
        (ok,) = address(timelock)
            .call(abi.encodeWithSignature("grantRole(bytes32,address)", bytes32(0), admin));
        assertTrue(!ok, "nor in the time lock");
    }

    /// Passed with all votes, and still: not a second before the lock ends.
    function test_no_power_is_used_before_its_delay(uint256 which, uint256 seconds_) public {
        Power[] memory powers = _powers();
        which = bound(which, 0, 9);
        Proposal memory p = _proposal(powers[which].target, powers[which].call);
        uint256 id = _propose(p, councillors[0]);
        _vote(id, 5);
        uint256 queuedAt = block.timestamp;
        _queue(p);
        assertLe(queuedAt + 48 hours, council.proposalEta(id), "at least 48 hours");
        vm.warp(queuedAt + bound(seconds_, 0, LOCK - 1));
        bytes32 hash = _textHash(p);
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(councillors[i]);
            (bool ok,) = address(council)
                .call(abi.encodeCall(council.execute, (p.targets, p.values, p.calldatas, hash)));
            assertTrue(!ok, "too early");
        }
        if (which == 7) return; // needs money of the council
        vm.warp(queuedAt + LOCK);
        _execute(p, councillors[1]);
    }

    /// S23: neither a stolen key nor a unanimous council makes money or takes it.
    function test_S23_a_unanimous_council_takes_nothing() public {
        _bring(consumer, 1000 * DOLLAR);
        _bring(neighbour, 1000 * DOLLAR);
        vm.prank(neighbour);
        currency.approve(address(fund), type(uint256).max);
        vm.prank(neighbour);
        fund.feed(500 * DOLLAR);
        vm.prank(neighbour);
        currency.approve(address(savings), type(uint256).max);
        vm.prank(neighbour);
        savings.deposit(500 * DOLLAR);
        address[4] memory holders = [consumer, address(fund), address(savings), address(reserve)];
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 before = currency.balanceOf(holders[i]);
            vm.prank(address(timelock));
            (bool ok,) = address(currency)
                .call(abi.encodeCall(IERC20.transferFrom, (holders[i], stranger, 1)));
            assertTrue(!ok, "no allowance");
            vm.prank(address(timelock));
            (ok,) = address(currency).call(abi.encodeCall(ICurrency.mint, (stranger, 1)));
            assertTrue(!ok, "no bucket");
            assertEq(currency.balanceOf(holders[i]), before, "kept");
        }
    }
}
