"""Keys: kept to their owner, never shown, and signatures others accept."""

import pickle
from pathlib import Path

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_defunct
from hypothesis import given, settings
from hypothesis import strategies as st

from sourceenergy.chain.keys import (
    Account,
    Transaction,
    decode_transaction,
    open_account,
    quorum_proof,
)
from sourceenergy.errors import ConfigError, InputError

SECRET = bytes(range(1, 33))
ADDRESS = "0x" + "ab" * 20


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, b"\x01" * 31])
def test_what_is_not_a_key_is_refused(secret: bytes) -> None:
    with pytest.raises(InputError) as refused:
        Account(secret)
    assert refused.value.rule == "key.secp256k1"


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    open_account(tmp_path, "operator")
    (tmp_path / "operator.key").chmod(0o644)
    with pytest.raises(ConfigError) as refused:
        open_account(tmp_path, "operator")
    assert refused.value.rule == "key.mode"


def test_a_damaged_key_file_is_refused_and_its_content_not_shown(tmp_path: Path) -> None:
    (tmp_path / "operator.key").write_text(SECRET.hex()[:-1])
    (tmp_path / "operator.key").chmod(0o600)
    with pytest.raises(ConfigError) as refused:
        open_account(tmp_path, "operator")
    assert SECRET.hex()[:20] not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("length", [0, 31, 33])
def test_only_a_digest_is_signed(length: int) -> None:
    with pytest.raises(InputError):
        Account(SECRET).sign_digest(bytes(length))


def test_what_is_no_signed_transaction_is_refused() -> None:
    with pytest.raises(InputError):
        decode_transaction("0x01c0")


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = open_account(tmp_path / "keys", "operator")
    assert open_account(tmp_path / "keys", "operator").address == first.address
    assert open_account(tmp_path / "keys", "guardian").address != first.address
    assert (tmp_path / "keys" / "operator.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [
        "guardian.key",
        "operator.key",
    ]


def test_a_key_is_never_shown() -> None:
    account = Account(SECRET)
    assert repr(account) == f"Account({account.address})"
    with pytest.raises(TypeError):
        pickle.dumps(account)


@settings(deadline=None, max_examples=50)
@given(
    nonce=st.integers(0, 2**32),
    fee=st.integers(0, 2**64),
    value=st.integers(0, 2**128),
    to=st.sampled_from([None, ADDRESS]),
    data=st.binary(max_size=80),
)
def test_bytes_are_those_of_eth_account_and_read_back(
    nonce: int, fee: int, value: int, to: str | None, data: bytes
) -> None:
    ours = Transaction(31337, nonce, fee // 2, fee, 21_000, to, value, data)
    theirs = EthAccount.sign_transaction(
        {
            "type": 2,
            "chainId": 31337,
            "nonce": nonce,
            "maxPriorityFeePerGas": fee // 2,
            "maxFeePerGas": fee,
            "gas": 21_000,
            "value": value,
            "data": data,
            **({"to": bytes.fromhex(to[2:])} if to else {}),
        },
        SECRET,
    )
    signed = Account(SECRET).sign_transaction(ours)
    assert signed.raw == "0x" + theirs.raw_transaction.hex()
    assert signed.hash == "0x" + theirs.hash.hex()
    assert decode_transaction(signed.raw) == ours


def test_a_quorum_signs_in_ascending_order() -> None:
    digest = bytes(range(32))
    signers = [Account(bytes([n]) * 32) for n in (5, 1, 9, 3)]
    proof = quorum_proof(digest, signers)
    found = [
        EthAccount.recover_message(encode_defunct(digest), signature=proof[at : at + 65]).lower()
        for at in range(0, len(proof), 65)
    ]
    assert found == sorted(signer.address for signer in signers)
