// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberAccount} from "../../../src/interfaces/IMemberAccount.sol";
import {IndividualWorld} from "../../IndividualWorld.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

contract AccountRecoverTest is IndividualWorld {
    uint256 private constant DELAY_S = 48 hours;

    function setUp() public override {
        super.setUp();
        vm.prank(facilitator);
        currency.mint(address(account), 1000);
    }

    function _tooEarly(uint256 readyAt) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IMemberAccount.TooEarly.selector, uint40(readyAt), block.timestamp
            );
    }

    // --- refusals

    function test_refuses_whoever_is_no_guardian() public {
        bytes memory reason = abi.encodeWithSelector(IMemberAccount.NotGuardian.selector, thief);
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        vm.prank(thief);
        vm.expectRevert(reason);
        account.approveRecovery(qx, qy);
        vm.prank(thief);
        vm.expectRevert(reason);
        account.withdrawApproval();
        vm.prank(thief);
        vm.expectRevert(reason);
        account.cancelRecovery("");
    }

    function test_refuses_a_key_off_the_curve() public {
        vm.prank(first);
        vm.expectRevert(
            abi.encodeWithSelector(IMemberAccount.NotOnCurve.selector, bytes32(uint256(1)), 0)
        );
        account.approveRecovery(bytes32(uint256(1)), 0);
    }

    function test_refuses_what_was_not_started() public {
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.NoRecovery.selector));
        account.completeRecovery();
        vm.prank(first);
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.NoRecovery.selector));
        account.cancelRecovery("");
        vm.prank(first);
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.NotApproved.selector, first));
        account.withdrawApproval();
    }

    function test_refuses_to_complete_early(uint256 waitS) public {
        _lock();
        vm.warp(START_S + bound(waitS, 0, DELAY_S - 1));
        vm.expectRevert(_tooEarly(START_S + DELAY_S));
        account.completeRecovery();
    }

    function test_one_guardian_alone_locks_nothing() public {
        _approve(first, NEW_KEY);
        _approve(first, NEW_KEY);
        assertTrue(!_locked(), "not locked");
        _approve(second, NEW_KEY + 1);
        assertTrue(!_locked(), "nor by two of two minds");
        _act(KEY, _transfer(producer, 1));
    }

    function test_S02_refuses_a_guardian_who_is_the_owner_or_another_guardian() public {
        vm.prank(admin);
        passport.link(address(account), first);
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        vm.prank(first);
        vm.expectRevert(
            abi.encodeWithSelector(IMemberAccount.SamePerson.selector, first, address(account))
        );
        account.approveRecovery(qx, qy);

        vm.prank(admin);
        passport.admit(second, keccak256("a friend"), ALL, EXPIRY, CANADA);
        vm.prank(admin);
        passport.link(second, third);
        _approve(second, NEW_KEY);
        vm.prank(third);
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.SamePerson.selector, third, second));
        account.approveRecovery(qx, qy);
    }

    // --- success

    function test_S02_a_lost_phone_is_recovered_and_the_thief_gets_nothing() public {
        // the owner holds money, and a passport with all three permissions
        assertTrue(passport.isAllowed(address(account), ALL), "allowed");
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);

        // two guardians act; the event is the operator's notice
        _approve(first, NEW_KEY);
        vm.expectEmit();
        emit IMemberAccount.RecoveryStarted(1, qx, qy, uint40(START_S + DELAY_S));
        _approve(second, NEW_KEY);

        // the thief has the phone: neither operation, nor signature, nor call in the delay
        for (uint256 t = 0; t <= DELAY_S; t += 12 hours) {
            vm.warp(START_S + t);
            _refusedToAct(KEY, _transfer(thief, 1000), "AA24 signature error");
        }
        assertEq(currency.balanceOf(thief), 0, "the thief got nothing");

        // after 48 h anybody completes it
        vm.expectEmit();
        emit IMemberAccount.Recovered(1, qx, qy);
        vm.prank(stranger);
        account.completeRecovery();

        // the old key is dead, all assets are in place at the same address
        _refusedToAct(KEY, _transfer(thief, 1000), "AA24 signature error");
        assertEq(currency.balanceOf(address(account)), 1000, "money in place");
        assertTrue(passport.isAllowed(address(account), ALL), "passport in place");
        _act(NEW_KEY, _transfer(producer, 400));
        assertEq(currency.balanceOf(producer), 400, "the new key counts");
    }

    function test_B601_the_entry_point_itself_moves_nothing_while_locked() public {
        _lock();
        bytes memory callData = _transfer(thief, 1);
        vm.prank(address(entryPoint));
        vm.expectRevert(
            abi.encodeWithSelector(IMemberAccount.Locked.selector, uint40(START_S + DELAY_S))
        );
        (bool done,) = address(account).call(callData);
        assertTrue(done, "expectation");
    }

    function test_the_key_signs_nothing_for_others_while_locked_and_never_again() public {
        bytes32 order = keccak256("an order on an exchange");
        bytes memory signature = _nested(KEY, order);
        assertTrue(_valid(order, signature), "valid before");
        _lock();
        assertTrue(!_valid(order, signature), "not while locked");
        vm.warp(START_S + DELAY_S);
        account.completeRecovery();
        assertTrue(!_valid(order, signature), "nor after");
        assertTrue(_valid(order, _nested(NEW_KEY, order)), "the new key signs");
    }

    function _valid(bytes32 hash, bytes memory signature) private view returns (bool) {
        return account.isValidSignature(hash, signature) == IERC1271.isValidSignature.selector;
    }

    /// ERC-7739: the account's own domain around the hash, so that no other account's can be used.
    function _nested(uint256 key, bytes32 hash) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("SourceEnergy Account"),
                keccak256("1"),
                block.chainid,
                address(account)
            )
        );
        bytes32 personal = keccak256(abi.encode(keccak256("PersonalSign(bytes prefixed)"), hash));
        return _assertion(key, MessageHashUtils.toTypedDataHash(domain, personal));
    }

    // --- how a recovery ends early

    function test_ends_when_a_guardian_takes_its_approval_back() public {
        _lock();
        vm.expectEmit();
        emit IMemberAccount.ApprovalWithdrawn(first);
        vm.expectEmit();
        emit IMemberAccount.RecoveryCancelled(1);
        vm.prank(first);
        account.withdrawApproval();
        _act(KEY, _transfer(producer, 1));

        vm.warp(START_S + DELAY_S);
        _approve(third, NEW_KEY); // with the second one's, which stands: the delay starts anew
        vm.expectRevert(_tooEarly(START_S + 2 * DELAY_S));
        account.completeRecovery();
    }

    function test_stands_while_enough_guardians_stand_by_it() public {
        _lock();
        _approve(third, NEW_KEY);
        vm.prank(first);
        account.withdrawApproval();
        assertTrue(_locked(), "two are left");
    }

    function test_ends_when_a_guardian_turns_to_another_key() public {
        _lock();
        _approve(second, NEW_KEY + 1);
        assertTrue(!_locked(), "one is left");
        _approve(third, NEW_KEY + 1);
        (uint64 round, bytes32 qx,, uint40 readyAt) = account.recovery();
        (bytes32 x,) = _public(NEW_KEY + 1);
        assertEq(round, 2, "second round");
        assertEq(qx, x, "the other key");
        assertEq(readyAt, START_S + DELAY_S, "a full delay");
    }

    function test_one_guardian_and_the_key_together_cancel() public {
        _lock();
        bytes memory signature = _assertion(KEY, account.cancellation());
        vm.expectEmit();
        emit IMemberAccount.RecoveryCancelled(1);
        vm.prank(third);
        account.cancelRecovery(signature);
        _act(KEY, _transfer(producer, 1));
        assertEq(account.approvalOf(first), bytes32(0), "approvals are void");
        assertEq(account.approvalOf(second), bytes32(0), "all of them");

        _lock(); // the same signature is no good in another round
        bytes memory reason = abi.encodeWithSelector(
            IMemberAccount.SignatureRefused.selector, account.cancellation()
        );
        vm.prank(third);
        vm.expectRevert(reason);
        account.cancelRecovery(signature);
    }

    function test_the_key_alone_cancels_nothing() public {
        _lock();
        bytes memory signature = _assertion(KEY, account.cancellation());
        vm.prank(address(account));
        vm.expectRevert(
            abi.encodeWithSelector(IMemberAccount.NotGuardian.selector, address(account))
        );
        account.cancelRecovery(signature);
        _refusedToAct(
            KEY,
            _call(address(account), abi.encodeCall(account.cancelRecovery, (signature))),
            "AA24 signature error"
        );
    }

    function test_a_guardian_without_the_key_cancels_nothing() public {
        _lock();
        bytes32 digest = account.cancellation();
        bytes memory signature = _assertion(NEW_KEY, digest);
        vm.prank(third);
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.SignatureRefused.selector, digest));
        account.cancelRecovery(signature);
    }

    function test_a_locked_account_pays_for_nothing() public {
        _lock();
        vmP256.deal(address(account), 1 ether);
        PackedUserOperation[] memory ops =
            _sign(KEY, _operation(address(account), _transfer(thief, 1)));
        try entryPoint.handleOps(ops, payable(thief)) {} catch {}
        assertEq(address(account).balance, 1 ether, "gas money in place");
    }
}
