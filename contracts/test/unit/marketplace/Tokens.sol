// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICompliance} from "../../../src/interfaces/ICompliance.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Credits: an ERC-1155 anybody can mint, which reports nothing
contract Credits is ERC1155("") {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}

/// @title Units: an ERC-20 anybody can mint and burn, which reports every transfer
contract Units is ERC20("Units", "UNIT") {
    ICompliance private immutable _compliance;

    constructor(ICompliance compliance) {
        _compliance = compliance;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        _compliance.recordTransfer(address(this), from, to, amount);
        super._update(from, to, amount);
    }
}
