"""Contracts: what goes to the chain and what comes back, checked by the pure encodings."""

import pytest
from eth_abi.abi import encode

from sourceenergy.chain.contracts import (
    Contract,
    artifact,
    decode_event,
    decode_revert,
    leaf_values,
    shipped,
    statement_values,
)
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import ZERO_HASH, keccak, payout_leaf_hash, statement_hash
from sourceenergy.records import PayoutLeaf, Statement
from sourceenergy.units import Ud, Wh

CLEARING = Contract("Clearing", "0x" + "cc" * 20)
PASSPORT = Contract("Passport", "0x" + "aa" * 20)
MEMBER = "0x" + "11" * 20
COMMUNITY = "0x" + "22" * 32
STATEMENT = Statement(
    COMMUNITY, 1, 900, 1800, ZERO_HASH, "01" * 32, "02" * 32, "03" * 32, "04" * 32,
    Wh(5), Wh(6), Wh(7), Ud(10), Ud(4), Ud(6),
)  # fmt: skip
LEAF = PayoutLeaf(MEMBER, Ud(10), Ud(4), Ud(6), "05" * 32)


def test_an_unknown_contract_or_function_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        artifact("Lottery")
    assert refused.value.value == "Lottery"
    with pytest.raises(InputError) as refused:
        CLEARING.encode("pause")
    assert refused.value.rule == "contract.function"


@pytest.mark.parametrize(
    "arguments",
    [(), (MEMBER, 2, -1, 124), (MEMBER, 256, 1, 124), ("0x12", 2, 1, 124), (MEMBER, 2, 1, 124, 5)],
)
def test_arguments_that_do_not_fit_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(InputError) as refused:
        PASSPORT.encode("issue", *arguments)
    assert refused.value.field == "Passport.issue"


def test_an_answer_that_does_not_fit_is_refused() -> None:
    with pytest.raises(VerificationFailed):
        PASSPORT.decode("passportOf", b"")


def test_all_artifacts_have_code_and_shapes() -> None:
    for name in shipped():
        assert len(artifact(name).bytecode) > 100
        assert artifact(name).functions


def test_a_call_is_selector_and_arguments() -> None:
    data = PASSPORT.encode("issue", MEMBER, 2, 2_000_000_000, 124)
    assert data[:4] == keccak(b"issue(address,uint8,uint40,uint16)")[:4]
    assert data[4:] == encode(
        ["address", "uint8", "uint40", "uint16"], [MEMBER, 2, 2_000_000_000, 124]
    )


def test_results_come_by_name_and_single_ones_plain() -> None:
    four = encode(["uint8", "uint40", "uint16", "bool"], [2, 9, 124, False])
    assert PASSPORT.decode("passportOf", four) == {
        "permissions": 2,
        "expiry": 9,
        "country": 124,
        "frozen": False,
    }
    assert PASSPORT.decode("isAllowed", encode(["bool"], [True])) is True


def test_statement_and_leaf_encode_to_the_bytes_the_proofs_hash() -> None:
    head = encode(["uint256", "address"], [31337, CLEARING.address])
    statement = CLEARING.encode("statementHash", statement_values(STATEMENT))[4:]
    assert keccak(head + statement).hex() == statement_hash(31337, CLEARING.address, STATEMENT)
    leaf = CLEARING.encode("leafHash", leaf_values(LEAF))[4:]
    assert keccak(keccak(bytes.fromhex(COMMUNITY[2:]) + leaf)) == payout_leaf_hash(COMMUNITY, LEAF)


def test_events_decode_with_indexed_and_plain_values() -> None:
    words = [keccak(b"Deposited(address,uint256)"), encode(["address"], [MEMBER])]
    event = decode_event("Clearing", words, encode(["uint256"], [5]))
    assert event == ("Deposited", {"account": MEMBER, "amountUd": 5})
    assert decode_event("Clearing", [bytes(32)], b"") is None
    assert decode_event("Clearing", [], b"") is None


def test_refusals_decode_to_the_error_and_its_values() -> None:
    not_live = keccak(b"NotLive(uint64,uint64)")[:4] + encode(["uint64", "uint64"], [3, 77])
    assert str(decode_revert(not_live)) == "NotLive(epoch=3, liveAt=77)"
    text = keccak(b"Error(string)")[:4] + encode(["string"], ["no"])
    assert str(decode_revert(text)) == "Error(message=no)"
    panic = keccak(b"Panic(uint256)")[:4] + encode(["uint256"], [17])
    assert str(decode_revert(panic)) == "Panic(code=17)"
    assert str(decode_revert(b"\x01\x02\x03\x04\x05")) == "Unknown(data=0x0102030405)"
    assert decode_revert(not_live[:10]).name == "Unknown"
