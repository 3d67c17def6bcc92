// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../../src/individual/Account.sol";
import {Paymaster} from "../../src/individual/Paymaster.sol";
import {EntryPoint} from "../EntryPoint.sol";
import {SponsoredWorld} from "../SponsoredWorld.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";

/// @title Bundler: a malicious operator and members who sign whatever gas it likes
contract Bundler is SponsoredWorld {
    uint256 public constant MEMBERS = 3; // accounts; the first two are one person's
    uint256 public constant KEYS = 0xA11;

    address[MEMBERS] public accounts;
    uint256 public costs; // that left the deposit ever [wei]
    uint256 public put; //   into the deposit ever        [wei]
    mapping(uint256 period => uint256) public costIn;
    mapping(uint256 period => mapping(bytes32 person => uint256)) public costOf;

    function setUp() public override {
        super.setUp();
        put = DEPOSIT;
        accounts[0] = address(account);
        for (uint256 i = 1; i < MEMBERS; ++i) {
            (bytes32 qx, bytes32 qy) = _public(KEYS + i);
            accounts[i] = factory.create(qx, qy, _guardians(), 2, 0);
        }
        vm.prank(admin);
        passport.link(accounts[0], accounts[1]);
        vm.prank(admin);
        passport.admit(accounts[2], keccak256("another"), ALL, EXPIRY + 365 days, CANADA);
    }

    function the() external view returns (Paymaster, EntryPoint, address) {
        return (paymaster, entryPoint, operator);
    }

    function period() public view returns (uint256) {
        return block.timestamp / PERIOD;
    }

    function sponsor_(
        uint256 who,
        uint256 callGas,
        uint256 postGas,
        uint256 preGas,
        uint256 price,
        uint256 amountUd
    ) external {
        who %= MEMBERS;
        PackedUserOperation memory op =
            _sponsored(accounts[who], _transfer(producer, amountUd % 2000));
        op.accountGasLimits = bytes32((uint256(600_000) << 128) | bound(callGas, 0, 2_000_000));
        op.preVerificationGas = bound(preGas, 0, 2_000_000);
        price = bound(price, 1, 5 gwei);
        op.gasFees = bytes32((price << 128) | price);
        op.paymasterAndData = abi.encodePacked(
            address(paymaster), VALIDATION_GAS, uint128(bound(postGas, 10_000, 1_000_000))
        );
        PackedUserOperation[] memory ops = _sign(KEYS + who, op);
        uint256 before = entryPoint.balanceOf(address(paymaster));
        try entryPoint.handleOps(ops, payable(operator)) {} catch {}
        uint256 cost = before - entryPoint.balanceOf(address(paymaster));
        costs += cost;
        costIn[period()] += cost;
        costOf[period()][paymaster.personOf(accounts[who])] += cost;
    }

    function drain(uint256 amountWei) external {
        amountWei = bound(amountWei, 0, DEPOSIT);
        vm.prank(operator);
        try paymaster.withdraw(amountWei) {
            assertTrue(false, "the operator withdrew");
        } catch {}
        vm.prank(operator);
        try paymaster.setBudget(MEMBER_MOST, TOTAL_MOST) {
            assertTrue(false, "the operator set a budget");
        } catch {}
    }

    function setBudget(uint128 member, uint128 total) external {
        vm.prank(admin);
        paymaster.setBudget(
            uint128(bound(member, 0, MEMBER_MOST)), uint128(bound(total, 0, TOTAL_MOST))
        );
    }

    function deposit(uint256 amountWei) external {
        amountWei = bound(amountWei, 0, 1 ether);
        vmP256.deal(address(this), amountWei);
        paymaster.deposit{value: amountWei}();
        put += amountWei;
    }

    function wait_(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1 hours, 30 hours));
    }
}
