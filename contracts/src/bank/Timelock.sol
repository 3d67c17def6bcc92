// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Timelock: every power, and never at once
/// @notice OpenZeppelin's TimelockController for one council, which alone proposes, cancels and
/// executes. Its delay is at least 48 hours, now and after any change. Nobody is its admin but
/// itself.
contract Timelock is TimelockController {
    /// @notice Shortest delay [s].
    uint256 public constant DELAY_LEAST = 48 hours;

    /// @notice Thrown when the delay would be too short.
    error DelayTooShort(uint256 least, uint256 given);

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

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
