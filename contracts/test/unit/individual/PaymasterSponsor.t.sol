// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../../../src/individual/Account.sol";
import {IMemberPaymaster} from "../../../src/interfaces/IMemberPaymaster.sol";
import {SponsoredWorld} from "../../SponsoredWorld.sol";
import {
    Paymaster as ERC4337Paymaster
} from "@openzeppelin/contracts/account/paymaster/Paymaster.sol";
import {IPaymaster, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";

contract PaymasterSponsorTest is SponsoredWorld {
    // --- refusals

    function test_refuses_whoever_is_not_the_entry_point() public {
        bytes memory reason =
            abi.encodeWithSelector(ERC4337Paymaster.PaymasterUnauthorized.selector, operator);
        PackedUserOperation memory op = _sponsored(_transfer(producer, 1));
        vm.prank(operator);
        vm.expectRevert(reason);
        paymaster.validatePaymasterUserOp(op, 0, 1);
        vm.prank(operator);
        vm.expectRevert(reason);
        paymaster.postOp(IPaymaster.PostOpMode.opSucceeded, "", 0, 0);
    }

    function _refused(bytes memory callData, bytes memory reason) private {
        PackedUserOperation[] memory ops = _sign(KEY, _sponsored(callData));
        vm.expectRevert(_passedOn(reason));
        entryPoint.handleOps(ops, payable(operator));
    }

    function test_refuses_an_account_without_a_valid_passport() public {
        bytes memory reason =
            abi.encodeWithSelector(IMemberPaymaster.PassportInvalid.selector, address(account));
        _hold(address(account));
        _refused(_transfer(producer, 1), reason);
        _release(address(account));
        vm.warp(EXPIRY);
        _refused(_transfer(producer, 1), reason);
    }

    function test_refuses_targets_that_are_not_allowed(address target) public {
        vm.assume(target != address(0) && target != address(currency));
        vm.assume(target != address(account));
        _refused(
            _call(target, ""),
            abi.encodeWithSelector(IMemberPaymaster.TargetRefused.selector, target)
        );
    }

    function test_refuses_value_and_other_verbs() public {
        _refused(
            _call(address(currency), 1, ""),
            abi.encodeWithSelector(
                IMemberPaymaster.ValueRefused.selector, address(currency), uint256(1)
            )
        );
        bytes4 verb = account.changeKey.selector;
        _refused(
            abi.encodeWithSelector(verb, 0, 0),
            abi.encodeWithSelector(IMemberPaymaster.VerbRefused.selector, verb)
        );
        _refused("", abi.encodeWithSelector(IMemberPaymaster.VerbRefused.selector, bytes4(0)));
    }

    /// `execute` of oneself within `execute` would reach any contract, with any value.
    function test_refuses_targets_hidden_in_a_call_to_oneself(bool named) public {
        address self = named ? address(account) : address(0);
        bytes4 verb = account.execute.selector;
        bytes memory reason = abi.encodeWithSelector(IMemberPaymaster.VerbRefused.selector, verb);
        _refused(_call(self, _call(address(passport), "")), reason);
        _refused(_call(self, _transfer(producer, 1)), reason);
    }

    function test_pays_for_the_account_setting_itself_up() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        _sponsor(
            KEY, _sponsored(_call(address(account), abi.encodeCall(account.changeKey, (qx, qy))))
        );
        assertTrue(paymaster.spentBy(OWNER) != 0, "counted");
        _refusedToAct(KEY, _transfer(producer, 1), "AA24 signature error");
    }

    function test_refuses_more_than_the_person_has_left() public {
        PackedUserOperation memory op = _sponsored(_transfer(producer, 1));
        uint256 most = _mostOf(op);
        vm.prank(admin);
        paymaster.setBudget(uint128(most - 1), TOTAL);
        PackedUserOperation[] memory ops = _sign(KEY, op);
        vm.expectRevert(
            _passedOn(
                abi.encodeWithSelector(
                    IMemberPaymaster.MemberBudgetExceeded.selector, OWNER, most, most - 1
                )
            )
        );
        entryPoint.handleOps(ops, payable(operator));
    }

    function test_refuses_more_than_the_house_has_left() public {
        PackedUserOperation memory op = _sponsored(_transfer(producer, 1));
        uint256 most = _mostOf(op);
        vm.prank(admin);
        paymaster.setBudget(MEMBER, uint128(most - 1));
        PackedUserOperation[] memory ops = _sign(KEY, op);
        vm.expectRevert(
            _passedOn(
                abi.encodeWithSelector(
                    IMemberPaymaster.TotalBudgetExceeded.selector, most, most - 1
                )
            )
        );
        entryPoint.handleOps(ops, payable(operator));
    }

    function test_a_second_wallet_brings_no_second_budget() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        address laptop = factory.create(qx, qy, _guardians(), 2, 0);
        vm.prank(admin);
        passport.link(address(account), laptop);
        _sponsor(KEY, _sponsored(_transfer(producer, 1)));
        uint256 counted = paymaster.spentBy(OWNER);
        PackedUserOperation memory op = _sponsored(laptop, _transfer(producer, 0));
        vm.prank(admin);
        paymaster.setBudget(uint128(_mostOf(op)), TOTAL);
        PackedUserOperation[] memory ops = _sign(NEW_KEY, op);
        vm.expectRevert(
            _passedOn(
                abi.encodeWithSelector(
                    IMemberPaymaster.MemberBudgetExceeded.selector,
                    OWNER,
                    _mostOf(op),
                    _mostOf(op) - counted
                )
            )
        );
        entryPoint.handleOps(ops, payable(operator));
    }

    // --- success

    function test_S02_a_member_without_gas_money_transfers() public {
        uint256 before = entryPoint.balanceOf(address(paymaster));
        _sponsor(KEY, _sponsored(_transfer(producer, 250)));
        assertEq(currency.balanceOf(producer), 250, "received");
        assertEq(address(account).balance, 0, "no gas money");

        uint256 cost = before - entryPoint.balanceOf(address(paymaster));
        uint256 counted = paymaster.spentBy(OWNER);
        assertEq(operator.balance, cost, "the bundler got what it cost");
        assertLe(cost, counted, "counted at least the cost");
        assertLe(counted, _mostOf(_sponsored("")), "and at most what was taken");
        assertEq(paymaster.spent(), counted, "by the house too");
    }

    function test_counts_at_least_the_cost(uint256 callGas, uint256 postGas, bool fails) public {
        PackedUserOperation memory op = _sponsored(_transfer(producer, fails ? 1e9 : 1));
        callGas = bound(callGas, 60_000, 400_000);
        postGas = bound(postGas, 30_000, 200_000);
        op.accountGasLimits = bytes32((uint256(600_000) << 128) | callGas);
        op.paymasterAndData =
            abi.encodePacked(address(paymaster), uint128(200_000), uint128(postGas));
        uint256 before = entryPoint.balanceOf(address(paymaster));
        _sponsor(KEY, op);
        uint256 cost = before - entryPoint.balanceOf(address(paymaster));
        assertLe(cost, paymaster.spentBy(OWNER), "counted at least the cost");
    }

    function test_a_new_period_is_a_new_budget() public {
        _sponsor(KEY, _sponsored(_transfer(producer, 1)));
        assertTrue(paymaster.spentBy(OWNER) != 0, "counted");
        vm.warp(START_S + PERIOD);
        assertEq(paymaster.spentBy(OWNER) + paymaster.spent(), 0, "anew");
        _sponsor(KEY, _sponsored(_transfer(producer, 1)));
    }

    function test_S02_guardians_need_no_gas_either() public {
        (bytes32 qx, bytes32 qy) = _public(0xF1);
        Account friend = Account(payable(factory.create(qx, qy, _guardians(), 2, 0)));
        _admit(address(friend));
        vm.prank(address(account));
        account.nameGuardians(_list(address(friend), second, third), 2);
        vm.warp(START_S + 48 hours);
        account.acceptGuardians();

        (bytes32 x, bytes32 y) = _public(NEW_KEY);
        _sponsor(
            0xF1,
            _sponsored(
                address(friend),
                _call(address(account), abi.encodeCall(account.approveRecovery, (x, y)))
            )
        );
        assertEq(
            account.approvalOf(address(friend)), keccak256(abi.encode(x, y)), "the friend approves"
        );
    }
}
