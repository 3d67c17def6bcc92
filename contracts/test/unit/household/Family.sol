// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {HouseholdTrust} from "../../../src/household/HouseholdTrust.sol";
import {HouseholdTrustFactory} from "../../../src/household/HouseholdTrustFactory.sol";
import {IHouseholdTrust} from "../../../src/interfaces/IHouseholdTrust.sol";
import {IHouseholdTrustFactory} from "../../../src/interfaces/IHouseholdTrustFactory.sol";
import {Estate} from "../../Estate.sol";

/// @title Family: a trust of two trustees and a minor, as in S12 and S13
abstract contract Family is Estate {
    address internal trusteeA = _actor("trustee A");
    address internal trusteeB = _actor("trustee B");
    address internal minorsGuardian = _actor("guardian of the minor");
    address internal successor = _actor("successor");

    Fund internal fund;
    HouseholdTrustFactory internal factory;
    HouseholdTrust internal trust;

    function setUp() public virtual override {
        super.setUp();
        fund = _newFund(operator);
        factory = new HouseholdTrustFactory(currency, passport, devices);
        _admit(trusteeA);
        _admit(trusteeB);
        _admit(minorsGuardian);
        _admit(successor);
        vm.prank(trusteeA);
        trust = HouseholdTrust(factory.create(_terms(), bytes32(0)));
        _admit(address(trust));
    }

    function _rule() internal view returns (IHouseholdTrust.Rule memory rule) {
        rule.beneficiaries = new address[](3);
        rule.beneficiaries[0] = trusteeA;
        rule.beneficiaries[1] = trusteeB;
        rule.beneficiaries[2] = minorsGuardian;
        rule.sharesPpm = new uint32[](3);
        rule.sharesPpm[0] = 400_000;
        rule.sharesPpm[1] = 400_000;
        rule.sharesPpm[2] = 200_000;
        rule.reinvestPpm = 500_000;
        rule.target = fund;
    }

    function _terms() internal view returns (IHouseholdTrustFactory.Terms memory terms) {
        terms.trustees = new address[](2);
        terms.trustees[0] = trusteeA;
        terms.trustees[1] = trusteeB;
        terms.threshold = 2;
        terms.rule = _rule();
        terms.limitUd = uint64(1000 * DOLLAR);
        terms.delayS = 30 days;
    }

    function _cash(uint256 amountUd) internal {
        _money(stranger, address(trust), amountUd);
        vm.prank(stranger);
        trust.contribute(uint64(amountUd));
    }

    function _submit(address target, uint256 spendUd, bytes memory data)
        internal
        returns (uint256)
    {
        vm.prank(trusteeA);
        return trust.submit(IHouseholdTrust.Action(target, uint64(spendUd), data));
    }

    function _both(address target, uint256 spendUd, bytes memory data) internal {
        uint256 id = _submit(target, spendUd, data);
        vm.prank(trusteeB);
        trust.approve(id);
    }
}
