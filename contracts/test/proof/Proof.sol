// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../../src/interfaces/ICompliance.sol";
import {IPassport} from "../../src/interfaces/IPassport.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {IVerifier} from "../../src/interfaces/IVerifier.sol";

/// @title Symbols: the cheatcodes a proof uses
interface Symbols {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function warp(uint256 time) external;
}

/// @title Authority: lets everybody do everything; a proof about money asks who may not
contract Authority {
    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }
}

/// @title Believer: a rulebook that refuses nothing and a verifier that believes everything
/// @notice What is proved with it holds whatever the rulebook allows and the verifiers sign.
contract Believer is ICompliance, IVerifier {
    IPassport public immutable passport;

    constructor(IPassport passport_) {
        passport = passport_;
    }

    function checkTransfer(address, address, address, uint256) external pure {}

    function recordTransfer(address, address, address, uint256) external pure {}

    function recordTrade(address, address, address, uint256, address, uint256) external pure {}

    function tokenOf(address)
        external
        pure
        returns (IRulebook.Kind kind, uint8 permissions, bool tracked, uint32 holders)
    {
        return (IRulebook.Kind.MONEY, 0, false, 0);
    }

    function isVenue(address) external pure returns (bool) {
        return true;
    }

    function verify(bytes32, bytes calldata) external pure returns (bool) {
        return true;
    }
}

/// @title Proof: what every proof stands on
/// @notice The arguments of a `check_` function stand for all values they can have; Halmos runs the
/// compiled contracts on all of them at once, and a solver looks for one that breaks an `assert`.
abstract contract Proof {
    Symbols internal constant vm = Symbols(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    uint256 internal constant START_S = 1_767_225_600; // 2026-01-01T00:00:00Z
    address internal constant CONSUMER = address(0xC0);
    address internal constant PRODUCER = address(0xB0);
    address internal constant FACILITATOR = address(0xF0);
    address internal constant OTHER_FACILITATOR = address(0xF1);
}
