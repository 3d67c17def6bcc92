// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IImpactReports} from "../interfaces/IImpactReports.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title ImpactReports
/// @notice See `IImpactReports`.
contract ImpactReports is IImpactReports, AccessManaged {
    mapping(bytes32 subject => mapping(bytes32 period => Report[])) private _reports;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IImpactReports
    function publish(bytes32 subject, bytes32 period, bytes32 hash)
        external
        restricted
        returns (uint32 version)
    {
        if (hash == 0 || subject == 0) revert EmptyReport();
        Report[] storage reports = _reports[subject][period];
        version = uint32(reports.length);
        if (version != 0 && reports[version - 1].hash == hash) revert SameReport(version, hash);

        ++version;
        reports.push(Report(hash, msg.sender, uint40(block.timestamp)));
        emit Published(subject, period, version, hash, msg.sender);
    }

    /// @inheritdoc IImpactReports
    function reportOf(bytes32 subject, bytes32 period, uint32 version)
        external
        view
        returns (Report memory report)
    {
        Report[] storage reports = _reports[subject][period];
        if (version != 0 && version <= reports.length) report = reports[version - 1];
    }

    /// @inheritdoc IImpactReports
    function versionOf(bytes32 subject, bytes32 period) external view returns (uint32) {
        return uint32(_reports[subject][period].length);
    }
}
