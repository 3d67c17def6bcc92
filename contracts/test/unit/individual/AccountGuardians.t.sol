// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberAccount} from "../../../src/interfaces/IMemberAccount.sol";
import {IndividualWorld} from "../../IndividualWorld.sol";

contract AccountGuardiansTest is IndividualWorld {
    uint256 private constant DELAY_S = 48 hours;

    function _name(address[] memory list, uint8 threshold, bytes memory refusal) private {
        vm.prank(address(account));
        if (refusal.length != 0) vm.expectRevert(refusal);
        account.nameGuardians(list, threshold);
    }

    function _nameThieves(uint256 key) private {
        address[] memory list = _list(thief, stranger, producer);
        _act(key, _call(address(account), abi.encodeCall(account.nameGuardians, (list, 2))));
    }

    function test_refuses_too_few_too_many_and_a_threshold_out_of_range() public {
        uint8[5] memory counts = [2, 3, 3, 3, 9];
        uint8[5] memory thresholds = [2, 1, 3, 0, 2];
        for (uint256 i = 0; i < 5; ++i) {
            address[] memory list = new address[](counts[i]);
            for (uint256 j = 0; j < counts[i]; ++j) {
                list[j] = vm.addr(j + 1);
            }
            _name(
                list,
                thresholds[i],
                abi.encodeWithSelector(
                    IMemberAccount.GuardiansOutOfRange.selector, counts[i], thresholds[i]
                )
            );
        }
    }

    function test_refuses_nobody_itself_and_one_twice() public {
        bytes4 refused = IMemberAccount.GuardianRefused.selector;
        _name(_list(first, address(0), third), 2, abi.encodeWithSelector(refused, address(0)));
        _name(_list(address(account), first, third), 2, abi.encodeWithSelector(refused, account));
        _name(_list(first, second, first), 2, abi.encodeWithSelector(refused, first));
    }

    function test_S02_refuses_a_guardian_who_is_the_same_person() public {
        bytes4 same = IMemberAccount.SamePerson.selector;
        vm.prank(admin);
        passport.link(address(account), stranger);
        _name(_list(first, second, stranger), 2, abi.encodeWithSelector(same, stranger, account));
        vm.prank(admin);
        passport.admit(first, keccak256("a friend"), ALL, EXPIRY, CANADA);
        vm.prank(admin);
        passport.link(first, second);
        _name(_list(first, second, third), 2, abi.encodeWithSelector(same, second, first));
    }

    function test_new_guardians_wait() public {
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.NoneNamed.selector));
        account.acceptGuardians();

        address[] memory list = _list(producer, neighbour, third);
        vm.expectEmit();
        emit IMemberAccount.GuardiansNamed(list, 2, uint40(START_S + DELAY_S));
        _name(list, 2, "");
        vm.warp(START_S + DELAY_S - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMemberAccount.TooEarly.selector, uint40(START_S + DELAY_S), block.timestamp
            )
        );
        account.acceptGuardians();

        _approve(first, NEW_KEY);
        vm.warp(START_S + DELAY_S);
        vm.expectEmit();
        emit IMemberAccount.GuardiansChanged(list, 2);
        account.acceptGuardians();
        (address[] memory now_, uint8 threshold) = account.guardians();
        assertEq(now_[0], producer, "the new ones");
        assertEq(threshold, 2, "threshold");
        assertEq(account.approvalOf(first), bytes32(0), "an old approval is void");
        (, uint8 coming, uint40 readyAt) = account.namedGuardians();
        assertEq(uint256(coming) + readyAt, 0, "none to come");
    }

    function test_a_thief_cannot_name_guardians_before_the_old_ones_act() public {
        _nameThieves(KEY);
        vm.warp(START_S + DELAY_S - 1);
        _approve(first, NEW_KEY);
        vm.expectEmit();
        emit IMemberAccount.GuardiansStruck();
        _approve(third, NEW_KEY);

        vm.warp(START_S + DELAY_S);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMemberAccount.Locked.selector, uint40(START_S + 2 * DELAY_S - 1)
            )
        );
        account.acceptGuardians();
        vm.warp(START_S + 2 * DELAY_S);
        account.completeRecovery();
        vm.expectRevert(abi.encodeWithSelector(IMemberAccount.NoneNamed.selector));
        account.acceptGuardians();
    }
}
