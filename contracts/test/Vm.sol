// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vm: the cheatcodes our tests use
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// Sets the block's time [UTC unix s].
    function warp(uint256 time) external;
    /// Sets the chain's id.
    function chainId(uint256 id) external;
    /// The next call comes from `sender`.
    function prank(address sender) external;
    /// The next call must fail with exactly this.
    function expectRevert(bytes calldata reason) external;
    /// The next event must equal the one emitted after this.
    function expectEmit() external;
    /// From here on events are kept; what is asked for is forgotten.
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory logs);
    /// Puts code at an address.
    function etch(address target, bytes calldata code) external;
    /// Names an address in traces.
    function label(address account, string calldata name) external;
    /// Throws the fuzzed input away.
    function assume(bool condition) external pure;
    /// Address of a secp256k1 key.
    function addr(uint256 key) external pure returns (address);
    /// Signs a digest with a secp256k1 key.
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    /// Public P-256 key.
    function publicKeyP256(uint256 key) external pure returns (uint256 x, uint256 y);
    /// Notes or checks the gas of the last call in `snapshots/<group>.json`.
    function snapshotGasLastCall(string calldata group, string calldata name)
        external
        returns (uint256 gas);
    /// Creation code of a contract of this project.
    function getCode(string calldata artifact) external view returns (bytes memory);
    /// Text of a file the settings allow to be read.
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonUint(string calldata json, string calldata key)
        external
        pure
        returns (uint256);
    function parseJsonAddress(string calldata json, string calldata key)
        external
        pure
        returns (address);
    function parseJsonBytes32(string calldata json, string calldata key)
        external
        pure
        returns (bytes32);
    function parseJsonString(string calldata json, string calldata key)
        external
        pure
        returns (string memory);
}
