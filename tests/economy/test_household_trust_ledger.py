"""The private ledger: the family reads, nobody else does, and the root holds."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.household_trust.ledger import (
    Ledger,
    Reader,
    SealedEntry,
    admit,
    append,
    entry_leaf,
    erase_entry,
    forget_member,
    public_key_of,
    read,
    verify_ledger,
)
from sourceenergy.economy.household_trust.trustees import Trust
from sourceenergy.errors import InputError, NotPermitted, VerificationFailed
from sourceenergy.proofs import merkle_levels, merkle_proof, merkle_verify
from sourceenergy.units import Ud
from strategies_energy import digest, law


def secret(name: str) -> bytes:
    return bytes.fromhex(digest(name))


H1 = Trust("H1", ("trustee A", "trustee B"), 2, Ud(0), 0)
KEYS = {name: secret(name) for name in ("trustee A", "trustee B", "newcomer", "thief")}
READERS = (
    Reader("trustee A", public_key_of(KEYS["trustee A"])),
    Reader("trustee B", public_key_of(KEYS["trustee B"])),
    Reader("minor", public_key_of(KEYS["trustee A"])),  # the guardian's
)
ROWS: tuple[dict[str, str | int], ...] = (
    {"what": "bought", "who": "trust", "amount_ud": 6_000_000_000},
    {"what": "paid", "who": "Zoë 🌞", "amount_ud": 200_010_000},
    {"what": "paid", "who": "ליה", "amount_ud": 100_000_000},
)


def add(ledger: Ledger, row: dict[str, str | int], author: str = "trustee A") -> Ledger:
    number = len(ledger.entries) + 1
    wraps = [secret(f"wrap {number} {reader.member}") for reader in READERS]
    return append(ledger, H1, author, row, READERS, secret(f"entry {number}"), wraps)


def books() -> Ledger:
    ledger = Ledger("H1")
    for row in ROWS:
        ledger = add(ledger, row)
    return ledger


BOOKS = books()


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("author", ["minor", "operator"])
def test_S12_a_members_view_is_read_only_and_trustees_write(author: str) -> None:
    with pytest.raises(NotPermitted) as refusal:
        add(BOOKS, ROWS[0], author)
    assert refusal.value.rule == "ledger.author"


def test_an_entry_key_is_never_used_twice() -> None:
    wraps = [secret(f"other {i}") for i in range(3)]
    with pytest.raises(InputError, match="one row only"):
        append(BOOKS, H1, "trustee A", ROWS[0], READERS, secret("entry 1"), wraps)


@pytest.mark.parametrize("wraps", [[], [b"1" * 32] * 3, [b"1" * 31, b"2" * 32, b"3" * 32]])
def test_every_wrap_has_a_fresh_key(wraps: list[bytes]) -> None:
    with pytest.raises(InputError) as refusal:
        append(BOOKS, H1, "trustee A", ROWS[0], READERS, secret("fresh"), wraps)
    assert refusal.value.rule == "ledger.keys"


@pytest.mark.parametrize("public", ["00" * 32, "zz", "ab"])
def test_a_public_key_that_gives_no_secret_is_refused(public: str) -> None:
    reader = Reader("newcomer", public)
    with pytest.raises(InputError) as refusal:
        append(BOOKS, H1, "trustee A", ROWS[0], (reader,), secret("fresh"), [secret("w")])
    assert refusal.value.rule == "ledger.public_key"


# --- reading ----------------------------------------------------------------------------------


def test_S12_every_family_member_sees_the_same_entries() -> None:
    assert read(BOOKS, "trustee A", KEYS["trustee A"]) == ROWS
    assert read(BOOKS, "trustee B", KEYS["trustee B"]) == ROWS


def test_S12_a_minors_view_is_by_the_guardian() -> None:
    assert read(BOOKS, "minor", KEYS["trustee A"]) == ROWS
    with pytest.raises(VerificationFailed):
        read(BOOKS, "minor", KEYS["trustee B"])


def test_S12_others_open_nothing() -> None:
    assert read(BOOKS, "operator", KEYS["thief"]) == ()
    with pytest.raises(VerificationFailed, match="does not open"):
        read(BOOKS, "trustee A", KEYS["thief"])


def test_S12_a_database_dump_is_ciphertext() -> None:
    dump = json.dumps([asdict(entry) for entry in BOOKS.entries])
    for row in ROWS:
        for word in (row["what"], row["who"], row["amount_ud"]):
            shown = str(word).encode()
            assert str(word) not in dump or str(word) == "trust"
            assert shown.hex() not in dump


def test_wraps_cannot_be_given_to_another_member_or_row() -> None:
    first, second, third = BOOKS.entries
    renamed = replace(first, wraps=(replace(first.wraps[1], member="trustee A"),))
    moved = replace(second, wraps=first.wraps)
    for rows in ((renamed, second, third), (first, moved, third)):
        with pytest.raises(VerificationFailed):
            read(replace(BOOKS, entries=rows), "trustee A", KEYS["trustee A"])


# --- the root ---------------------------------------------------------------------------------


def flip(text: str) -> str:
    return f"{int(text[0], 16) ^ 1:x}{text[1:]}"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_S12_changing_one_row_breaks_the_anchored_root(number: int) -> None:
    verify_ledger(BOOKS, BOOKS.root)
    row = BOOKS.entries[number]
    for changed in (
        replace(row, ciphertext=flip(row.ciphertext)),
        replace(row, key_commitment=flip(row.key_commitment)),
        replace(row, number=9),
    ):
        entries = (*BOOKS.entries[:number], changed, *BOOKS.entries[number + 1 :])
        with pytest.raises(VerificationFailed) as failure:
            verify_ledger(replace(BOOKS, entries=entries), BOOKS.root)
        assert failure.value.rule == "ledger.root"


def test_a_row_dropped_swapped_or_of_another_trust_breaks_the_root() -> None:
    first, second, third = BOOKS.entries
    for rows in ((first, second), (second, first, third), (first, third), ()):
        with pytest.raises(VerificationFailed):
            verify_ledger(replace(BOOKS, entries=rows), BOOKS.root)
    with pytest.raises(VerificationFailed):
        verify_ledger(replace(BOOKS, trust="H2"), BOOKS.root)


def test_a_row_has_a_proof_of_its_own() -> None:
    leaves = [entry_leaf("H1", entry) for entry in BOOKS.entries]
    tree = merkle_levels(leaves)
    assert merkle_verify(leaves[1], merkle_proof(tree, 1), BOOKS.root)


def test_two_members_cannot_be_given_different_rows_under_one_root() -> None:
    """A key other than the committed one is refused, though it would open a ciphertext."""
    other = add(Ledger("H1"), {"what": "another story"})
    row = BOOKS.entries[0]
    forged = replace(row, wraps=(*row.wraps[1:], other.entries[0].wraps[0]))
    assert isinstance(forged, SealedEntry)
    swapped = replace(forged, key_commitment=digest("wrong"))
    with pytest.raises(VerificationFailed, match="committed"):
        read(replace(BOOKS, entries=(swapped,)), "trustee A", KEYS["trustee A"])


# --- coming and going -------------------------------------------------------------------------


def newcomer(from_number: int) -> Ledger:
    reader = Reader("newcomer", public_key_of(KEYS["newcomer"]))
    keys = [secret(f"admit {i}") for i in range(from_number, 4)]
    return admit(BOOKS, "trustee B", KEYS["trustee B"], reader, from_number, keys)


@pytest.mark.parametrize("from_number", [1, 2, 4])
def test_S12_a_new_member_reads_old_rows_by_the_rule_and_the_root_stays(from_number: int) -> None:
    ledger = newcomer(from_number)
    assert read(ledger, "newcomer", KEYS["newcomer"]) == ROWS[from_number - 1 :]
    verify_ledger(ledger, BOOKS.root)


def test_only_who_reads_a_row_can_let_another_read_it() -> None:
    reader = Reader("newcomer", public_key_of(KEYS["newcomer"]))
    keys = [secret(f"admit {i}") for i in range(3)]
    ledger = admit(BOOKS, "operator", KEYS["thief"], reader, 1, keys)
    assert ledger == BOOKS
    with pytest.raises(VerificationFailed):
        admit(BOOKS, "trustee A", KEYS["thief"], reader, 1, keys)


def test_who_leaves_reads_nothing_more_and_the_others_do() -> None:
    ledger = forget_member(BOOKS, "trustee B")
    assert read(ledger, "trustee B", KEYS["trustee B"]) == ()
    assert read(ledger, "trustee A", KEYS["trustee A"]) == ROWS
    verify_ledger(ledger, BOOKS.root)


def test_X11_an_erased_row_is_noise_and_the_root_still_verifies() -> None:
    ledger = erase_entry(BOOKS, 2)
    assert read(ledger, "trustee A", KEYS["trustee A"]) == (ROWS[0], ROWS[2])
    verify_ledger(ledger, BOOKS.root)


# --- always -----------------------------------------------------------------------------------


@law
@given(
    st.dictionaries(
        st.text(max_size=20), st.one_of(st.text(max_size=40), st.integers()), max_size=5
    )
)
def test_what_is_written_is_read_back(row: dict[str, str | int]) -> None:
    ledger = add(BOOKS, row)
    assert read(ledger, "trustee B", KEYS["trustee B"])[-1] == row
    assert add(BOOKS, row) == ledger
    assert ledger.root != BOOKS.root
