"""HMAC-SHA-256 of one message under many keys, compiled; loaded only where there are many.

Source: FIPS 180-4 (the compression), RFC 2104 (HMAC). Keys have 32 bytes, the message fits one
block; the compiled code is kept beside this file or where NUMBA_CACHE_DIR says.
"""

from __future__ import annotations

from math import isqrt

import numpy as np
from numba import njit

MESSAGE_MAX = 55
"""Bytes of a message that fit one block with its padding."""


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _cube_root(number: int) -> int:
    low, high = 0, number
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


# The first 32 bits of the fractions of the primes' square and cube roots.
START = np.array([isqrt(p << 64) % (1 << 32) for p in _primes(8)], dtype=np.uint32)
ROUNDS = np.array([_cube_root(p << 96) % (1 << 32) for p in _primes(64)], dtype=np.uint32)


@njit(inline="always")
def _turned(word, bits):  # type: ignore[no-untyped-def]
    return np.uint32((word >> np.uint32(bits)) | (word << np.uint32(32 - bits)))


@njit(cache=True, nogil=True)
def _compress(state, words, rounds):  # type: ignore[no-untyped-def]
    """One block into ``state`` [8]; ``words`` [64] holds the block in its first 16."""
    for i in range(16, 64):
        x, y = words[i - 15], words[i - 2]
        low = _turned(x, 7) ^ _turned(x, 18) ^ (x >> np.uint32(3))
        high = _turned(y, 17) ^ _turned(y, 19) ^ (y >> np.uint32(10))
        words[i] = words[i - 16] + low + words[i - 7] + high
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    for i in range(64):
        mix = _turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)
        chosen = (e & f) ^ (~e & g)
        one = np.uint32(h + mix + chosen + rounds[i] + words[i])
        mix = _turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)
        most = (a & b) ^ (a & c) ^ (b & c)
        a, b, c, d, e, f, g, h = np.uint32(one + mix + most), a, b, c, np.uint32(d + one), e, f, g
    for i, word in enumerate((a, b, c, d, e, f, g, h)):
        state[i] += word


@njit(cache=True, nogil=True)
def hmac_sha256(keys, message, start, rounds, digests):  # type: ignore[no-untyped-def]
    """HMAC [uint32, N×8] of ``message`` under every key [uint32, N×8].

    ``message`` [16] is the message's block, padded for a first block before it.
    """
    words = np.empty(64, dtype=np.uint32)
    inner = np.empty(8, dtype=np.uint32)
    outer = np.empty(8, dtype=np.uint32)
    for n in range(keys.shape[0]):
        for state, pad in ((inner, np.uint32(0x36363636)), (outer, np.uint32(0x5C5C5C5C))):
            state[:] = start
            words[:16] = pad
            for i in range(8):
                words[i] ^= keys[n, i]
            _compress(state, words, rounds)
        words[:16] = message
        _compress(inner, words, rounds)
        words[:8] = inner
        words[8:16] = 0
        words[8] = np.uint32(0x80000000)
        words[15] = np.uint32((64 + 32) * 8)
        _compress(outer, words, rounds)
        digests[n] = outer
