// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Timelock: every power, and never at once
/// @notice OpenZeppelin's TimelockController for one council, which alone proposes, cancels and
/// executes, for ever. Its delay is at least 48 hours, now and after any change. Nobody is its admin
/// but itself.
contract Timelock is TimelockController {
    /// @notice Shortest delay [s].
    uint256 public constant DELAY_LEAST = 48 hours;

    /// @notice Thrown when the delay would be too short.
    error DelayTooShort(uint256 least, uint256 given);

    /// @notice Thrown when anybody but the council would come to propose, cancel or execute, or the
    /// council would lose it.
    error RolesFixed();

    constructor(uint256 delay, address council)
        TimelockController(delay, _only(council), _only(council), address(0))
    {
        if (delay < DELAY_LEAST) revert DelayTooShort(DELAY_LEAST, delay);
    }

    /// @notice Sets the delay of later operations [s].
    /// @dev Called by the time lock itself.
    function updateDelay(uint256 delay) public override {
        if (delay < DELAY_LEAST) revert DelayTooShort(DELAY_LEAST, delay);
        super.updateDelay(delay);
    }

    /// @notice Refused: whom it obeys is settled when it is made.
    function grantRole(bytes32, address) public pure override {
        revert RolesFixed();
    }

    /// @notice Refused: whom it obeys is settled when it is made.
    function revokeRole(bytes32, address) public pure override {
        revert RolesFixed();
    }

    /// @notice Refused: whom it obeys is settled when it is made.
    function renounceRole(bytes32, address) public pure override {
        revert RolesFixed();
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
