// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

/// @title Base: what every test stands on
/// @notice Labelled assertions, bounded inputs, actors named by role.
abstract contract Base {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    uint256 internal constant START_S = 1_767_225_600; // 2026-01-01T00:00:00Z

    address internal admin = _actor("admin");
    address internal secondOfficer = _actor("second officer"); // lifts what the admin holds
    address internal operator = _actor("operator");
    address internal guardian = _actor("guardian");
    address internal facilitator = _actor("facilitator");
    address internal consumer = _actor("consumer");
    address internal producer = _actor("producer");
    address internal neighbour = _actor("neighbour");
    address internal stranger = _actor("stranger");

    error Unequal(string label, uint256 actual, uint256 expected);
    error Untrue(string label);

    function _actor(string memory role) internal returns (address account) {
        account = vm.addr(_key(role));
        vm.label(account, role);
    }

    function _key(string memory role) internal pure returns (uint256) {
        return uint256(keccak256(bytes(role))) >> 1;
    }

    function _signature(string memory role, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_key(role), digest);
        return abi.encodePacked(r, s, v);
    }

    /// `value` folded into `low` … `high`.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (value >= low && value <= high) return value;
        return high - low == type(uint256).max ? value : low + value % (high - low + 1);
    }

    function assertTrue(bool condition, string memory label) internal pure {
        if (!condition) revert Untrue(label);
    }

    function assertEq(uint256 actual, uint256 expected, string memory label) internal pure {
        if (actual != expected) revert Unequal(label, actual, expected);
    }

    function assertEq(bytes32 actual, bytes32 expected, string memory label) internal pure {
        assertEq(uint256(actual), uint256(expected), label);
    }

    function assertEq(address actual, address expected, string memory label) internal pure {
        assertEq(uint160(actual), uint160(expected), label);
    }

    function assertLe(uint256 actual, uint256 most, string memory label) internal pure {
        if (actual > most) revert Unequal(label, actual, most);
    }
}
