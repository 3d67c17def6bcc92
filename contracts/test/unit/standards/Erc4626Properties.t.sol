// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fund} from "../../../src/community/Fund.sol";
import {Estate} from "../../Estate.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// @title Erc4626Properties: what ERC-4626 asks of a vault, for `Fund`
/// @notice In every test the fund is at some price: shares given, money invested and in part
/// written off, or none of it. `prosumer` acts, `tenant` receives, `household` spends for others.
contract Erc4626PropertiesTest is Estate {
    uint256 private constant MOST = 1e15; // a billion dollars [ud]

    Fund private fund;

    function setUp() public override {
        super.setUp();
        fund = _newFund(operator);
        address[3] memory members = [prosumer, tenant, household];
        for (uint256 i = 0; i < 3; ++i) {
            _money(members[i], address(fund), 100 * MOST);
        }
    }

    /// Some price: `held` ud deposited by the tenant, half invested, part of that lost.
    modifier priced(uint256 heldUd, uint256 lostUd) {
        heldUd = bound(heldUd, 0, MOST);
        if (heldUd > 3) {
            vm.prank(tenant);
            fund.deposit(heldUd, tenant);
            vm.prank(operator);
            fund.invest(operator, uint64(heldUd / 2));
            vm.prank(operator);
            fund.writeOff(uint64(bound(lostUd, 1, heldUd / 2)));
        }
        _;
    }

    function _deposit(uint256 assets) private returns (uint256 shares) {
        vm.prank(prosumer);
        return fund.deposit(assets, prosumer);
    }

    // --- refusals

    function test_refuses_more_than_the_max(uint256 heldUd, uint256 lostUd, uint256 over)
        public
        priced(heldUd, lostUd)
    {
        _deposit(bound(over, 1, MOST));
        over = bound(over, 1, MOST);
        uint256 most = fund.maxWithdraw(prosumer);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxWithdraw.selector, prosumer, most + over, most
            )
        );
        fund.withdraw(most + over, prosumer, prosumer);
        most = fund.maxRedeem(prosumer);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxRedeem.selector, prosumer, most + over, most
            )
        );
        fund.redeem(most + over, prosumer, prosumer);
        most = fund.maxDeposit(prosumer);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxDeposit.selector, prosumer, most + over, most
            )
        );
        fund.deposit(most + over, prosumer);
        most = fund.maxMint(prosumer);
        vm.prank(prosumer);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxMint.selector, prosumer, most + over, most
            )
        );
        fund.mint(most + over, prosumer);
    }

    function test_refuses_to_spend_anothers_shares_without_its_allowance(uint256 assets) public {
        uint256 shares = _deposit(bound(assets, 1, MOST));
        vm.prank(household);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, household, 0, shares
            )
        );
        fund.redeem(shares, household, prosumer);
    }

    function test_the_max_is_nothing_for_whoever_may_not_invest() public {
        _deposit(MOST);
        _freeze(prosumer, true);
        assertEq(fund.maxDeposit(prosumer), 0, "deposit");
        assertEq(fund.maxMint(prosumer), 0, "mint");
        assertEq(fund.maxWithdraw(prosumer), 0, "withdraw");
        assertEq(fund.maxRedeem(prosumer), 0, "redeem");
        assertEq(fund.maxDeposit(address(0)), 0, "nobody");
    }

    // --- what each verb does

    function test_deposit_gives_what_was_previewed(uint256 heldUd, uint256 lostUd, uint256 assets)
        public
        priced(heldUd, lostUd)
    {
        assets = bound(assets, 0, MOST);
        uint256 held = currency.balanceOf(prosumer);
        uint256 had = fund.balanceOf(tenant);
        uint256 total = fund.totalAssets();
        uint256 previewed = fund.previewDeposit(assets);
        vm.prank(prosumer);
        uint256 shares = fund.deposit(assets, tenant);
        assertLe(previewed, shares, "no fewer than previewed");
        assertEq(fund.balanceOf(tenant) - had, shares, "the receiver's");
        assertEq(held - currency.balanceOf(prosumer), assets, "the caller paid exactly that");
        assertEq(fund.totalAssets() - total, assets, "and the fund has it");
    }

    function test_mint_takes_no_more_than_previewed(uint256 heldUd, uint256 lostUd, uint256 shares)
        public
        priced(heldUd, lostUd)
    {
        shares = bound(shares, 0, fund.previewDeposit(MOST));
        uint256 held = currency.balanceOf(prosumer);
        uint256 had = fund.balanceOf(tenant);
        uint256 previewed = fund.previewMint(shares);
        vm.prank(prosumer);
        uint256 assets = fund.mint(shares, tenant);
        assertLe(assets, previewed, "no more than previewed");
        assertEq(fund.balanceOf(tenant) - had, shares, "exactly these");
        assertEq(held - currency.balanceOf(prosumer), assets, "paid");
    }

    function test_withdraw_takes_no_more_than_previewed_of_an_allowance(
        uint256 heldUd,
        uint256 lostUd,
        uint256 assets
    ) public priced(heldUd, lostUd) {
        _deposit(bound(assets, 1, MOST));
        assets = bound(assets >> 8, 0, fund.maxWithdraw(prosumer));
        uint256 previewed = fund.previewWithdraw(assets);
        vm.prank(prosumer);
        fund.approve(household, previewed);
        uint256 held = currency.balanceOf(tenant);
        uint256 had = fund.balanceOf(prosumer);
        vm.prank(household);
        uint256 shares = fund.withdraw(assets, tenant, prosumer);
        assertLe(shares, previewed, "no more than previewed");
        assertEq(had - fund.balanceOf(prosumer), shares, "the owner's shares");
        assertEq(currency.balanceOf(tenant) - held, assets, "the receiver got exactly that");
        assertEq(fund.allowance(prosumer, household), previewed - shares, "of the allowance");
    }

    function test_redeem_gives_what_was_previewed(uint256 heldUd, uint256 lostUd, uint256 shares)
        public
        priced(heldUd, lostUd)
    {
        _deposit(bound(shares, 1, MOST));
        shares = bound(shares >> 8, 0, fund.maxRedeem(prosumer));
        uint256 previewed = fund.previewRedeem(shares);
        vm.prank(prosumer);
        fund.approve(household, type(uint256).max);
        uint256 held = currency.balanceOf(tenant);
        vm.prank(household);
        uint256 assets = fund.redeem(shares, tenant, prosumer);
        assertLe(previewed, assets, "no less than previewed");
        assertEq(currency.balanceOf(tenant) - held, assets, "received");
        assertEq(fund.allowance(prosumer, household), type(uint256).max, "infinite");
    }

    /// What the max says can be done can be done.
    function test_the_max_goes_through(uint256 heldUd, uint256 lostUd, uint256 assets)
        public
        priced(heldUd, lostUd)
    {
        _deposit(bound(assets, 1, MOST));
        uint64 cap = uint64(fund.totalAssets() + MOST);
        vm.prank(operator);
        fund.setCap(cap);
        uint256 most = fund.maxDeposit(prosumer);
        vm.prank(prosumer);
        fund.deposit(most, prosumer);
        assertEq(fund.maxDeposit(prosumer), 0, "full");
        most = fund.maxWithdraw(prosumer);
        vm.prank(prosumer);
        fund.withdraw(most, prosumer, prosumer);
        most = fund.maxMint(prosumer);
        vm.prank(prosumer);
        fund.mint(most, prosumer);
        most = fund.maxRedeem(prosumer);
        vm.prank(prosumer);
        fund.redeem(most, prosumer, prosumer);
    }

    /// Who holds all shares of a fund whose money is all there may take all of it, whatever was lost.
    function test_the_max_is_all_there_is_where_nothing_is_invested(uint256 assets, uint256 lostUd)
        public
    {
        assets = bound(assets, 1, MOST);
        uint256 shares = _deposit(assets);
        lostUd = bound(lostUd, 0, assets);
        if (lostUd != 0) {
            vm.prank(operator);
            fund.invest(operator, uint64(lostUd));
            vm.prank(operator);
            fund.writeOff(uint64(lostUd));
        }
        assertEq(fund.maxRedeem(prosumer), shares, "all shares");
        assertEq(fund.maxWithdraw(prosumer), fund.previewRedeem(shares), "their worth");
        vm.prank(prosumer);
        fund.redeem(shares, prosumer, prosumer);
        assertEq(fund.totalSupply(), 0, "nobody is left with a rest");
    }

    /// Where nearly all was lost a share is worth next to nothing, and the register of shares is
    /// what ends first.
    function test_the_max_goes_through_after_any_loss(uint256 heldUd, uint256 leftUd) public {
        heldUd = bound(heldUd, 1, MOST);
        leftUd = bound(leftUd, 0, heldUd < 1000 ? heldUd : 1000);
        vm.prank(tenant);
        fund.deposit(heldUd, tenant);
        if (leftUd != heldUd) {
            vm.prank(operator);
            fund.invest(operator, uint64(heldUd - leftUd));
            vm.prank(operator);
            fund.writeOff(uint64(heldUd - leftUd));
        }
        vm.prank(operator);
        fund.setCap(uint64(100 * MOST));
        uint256 most = fund.maxMint(prosumer) / 2;
        vm.prank(prosumer);
        fund.mint(most, prosumer);
        most = fund.maxDeposit(prosumer);
        vm.prank(prosumer);
        fund.deposit(most, prosumer);
    }

    // --- laws

    function test_conversion_is_the_same_for_everyone(uint256 heldUd, uint256 lostUd, uint256 value)
        public
        priced(heldUd, lostUd)
    {
        value = bound(value, 0, MOST);
        uint256 shares = fund.convertToShares(value);
        uint256 assets = fund.convertToAssets(value);
        vm.prank(stranger);
        assertEq(fund.convertToShares(value), shares, "shares");
        vm.prank(tenant);
        assertEq(fund.convertToAssets(value), assets, "assets");
        assertLe(fund.previewDeposit(value), shares, "a deposit gives no more");
        assertLe(shares, fund.previewWithdraw(value), "a withdrawal takes no fewer");
        assertLe(fund.previewRedeem(value), assets, "a redemption gives no more");
        assertLe(assets, fund.previewMint(value), "a mint takes no less");
        assertLe(fund.convertToAssets(shares), value, "rounded against the caller");
    }

    function test_deposit_and_redeem_never_profit(uint256 heldUd, uint256 lostUd, uint256 assets)
        public
        priced(heldUd, lostUd)
    {
        assets = bound(assets, 1, MOST);
        uint256 shares = _deposit(assets);
        assertLe(shares, fund.previewWithdraw(assets), "withdrawing takes as many or more");
        uint256 most = fund.maxRedeem(prosumer); // less where money is invested
        vm.prank(prosumer);
        assertLe(fund.redeem(most < shares ? most : shares, prosumer, prosumer), assets, "profit");
    }

    function test_mint_and_withdraw_never_profit(uint256 heldUd, uint256 lostUd, uint256 shares)
        public
        priced(heldUd, lostUd)
    {
        shares = bound(shares, 1, fund.previewDeposit(MOST));
        vm.prank(prosumer);
        uint256 assets = fund.mint(shares, prosumer);
        assertLe(fund.previewRedeem(shares), assets, "redeeming gives as much or less");
        uint256 most = fund.maxWithdraw(prosumer);
        if (assets > most) return; // less where money is invested
        vm.prank(prosumer);
        assertLe(shares, fund.withdraw(assets, prosumer, prosumer), "profit");
    }

    function test_redeem_and_deposit_never_profit(uint256 heldUd, uint256 lostUd, uint256 shares)
        public
        priced(heldUd, lostUd)
    {
        _deposit(MOST);
        shares = bound(shares, 0, fund.maxRedeem(prosumer));
        vm.prank(prosumer);
        uint256 assets = fund.redeem(shares, prosumer, prosumer);
        assertLe(_deposit(assets), shares, "profit");
    }

    function test_withdraw_and_mint_never_profit(uint256 heldUd, uint256 lostUd, uint256 assets)
        public
        priced(heldUd, lostUd)
    {
        _deposit(MOST);
        assets = bound(assets, 0, fund.maxWithdraw(prosumer));
        vm.prank(prosumer);
        uint256 shares = fund.withdraw(assets, prosumer, prosumer);
        vm.prank(prosumer);
        assertLe(assets, fund.mint(shares, prosumer), "profit");
    }

    /// Whoever inflates the first share by a gift loses the gift: it is in no pot.
    function test_the_first_deposit_cannot_be_inflated(uint256 giftUd, uint256 assets) public {
        assets = bound(assets, 1, MOST);
        vm.prank(tenant);
        fund.deposit(1, tenant);
        vm.prank(tenant);
        currency.transfer(address(fund), bound(giftUd, 0, MOST));
        uint256 shares = _deposit(assets);
        assertLe(assets - 1, fund.previewRedeem(shares), "keeps its worth");
        assertEq(address(fund.asset()), address(currency), "asset");
        assertEq(fund.decimals(), 12, "six more than the asset");
    }
}
