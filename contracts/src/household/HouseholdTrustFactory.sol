// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDevices} from "../interfaces/IDevices.sol";
import {IHouseholdTrust} from "../interfaces/IHouseholdTrust.sol";
import {IHouseholdTrustFactory} from "../interfaces/IHouseholdTrustFactory.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {CodeStore} from "../libraries/CodeStore.sol";
import {HouseholdTrust} from "./HouseholdTrust.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @title HouseholdTrustFactory
/// @notice See `IHouseholdTrustFactory`.
/// @dev A trust is a whole contract, no proxy. What it is made from is written once, as the code
/// of a contract of its own, when the factory is made, so that the factory need not carry it.
contract HouseholdTrustFactory is IHouseholdTrustFactory {
    struct Move {
        address holder; // zero: the owner
        uint48 since; //   [UTC unix s]
    }

    /// @notice Shortest objection delay of a trustee said to be lost [s].
    uint32 public constant DELAY_LEAST = 7 days;

    /// @notice Settlement money.
    IERC20 public immutable currency;

    /// @notice Who may be a trustee, and be paid.
    IPassport public immutable passport;

    /// @notice Who owns a device.
    IDevices public immutable devices;

    /// @notice Keeps the creation code of a trust, behind a stop.
    address public immutable codeStore;

    /// @inheritdoc IHouseholdTrustFactory
    mapping(address trust => bool) public isTrust;

    mapping(bytes32 deviceId => Move[]) private _moves; // in order of time

    constructor(IERC20 currency_, IPassport passport_, IDevices devices_) {
        (currency, passport, devices) = (currency_, passport_, devices_);
        codeStore = CodeStore.write(type(HouseholdTrust).creationCode);
    }

    /// @inheritdoc IHouseholdTrustFactory
    function create(Terms calldata terms, bytes32 salt) external returns (address trust) {
        if (!_isAmong(terms.trustees, msg.sender)) revert NotTrustee(msg.sender);
        if (terms.delayS < DELAY_LEAST) revert DelayTooShort(terms.delayS);

        trust = Create2.deploy(0, _salt(salt, msg.sender), _code(terms));
        isTrust[trust] = true;
        emit Created(trust, msg.sender);
    }

    /// @inheritdoc IHouseholdTrustFactory
    function moveIn(bytes32 deviceId, address trust, uint48 since) external {
        if (!isTrust[trust]) revert UnknownTrust(trust);
        if (devices.deviceOf(deviceId).owner != msg.sender) revert NotHolder(deviceId, msg.sender);
        if (!_isOf(trust, msg.sender)) revert NotOfTrust(msg.sender, trust);
        address holder = _latest(deviceId);
        if (holder != address(0)) revert InTrust(deviceId, holder);

        _move(deviceId, msg.sender, trust, since);
    }

    /// @inheritdoc IHouseholdTrustFactory
    function moveOut(bytes32 deviceId, uint48 since) external {
        if (_latest(deviceId) != msg.sender) {
            revert NotHolder(deviceId, msg.sender);
        }

        _move(deviceId, msg.sender, address(0), since);
    }

    /// @inheritdoc IHouseholdTrustFactory
    function addressOf(Terms calldata terms, bytes32 salt, address creator)
        external
        view
        returns (address)
    {
        return Create2.computeAddress(_salt(salt, creator), keccak256(_code(terms)));
    }

    /// @inheritdoc IHouseholdTrustFactory
    function holderAt(bytes32 deviceId, uint48 time) external view returns (address) {
        Move[] storage moves = _moves[deviceId];
        address holder = address(0);
        for (uint256 i = moves.length; i != 0; --i) {
            if (moves[i - 1].since <= time) {
                holder = moves[i - 1].holder;
                break;
            }
        }
        return holder == address(0) ? devices.deviceOf(deviceId).owner : holder;
    }

    /// Is `account` a trustee or a beneficiary of the trust?
    function _isOf(address trust, address account) private view returns (bool) {
        (address[] memory trustees,,) = IHouseholdTrust(trust).trusteesOf();
        if (_isAmong(trustees, account)) return true;
        (IHouseholdTrust.Rule memory rule,) = IHouseholdTrust(trust).ruleOf();
        return _isAmong(rule.beneficiaries, account);
    }

    function _isAmong(address[] memory accounts, address account) private pure returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == account) return true;
        }
        return false;
    }

    function _latest(bytes32 deviceId) private view returns (address) {
        uint256 count = _moves[deviceId].length;
        return count == 0 ? address(0) : _moves[deviceId][count - 1].holder;
    }

    function _move(bytes32 deviceId, address from, address to, uint48 since) private {
        Move[] storage moves = _moves[deviceId];
        uint256 notBefore = block.timestamp;
        if (moves.length != 0 && moves[moves.length - 1].since >= notBefore) {
            notBefore = uint256(moves[moves.length - 1].since) + 1;
        }
        if (since < notBefore) revert TimeNotLater(notBefore, since);

        moves.push(Move(to, since));
        emit DeviceMoved(deviceId, from, to, since);
    }

    function _salt(bytes32 salt, address creator) private pure returns (bytes32) {
        return keccak256(abi.encode(salt, creator));
    }

    function _code(Terms calldata terms) private view returns (bytes memory) {
        return CodeStore.readWith(
            codeStore,
            abi.encode(
                currency,
                passport,
                terms.trustees,
                terms.threshold,
                terms.rule,
                terms.limitUd,
                terms.delayS
            )
        );
    }
}
