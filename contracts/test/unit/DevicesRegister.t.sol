// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDevices} from "../../src/interfaces/IDevices.sol";
import {World} from "../World.sol";

contract DevicesRegisterTest is World {
    bytes32 private qx;
    bytes32 private qy;

    function setUp() public override {
        super.setUp();
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        (qx, qy) = (bytes32(x), bytes32(y));
    }

    function test_refuses_whoever_has_no_registering_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        devices.register(qx, qy, producer, 1, 4000);
    }

    function test_refuses_nobody_as_owner() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IDevices.ZeroOwner.selector));
        devices.register(qx, qy, address(0), 1, 4000);
    }

    function test_refuses_a_key_off_the_curve(bytes32 x) public {
        vm.assume(x != qx);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IDevices.NotOnCurve.selector, x, qy));
        devices.register(x, qy, producer, 1, 4000);
    }

    function test_refuses_a_key_twice() public {
        vm.prank(admin);
        bytes32 id = devices.register(qx, qy, producer, 1, 4000);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IDevices.DeviceExists.selector, id));
        devices.register(qx, qy, neighbour, 1, 4000);
    }

    function test_registers(uint8 kind, uint64 capacityW) public {
        bytes32 id = keccak256(abi.encode(qx, qy));
        vm.expectEmit();
        emit IDevices.Registered(id, producer, qx, qy, kind, capacityW);
        vm.prank(admin);
        assertEq(devices.register(qx, qy, producer, kind, capacityW), id, "id");

        IDevices.Device memory device = devices.deviceOf(id);
        assertEq(device.qx, qx, "x");
        assertEq(device.qy, qy, "y");
        assertEq(device.owner, producer, "owner");
        assertEq(device.kind, kind, "kind");
        assertEq(device.capacityW, capacityW, "capacity");
        assertTrue(!device.verified && !device.revoked, "neither verified nor revoked");
        assertTrue(devices.acceptsSequence(id, type(uint64).max), "any sequence");
        assertTrue(!devices.acceptsSequence(bytes32(0), 0), "no other device");
    }
}
