// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDevices} from "../../src/interfaces/IDevices.sol";
import {World} from "../World.sol";

contract DevicesRevokeTest is World {
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        id = devices.register(bytes32(x), bytes32(y), producer, 1, 4000);
    }

    function test_refuses_an_unknown_device() public {
        vm.expectRevert(abi.encodeWithSelector(IDevices.UnknownDevice.selector, bytes32(0)));
        devices.revoke(bytes32(0), 9);
    }

    function test_refuses_whoever_is_neither_owner_nor_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        devices.revoke(id, 9);
    }

    function test_refuses_a_second_time() public {
        vm.prank(producer);
        devices.revoke(id, 9);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IDevices.AlreadyRevoked.selector, id, 9));
        devices.revoke(id, 8);
    }

    function test_ends_the_key_after_this_sequence(uint64 last, uint64 asked, bool byOwner) public {
        vm.expectEmit();
        emit IDevices.Revoked(id, last);
        vm.prank(byOwner ? producer : admin);
        devices.revoke(id, last);
        assertTrue(devices.acceptsSequence(id, asked) == (asked <= last), "up to the last");
        assertTrue(devices.acceptsSequence(id, last), "the last itself");
    }
}
