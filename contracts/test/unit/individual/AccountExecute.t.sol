// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberAccount} from "../../../src/interfaces/IMemberAccount.sol";
import {IndividualWorld} from "../../IndividualWorld.sol";
import {Account as ERC4337Account} from "@openzeppelin/contracts/account/Account.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

contract AccountExecuteTest is IndividualWorld {
    function setUp() public override {
        super.setUp();
        vm.prank(facilitator);
        currency.mint(address(account), 1000);
    }

    function _unauthorizedHere(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ERC4337Account.AccountUnauthorized.selector, caller);
    }

    function test_refuses_whoever_is_not_the_entry_point(address caller) public {
        vm.assume(caller != address(account) && caller != address(entryPoint));
        (bool done, bytes memory reason) = _executeAs(caller);
        assertTrue(!done, "refused");
        assertEq(keccak256(reason), keccak256(_unauthorizedHere(caller)), "reason");
    }

    function _executeAs(address caller) private returns (bool done, bytes memory reason) {
        bytes memory callData = _transfer(thief, 1);
        vm.prank(caller);
        return address(account).call(callData);
    }

    function test_refuses_another_key(uint256 key) public {
        key = bound(key, 1, P256.N - 1);
        vm.assume(key != KEY);
        _refusedToAct(key, _transfer(thief, 1), "AA24 signature error");
    }

    function test_refuses_an_operation_twice() public {
        vmP256.deal(address(account), 1 ether);
        PackedUserOperation[] memory ops =
            _sign(KEY, _operation(address(account), _transfer(producer, 1)));
        entryPoint.handleOps(ops, payable(operator));
        vm.expectRevert(
            abi.encodeWithSignature("FailedOp(uint256,string)", 0, "AA25 invalid account nonce")
        );
        entryPoint.handleOps(ops, payable(operator));
        assertEq(currency.balanceOf(producer), 1, "once");
    }

    function test_moves_money_for_the_passkey(uint256 amountUd) public {
        amountUd = bound(amountUd, 0, 1000);
        _act(KEY, _transfer(producer, amountUd));
        assertEq(currency.balanceOf(producer), amountUd, "received");
    }

    function test_the_owner_changes_the_key_and_the_old_one_is_dead() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        _act(KEY, _call(address(account), abi.encodeCall(account.changeKey, (qx, qy))));
        _refusedToAct(KEY, _transfer(thief, 1), "AA24 signature error");
        _act(NEW_KEY, _transfer(producer, 1));
        assertEq(currency.balanceOf(producer), 1, "the new key counts");
    }

    function test_nobody_else_changes_the_key_or_names_guardians() public {
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        vm.prank(first);
        vm.expectRevert(_unauthorizedHere(first));
        account.changeKey(qx, qy);
        vm.prank(address(entryPoint));
        vm.expectRevert(_unauthorizedHere(address(entryPoint)));
        account.nameGuardians(_guardians(), 2);
    }

    function test_refuses_a_key_off_the_curve() public {
        vm.prank(address(account));
        vm.expectRevert(
            abi.encodeWithSelector(IMemberAccount.NotOnCurve.selector, bytes32(0), bytes32(0))
        );
        account.changeKey(0, 0);
    }

    /// The same signature, with the chain's precompile and by the Solidity fallback.
    function test_both_ways_of_checking_a_passkey_agree(bytes32 digest, bytes32 other) public view {
        (bytes32 qx, bytes32 qy) = _public(KEY);
        (bytes32 r, bytes32 s) = _signP256(KEY, digest);
        assertTrue(P256.verifyNative(digest, r, s, qx, qy), "precompile");
        assertTrue(P256.verifySolidity(digest, r, s, qx, qy), "fallback");
        vm.assume(other != digest);
        assertTrue(!P256.verifyNative(other, r, s, qx, qy), "precompile refuses");
        assertTrue(!P256.verifySolidity(other, r, s, qx, qy), "fallback refuses");
    }

    function test_the_template_does_nothing_for_anybody() public {
        ERC4337Account template = ERC4337Account(payable(factory.template()));
        bytes memory callData = _transfer(thief, 0);
        vm.prank(address(entryPoint));
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.Locked.selector, type(uint40).max));
        (bool done,) = address(template).call(callData);
        assertTrue(done, "expectation");
    }
}
