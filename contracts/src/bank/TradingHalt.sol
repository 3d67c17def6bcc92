// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHeeding} from "../interfaces/IHeeding.sol";
import {ITradingHalt} from "../interfaces/ITradingHalt.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title TradingHalt
/// @notice See `ITradingHalt`.
contract TradingHalt is ITradingHalt, EIP712, AccessManaged {
    /// @notice Longest halt [s].
    uint64 public constant DURATION_MOST = 72 hours;

    /// @notice Time that must pass between two halts [s].
    uint64 public constant GAP = 72 hours;

    /// @notice Most venues that are told.
    uint256 public constant VENUES_MOST = 64;

    bytes32 private constant _ORDER =
        keccak256("Order(uint64 number,uint64 durationS,uint64 deadline,bytes32 reasonHash)");
    bytes32 private constant _LIFT = keccak256("Lift(uint64 number)");

    /// @notice Judges whether a quorum of the guardians signed.
    IVerifier public guardians;

    /// @inheritdoc ITradingHalt
    uint64 public until;

    /// @inheritdoc ITradingHalt
    uint64 public number;

    IHeeding[] private _venues;

    constructor(address authority, IVerifier guardians_)
        EIP712("SourceEnergy TradingHalt", "1")
        AccessManaged(authority)
    {
        _setGuardians(guardians_);
    }

    /// @inheritdoc ITradingHalt
    function halt(Order calldata order, bytes calldata proof) external {
        if (order.number != number + 1) revert WrongNumber(number + 1, order.number);
        if (order.durationS == 0 || order.durationS > DURATION_MOST) {
            revert WrongDuration(DURATION_MOST, order.durationS);
        }
        if (block.timestamp > order.deadline) {
            revert DeadlinePassed(order.deadline, block.timestamp);
        }
        if (until != 0 && block.timestamp < until + GAP) {
            revert TooSoon(until + GAP, block.timestamp);
        }
        _check(orderHash(order), proof);

        number = order.number;
        until = uint64(block.timestamp) + order.durationS;
        emit Halted(order.number, until, order.reasonHash);
        _tell();
    }

    /// @inheritdoc ITradingHalt
    function lift(bytes calldata proof) external {
        if (!isHalted()) revert NotHalted();
        _check(liftHash(number), proof);

        until = uint64(block.timestamp);
        emit Lifted(number);
        _tell();
    }

    /// @inheritdoc ITradingHalt
    function setGuardians(IVerifier guardians_) external restricted {
        _setGuardians(guardians_);
    }

    /// @inheritdoc ITradingHalt
    function setVenues(IHeeding[] calldata venues_) external restricted {
        if (venues_.length > VENUES_MOST) revert TooManyVenues(VENUES_MOST, venues_.length);
        _venues = venues_;
        emit VenuesSet(venues_);
        _tell();
    }

    /// @inheritdoc ITradingHalt
    function venues() external view returns (IHeeding[] memory) {
        return _venues;
    }

    /// @inheritdoc ITradingHalt
    function isHalted() public view returns (bool) {
        return block.timestamp < until;
    }

    /// @inheritdoc ITradingHalt
    function orderHash(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_ORDER, order)));
    }

    /// @inheritdoc ITradingHalt
    function liftHash(uint64 number_) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_LIFT, number_)));
    }

    function _setGuardians(IVerifier guardians_) private {
        if (address(guardians_) == address(0)) revert ZeroGuardians();
        guardians = guardians_;
        emit GuardiansSet(address(guardians_));
    }

    function _tell() private {
        for (uint256 i = 0; i < _venues.length; ++i) {
            _venues[i].heed();
        }
    }

    function _check(bytes32 digest, bytes calldata proof) private view {
        if (!guardians.verify(digest, proof)) revert ProofRefused(digest);
    }
}
