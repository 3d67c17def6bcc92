// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {Clearing} from "../../src/market/Clearing.sol";
import {World} from "../World.sol";

/// @title Books: an honest operator's books, and everybody's hands on the contract
/// @notice The fuzzer calls the verbs in any order. Every call is one that must succeed, or one
/// that must fail and is expected to. Members trade off chain; a veto takes the books back.
contract Books is World {
    uint256 private constant MEMBERS = 4;

    struct Account {
        uint256 deposited; // accounted for  [ud]
        uint256 payout; //    authorised     [ud]
        uint256 balance; //   to buy with    [ud]
    }

    address[MEMBERS] public members;
    address[2] public facilitators;
    Clearing public otherClearing;

    Account[MEMBERS] private _books; //                        as of now
    mapping(uint64 epoch => Account[MEMBERS]) private _then; // as of each statement
    mapping(address member => uint256) public paidBefore; //    highest seen
    uint256 public depositedElsewhere;

    function setUp() public override {
        super.setUp();
        facilitators = [facilitator, stranger];
        members = [consumer, producer, neighbour, _actor("tenant")];
        _admit(members[3]);
        otherClearing = _openCommunity("Oak Street");
    }

    function contracts() external view returns (address, address) {
        return (address(clearing), address(currency));
    }

    // --- the bank

    function mintAndBurn(uint256 who, uint256 madeUd, uint256 burntUd) external {
        address account = facilitators[who % 2];
        madeUd = bound(madeUd, 0, 1e12);
        if (account != facilitator) {
            uint128 capacityUd = uint128(currency.totalSupply() + madeUd);
            vm.prank(admin);
            currency.setBucket(account, capacityUd);
        }
        vm.prank(account);
        currency.mint(account, uint128(madeUd));
        burntUd = bound(burntUd, 0, madeUd);
        vm.prank(account);
        currency.burn(uint128(burntUd));
    }

    // --- the community

    function depositMoney(uint256 who, uint256 amountUd) external {
        if (_ended()) return;
        _deposit(members[who % MEMBERS], bound(amountUd, 1, 1e9));
    }

    function depositElsewhere(uint256 who, uint256 amountUd) external {
        address account = members[who % MEMBERS];
        _depositInto(otherClearing, account, bound(amountUd, 1, 1e9));
        depositedElsewhere += bound(amountUd, 1, 1e9);
    }

    /// The operator's indexer sees deposits, whole and in order: here always all of them.
    function trade(uint256 from, uint256 to, uint256 amountUd) external {
        if (_ended()) return;
        for (uint256 i = 0; i < MEMBERS; ++i) {
            uint256 made = clearing.deposited(members[i]);
            _books[i].balance += made - _books[i].deposited;
            _books[i].deposited = made;
        }
        amountUd = bound(amountUd, 0, _books[from % MEMBERS].balance);
        _books[from % MEMBERS].balance -= amountUd;
        _books[to % MEMBERS].payout += amountUd;
    }

    /// The operator gives who asked to leave all it has, when it is willing.
    function postStatement(bool willing) external {
        (, uint64 deadline) = clearing.oldestExit();
        if (_ended() || (deadline != 0 && block.timestamp > deadline)) {
            bytes memory reason = _ended()
                ? abi.encodeWithSelector(IClearing.CommunityWoundUp.selector, clearing.community())
                : abi.encodeWithSelector(IClearing.ExitOverdue.selector, _oldest(), deadline);
            _refused(_statement(_leavesOf(_books)), reason);
            return;
        }
        for (uint256 i = 0; willing && i < MEMBERS; ++i) {
            (uint64 asked,,) = clearing.exitOf(members[i]);
            if (asked == 0) continue;
            _books[i].payout += _books[i].balance;
            _books[i].balance = 0;
        }
        uint64 epoch = _post(_leavesOf(_books));
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _then[epoch][i] = _books[i];
        }
    }

    function veto(uint64 epoch) external {
        uint64 last = clearing.head().nextEpoch - 1;
        if (last == 0) return;
        epoch = uint64(bound(epoch, 1, last));
        IClearing.Record memory record = clearing.statementOf(epoch);
        vm.prank(guardian);
        if (record.vetoed) {
            vm.expectRevert(abi.encodeWithSelector(IClearing.StatementVetoed.selector, epoch));
        } else if (block.timestamp >= record.liveAt) {
            vm.expectRevert(
                abi.encodeWithSelector(IClearing.AlreadyLive.selector, epoch, record.liveAt)
            );
        }
        clearing.veto(epoch);
        _turnBack();
    }

    /// Anybody may, whenever the head is void; posting does it too.
    function rewind() external {
        IClearing.Statement[] memory statements = _void();
        IClearing.Head memory head = clearing.head();
        if (!head.isVoid) {
            vm.expectRevert(abi.encodeWithSelector(IClearing.HeadStands.selector, head.hash));
        }
        vm.prank(stranger);
        clearing.rewind(statements);
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, EXIT_WINDOW));
    }

    function withdraw(uint256 who, uint64 epoch) external {
        uint64 last = clearing.head().nextEpoch - 1;
        if (last == 0) return;
        epoch = uint64(bound(epoch, 1, last));
        who = who % MEMBERS;
        IClearing.Leaf[] memory leaves = _leavesOf(_then[epoch]);
        bytes32[] memory proof = _proofOf(leaves, who);
        IClearing.Record memory record = clearing.statementOf(epoch);
        uint256 before = clearing.paid(members[who]);
        if (record.vetoed) {
            vm.expectRevert(abi.encodeWithSelector(IClearing.StatementVetoed.selector, epoch));
        } else if (block.timestamp < record.liveAt) {
            vm.expectRevert(
                abi.encodeWithSelector(IClearing.NotLive.selector, epoch, record.liveAt)
            );
        } else if (leaves[who].payoutUd <= before) {
            vm.expectRevert(
                abi.encodeWithSelector(IClearing.NothingDue.selector, members[who], before)
            );
        }
        clearing.withdraw(epoch, leaves[who], proof);
        paidBefore[members[who]] = before;
    }

    function requestExit(uint256 who) external {
        address account = members[who % MEMBERS];
        (uint64 asked,,) = clearing.exitOf(account);
        if (_ended() || asked != 0 || clearing.deposited(account) == 0) return;
        vm.prank(account);
        clearing.requestExit();
    }

    function serveExit(uint256 who) external {
        who = who % MEMBERS;
        (uint64 asked, uint64 after_, uint128 depositsUd) = clearing.exitOf(members[who]);
        uint64 epoch = _latestLive();
        Account memory account = _then[epoch][who];
        if (asked == 0 || epoch <= after_ || account.balance != 0) return;
        if (account.deposited < depositsUd) return;
        IClearing.Leaf[] memory leaves = _leavesOf(_then[epoch]);
        clearing.serveExit(epoch, leaves[who], _proofOf(leaves, who));
    }

    function escape(uint256 who) external {
        who = who % MEMBERS;
        uint64 epoch = _latestLive();
        if (!_mayLeave(members[who]) || epoch == 0) return;
        IClearing.Leaf[] memory leaves = _leavesOf(_then[epoch]);
        bytes32[] memory proof = _proofOf(leaves, who);
        uint256 before = clearing.paid(members[who]);
        Account memory account = _then[epoch][who];
        uint256 made = clearing.deposited(members[who]);
        if (made < account.deposited) return; // cannot be: see reclaim
        if (account.payout + account.balance + made - account.deposited == before) {
            vm.expectRevert(
                abi.encodeWithSelector(IClearing.NothingDue.selector, members[who], before)
            );
        }
        vm.prank(members[who]);
        clearing.escape(epoch, leaves[who], proof);
        _turnBack();
    }

    function reclaim(uint256 who) external {
        who = who % MEMBERS;
        address account = members[who];
        if (!_mayLeave(account) || clearing.deposited(account) == 0) return;
        IClearing.Statement[] memory statements = _backTo(_latestLive());
        vm.prank(account);
        try clearing.reclaim(statements) {
            assertEq(_then[_latestLive()][who].deposited, 0, "no statement knows it");
        } catch (bytes memory reason) {
            assertTrue(
                bytes4(reason) == IClearing.DepositsAccounted.selector, "a statement knows it"
            );
        }
        _turnBack();
    }

    /// Everybody asks to leave, is ignored, and leaves: nothing remains.
    function everybodyLeaves() external {
        for (uint256 i = 0; i < MEMBERS; ++i) {
            this.requestExit(i);
        }
        vm.warp(block.timestamp + EXIT_WINDOW + 1);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            uint64 epoch = _latestLive();
            if (epoch != 0) this.withdraw(i, epoch);
            this.escape(i);
            this.reclaim(i);
        }
        // who had no deposits could leave only once somebody had wound the community up
        for (uint256 i = 0; i < MEMBERS; ++i) {
            this.escape(i);
        }
        assertEq(clearing.funds(), 0, "everybody was paid, to the last unit");
    }

    // --- what the books say

    function _ended() private view returns (bool) {
        return clearing.terms().woundUp;
    }

    function _oldest() private view returns (address account) {
        (account,) = clearing.oldestExit();
    }

    function _mayLeave(address account) private view returns (bool) {
        (uint64 deadline,,) = clearing.exitOf(account);
        return _ended() || (deadline != 0 && block.timestamp > deadline);
    }

    function _latestLive() private view returns (uint64 epoch) {
        epoch = clearing.head().epoch;
        while (epoch != 0) {
            IClearing.Record memory record = clearing.statementOf(epoch);
            if (block.timestamp >= record.liveAt) break;
            epoch = record.previousEpoch;
        }
    }

    /// The books go back to the head, if it is no longer the last statement posted.
    function _turnBack() private {
        IClearing.Head memory head = clearing.head();
        if (head.epoch + 1 == head.nextEpoch) return;
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _books[i] = _then[head.epoch][i];
        }
    }

    function _leavesOf(Account[MEMBERS] storage books)
        private
        view
        returns (IClearing.Leaf[] memory leaves)
    {
        leaves = new IClearing.Leaf[](MEMBERS);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            Account storage a = books[i];
            leaves[i] = _leaf(members[i], a.deposited, a.payout, a.balance);
        }
    }
}
