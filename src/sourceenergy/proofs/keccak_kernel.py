"""Keccak-f[1600] over many rows at once, compiled; loaded only where there is much to hash.

Source: FIPS 202 (the permutation) with Ethereum's padding (``bulk`` does the padding). The
compiled code is kept beside this file or where NUMBA_CACHE_DIR says, so a machine compiles once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_ROUNDS = (
    *(0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000),
    *(0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009),
    *(0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A),
    *(0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003),
    *(0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A),
    *(0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008),
)
ROUNDS = np.array(_ROUNDS, dtype=np.uint64)


@njit(inline="always")
def _turned(lane, bits):  # type: ignore[no-untyped-def]
    return (lane << np.uint64(bits)) | (lane >> np.uint64(64 - bits))


@njit(cache=True, nogil=True)
def sponge(blocks, rounds, digests):  # type: ignore[no-untyped-def]
    """Digest [uint64, N×4] of every padded row of ``blocks`` [uint64, N×17k], little-endian."""
    for n in range(blocks.shape[0]):
        a00 = a01 = a02 = a03 = a04 = np.uint64(0)
        a05 = a06 = a07 = a08 = a09 = np.uint64(0)
        a10 = a11 = a12 = a13 = a14 = np.uint64(0)
        a15 = a16 = a17 = a18 = a19 = np.uint64(0)
        a20 = a21 = a22 = a23 = a24 = np.uint64(0)
        row = blocks[n]
        for k in range(0, row.shape[0], 17):
            a00 ^= row[k]
            a01 ^= row[k + 1]
            a02 ^= row[k + 2]
            a03 ^= row[k + 3]
            a04 ^= row[k + 4]
            a05 ^= row[k + 5]
            a06 ^= row[k + 6]
            a07 ^= row[k + 7]
            a08 ^= row[k + 8]
            a09 ^= row[k + 9]
            a10 ^= row[k + 10]
            a11 ^= row[k + 11]
            a12 ^= row[k + 12]
            a13 ^= row[k + 13]
            a14 ^= row[k + 14]
            a15 ^= row[k + 15]
            a16 ^= row[k + 16]
            for r in range(24):
                # theta: each lane takes in the parity of two columns
                c0 = a00 ^ a05 ^ a10 ^ a15 ^ a20
                c1 = a01 ^ a06 ^ a11 ^ a16 ^ a21
                c2 = a02 ^ a07 ^ a12 ^ a17 ^ a22
                c3 = a03 ^ a08 ^ a13 ^ a18 ^ a23
                c4 = a04 ^ a09 ^ a14 ^ a19 ^ a24
                d0 = c4 ^ _turned(c1, 1)
                d1 = c0 ^ _turned(c2, 1)
                d2 = c1 ^ _turned(c3, 1)
                d3 = c2 ^ _turned(c4, 1)
                d4 = c3 ^ _turned(c0, 1)
                # rho and pi: lanes turn and change places
                b00 = a00 ^ d0
                b01 = _turned(a06 ^ d1, 44)
                b02 = _turned(a12 ^ d2, 43)
                b03 = _turned(a18 ^ d3, 21)
                b04 = _turned(a24 ^ d4, 14)
                b05 = _turned(a03 ^ d3, 28)
                b06 = _turned(a09 ^ d4, 20)
                b07 = _turned(a10 ^ d0, 3)
                b08 = _turned(a16 ^ d1, 45)
                b09 = _turned(a22 ^ d2, 61)
                b10 = _turned(a01 ^ d1, 1)
                b11 = _turned(a07 ^ d2, 6)
                b12 = _turned(a13 ^ d3, 25)
                b13 = _turned(a19 ^ d4, 8)
                b14 = _turned(a20 ^ d0, 18)
                b15 = _turned(a04 ^ d4, 27)
                b16 = _turned(a05 ^ d0, 36)
                b17 = _turned(a11 ^ d1, 10)
                b18 = _turned(a17 ^ d2, 15)
                b19 = _turned(a23 ^ d3, 56)
                b20 = _turned(a02 ^ d2, 62)
                b21 = _turned(a08 ^ d3, 55)
                b22 = _turned(a14 ^ d4, 39)
                b23 = _turned(a15 ^ d0, 41)
                b24 = _turned(a21 ^ d1, 2)
                # chi and iota: the one step that is not linear, and the round's constant
                a00 = b00 ^ (~b01 & b02) ^ rounds[r]
                a01 = b01 ^ (~b02 & b03)
                a02 = b02 ^ (~b03 & b04)
                a03 = b03 ^ (~b04 & b00)
                a04 = b04 ^ (~b00 & b01)
                a05 = b05 ^ (~b06 & b07)
                a06 = b06 ^ (~b07 & b08)
                a07 = b07 ^ (~b08 & b09)
                a08 = b08 ^ (~b09 & b05)
                a09 = b09 ^ (~b05 & b06)
                a10 = b10 ^ (~b11 & b12)
                a11 = b11 ^ (~b12 & b13)
                a12 = b12 ^ (~b13 & b14)
                a13 = b13 ^ (~b14 & b10)
                a14 = b14 ^ (~b10 & b11)
                a15 = b15 ^ (~b16 & b17)
                a16 = b16 ^ (~b17 & b18)
                a17 = b17 ^ (~b18 & b19)
                a18 = b18 ^ (~b19 & b15)
                a19 = b19 ^ (~b15 & b16)
                a20 = b20 ^ (~b21 & b22)
                a21 = b21 ^ (~b22 & b23)
                a22 = b22 ^ (~b23 & b24)
                a23 = b23 ^ (~b24 & b20)
                a24 = b24 ^ (~b20 & b21)
        digests[n, 0] = a00
        digests[n, 1] = a01
        digests[n, 2] = a02
        digests[n, 3] = a03
