// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDevices} from "../../src/interfaces/IDevices.sol";
import {World} from "../World.sol";

contract DevicesSetVerifiedTest is World {
    function test_refuses_whoever_has_no_verifying_role() public {
        vm.prank(stranger);
        vm.expectRevert(_unauthorized(stranger));
        devices.setVerified(bytes32(0), true);
    }

    function test_refuses_an_unknown_device() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IDevices.UnknownDevice.selector, bytes32(0)));
        devices.setVerified(bytes32(0), true);
    }

    function test_vouches_and_takes_it_back() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.prank(admin);
        bytes32 id = devices.register(bytes32(x), bytes32(y), producer, 1, 4000);
        vm.expectEmit();
        emit IDevices.VerifiedSet(id, true);
        vm.prank(admin);
        devices.setVerified(id, true);
        assertTrue(devices.deviceOf(id).verified, "verified");
        vm.prank(admin);
        devices.setVerified(id, false);
        assertTrue(!devices.deviceOf(id).verified, "no longer");
    }
}
