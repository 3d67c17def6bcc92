"""Two languages: no key without its twin, numbers as people write them, a page in French."""

from __future__ import annotations

import io
import string
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from pypdf import PdfReader

from sourceenergy.records import Mode, Quality
from sourceenergy.reports.language import TEXTS, Language, Wording
from sourceenergy.reports.member_statement import member_statement
from sourceenergy.reports.statement_csv import statement_csv
from sourceenergy.reports.statement_pdf import statement_pdf

FRENCH = Wording(Language.FR)
ENGLISH = Wording(Language.EN)


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_X20_no_sentence_lacks_its_french() -> None:
    for key, (english, french) in TEXTS.items():
        assert english.strip() and french.strip(), key
        assert _fields(english) == _fields(french), key


def test_every_mode_and_quality_has_its_word() -> None:
    for wording in (ENGLISH, FRENCH):
        assert all(wording.mode(mode) for mode in Mode)
        assert wording.qualities(dict.fromkeys(Quality, 1)).count("1 ") == len(Quality)


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [
        (123_456, "$1,234.56", "1 234,56 $"),
        (-5, "−$0.05", "−0,05 $"),
        (0, "$0.00", "0,00 $"),
    ],
)
def test_money(amount: int, english: str, french: str) -> None:
    assert ENGLISH.money(amount) == english
    assert FRENCH.money(amount).replace("\u00a0", " ") == french


def test_energy_prices_and_shares() -> None:
    assert ENGLISH.kwh(-1_234_567) == "−1,234.567"
    assert FRENCH.kwh(1_234_567).replace("\u00a0", " ") == "1 234,567"
    assert (ENGLISH.price(41_250), FRENCH.price(41_250)) == ("4.125", "4,125")
    assert (ENGLISH.percent(1, 8), FRENCH.percent(1, 8)) == ("12.5 %", "12,5 %")


def test_days_and_spans() -> None:
    toronto = timezone(timedelta(hours=-4))
    start, end = datetime(2026, 7, 1, tzinfo=toronto), datetime(2026, 8, 1, tzinfo=toronto)
    assert FRENCH.day(date(2026, 7, 1)) == "1er juillet 2026"
    assert FRENCH.span(start, end) == "du 1er juillet 2026 au 31 juillet 2026"
    assert ENGLISH.span(start, end) == "1 July 2026 to 31 July 2026"
    later = start + timedelta(hours=6, minutes=30)
    assert FRENCH.span(start, later) == "1er juillet 2026, de 00:00 à 06:30"


def test_a_tariff_period_of_ones_own_keeps_its_name() -> None:
    assert FRENCH.tariff("on_peak") == "période de pointe"
    assert FRENCH.tariff("super_saver") == "super-saver"


def test_a_statement_in_french_says_the_same_amounts(street: Any) -> None:
    period, settlement, anchor, statement = street
    told = [
        member_statement(
            period,
            settlement,
            anchor,
            statement,
            1,
            name="Voisine",
            member_id="home-2",
            language=language,
        )
        for language in Language
    ]
    english, french = told
    assert (french.with_nd, french.saving_cents) == (english.with_nd, english.saving_cents)
    reader = PdfReader(io.BytesIO(statement_pdf(french)))
    assert len(reader.pages) == 1
    text = "\n".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ")
    for words in (
        "Relevé d'énergie",
        "Vous économisez",
        "De vos voisins",
        "du 15 janvier 2026 au 13 février 2026",
        FRENCH.money(french.saving_cents).replace("\u00a0", " "),
        french.statement_hash,
    ):
        assert words in text
    for english_word in ("Total energy", "You save", "neighbours", "Posted"):
        assert english_word not in text
    assert b"De vos voisins" in statement_csv(french)
