"""The device's P-256 key: who made a reading. A secure element can stand in for the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from sourceenergy import proofs
from sourceenergy.errors import ConfigError


class Signer(Protocol):
    """Holds a P-256 key and never shows it."""

    @property
    def public_x(self) -> int:
        """First coordinate of the public key."""
        ...

    @property
    def public_y(self) -> int:
        """Second coordinate of the public key."""
        ...

    @property
    def device(self) -> str:
        """The device id: 0x and 64 hex digits."""
        ...

    def sign(self, digest: bytes) -> str:
        """Low-s signature of a 32-byte SHA-256 digest: r and s, 128 hex digits."""
        ...


class KeySigner:
    """Signs with a key in memory; shown only by its device id."""

    __slots__ = ("_key", "device", "public_x", "public_y")

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        public = key.public_key().public_numbers()
        self._key = key
        self.public_x = public.x
        self.public_y = public.y
        self.device = proofs.device_id(public.x, public.y)

    def __repr__(self) -> str:
        return f"KeySigner({self.device})"

    def __reduce__(self) -> str:
        # A pickled key would be a copy nobody knows of.
        raise TypeError("a signing key is not copied")

    def sign(self, digest: bytes) -> str:
        """Low-s signature of a 32-byte SHA-256 digest: r and s, 128 hex digits."""
        der = self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return proofs.p256_low_s(*decode_dss_signature(der))


def create_key(path: Path) -> KeySigner:
    """Make a key and write it to ``path`` as PEM, readable by its owner only, whole or not at all.

    Raises ``ConfigError``: ``key.exists`` (a key is never overwritten), ``key.write``.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # unlike a rename it never replaces a key that is there
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        if path.exists():
            raise _refusal(
                "a key is there already", "key.exists", path, "load it, or name another file"
            ) from error
        raise _refusal(
            f"the key cannot be written: {error.strerror}",
            "key.write",
            path,
            "make the folder writable for the engine's user",
        ) from error
    return KeySigner(key)


def load_key(path: Path) -> KeySigner:
    """The key in the PEM file ``path``.

    Raises ``ConfigError``: ``key.missing``, ``key.permissions`` (others can read or write it),
    ``key.format``, ``key.curve``.
    """
    try:
        with path.open("rb") as file:
            # Of the open file, so that the one judged is the one read.
            mode = os.fstat(file.fileno()).st_mode
            pem = file.read()
    except OSError as error:
        raise _refusal(
            f"the key cannot be read: {error.strerror}",
            "key.missing",
            path,
            "create the key, or name its file",
        ) from error
    if mode & 0o077:
        raise _refusal(
            f"others may read the key (mode {mode & 0o777:04o})",
            "key.permissions",
            path,
            "chmod 600 it; if it was open to others, revoke the device and make a new key",
        )
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        # Without the cause: its text may quote the file.
        raise _refusal(
            "not an unencrypted PEM private key", "key.format", path, "restore the file"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _refusal("not a P-256 key", "key.curve", path, "make a P-256 key (secp256r1)")
    return KeySigner(key)


def load_or_create_key(path: Path) -> KeySigner:
    """The key in ``path``; made first if there is none. Errors as the two above."""
    return load_key(path) if path.exists() else create_key(path)


def _refusal(message: str, rule: str, path: Path, remedy: str) -> ConfigError:
    return ConfigError(message, rule=rule, field="key", value=path, remedy=remedy)
