"""The device's key: refused when others could have read it, never shown, one signature form."""

from __future__ import annotations

import hashlib
import pickle
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sourceenergy import proofs
from sourceenergy.edge.signer import create_key, load_key, load_or_create_key
from sourceenergy.errors import ConfigError


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_key_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "device.pem"
    create_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError) as refused:
        load_key(path)
    assert refused.value.rule == "key.permissions"
    assert f"{mode:04o}" in refused.value.message
    assert "chmod 600" in refused.value.remedy


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    first = create_key(path)
    with pytest.raises(ConfigError) as refused:
        create_key(path)
    assert refused.value.rule == "key.exists"
    assert load_key(path).device == first.device
    assert [file.name for file in tmp_path.iterdir()] == ["device.pem"]


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load_key(tmp_path / "none.pem")
    assert (refused.value.rule, refused.value.field) == ("key.missing", "key")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError) as refused:
        create_key(tmp_path / "file" / "device.pem")
    assert refused.value.rule == "key.write"


def test_a_damaged_key_is_refused_without_quoting_it(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nsecretsecret\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    with pytest.raises(ConfigError) as refused:
        load_key(path)
    assert refused.value.rule == "key.format"
    assert "secretsecret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP256K1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    with pytest.raises(ConfigError) as refused:
        load_key(path)
    assert refused.value.rule == "key.curve"


def test_a_key_made_once_is_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "device.pem"
    made = load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load_or_create_key(path)
    assert loaded.device == made.device == proofs.device_id(made.public_x, made.public_y)
    assert (loaded.public_x, loaded.public_y) == (made.public_x, made.public_y)


def test_every_signature_is_low_s_and_verifies(tmp_path: Path) -> None:
    signer = create_key(tmp_path / "device.pem")
    key = proofs.p256_public_key(signer.public_x, signer.public_y)
    for number in range(16):  # half of all raw signatures would be high-s
        digest = hashlib.sha256(bytes([number])).digest()
        signature = signer.sign(digest)
        assert len(signature) == 128
        assert proofs.p256_verify(key, signature, digest)
        assert not proofs.p256_verify(key, signature, hashlib.sha256(digest).digest())


def test_the_private_key_is_never_shown_nor_copied(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    signer = create_key(path)
    assert repr(signer) == f"KeySigner({signer.device})"
    with pytest.raises(TypeError, match="not copied"):
        pickle.dumps(signer)
