// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {IPassport} from "../../../src/interfaces/IPassport.sol";
import {IRulebook} from "../../../src/interfaces/IRulebook.sol";
import {RuledToken} from "../../../src/marketplace/RuledToken.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Credits: an ERC-1155 anybody can mint, which reports nothing
contract Credits is ERC1155("") {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}

/// @title Units: an ERC-20 anybody can mint and burn, tracked by the rulebook
contract Units is RuledToken {
    constructor(ICompliance compliance_, IPassport passport_)
        ERC20("Units", "UNIT")
        RuledToken(compliance_, passport_, IRulebook.Kind.SHARE, passport_.TRADE_ENERGY())
    {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function _ask(address from, address to, uint256 amount) internal override {
        if (from == address(0)) compliance.recordTransfer(address(this), from, to, amount);
        else super._ask(from, to, amount);
    }
}
