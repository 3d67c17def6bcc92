"""Readings, receipts and P-256: a hash covers every field, a signature has one form."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.proofs import (
    ZERO_HASH,
    device_id,
    keccak,
    p256_low_s,
    p256_public_key,
    p256_verify,
    reading_hash,
    receipt_digest,
)
from sourceenergy.records import ClockState, Reading, Receipt
from sourceenergy.units import Wh
from strategies_energy import digest, law

READING = Reading(
    device="0x" + digest("device"),
    sequence=7,
    boot_id=digest("boot")[:32],
    utc_ms=1_768_500_000_000,
    clock=ClockState.SYNCED,
    clock_uncertainty_ms=12,
    monotonic_ns=99,
    imported_wh=Wh(1_000),
    exported_wh=Wh(2_000),
    produced_wh=None,
    imported_w=0,
    exported_w=1_500,
    produced_w=None,
    battery_charge_w=None,
    battery_discharge_w=None,
    battery_soc_permille=None,
    flags=0,
    previous=ZERO_HASH,
)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
DIGEST = bytes.fromhex(digest("message"))


def sign(message: bytes = DIGEST) -> tuple[int, int]:
    """r and s with s low, as our signers give them."""
    der = KEY.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
    r, s = decode_dss_signature(der)
    return r, min(s, P256_ORDER - s)


def other_value(reading: Reading, name: str) -> Any:
    value = getattr(reading, name)
    if value is None:
        return 0
    if isinstance(value, ClockState):
        return ClockState.STEPPED
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return value + 1


# --- readings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [field.name for field in fields(Reading)])
def test_a_reading_s_hash_covers(name: str) -> None:
    changed = replace(READING, **{name: other_value(READING, name)})
    assert reading_hash(changed) != reading_hash(READING)


def test_absent_is_not_zero_and_two_fields_are_not_exchangeable() -> None:
    hashes_seen = {
        reading_hash(replace(READING, produced_w=produced, battery_charge_w=charge))
        for produced in (None, 0, 1)
        for charge in (None, 0, 1)
    }
    assert len(hashes_seen) == 9


def test_a_reading_s_hash_is_the_same_today_and_tomorrow() -> None:
    assert reading_hash(READING) == reading_hash(replace(READING))
    assert len(bytes.fromhex(reading_hash(READING))) == 32


# --- receipts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        Receipt("0x" + digest("another"), 7, digest("head"), ""),
        Receipt(READING.device, 8, digest("head"), ""),
        Receipt(READING.device, 7, digest("other head"), ""),
    ],
)
def test_a_receipt_names_device_sequence_and_head(other: Receipt) -> None:
    receipt = Receipt(READING.device, 7, digest("head"), "")
    assert receipt_digest(other) != receipt_digest(receipt)
    assert receipt_digest(replace(receipt, signature="ab" * 64)) == receipt_digest(receipt)


# --- signatures -------------------------------------------------------------------------------


def test_a_point_off_the_curve_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        p256_public_key(1, 1)
    assert refusal.value.rule == "p256.point"


def test_the_high_s_twin_is_refused() -> None:
    r, s = sign()
    assert p256_verify(KEY.public_key(), f"{r:064x}{s:064x}", DIGEST)
    assert not p256_verify(KEY.public_key(), f"{r:064x}{P256_ORDER - s:064x}", DIGEST)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "00",
        "zz" * 64,
        "00" * 64,
        "00" * 32 + "01".rjust(64, "0"),
        "01".rjust(64, "0") + "00" * 32,
        f"{P256_ORDER:064x}" + "01".rjust(64, "0"),
        "ff" * 64,
        "11" * 63,
        "11" * 65,
    ],
)
def test_what_is_no_signature_is_refused_without_an_exception(wrong: str) -> None:
    assert not p256_verify(KEY.public_key(), wrong, DIGEST)


def test_another_s_key_or_another_message_is_refused() -> None:
    signature = p256_low_s(*sign())
    stranger = ec.derive_private_key(0xBAD, ec.SECP256R1()).public_key()
    assert not p256_verify(stranger, signature, DIGEST)
    assert not p256_verify(KEY.public_key(), signature, bytes.fromhex(digest("another message")))


def test_a_signature_of_a_head_is_verified_from_the_coordinates() -> None:
    numbers = KEY.public_key().public_numbers()
    head = bytes.fromhex(reading_hash(READING))
    signature = p256_low_s(*sign(head))
    assert p256_verify(p256_public_key(numbers.x, numbers.y), signature, head)
    assert (
        device_id(numbers.x, numbers.y)
        == "0x" + keccak(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")).hex()
    )


@law
@given(st.integers(1, P256_ORDER - 1), st.integers(1, P256_ORDER - 1))
def test_low_s_has_one_form_for_both_twins(r: int, s: int) -> None:
    assert p256_low_s(r, s) == p256_low_s(r, P256_ORDER - s)
    assert int(p256_low_s(r, s)[64:], 16) <= P256_ORDER // 2
