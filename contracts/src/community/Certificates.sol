// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificates} from "../interfaces/ICertificates.sol";
import {ICompliance} from "../interfaces/ICompliance.sol";
import {IDevices} from "../interfaces/IDevices.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Certificates
/// @notice See `ICertificates`.
contract Certificates is ICertificates, ERC1155, AccessManaged {
    using SafeCast for uint256;

    struct Supply {
        uint64 issued; //  ever [Wh]
        uint64 retired; // ever [Wh]
    }

    uint256 private constant SLOT_S = 300;
    uint256 private constant SPAN_MOST_S = 366 days;

    /// @notice Who may hold certificates.
    IPassport public immutable passport;

    /// @notice Which transfers are allowed.
    ICompliance public immutable compliance;

    /// @notice Which meters are verified.
    IDevices public immutable devices;

    /// @inheritdoc ICertificates
    uint256 public holders;

    uint8 private immutable _CARBON;

    Retirement[] private _retirements;
    mapping(uint256 id => Supply) private _supplies;
    mapping(bytes32 meter => mapping(uint256 word => uint256 bits)) private _slots;
    mapping(address holder => uint256) private _held; // of all ids [Wh]
    mapping(address holder => mapping(uint256 id => uint64)) private _locked;
    mapping(address holder => mapping(uint256 id => mapping(address venue => uint64))) private
        _offers;

    constructor(address authority, IPassport passport_, ICompliance compliance_, IDevices devices_)
        ERC1155("")
        AccessManaged(authority)
    {
        (passport, compliance, devices) = (passport_, compliance_, devices_);
        _CARBON = passport_.CARBON();
    }

    /// @inheritdoc ICertificates
    function issue(
        Span calldata span,
        address to,
        uint8 source,
        bool bundled,
        uint32 carbonMgPerKwh
    ) external restricted returns (uint256 id) {
        if (span.energyWh == 0) revert ZeroAmount();
        IDevices.Device memory device = devices.deviceOf(span.meter);
        if (!device.verified) revert MeterUnverified(span.meter);
        if (
            span.start >= span.end || span.start % SLOT_S != 0 || span.end % SLOT_S != 0
                || span.end > block.timestamp || span.end - span.start > SPAN_MOST_S
        ) revert SpanInvalid(span.start, span.end);
        uint16 vintage = _yearOf(span.start);
        if (_yearOf(span.end - 1) != vintage) revert SpanInvalid(span.start, span.end);
        uint256 mostWh = uint256(device.capacityW) * (span.end - span.start) / 1 hours;
        if (span.energyWh > mostWh) revert AboveCapacity(mostWh, span.energyWh);

        _mark(span.meter, span.start / SLOT_S, span.end / SLOT_S);
        id = idOf(Class(vintage, source, bundled, carbonMgPerKwh));
        uint64 firstSerial = _supplies[id].issued;
        _supplies[id].issued = firstSerial + span.energyWh;
        emit Issued(id, span.meter, to, span.start, span.end, span.energyWh, firstSerial);
        _mint(to, id, span.energyWh, "");
    }

    /// @inheritdoc ICertificates
    function offer(address venue, uint256 id, uint64 lockedWh) external {
        uint256 balanceWh = balanceOf(msg.sender, id);
        uint256 othersWh = _locked[msg.sender][id] - _offers[msg.sender][id][venue];
        if (othersWh + lockedWh > balanceWh) {
            revert Locked(msg.sender, id, balanceWh - othersWh, lockedWh);
        }

        _locked[msg.sender][id] = uint64(othersWh) + lockedWh;
        _offers[msg.sender][id][venue] = lockedWh;
        emit Offered(id, msg.sender, venue, lockedWh);
    }

    /// @inheritdoc ICertificates
    function retire(uint256 id, uint64 energyWh, address beneficiary, bytes32 purpose)
        external
        returns (uint256 retirement)
    {
        if (energyWh == 0) revert ZeroAmount();
        if (beneficiary == address(0)) revert ZeroBeneficiary();
        _checkPassport(msg.sender);

        uint64 firstSerial = _supplies[id].retired;
        _supplies[id].retired = firstSerial + energyWh;
        retirement = _retirements.length;
        _retirements.push(
            Retirement(id, msg.sender, beneficiary, energyWh, firstSerial, uint40(block.timestamp))
        );
        emit Retired(retirement, id, beneficiary, msg.sender, energyWh, firstSerial, purpose);
        _burn(msg.sender, id, energyWh);
    }

    // --- views ----------------------------------------------------------------------------------

    /// @inheritdoc ICertificates
    function heldOf(address holder) external view returns (uint256) {
        return _held[holder];
    }

    /// @inheritdoc ICertificates
    function supplyOf(uint256 id) external view returns (uint64 issuedWh, uint64 retiredWh) {
        return (_supplies[id].issued, _supplies[id].retired);
    }

    /// @inheritdoc ICertificates
    function retirementOf(uint256 retirement) external view returns (Retirement memory) {
        return _retirements[retirement];
    }

    /// @inheritdoc ICertificates
    function lockedOf(address holder, uint256 id, address venue)
        external
        view
        returns (uint64 lockedWh, uint64 atVenueWh)
    {
        return (_locked[holder][id], _offers[holder][id][venue]);
    }

    /// @inheritdoc ICertificates
    function issuedAt(bytes32 meter, uint40 time) external view returns (bool) {
        uint256 slot = time / SLOT_S;
        return _slots[meter][slot >> 8] >> (slot & 0xff) & 1 == 1;
    }

    /// @inheritdoc ICertificates
    function classOf(uint256 id) external pure returns (Class memory) {
        return Class(uint16(id >> 48), uint8(id >> 40), uint8(id >> 32) != 0, uint32(id));
    }

    /// @inheritdoc ICertificates
    function idOf(Class memory class_) public pure returns (uint256) {
        return uint256(class_.vintage) << 48 | uint256(class_.source) << 40
            | (class_.bundled ? uint256(1) << 32 : 0) | class_.carbonMgPerKwh;
    }

    // --- rules ----------------------------------------------------------------------------------

    /// What is offered moves by its venue only, and no offer outlives the certificates. The rules
    /// see a batch as one transfer.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values)
        internal
        override
    {
        uint256 sumWh = 0;
        for (uint256 i = 0; i < values.length; ++i) {
            sumWh += values[i];
        }
        if (to != address(0)) {
            if (from != address(0)) _checkParty(from);
            _checkParty(to);
            compliance.recordTransfer(address(this), from, to, sumWh);
        }
        super._update(from, to, ids, values);
        for (uint256 i = 0; i < ids.length && from != address(0); ++i) {
            _unlock(from, ids[i], values[i]);
        }
        if (from != to && sumWh != 0) _count(from, to, sumWh);
    }

    /// Keeps what each holds of all ids, and how many hold some; venues are none.
    function _count(address from, address to, uint256 amountWh) private {
        if (from != address(0)) {
            uint256 leftWh = _held[from] - amountWh;
            _held[from] = leftWh;
            if (leftWh == 0 && !compliance.isVenue(from)) --holders;
        }
        if (to != address(0)) {
            uint256 heldWh = _held[to];
            _held[to] = heldWh + amountWh;
            if (heldWh == 0 && !compliance.isVenue(to)) ++holders;
        }
    }

    /// The balance is what is left after the move.
    function _unlock(address from, uint256 id, uint256 amountWh) private {
        uint64 locked = _locked[from][id];
        if (locked == 0) return;
        uint64 atVenueWh = _offers[from][id][msg.sender];
        if (atVenueWh != 0) {
            uint64 usedWh = amountWh < atVenueWh ? uint64(amountWh) : atVenueWh;
            locked -= usedWh;
            _locked[from][id] = locked;
            _offers[from][id][msg.sender] = atVenueWh - usedWh;
            emit Offered(id, from, msg.sender, atVenueWh - usedWh);
        }
        uint256 leftWh = balanceOf(from, id);
        if (leftWh < locked) revert Locked(from, id, leftWh + amountWh - locked, amountWh);
    }

    function _checkPassport(address account) private view {
        if (!passport.isAllowed(account, _CARBON)) revert PassportInvalid(account, _CARBON);
    }

    /// A venue has no passport: it judges whom it serves itself.
    function _checkParty(address account) private view {
        if (!passport.isAllowed(account, _CARBON) && !compliance.isVenue(account)) {
            revert PassportInvalid(account, _CARBON);
        }
    }

    /// Marks the meter's slots `first` … `end - 1`, each for the first time, a word at a time.
    function _mark(bytes32 meter, uint256 first, uint256 end) private {
        while (first < end) {
            uint256 word = first >> 8;
            uint256 wordEnd = (word + 1) << 8;
            uint256 last = end < wordEnd ? end : wordEnd;
            uint256 mask = type(uint256).max >> (256 - (last - first)) << (first & 0xff);
            uint256 bits = _slots[meter][word];
            if (bits & mask != 0) revert AlreadyIssued(meter, first * SLOT_S);
            _slots[meter][word] = bits | mask;
            first = last;
        }
    }

    /// Year of a moment, UTC, by the proleptic Gregorian calendar (days to civil date, 400-year eras).
    function _yearOf(uint256 time) private pure returns (uint16) {
        uint256 day = time / 1 days + 719_468; // since 1 March of the year 0
        uint256 dayOfEra = day % 146_097;
        uint256 yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        return (day / 146_097 * 400 + yearOfEra + (dayOfYear >= 306 ? 1 : 0)).toUint16();
    }
}
