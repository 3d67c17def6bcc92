// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICouncil} from "../interfaces/ICouncil.sol";
import {IPolicy} from "../interfaces/IPolicy.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title Policy
/// @notice See `IPolicy`.
contract Policy is IPolicy, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    struct Origin {
        uint256 proposalId;
        bytes32 goal;
    }

    uint256 private constant _PARAMETERS = uint256(type(Parameter).max) + 1;

    /// @notice Whose proposals set values.
    ICouncil public immutable council;

    mapping(Parameter parameter => Checkpoints.Trace208) private _values;
    mapping(Parameter parameter => mapping(uint48 from => Origin)) private _origins;

    /// @param values the first of each parameter, in their order
    constructor(address authority, ICouncil council_, uint128[] memory values)
        AccessManaged(authority)
    {
        council = council_;
        if (values.length != _PARAMETERS) revert WrongLength(_PARAMETERS, values.length);
        for (uint256 i = 0; i < values.length; ++i) {
            _checkBounds(Parameter(i), values[i]);
            _write(Parameter(i), values[i], uint48(block.timestamp), 0, 0);
        }
    }

    /// @inheritdoc IPolicy
    function set(Parameter parameter, uint128 value, uint48 from) external restricted {
        _checkBounds(parameter, value);
        (, uint48 lastFrom, uint208 last) = _values[parameter].latestCheckpoint();
        uint128 step = boundsOf(parameter).step;
        if (value > last ? value - last > step : last - value > step) {
            revert StepTooLarge(parameter, step, uint128(last), value);
        }
        uint48 least = uint48(block.timestamp) > lastFrom ? uint48(block.timestamp) : lastFrom + 1;
        if (from < least) revert WrongTime(least, from);
        (uint256 proposalId, bytes32 goal) = council.executing();
        if (proposalId == 0) revert ProposalMissing();
        if (_origins[parameter][lastFrom].proposalId == proposalId) {
            revert AlreadySet(parameter, proposalId);
        }

        _write(parameter, value, from, proposalId, goal);
    }

    /// @inheritdoc IPolicy
    function valueOf(Parameter parameter) external view returns (uint128) {
        return valueAt(parameter, uint48(block.timestamp));
    }

    /// @inheritdoc IPolicy
    function valueAt(Parameter parameter, uint48 time) public view returns (uint128) {
        return uint128(_values[parameter].upperLookupRecent(time));
    }

    /// @inheritdoc IPolicy
    function settingAt(Parameter parameter, uint48 time) external view returns (Setting memory) {
        Checkpoints.Trace208 storage values = _values[parameter];
        // the newest are asked for most
        for (uint256 i = values.length(); i > 0; --i) {
            Checkpoints.Checkpoint208 memory value = values.pos(SafeCast.toUint32(i - 1));
            if (value._key <= time) return _setting(parameter, value._key, value._value);
        }
        return Setting(0, 0, 0, 0);
    }

    /// @inheritdoc IPolicy
    function lastSetting(Parameter parameter) external view returns (Setting memory) {
        (, uint48 from, uint208 value) = _values[parameter].latestCheckpoint();
        return _setting(parameter, from, value);
    }

    /// @inheritdoc IPolicy
    function boundsOf(Parameter parameter) public pure returns (Bounds memory) {
        if (parameter == Parameter.PeakIncentive) return Bounds(0, 100_000, 20_000);
        if (parameter == Parameter.LoanRate) return Bounds(0, 1200, 100);
        if (parameter == Parameter.LateRate) return Bounds(0, 2400, 200);
        if (parameter == Parameter.MarketplaceFee) return Bounds(0, 300, 50);
        return Bounds(0, 500, 100); // StabilisationLevy
    }

    function _write(
        Parameter parameter,
        uint128 value,
        uint48 from,
        uint256 proposalId,
        bytes32 goal
    ) private {
        _values[parameter].push(from, value);
        _origins[parameter][from] = Origin(proposalId, goal);
        emit ParameterSet(parameter, proposalId, goal, value, from);
    }

    function _setting(Parameter parameter, uint48 from, uint208 value)
        private
        view
        returns (Setting memory)
    {
        Origin memory origin = _origins[parameter][from];
        return Setting(uint128(value), from, origin.proposalId, origin.goal);
    }

    function _checkBounds(Parameter parameter, uint128 value) private pure {
        Bounds memory bounds = boundsOf(parameter);
        if (value < bounds.least || value > bounds.most) {
            revert OutOfBounds(parameter, bounds.least, bounds.most, value);
        }
    }
}
