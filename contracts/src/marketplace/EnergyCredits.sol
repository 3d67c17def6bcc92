// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../interfaces/ICompliance.sol";
import {ICurrency} from "../interfaces/ICurrency.sol";
import {IEnergyCredit} from "../interfaces/IEnergyCredit.sol";
import {IEnergyCredits} from "../interfaces/IEnergyCredits.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {EnergyCredit} from "./EnergyCredit.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title EnergyCredits
/// @notice See `IEnergyCredits`. Every credit is a whole contract, no proxy: dearer once a season,
/// cheaper at every transfer.
contract EnergyCredits is IEnergyCredits, AccessManaged {
    /// @notice What every credit is made with.
    ICurrency public immutable currency;
    IPassport public immutable passport;
    ICompliance public immutable compliance;

    /// @inheritdoc IEnergyCredits
    uint256 public seasons;
    /// @inheritdoc IEnergyCredits
    mapping(uint256 number => address) public creditOf;
    /// @inheritdoc IEnergyCredits
    mapping(address credit => bool) public isCredit;

    uint64 private _lastEnd;

    constructor(
        address authority,
        ICurrency currency_,
        IPassport passport_,
        ICompliance compliance_
    ) AccessManaged(authority) {
        currency = currency_;
        passport = passport_;
        compliance = compliance_;
    }

    /// @inheritdoc IEnergyCredits
    function open(IEnergyCredit.Season calldata season)
        external
        restricted
        returns (address credit)
    {
        if (season.start < _lastEnd) {
            revert SeasonOverlaps(_lastEnd, season.start);
        }

        uint256 number = ++seasons;
        _lastEnd = season.end;
        credit = address(
            new EnergyCredit{salt: bytes32(number)}(
                authority(), currency, passport, compliance, season
            )
        );
        creditOf[number] = credit;
        isCredit[credit] = true;
        emit SeasonOpened(number, credit, season);
    }
}
