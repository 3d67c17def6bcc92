// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title CodeStore: bytes kept as the code of a contract that does nothing
/// @notice Dear to write once, cheap to read, and never changed: there is no verb that could.
library CodeStore {
    /// @notice Thrown when the store could not be made.
    error StoreFailed(uint256 length);

    /// A stop, so that a call to the store runs nothing.
    bytes1 private constant GUARD = 0x00;

    /// @notice Makes a store of `data`, at most 24,575 bytes.
    function write(bytes memory data) internal returns (address store) {
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: returns all that follows
        bytes memory code =
            abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a5f395ff3", GUARD, data);
        assembly ("memory-safe") {
            store := create(0, add(code, 32), mload(code))
        }
        if (store == address(0)) revert StoreFailed(data.length);
    }

    /// @notice What `store` keeps, with `more` behind it.
    function readWith(address store, bytes memory more) internal view returns (bytes memory data) {
        uint256 length = store.code.length - 1;
        data = new bytes(length + more.length);
        assembly ("memory-safe") {
            extcodecopy(store, add(data, 32), 1, length)
            mcopy(add(add(data, 32), length), add(more, 32), mload(more))
        }
    }
}
