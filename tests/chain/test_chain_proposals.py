"""What is refused before anybody votes on it. The whole way is in ``tests/live``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chain.conftest import ETHER
from small_manifest import MANIFEST
from sourceenergy.chain.contracts import Contract, artifact
from sourceenergy.chain.create2 import FACTORY, SALT, address_of, making
from sourceenergy.chain.deeds import parse_deed
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.plan import Plan
from sourceenergy.chain.proposal_checks import (
    PARAMETERS,
    ParameterNow,
    check_deeds,
    check_parameter,
    execute_by_s,
    parameters_now,
)
from sourceenergy.chain.proposals import goal_text
from sourceenergy.chain.rpc import Rpc
from sourceenergy.config.rule_pack import Kind
from sourceenergy.economy.central_bank.policy import BOUNDS, Parameter
from sourceenergy.errors import InputError, NotPermitted

ROOT = Path(__file__).resolve().parents[2]

NOW = ParameterNow("LoanRate", value=400, last=400, last_from_s=50, least=0, most=1200, step=100)


@pytest.mark.parametrize(
    ("value", "from_s", "rule"),
    [
        (1201, 60, "policy.bounds"),
        (501, 60, "policy.step"),
        (299, 60, "policy.step"),
        (450, 50, "policy.time"),
        (450, 1, "policy.time"),
    ],
)
def test_S22_a_value_the_contract_would_refuse_is_refused_beforehand(
    value: int, from_s: int, rule: str
) -> None:
    deed = parse_deed(f"Policy.set(LoanRate, {value}, {from_s})", MANIFEST)
    with pytest.raises(InputError) as refused:
        check_parameter(NOW, deed)
    assert refused.value.rule == rule
    if rule != "policy.time":
        assert "300 to 500" in refused.value.remedy


def test_a_value_at_the_end_of_a_step_is_taken() -> None:
    assert (NOW.next_least, NOW.next_most) == (300, 500)
    for value in (300, 500):
        check_parameter(NOW, parse_deed(f"Policy.set(LoanRate, {value}, 51)", MANIFEST))


def test_a_proposal_has_to_be_executed_by_its_first_beginning() -> None:
    deeds = [
        parse_deed(text, MANIFEST)
        for text in (
            "Policy.set(LoanRate, 450, 900)",
            "Seats.give(Timelock)",
            "Compliance.setRules(MONEY, 276, (800, false, 1, max, 0, max, max, max))",
        )
    ]
    assert execute_by_s(deeds) == 800
    assert execute_by_s(deeds[1:2]) is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"keep the reserve", "keep the reserve"),
        ("Zürich".encode(), "Zürich"),
        (b"", ""),
        (b"\xff" * 32, "0x" + "ff" * 32),
        (b"a\0b", "0x" + b"a\0b".ljust(32, b"\0").hex()),
    ],
)
def test_a_goal_is_shown_as_text_where_it_is_one(content: bytes, text: str) -> None:
    assert goal_text("0x" + content.ljust(32, b"\0").hex()) == text


@pytest.mark.anyio
async def test_the_parameters_and_their_bounds_are_the_chains(rpc: Rpc, manifest: Manifest) -> None:
    rows = await parameters_now(rpc, manifest)
    assert [row.name for row in rows] == list(PARAMETERS)
    for row, parameter in zip(rows, Parameter, strict=True):
        bounds = BOUNDS[parameter]
        assert (row.least, row.most, row.step) == (bounds.least, bounds.most, bounds.step)
        assert row.value == row.last
    with pytest.raises(InputError) as refused:
        await check_deeds(rpc, manifest, [])
    assert refused.value.rule == "council.deeds"


@pytest.mark.anyio
async def test_B201_a_later_fund_is_listed_by_the_deeds_of_the_docs(
    rpc: Rpc, gateway: Gateway, manifest: Manifest, plan: Plan
) -> None:
    """Checked as they are proposed, proposal by proposal, and carried out as the time lock."""
    make = next(make for make in plan.makes if make.name == "Fund")
    (terms,) = plan.arguments(make)
    code = artifact("Fund").creation(("Second Roof", "seROOF", *terms[2:]))
    await gateway.send_many([making("the second fund", code)])
    fund = address_of(code, SALT, FACTORY)
    exchange, compliance = manifest.contract("Exchange"), manifest.contract("Compliance")

    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    section = page[page.index("## A token the exchange trades later") :]
    proposals = re.findall(r"^sourceenergy council propose (.*)$", section, re.M)[:2]
    timelock = manifest.contracts["Timelock"].address
    await rpc.call("anvil_impersonateAccount", timelock)
    await rpc.call("anvil_setBalance", timelock, hex(ETHER))
    with pytest.raises(NotPermitted) as refused:  # the time lock has no such role yet
        await check_deeds(rpc, manifest, [parse_deed(f"Compliance.addVenue({fund})", manifest)])
    assert refused.value.rule == "council.power"
    for proposal in proposals:
        texts = re.findall(r"'(\w+\.\w+\([^']*\))'", proposal)
        deeds = [parse_deed(text.replace("0x…", fund), manifest) for text in texts]
        await check_deeds(rpc, manifest, deeds)
        for deed in deeds:
            call = {"from": timelock, "to": deed.contract.address, "data": "0x" + deed.data.hex()}
            await rpc.call("eth_sendTransaction", call)
        await rpc.call("anvil_mine")
    listing = await rpc.read(exchange, "listingOf", fund)
    share = 10 ** await rpc.read(Contract("Fund", fund), "decimals")
    assert (listing["standard"], listing["unit"]) == (1, share)
    assert (await rpc.read(compliance, "tokenOf", fund))["kind"] == Kind.SHARE
    assert await rpc.read(compliance, "isVenue", fund)
    currency = manifest.contract("Currency")
    await gateway.send("a venue", currency.address, currency.encode("acknowledge", fund))
