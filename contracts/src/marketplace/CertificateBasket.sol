// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateBasket} from "../interfaces/ICertificateBasket.sol";
import {ICertificates} from "../interfaces/ICertificates.sol";
import {ICompliance} from "../interfaces/ICompliance.sol";
import {IPassport} from "../interfaces/IPassport.sol";
import {IRulebook} from "../interfaces/IRulebook.sol";
import {CountedToken} from "./CountedToken.sol";
import {RuledToken} from "./RuledToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title CertificateBasket
/// @notice See `ICertificateBasket`.
contract CertificateBasket is ICertificateBasket, RuledToken, ERC1155Holder, AccessManaged {
    /// @inheritdoc ICertificateBasket
    ICertificates public immutable certificates;

    /// @inheritdoc ICertificateBasket
    uint16 public immutable year;

    /// @inheritdoc ICertificateBasket
    mapping(uint256 id => bool) public isAdmitted;

    constructor(
        address authority,
        ICertificates certificates_,
        IPassport passport_,
        ICompliance compliance_,
        uint16 year_,
        string memory name_,
        string memory symbol_
    )
        ERC20(name_, symbol_)
        RuledToken(compliance_, passport_, IRulebook.Kind.CERTIFICATE, passport_.CARBON())
        AccessManaged(authority)
    {
        certificates = certificates_;
        year = year_;
    }

    /// @inheritdoc ICertificateBasket
    function admit(uint256[] calldata ids) external restricted {
        for (uint256 i = 0; i < ids.length; ++i) {
            uint16 vintage = certificates.classOf(ids[i]).vintage;
            if (vintage != year) revert OtherVintage(ids[i], vintage, year);

            isAdmitted[ids[i]] = true;
            emit Admitted(ids[i]);
        }
    }

    /// @inheritdoc ICertificateBasket
    function deposit(uint256 id, uint256 amount) external {
        if (!isAdmitted[id]) revert NotAdmitted(id);
        if (amount == 0) revert ZeroAmount();
        _checkPassport(msg.sender);

        emit Deposited(msg.sender, id, amount);
        _askToMake(msg.sender, amount);
        _mint(msg.sender, amount);
        certificates.safeTransferFrom(msg.sender, address(this), id, amount, "");
    }

    /// @inheritdoc ICertificateBasket
    function withdraw(uint256 id, uint256 amount) external {
        if (!isAdmitted[id]) revert NotAdmitted(id);
        if (amount == 0) revert ZeroAmount();

        emit Withdrawn(msg.sender, id, amount);
        _burn(msg.sender, amount);
        certificates.safeTransferFrom(address(this), msg.sender, id, amount, "");
    }

    /// @notice Shares of `account`: certificates it may take out.
    function balanceOf(address account)
        public
        view
        override(CountedToken, IERC20)
        returns (uint256)
    {
        return CountedToken.balanceOf(account);
    }

    /// @notice Shares out: certificates held.
    function totalSupply() public view override(CountedToken, IERC20) returns (uint256) {
        return CountedToken.totalSupply();
    }

    /// @notice Digits after the point: shares are whole, as certificates are.
    function decimals() public pure override returns (uint8) {
        return 0;
    }

    /// @notice Takes only what `deposit` asks for.
    function onERC1155Received(address operator, address from, uint256, uint256, bytes memory)
        public
        view
        override
        returns (bytes4)
    {
        if (msg.sender != address(certificates) || operator != address(this)) {
            revert DepositOnly(msg.sender, from);
        }
        return this.onERC1155Received.selector;
    }

    /// @notice Takes no batches.
    function onERC1155BatchReceived(
        address,
        address from,
        uint256[] memory,
        uint256[] memory,
        bytes memory
    ) public view override returns (bytes4) {
        revert DepositOnly(msg.sender, from);
    }

    // --- inside ---------------------------------------------------------------------------------

    function _checkPassport(address account) private view {
        if (!passport.isAllowed(account, _PERMISSIONS)) {
            revert PassportInvalid(account, _PERMISSIONS);
        }
    }

    function _move(address from, address to, uint256 value) internal override {
        if (to == address(this)) revert ERC20InvalidReceiver(to); // as a venue it would keep them
        super._move(from, to, value);
    }
}
