"""Names on paper: what the font lacks, and scripts that run from right to left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.reports.lettering import drawn, legible, register_fonts


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë 🏡🏡", "Zoë ?"),
        ("👩‍👩‍👧 home", "? home"),
        ("山田太郎", "?"),
        ("two\nlines\t\x00end", "two lines end"),
        ("Zoe\u0308", "Zoë"),
        ("a\u202eb\u200dc", "abc"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_one_question_mark(name: str, shown: str) -> None:
    assert legible(name) == shown


def test_long_names_are_cut() -> None:
    assert legible("x" * 90, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("name", "in_order"),
    [
        ("שלום כהן", "ןהכ םולש"),
        ("שלום 12", "12 םולש"),
        ("Dan שלום Cohen", "Dan םולש Cohen"),
        ("שלום (כהן)", "(ןהכ) םולש"),
        ("plain", "plain"),
    ],
)
def test_right_to_left_names_are_put_in_the_order_of_drawing(name: str, in_order: str) -> None:
    assert drawn(name) == in_order


def test_arabic_letters_join() -> None:
    # meem initial, reh final, yeh initial, meem final: drawn from the left, so reversed
    assert drawn("مريم") == "\ufee2\ufef3\ufeae\ufee3"
    assert drawn("سلام") == "\ufee1\ufefc\ufeb3"  # lam and alef are one


@given(st.text(max_size=60))
def test_everything_drawn_is_in_the_font(name: str) -> None:
    known = register_fonts()
    line = drawn(name)
    assert len(line) <= 80
    assert all(ord(character) in known for character in line)
