"""A deed as a person writes it, as bytes, and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_manifest import MANIFEST, PLAN
from sourceenergy.chain.contracts import Contract, Shape, artifact, shipped
from sourceenergy.chain.deed_text import read_deed_text
from sourceenergy.chain.deeds import ENUMS, deed_of, parse_deed, read_deed
from sourceenergy.errors import InputError

SOURCES = Path(__file__).resolve().parents[2] / "contracts/src"
MEMBER = "0x" + "1f" * 20


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "field"),
    [
        ("", "form", "deed"),
        ("open the door", "form", "deed"),
        ("Policy.set(LoanRate, 450", "form", "deed"),
        ("Policy.set(LoanRate, 450, 1))", "form", "deed"),
        ("Policy.set(LoanRate, , 1)", "form", "deed"),
        ("Policy.set(LoanRate 450, 1)", "form", "deed"),
        ('ClearingFactory.open("Maple', "form", "deed"),
        ('Policy.set("LoanRate"=1)', "form", "deed"),
        ("Policy.set(" + "(" * 20 + ")" * 20 + ")", "form", "deed"),
        ("Mint.print(1)", "contract", "contract"),
        ("Policy.print(1)", "function", "Policy"),
        ("Policy.valueOf(LoanRate)", "changes", "Policy"),
        ("Policy.set(LoanRate, 450)", "arguments", "Policy.set"),
        ("Policy.set(LoanRate, 450, when=1)", "arguments", "Policy.set"),
        ("Policy.set(LoanRate, value=1, value=2)", "arguments", "Policy.set"),
        ("Policy.set(WishRate, 450, 1)", "number", "Policy.set: parameter"),
        ("Policy.set(9, 450, 1)", "number", "Policy.set: parameter"),
        ("Policy.set(LoanRate, 4.5, 1)", "number", "Policy.set: value"),
        ("Policy.set(LoanRate, -1, 1)", "range", "Policy.set: value"),
        ("Policy.set(LoanRate, 450, 281474976710656)", "range", "Policy.set: from"),
        ("Policy.set(LoanRate, 450, 2026-12-15T00:00)", "number", "Policy.set: from"),
        ("Policy.set(LoanRate, (450), 1)", "value", "Policy.set: value"),
        ("Passport.setFrozen(Nobody, true)", "address", "Passport.setFrozen: account"),
        (f"Passport.setFrozen({MEMBER}, yes)", "bool", "Passport.setFrozen: account"),
        ("TradingHalt.setVenues(LiquidityPool)", "values", "TradingHalt.setVenues: venues"),
        ("Devices.revoke(0x12, 1)", "bytes", "Devices.revoke"),
        (f"Certificates.issue({MEMBER})", "arguments", "Certificates.issue"),
        ("Clearing@0x12.veto(1)", "form", "deed"),
        (f"Bank@{MEMBER}.veto(1)", "", "contract"),
    ],
)
def test_what_is_no_deed_is_refused_by_field(text: str, rule: str, field: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_deed(text, MANIFEST)
    error = refused.value
    assert error.rule == (f"deed.{rule}" if rule else "contract.known"), error
    assert field.split(":", maxsplit=1)[0] in error.field
    assert error.remedy


def test_an_overload_is_chosen_by_the_number_of_values_or_refused() -> None:
    with pytest.raises(InputError, match="3 values do not fit one function") as refused:
        parse_deed("Council.propose(1, 1, 0x)", MANIFEST)
    assert refused.value.remedy.count("propose(") == 2


# --- read -------------------------------------------------------------------------------------


def test_a_community_is_opened_in_words() -> None:
    deed = parse_deed(
        f'ClearingFactory.open("Maple \\"Street\\"", {MEMBER}, Guardians, verifier='
        "QuorumVerifier, exitWindow=14d, delay=48h)",
        MANIFEST,
    )
    expected = Contract("ClearingFactory", PLAN.addresses["ClearingFactory"]).encode(
        "open",
        'Maple "Street"',
        MEMBER,
        PLAN.addresses["Guardians"],
        PLAN.addresses["QuorumVerifier"],
        172_800,
        1_209_600,
    )
    assert deed.data == expected
    assert (deed.title, deed.selector) == ("ClearingFactory.open", expected[:4])
    assert str(deed) == (
        f'ClearingFactory.open(name="Maple \\"Street\\"", operator={MEMBER}, guardian=Guardians, '
        "verifier=QuorumVerifier, delay=172800, exitWindow=1209600)"
    )


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("90s", 90),
        ("15min", 900),
        ("2h", 7200),
        ("7d", 604_800),
        ("1_000", 1000),
        ("0", 0),
        ("2026-12-15T00:00Z", 1_797_292_800),
        ("2026-12-14T19:00-05:00", 1_797_292_800),
        ("max", (1 << 48) - 1),
    ],
)
def test_a_number_is_written_as_people_write_it(word: str, value: int) -> None:
    assert parse_deed(f"Policy.set(LateRate, 1, {word})", MANIFEST).values["from"] == value


def test_names_stand_for_enums_roles_contracts_and_short_texts() -> None:
    grant = parse_deed("AccessManager.grantRole(GUARDIAN, Guardians, 0)", MANIFEST)
    assert grant.values == {
        "roleId": 10,
        "account": PLAN.addresses["Guardians"],
        "executionDelay": 0,
    }
    rules = parse_deed(
        "Compliance.setRules(SHARE, 276, (5, false, max, max, lockUp=1d, holdersMost=max, "
        "holdingMost=9, yearlyMost=max))",
        MANIFEST,
    )
    assert (rules.values["kind"], rules.values["rules"]["lockUp"]) == (3, 86_400)
    assert "holdersMost=max, holdingMost=9" in str(rules)
    venues = parse_deed("TradingHalt.setVenues([LiquidityPool, Exchange])", MANIFEST)
    assert venues.values["venues_"] == [PLAN.addresses[n] for n in ("LiquidityPool", "Exchange")]
    assert parse_deed("TradingHalt.setVenues(venues=[])", MANIFEST).values["venues_"] == []
    revoked = parse_deed('Devices.revoke("meter 7", 3)', MANIFEST)
    assert revoked.values["deviceId"] == "0x" + b"meter 7".ljust(32, b"\0").hex()


def test_a_contract_the_manifest_lacks_is_named_by_its_address() -> None:
    deed = parse_deed(f"Clearing@{MEMBER}.veto(7)", MANIFEST)
    assert (deed.contract.address, deed.title) == (MEMBER, f"Clearing@{MEMBER}.veto")
    assert parse_deed(str(deed), MANIFEST).data == deed.data
    assert read_deed(MEMBER, deed.data, MANIFEST) is None
    assert read_deed(PLAN.addresses["Policy"], b"\1\2\3\4", MANIFEST) is None


def test_a_planned_act_is_a_deed() -> None:
    deed = deed_of("Compliance", "turnOver", (1, 124), MANIFEST)
    assert str(deed) == "Compliance.turnOver(kind=MONEY, country=124)"


# --- what is always true ----------------------------------------------------------------------


def values_of(part: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any values of an ABI's type."""
    kind = str(part["type"])
    if kind.endswith("]"):
        inner = {**part, "type": kind[: kind.rindex("[")]}
        size = kind[kind.rindex("[") + 1 : -1]
        least, most = (int(size), int(size)) if size else (0, 3)
        return st.lists(values_of(inner), min_size=least, max_size=most)
    if kind == "tuple":
        return st.tuples(*(values_of(component) for component in part["components"]))
    if kind == "string":
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    if kind == "bool":
        return st.booleans()
    if kind == "address":
        known = st.sampled_from(sorted(PLAN.addresses.values()))
        return known | st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex())
    if kind.startswith("bytes"):
        length = int(kind.removeprefix("bytes") or 0)
        return st.binary(min_size=length, max_size=length or 9).map(lambda b: "0x" + b.hex())
    enum = ENUMS.get(str(part.get("internalType", "")).removeprefix("enum ").split("[")[0])
    if enum:
        return st.integers(0, len(enum) - 1)
    bits = int(kind.lstrip("uint"))
    if kind.startswith("int"):
        return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)
    return st.integers(0, (1 << bits) - 1) | st.just((1 << bits) - 1)


CHANGING: list[tuple[str, Shape]] = [
    (name, shape)
    for name in MANIFEST.contracts
    for key, shape in artifact(MANIFEST.contracts[name].contract).functions.items()
    if key == shape.signature and shape.changes
]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.data())
def test_what_is_written_is_read_as_the_same_bytes(data: st.DataObject) -> None:
    name, shape = data.draw(st.sampled_from(CHANGING))
    values = [data.draw(values_of(dict(part))) for part in shape.inputs]
    sent = MANIFEST.contract(name).encode(shape.signature, *values)
    deed = read_deed(PLAN.addresses[name].upper().replace("X", "x"), sent, MANIFEST)
    assert deed is not None
    namesakes = [s for n, s in CHANGING if n == name and s.name == shape.name]
    if sum(len(s.inputs) == len(shape.inputs) for s in namesakes) == 1:
        assert parse_deed(str(deed), MANIFEST).data == sent


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_deed_or_refused(text: str) -> None:
    for content in (text, f"Policy.set({text})"):
        try:
            read_deed_text(content)
            parse_deed(content, MANIFEST)
        except InputError as error:
            assert error.rule.startswith(("deed.", "contract."))


def test_the_names_of_enums_are_the_sources() -> None:
    texts = {path.stem: path.read_text() for path in SOURCES.rglob("*.sol")}
    for full, names in ENUMS.items():
        file, enum = full.split(".")
        found = re.search(rf"enum {enum} \{{(.*?)\}}", texts[file], re.S)
        assert found is not None
        assert tuple(re.findall(r"^\s*(\w+)", found[1], re.M)) == names


def test_every_enum_an_act_can_name_is_known() -> None:
    """`postOp` alone is left out: the entry point calls it, no person does."""
    for name in shipped():
        for shape in artifact(name).functions.values():
            for part in shape.inputs:
                kind = str(part.get("internalType", ""))
                if kind.startswith("enum ") and shape.changes and shape.name != "postOp":
                    assert kind.removeprefix("enum ") in ENUMS, (name, shape.name)
