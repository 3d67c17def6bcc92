"""What the chain checks, computed a second time with a general ABI encoder."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from eth_abi.abi import encode

from sourceenergy.proofs import (
    community_id,
    derive_salt,
    energy_leaf_hash,
    keccak,
    payout_leaf_hash,
    price_leaf_hash,
    record_leaf_hash,
    statement_hash,
)
from sourceenergy.records import (
    EnergyLeaf,
    IntervalPrice,
    MeterInterval,
    PayoutLeaf,
    Quality,
    Statement,
)
from sourceenergy.units import Ud, UdPerKwh, Wh
from strategies_energy import account, digest

CHAIN_ID, CLEARING = 31_337, "0x5fbdb2315678afecb367f032d93f642f64180aa3"
COMMUNITY = "0x" + digest("community")
STATEMENT = Statement(
    community=COMMUNITY,
    epoch=4,
    start_s=1_767_243_600,
    end_s=1_769_922_000,
    previous=digest("previous"),
    payout_root=digest("payouts"),
    price_root=digest("prices"),
    pool_root=digest("pool"),
    bundle_hash=digest("bundle"),
    imported_wh=Wh(7_026_795),
    exported_wh=Wh(2_286_451),
    local_wh=Wh(1_974_724),
    deposits_ud=Ud(782_968_017),
    payouts_ud=Ud(700_000_000),
    balances_ud=Ud(82_968_017),
)
PAYOUT = PayoutLeaf(account(1), Ud(10), Ud(7), Ud(3), digest("salt"))
ENERGY = EnergyLeaf(digest("member"), Wh(1), Wh(2), Wh(3), Wh(4), digest("salt"))
PRICE = IntervalPrice(
    0, 900, True, UdPerKwh(5), UdPerKwh(4), UdPerKwh(9), UdPerKwh(1), digest("records")
)
RECORD = MeterInterval("meter", 0, 900, Wh(1), Wh(2), Quality.MEASURED)


def b32(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def changed(record: object, name: str) -> dict[str, Any]:
    value = getattr(record, name)
    if isinstance(value, str):
        return {name: value[:-1] + ("0" if value[-1] != "0" else "1")}
    return {name: not value if isinstance(value, bool) else value + 1}


def test_a_statement_s_hash_is_the_contract_s() -> None:
    words = [
        b32(v) if isinstance(v := getattr(STATEMENT, f.name), str) else v for f in fields(Statement)
    ]
    types = ["bytes32", "uint64", "uint64", "uint64"] + ["bytes32"] * 5 + ["uint128"] * 6
    body = encode(["uint256", "address", *types], [CHAIN_ID, CLEARING, *words])
    assert statement_hash(CHAIN_ID, CLEARING, STATEMENT) == keccak(body).hex()


def test_a_statement_is_bound_to_its_chain_and_contract() -> None:
    here = statement_hash(CHAIN_ID, CLEARING, STATEMENT)
    assert statement_hash(1, CLEARING, STATEMENT) != here
    assert statement_hash(CHAIN_ID, account(9), STATEMENT) != here


@pytest.mark.parametrize("name", [field.name for field in fields(Statement)])
def test_a_statement_s_hash_covers(name: str) -> None:
    other = replace(STATEMENT, **changed(STATEMENT, name))
    assert statement_hash(CHAIN_ID, CLEARING, other) != statement_hash(
        CHAIN_ID, CLEARING, STATEMENT
    )


def test_a_payout_leaf_is_hashed_twice_as_the_contract_does() -> None:
    types = ["bytes32", "address", "uint128", "uint128", "uint128", "bytes32"]
    body = encode(types, [b32(COMMUNITY), PAYOUT.account, 10, 7, 3, b32(PAYOUT.salt)])
    assert payout_leaf_hash(COMMUNITY, PAYOUT) == keccak(keccak(body))


def test_a_community_s_id_is_the_contract_s() -> None:
    name = "Rue de l'Église 🌞"
    body = encode(["uint256", "address", "bytes32"], [CHAIN_ID, CLEARING, keccak(name.encode())])
    assert community_id(CHAIN_ID, CLEARING, name) == "0x" + keccak(body).hex()


@pytest.mark.parametrize("name", [field.name for field in fields(PayoutLeaf)])
def test_a_payout_leaf_covers(name: str) -> None:
    other = replace(PAYOUT, **changed(PAYOUT, name))
    assert payout_leaf_hash(COMMUNITY, other) != payout_leaf_hash(COMMUNITY, PAYOUT)


@pytest.mark.parametrize("name", [field.name for field in fields(EnergyLeaf)])
def test_an_energy_leaf_covers(name: str) -> None:
    other = replace(ENERGY, **changed(ENERGY, name))
    assert energy_leaf_hash(other) != energy_leaf_hash(ENERGY)


@pytest.mark.parametrize("name", [field.name for field in fields(IntervalPrice)])
def test_a_price_leaf_covers(name: str) -> None:
    other = replace(PRICE, **changed(PRICE, name))
    assert price_leaf_hash(other) != price_leaf_hash(PRICE)


@pytest.mark.parametrize("name", ["start_s", "seconds", "imported_wh", "exported_wh", "quality"])
def test_a_record_s_commitment_covers(name: str) -> None:
    salt = b32(digest("meter salt"))
    other = RECORD._replace(**changed(RECORD, name))
    assert record_leaf_hash(salt, other) != record_leaf_hash(salt, RECORD)
    assert record_leaf_hash(b32(digest("another")), RECORD) != record_leaf_hash(salt, RECORD)


def test_a_salt_serves_one_purpose() -> None:
    key = b"k" * 32
    salts = {
        derive_salt(key, "payout"),
        derive_salt(key, "energy"),
        derive_salt(b"l" * 32, "payout"),
        derive_salt(key, "payout", "1"),
    }
    assert len(salts) == 4
    assert all(len(salt) == 32 for salt in salts)
