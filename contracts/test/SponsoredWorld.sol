// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Paymaster} from "../src/individual/Paymaster.sol";
import {IndividualWorld} from "./IndividualWorld.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";

/// @title SponsoredWorld: a paymaster that pays for transfers of money, 0.01 a person and day
abstract contract SponsoredWorld is IndividualWorld {
    uint64 internal constant PERIOD = 1 days;
    uint128 internal constant MEMBER = 0.01 ether;
    uint128 internal constant TOTAL = 0.1 ether;
    uint128 internal constant MEMBER_MOST = 0.02 ether;
    uint128 internal constant TOTAL_MOST = 0.5 ether;
    uint256 internal constant DEPOSIT = 5 ether;
    uint128 internal constant VALIDATION_GAS = 200_000;
    uint128 internal constant POST_GAS = 60_000;

    address payable internal sponsor = payable(_actor("sponsor"));
    Paymaster internal paymaster;

    function setUp() public virtual override {
        super.setUp();
        paymaster = new Paymaster(
            address(manager),
            entryPoint,
            passport,
            factory,
            sponsor,
            PERIOD,
            MEMBER_MOST,
            TOTAL_MOST
        );
        vm.prank(admin);
        paymaster.setBudget(MEMBER, TOTAL);
        vm.prank(admin);
        paymaster.setTarget(address(currency), true);
        vmP256.deal(address(this), DEPOSIT);
        paymaster.deposit{value: DEPOSIT}();
        vm.prank(facilitator);
        currency.mint(address(account), 1000);
    }

    function _sponsored(bytes memory callData)
        internal
        view
        returns (PackedUserOperation memory op)
    {
        return _sponsored(address(account), callData);
    }

    function _sponsored(address sender, bytes memory callData)
        internal
        view
        returns (PackedUserOperation memory op)
    {
        op = _operation(sender, callData);
        op.paymasterAndData = abi.encodePacked(address(paymaster), VALIDATION_GAS, POST_GAS);
    }

    /// Most the operation may cost [wei], at one gwei a gas.
    function _mostOf(PackedUserOperation memory) internal pure returns (uint256) {
        return (600_000 + 300_000 + 50_000 + uint256(VALIDATION_GAS) + POST_GAS) * 1 gwei;
    }

    /// The paymaster's reason, as the entry point passes it on.
    function _passedOn(bytes memory reason) internal pure returns (bytes memory) {
        return abi.encodeWithSignature(
            "FailedOpWithRevert(uint256,string,bytes)", 0, "AA33 reverted", reason
        );
    }

    function _sponsor(uint256 key, PackedUserOperation memory op) internal {
        entryPoint.handleOps(_sign(key, op), payable(operator));
    }
}
