"""The private ledger: every family member reads every entry, nobody else reads any.

Each entry is encrypted once with a key of its own, and that key is wrapped for each reader: X25519
(RFC 7748) with a fresh key pair a wrap, HKDF-SHA-256 (RFC 5869), ChaCha20-Poly1305 (RFC 8439). All
keys are handed in; nothing here draws randomness.

The leaf of an entry covers its number, its ciphertext and a commitment to its key, so that two
members cannot be given different entries under one root. Wraps are not in the leaf: a new member
can be let in and a key destroyed while the anchored root still verifies. Erasure is exactly that:
without a wrap the ciphertext is noise for ever.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sourceenergy.economy.household_trust.trustees import Trust
from sourceenergy.errors import InputError, NotPermitted, VerificationFailed
from sourceenergy.proofs import keccak, merkle_root

Entry = Mapping[str, str | int]

_NONCE = bytes(12)  # each key encrypts one message only


@dataclass(frozen=True, slots=True)
class Reader:
    """A member who reads; ``public_key`` (64 hex digits) is theirs, or a minor's guardian's."""

    member: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Wrap:
    """An entry's key, for one member."""

    member: str
    ephemeral_key: str  # 64 hex digits
    sealed_key: str  # 96 hex digits


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """One row as the database holds it; without a private key it says nothing but its length."""

    number: int
    key_commitment: str  # 64 hex digits
    ciphertext: str
    wraps: tuple[Wrap, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """All rows of one trust, in order from 1."""

    trust: str
    entries: tuple[SealedEntry, ...] = ()

    @property
    def root(self) -> str:
        """What is anchored on chain: the root over all rows, 64 hex digits."""
        return merkle_root([entry_leaf(self.trust, entry) for entry in self.entries])


def public_key_of(private_key: bytes) -> str:
    """The public half of a reader's key, 64 hex digits."""
    return _private(private_key).public_key().public_bytes_raw().hex()


def append(
    ledger: Ledger,
    trust: Trust,
    author: str,
    entry: Entry,
    readers: Sequence[Reader],
    entry_key: bytes,
    ephemeral_keys: Sequence[bytes],
) -> Ledger:
    """The ledger with one more row, readable by all ``readers``.

    ``entry_key`` and one ephemeral key for each reader are fresh random 32 bytes from the caller.
    Only trustees write; a beneficiary's or minor's view is read-only.
    """
    if author not in trust.trustees:
        raise NotPermitted(
            f"{author} is no trustee: beneficiaries read the ledger, trustees write it",
            rule="ledger.author",
            field="author",
            value=author,
            remedy="ask a trustee to enter it",
        )
    _check_keys([entry_key], 1, "entry_key")
    _check_keys(ephemeral_keys, len(readers), "ephemeral_keys")
    if _commitment(entry_key) in {row.key_commitment for row in ledger.entries}:
        raise InputError(
            "an entry's key encrypts one row only",
            rule="ledger.keys",
            field="entry_key",
            value="used before",
            remedy="draw a fresh random key",
        )
    number = len(ledger.entries) + 1
    plain = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    sealed = ChaCha20Poly1305(entry_key).encrypt(_NONCE, plain, _context(ledger.trust, number))
    wraps = tuple(
        _wrap(ledger.trust, number, reader, entry_key, key)
        for reader, key in zip(readers, ephemeral_keys, strict=True)
    )
    row = SealedEntry(number, _commitment(entry_key), sealed.hex(), wraps)
    return replace(ledger, entries=(*ledger.entries, row))


def read(ledger: Ledger, member: str, private_key: bytes) -> tuple[dict[str, str | int], ...]:
    """All entries ``member`` has a key for; a guardian reads a minor's with the own key.

    Raises VerificationFailed where the key is another's or a row was changed.
    """
    return tuple(
        _open(ledger.trust, entry, _unwrap(ledger.trust, entry, wrap, private_key))
        for entry in ledger.entries
        for wrap in entry.wraps
        if wrap.member == member
    )


def admit(
    ledger: Ledger,
    opener: str,
    private_key: bytes,
    reader: Reader,
    from_number: int,
    ephemeral_keys: Sequence[bytes],
) -> Ledger:
    """The ledger with a new reader, who by the family's rule reads rows from ``from_number`` on.

    ``opener`` is a member who can read them; one fresh ephemeral key for each row. The root stays.
    """
    rows = [entry for entry in ledger.entries if entry.number >= from_number]
    _check_keys(ephemeral_keys, len(rows), "ephemeral_keys")
    keys = dict(zip((entry.number for entry in rows), ephemeral_keys, strict=True))
    entries = []
    for entry in ledger.entries:
        own = [wrap for wrap in entry.wraps if wrap.member == opener]
        known = any(wrap.member == reader.member for wrap in entry.wraps)
        if entry.number < from_number or known or not own:
            entries.append(entry)
            continue
        key = _unwrap(ledger.trust, entry, own[0], private_key)
        wrap = _wrap(ledger.trust, entry.number, reader, key, keys[entry.number])
        entries.append(replace(entry, wraps=(*entry.wraps, wrap)))
    return replace(ledger, entries=tuple(entries))


def forget_member(ledger: Ledger, member: str) -> Ledger:
    """The ledger without one member's keys; everybody else reads on, and the root stays."""
    entries = (
        replace(entry, wraps=tuple(wrap for wrap in entry.wraps if wrap.member != member))
        for entry in ledger.entries
    )
    return replace(ledger, entries=tuple(entries))


def erase_entry(ledger: Ledger, number: int) -> Ledger:
    """The ledger without any key to row ``number``: unreadable for ever, and the root stays."""
    entries = (
        replace(entry, wraps=()) if entry.number == number else entry for entry in ledger.entries
    )
    return replace(ledger, entries=tuple(entries))


def verify_ledger(ledger: Ledger, anchored_root: str) -> None:
    """Do the rows, in their order, lead to the anchored root? Needs no key."""
    numbers = [entry.number for entry in ledger.entries]
    if numbers != list(range(1, len(numbers) + 1)) or ledger.root != anchored_root:
        raise VerificationFailed(
            "the ledger does not lead to its anchored root: a row was changed, dropped or added",
            rule="ledger.root",
            field="root",
            value=ledger.root,
            remedy="compare with an earlier copy; the anchored root is on chain",
        )


def entry_leaf(trust: str, entry: SealedEntry) -> bytes:
    """Leaf of one row (32 bytes): number, key commitment and ciphertext, never the wraps."""
    return keccak(
        b"SourceEnergy trust ledger row v1"
        + _context(trust, entry.number)
        + bytes.fromhex(entry.key_commitment)
        + keccak(bytes.fromhex(entry.ciphertext))
    )


# --- inside -----------------------------------------------------------------------------------


def _context(trust: str, number: int) -> bytes:
    return keccak(trust.encode()) + struct.pack(">Q", number)


def _commitment(entry_key: bytes) -> str:
    return keccak(b"SourceEnergy trust ledger key v1" + entry_key).hex()


def _private(private_key: bytes) -> X25519PrivateKey:
    _check_keys([private_key], 1, "private_key")
    return X25519PrivateKey.from_private_bytes(private_key)


def _check_keys(keys: Sequence[bytes], count: int, field: str) -> None:
    if len(keys) != count or len(set(keys)) < count or any(len(key) != 32 for key in keys):
        raise InputError(
            f"{count} different keys of 32 bytes are needed",
            rule="ledger.keys",
            field=field,
            value=len(keys),
            remedy="draw fresh random keys",
        )


def _wrapping_key(
    secret: bytes, ephemeral: bytes, public: bytes, context: bytes, member: str
) -> ChaCha20Poly1305:
    info = b"SourceEnergy trust ledger wrap v1" + context + member.encode()
    return ChaCha20Poly1305(HKDF(SHA256(), 32, ephemeral + public, info).derive(secret))


def _wrap(trust: str, number: int, reader: Reader, entry_key: bytes, ephemeral: bytes) -> Wrap:
    try:
        public = bytes.fromhex(reader.public_key)
        secret = _private(ephemeral).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise InputError(
            f"the public key of {reader.member} cannot be used",
            rule="ledger.public_key",
            field="public_key",
            value=reader.public_key,
            remedy="give the 64 hex digits of an X25519 public key",
        ) from error
    own = public_key_of(ephemeral)
    context = _context(trust, number)
    cipher = _wrapping_key(secret, bytes.fromhex(own), public, context, reader.member)
    return Wrap(reader.member, own, cipher.encrypt(_NONCE, entry_key, context).hex())


def _unwrap(trust: str, entry: SealedEntry, wrap: Wrap, private_key: bytes) -> bytes:
    private = _private(private_key)
    ephemeral, context = bytes.fromhex(wrap.ephemeral_key), _context(trust, entry.number)
    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        public = private.public_key().public_bytes_raw()
        cipher = _wrapping_key(secret, ephemeral, public, context, wrap.member)
        key = cipher.decrypt(_NONCE, bytes.fromhex(wrap.sealed_key), context)
    except (InvalidTag, ValueError) as error:
        raise _unreadable(entry, "this key does not open the row") from error
    if _commitment(key) != entry.key_commitment:
        raise _unreadable(entry, "the row's key is not the one committed to")
    return key


def _open(trust: str, entry: SealedEntry, key: bytes) -> dict[str, str | int]:
    try:
        sealed = bytes.fromhex(entry.ciphertext)
        plain = ChaCha20Poly1305(key).decrypt(_NONCE, sealed, _context(trust, entry.number))
    except (InvalidTag, ValueError) as error:
        raise _unreadable(entry, "the row was changed") from error
    row: dict[str, str | int] = json.loads(plain)
    return row


def _unreadable(entry: SealedEntry, why: str) -> VerificationFailed:
    return VerificationFailed(
        f"ledger row {entry.number} cannot be read: {why}",
        rule="ledger.unreadable",
        field="number",
        value=entry.number,
        remedy="read it with the member's own key, from an unchanged copy",
    )
