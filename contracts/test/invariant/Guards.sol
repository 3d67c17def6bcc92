// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account} from "../../src/individual/Account.sol";
import {IndividualWorld} from "../IndividualWorld.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";

/// @title Guards: a thief with the owner's phone, and guardians who do anything
/// @notice The fuzzer calls the verbs in any order; whatever is refused changes nothing.
contract Guards is IndividualWorld {
    uint256 private constant DELAY_S = 48 hours;

    uint256 public movedLocked; //      calls that got through while locked
    uint256 public recoveredEarly; //   recoveries shorter than the delay
    uint256 public guardiansEarly; //   guardians who came before the delay
    uint256 public movedDead; //        calls that a dead key got through
    uint256 public lockedByCall; //     locks without a guardian's call

    uint256 private _startedAt;
    uint256 private _namedAt;

    function setUp() public override {
        super.setUp();
        vm.prank(facilitator);
        currency.mint(address(account), 1e12);
        vmP256.deal(address(account), 1000 ether);
    }

    function the() external view returns (Account) {
        return account;
    }

    function transfer(uint256 which) external {
        uint256 key = _keyOf(which);
        (bytes32 x,) = account.signer();
        (bytes32 qx,) = _public(key);
        bool locked = _locked();
        bool done = _operate(key, _transfer(thief, 1));
        if (done && locked) ++movedLocked;
        if (done && x != qx) ++movedDead;
    }

    function changeKey(uint256 which, uint256 to) external {
        (bytes32 qx, bytes32 qy) = _public(_keyOf(to));
        bool locked = _locked();
        bytes memory verb = abi.encodeCall(Account.changeKey, (qx, qy));
        (bytes32 before,) = account.signer();
        _operate(_keyOf(which), _call(address(account), verb));
        (bytes32 later,) = account.signer();
        if (locked && before != later) ++movedLocked;
    }

    function nameGuardians(uint256 which, bool thieves) external {
        address[] memory list = thieves ? _list(thief, stranger, producer) : _guardians();
        bytes memory verb = abi.encodeCall(Account.nameGuardians, (list, 2));
        bool locked = _locked();
        (,, uint40 before) = account.namedGuardians();
        _operate(_keyOf(which), _call(address(account), verb));
        (,, uint40 readyAt) = account.namedGuardians();
        if (readyAt == before) return;
        _namedAt = block.timestamp;
        if (locked) ++movedLocked;
    }

    function acceptGuardians() external {
        try account.acceptGuardians() {
            if (block.timestamp < _namedAt + DELAY_S) ++guardiansEarly;
        } catch {}
    }

    function approve(uint256 who, uint256 which) external {
        (bytes32 qx, bytes32 qy) = _public(_keyOf(which));
        (uint64 before,,,) = account.recovery();
        vm.prank(_guardian(who));
        account.approveRecovery(qx, qy);
        (uint64 round,,,) = account.recovery();
        if (round != 0 && round != before) _startedAt = block.timestamp;
    }

    function withdrawApproval(uint256 who) external {
        vm.prank(_guardian(who));
        try account.withdrawApproval() {} catch {}
    }

    function cancel(uint256 who, uint256 which) external {
        bytes memory signature = _assertion(_keyOf(which), account.cancellation());
        vm.prank(_guardian(who));
        try account.cancelRecovery(signature) {} catch {}
    }

    function complete() external {
        try account.completeRecovery() {
            if (block.timestamp < _startedAt + DELAY_S) ++recoveredEarly;
        } catch {}
    }

    function meddle() external {
        bool before = _locked();
        (bytes32 qx, bytes32 qy) = _public(NEW_KEY);
        vm.prank(operator);
        try account.approveRecovery(qx, qy) {} catch {}
        vm.prank(operator);
        try account.cancelRecovery("") {} catch {}
        if (_locked() != before) ++lockedByCall;
    }

    function wait_(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1 hours, 40 hours));
    }

    function _guardian(uint256 who) private view returns (address) {
        (address[] memory list,) = account.guardians();
        return list[who % list.length];
    }

    function _keyOf(uint256 which) private pure returns (uint256) {
        return which % 2 == 0 ? KEY : NEW_KEY;
    }

    function _operate(uint256 key, bytes memory callData) private returns (bool) {
        uint256 before = currency.balanceOf(thief);
        PackedUserOperation[] memory ops = _sign(key, _operation(address(account), callData));
        try entryPoint.handleOps(ops, payable(operator)) {} catch {}
        return currency.balanceOf(thief) != before;
    }
}
