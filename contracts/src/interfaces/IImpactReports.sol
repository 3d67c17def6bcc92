// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ImpactReports: what a community said of its impact, and when
/// @notice The hash of each report, its version and issuer. A correction is a new version; what was
/// published stays.
/// @dev Assumes that the report itself is kept and published off chain; the same inputs make the same
/// bytes, so that anyone can recompute the hash.
///
/// Warning: a hash proves what was said, not that it is true.
interface IImpactReports {
    /// @notice A published report.
    struct Report {
        bytes32 hash; //   of its bytes
        address issuer;
        uint40 time; //    of publication [UTC unix s]
    }

    /// @notice A report was published.
    /// @param subject the community it is about
    /// @param period its period, as the publisher names it
    event Published(
        bytes32 indexed subject,
        bytes32 indexed period,
        uint32 version,
        bytes32 hash,
        address indexed issuer
    );

    /// @notice Thrown when a report has no hash, or no subject.
    error EmptyReport();

    /// @notice Thrown when the latest version is the same already.
    error SameReport(uint32 version, bytes32 hash);

    /// @notice Publishes a report, or a correction of one.
    /// @dev Called by the reporting role.
    /// @return version from 1
    function publish(bytes32 subject, bytes32 period, bytes32 hash)
        external
        returns (uint32 version);

    /// @notice A version of a report; all zero where there is none.
    function reportOf(bytes32 subject, bytes32 period, uint32 version)
        external
        view
        returns (Report memory);

    /// @notice The last version; zero where there is none.
    function versionOf(bytes32 subject, bytes32 period) external view returns (uint32);
}
