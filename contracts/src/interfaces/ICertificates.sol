// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title Certificates: the environmental attribute of metered energy, one unit a watt-hour
/// @notice ERC-1155. Certificates of one vintage year, source, carbon factor and bundle flag are
/// alike and share an id. A meter's time is issued for once: it is noted in slots of five minutes,
/// so that spans of any length never overlap. Retired certificates are burnt, with a beneficiary and
/// serial numbers, and never move again.
///
/// Unbundled certificates were parted from their energy; bundled ones go with it.
/// @dev Assumes that the settlement role issues for settled, measured energy only. The meter is a
/// verified device of `IDevices`, and no span can hold more than its capacity could make.
///
/// Whoever holds certificates has a passport with the carbon permission, or is a venue of the
/// rulebook, which judges whom it serves itself.
///
/// Warning: an issue shows a meter's energy in its span to everybody. For a home, issue for a month
/// or more at once.
///
/// Warning: what is offered is locked for its venue until the offer is taken back; the venue still
/// needs the holder's approval.
///
/// Warning: an issue cannot be undone. What was measured too low is not issued later; issue after
/// corrections are over.
interface ICertificates is IERC1155 {
    /// @notice What certificates of one id have in common.
    struct Class {
        uint16 vintage; //         year of the energy, UTC
        uint8 source; //           a code of the settlement role; 1 solar, 2 wind, 3 hydro
        bool bundled; //           goes with its energy
        uint32 carbonMgPerKwh; //  of the grid it displaced     [mg CO₂e per kWh]
    }

    /// @notice A span of a meter's time to issue for.
    struct Span {
        bytes32 meter; //          device of `IDevices`
        uint40 start; //           multiple of 300              [UTC unix s]
        uint40 end; //             multiple of 300, not covered [UTC unix s]
        uint64 energyWh; //        metered in it                [Wh]
    }

    /// @notice A retirement.
    struct Retirement {
        uint256 id;
        address by;
        address beneficiary;
        uint64 energyWh; //        [Wh]
        uint64 firstSerial; //     of the id's retired watt-hours, from 0
        uint40 time; //             [UTC unix s]
    }

    /// @notice Certificates were issued for a meter's span.
    event Issued(
        uint256 indexed id,
        bytes32 indexed meter,
        address indexed to,
        uint40 start,
        uint40 end,
        uint64 energyWh,
        uint64 firstSerial
    );

    /// @notice Certificates were locked for a venue, or unlocked.
    event Offered(
        uint256 indexed id, address indexed holder, address indexed venue, uint64 lockedWh
    );

    /// @notice Certificates were retired for good.
    event Retired(
        uint256 indexed retirement,
        uint256 indexed id,
        address indexed beneficiary,
        address by,
        uint64 energyWh,
        uint64 firstSerial,
        bytes32 purpose
    );

    /// @notice Thrown when an account may not hold certificates.
    error PassportInvalid(address account, uint8 permissions);

    /// @notice Thrown when a meter is unknown or not verified.
    error MeterUnverified(bytes32 meter);

    /// @notice Thrown when a span is empty, not on slots, not over, longer than a year, or in two
    /// years.
    error SpanInvalid(uint40 start, uint40 end);

    /// @notice Thrown when the meter's time was issued for already, from the slot that begins at `time`.
    error AlreadyIssued(bytes32 meter, uint256 time);

    /// @notice Thrown when a span's energy is more than the meter's capacity could make.
    error AboveCapacity(uint256 mostWh, uint64 energyWh);

    /// @notice Thrown when nothing would be moved.
    error ZeroAmount();

    /// @notice Thrown when certificates are offered, and so not free.
    error Locked(address holder, uint256 id, uint256 freeWh, uint256 amountWh);

    /// @notice Thrown when retired for nobody.
    error ZeroBeneficiary();

    /// @notice Issues certificates for a meter's span to `to`.
    /// @dev Called by the settlement role.
    /// @return id of the class
    function issue(
        Span calldata span,
        address to,
        uint8 source,
        bool bundled,
        uint32 carbonMgPerKwh
    ) external returns (uint256 id);

    /// @notice Sets how much of an id the caller offers at `venue` [Wh]; zero takes it back.
    function offer(address venue, uint256 id, uint64 lockedWh) external;

    /// @notice Retires certificates of the caller for `beneficiary`.
    /// @param purpose hash of what it is claimed for
    /// @return retirement its number
    function retire(uint256 id, uint64 energyWh, address beneficiary, bytes32 purpose)
        external
        returns (uint256 retirement);

    /// @notice Watt-hours `holder` has of all ids together, which is what rules on holdings cap.
    function heldOf(address holder) external view returns (uint256);

    /// @notice Accounts that hold some; venues are none.
    function holders() external view returns (uint256);

    /// @notice Watt-hours of an id ever issued, and retired.
    function supplyOf(uint256 id) external view returns (uint64 issuedWh, uint64 retiredWh);

    /// @notice What certificates of the id have in common.
    function classOf(uint256 id) external pure returns (Class memory);

    /// @notice Id of a class.
    function idOf(Class memory class_) external pure returns (uint256);

    /// @notice A retirement, by number.
    function retirementOf(uint256 retirement) external view returns (Retirement memory);

    /// @notice Watt-hours of `holder` that are offered, in all and at `venue`.
    function lockedOf(address holder, uint256 id, address venue)
        external
        view
        returns (uint64 lockedWh, uint64 atVenueWh);

    /// @notice Was the slot of the meter that holds `time` issued for?
    function issuedAt(bytes32 meter, uint40 time) external view returns (bool);
}
