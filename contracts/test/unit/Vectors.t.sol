// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearing} from "../../src/interfaces/IClearing.sol";
import {Clearing} from "../../src/market/Clearing.sol";
import {Merkle} from "../Merkle.sol";
import {World} from "../World.sol";

/// @title Vectors: the contracts hash as the Python package does
/// @notice The same file is read by the Python tests.
contract VectorsTest is World {
    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors/clearing.json");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        address given = vm.parseJsonAddress(json, ".clearing");
        // its constructor runs there, so that the id is that address's
        vm.etch(
            given,
            bytes.concat(
                type(Clearing).creationCode,
                abi.encode(
                    currency,
                    passport,
                    vm.parseJsonString(json, ".name"),
                    operator,
                    guardian,
                    verifier,
                    DELAY,
                    EXIT_WINDOW
                )
            )
        );
        (, bytes memory code) = given.call("");
        vm.etch(given, code);
        clearing = Clearing(given);
    }

    function _bytes32(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }

    function _uint128(string memory key) private view returns (uint128) {
        return uint128(vm.parseJsonUint(json, key));
    }

    function _leafOf(string memory at_) private view returns (IClearing.Leaf memory) {
        return IClearing.Leaf({
            account: vm.parseJsonAddress(json, string.concat(at_, ".account")),
            depositedUd: _uint128(string.concat(at_, ".depositedUd")),
            payoutUd: _uint128(string.concat(at_, ".payoutUd")),
            balanceUd: _uint128(string.concat(at_, ".balanceUd")),
            salt: _bytes32(string.concat(at_, ".salt"))
        });
    }

    function test_community() public view {
        assertEq(clearing.community(), _bytes32(".community"), "id");
    }

    function test_device() public {
        vm.prank(admin);
        bytes32 id =
            devices.register(_bytes32(".device.qx"), _bytes32(".device.qy"), producer, 1, 4000);
        assertEq(id, _bytes32(".device.id"), "id");
    }

    function test_leaves_and_root() public view {
        string[3] memory names = [".leaves[0]", ".leaves[1]", ".leaves[2]"];
        bytes32[] memory hashes = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            hashes[i] = clearing.leafHash(_leafOf(names[i]));
            assertEq(hashes[i], _bytes32(string.concat(names[i], ".hash")), "leaf");
        }
        assertEq(Merkle.root(hashes), _bytes32(".payoutRoot"), "root");
    }

    function test_statement() public view {
        IClearing.Statement memory s = IClearing.Statement({
            community: _bytes32(".community"),
            epoch: uint64(_uint128(".statement.epoch")),
            start: uint64(_uint128(".statement.start")),
            end: uint64(_uint128(".statement.end")),
            previous: _bytes32(".statement.previous"),
            payoutRoot: _bytes32(".payoutRoot"),
            priceRoot: _bytes32(".statement.priceRoot"),
            poolRoot: _bytes32(".statement.poolRoot"),
            bundleHash: _bytes32(".statement.bundleHash"),
            importedWh: _uint128(".statement.importedWh"),
            exportedWh: _uint128(".statement.exportedWh"),
            localWh: _uint128(".statement.localWh"),
            depositsUd: _uint128(".statement.depositsUd"),
            payoutsUd: _uint128(".statement.payoutsUd"),
            balancesUd: _uint128(".statement.balancesUd")
        });
        assertEq(clearing.statementHash(s), _bytes32(".statement.hash"), "hash");
    }
}
