"""Officers and council on a public chain of our own, by the command line, time passing for real.

A registrar opens a community: announced, waited for, done. The council changes a parameter and
gives another country its rules. Days pass by the chain's clock.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from small_mainnet import ETHER, Mainnet, account, actor, deployed_mainnet
from sourceenergy.chain.keys import open_account
from sourceenergy.chain.manifest import load_manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import NotPermitted
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.proofs import keccak
from sourceenergy.store.sqlite import Store

HOUR_S, DAY_S, WEEK_S = 3600, 86_400, 7 * 86_400
REGISTRAR, GUARDIAN = "registrar 0", "guardians 0"


@pytest.fixture(scope="module")
def mainnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mainnet]:
    with deployed_mainnet(tmp_path_factory.mktemp("powers")) as place:
        yield place


def opening(name: str) -> str:
    operator, guardian = account("operator").address, account(GUARDIAN).address
    return (
        f'ClearingFactory.open("{name}", {operator}, {guardian}, QuorumVerifier, delay=24h, '
        "exitWindow=14d)"
    )


def moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


# --- officers ---------------------------------------------------------------------------------


def connect(mainnet: Mainnet, name: str) -> OnChain:
    """A node's first look for its community."""

    async def look() -> OnChain:
        async with Rpc(mainnet.url) as rpc:
            store = Store(mainnet.data / "chain" / "intents.sqlite")
            try:
                chain_dir = mainnet.data / "chain"
                return await OnChain.connect(rpc, chain_dir, store, name, Terms(), None)
            finally:
                store.close()

    return asyncio.run(look())


def test_a_node_says_what_its_registrar_has_to_run_and_finds_what_was_opened(
    mainnet: Mainnet,
) -> None:
    operator = open_account(mainnet.data / "chain" / "keys", "operator").address
    mainnet.ask("anvil_setBalance", operator, hex(ETHER))
    with pytest.raises(NotPermitted) as refused:
        connect(mainnet, "Harbour's Edge")
    assert refused.value.rule == "community.open"
    words = shlex.split(refused.value.remedy)
    deed = words[words.index("schedule") + 1]
    mainnet.do("power", "schedule", deed, by=REGISTRAR)
    mainnet.pass_time(48 * HOUR_S)
    with pytest.raises(NotPermitted):
        connect(mainnet, "Harbour's Edge")
    mainnet.do("power", "execute", deed, by=REGISTRAR)
    found = connect(mainnet, "Harbour's Edge")
    assert found.operator.account.address == operator
    assert connect(mainnet, "Harbour's Edge").clearing == found.clearing


def test_killed_while_it_sends_it_has_announced_once(mainnet: Mainnet) -> None:
    deed = opening("Birch Street")
    before, ends = mainnet.sent(REGISTRAR), []
    for later_s in (0.0, 1.2):  # as soon as it is sent; while the next run looks at what was
        run = mainnet.launch("power", "schedule", deed, by=REGISTRAR)
        deadline = time.monotonic() + 60
        while mainnet.sent(REGISTRAR) == before and run.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(later_s)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        ends.append(run.returncode)
    assert ends[0] == -signal.SIGKILL, "it was cut between sending and answering"
    act = mainnet.do("power", "schedule", deed, by=REGISTRAR)
    assert mainnet.sent(REGISTRAR) == before + 1
    assert not act["new"]
    assert mainnet.do("power", "cancel", act["id"], by=REGISTRAR)["new"]


def test_a_community_is_announced_waited_for_and_opened(mainnet: Mainnet) -> None:
    (row,) = mainnet.do("power", "show", "ClearingFactory.open")["powers"]
    assert row["role"] == "COMMUNITY_REGISTRAR"
    assert row["holders"] == {account(REGISTRAR).address: 48 * HOUR_S}
    deed, before_s = opening("Maple Street"), mainnet.now_s()

    said = mainnet.refused("power", "execute", deed, by=REGISTRAR)
    assert said["rule"] == "power.scheduled"
    act = mainnet.do("power", "schedule", deed, by=REGISTRAR)
    assert act["new"]
    assert before_s + 48 * HOUR_S <= act["earliest_s"] <= mainnet.now_s() + 48 * HOUR_S
    assert act["expires_s"] == act["earliest_s"] + WEEK_S

    again = mainnet.do("power", "schedule", deed, by=REGISTRAR)
    assert (again["new"], again["id"]) == (False, act["id"])
    assert again["earliest_s"] == act["earliest_s"]
    (listed,) = mainnet.do("power", "list")["acts"]
    assert (listed["id"], listed["state"], listed["deed"]) == (act["id"], "waiting", act["deed"])

    said = mainnet.refused("power", "execute", deed, by=REGISTRAR)
    assert said["rule"] == "power.waits"
    assert act["earliest"] in said["remedy"]
    assert act["expires"] in said["remedy"]

    mainnet.pass_time(48 * HOUR_S)
    said = mainnet.refused("power", "execute", act["id"], by="stranger")
    assert said["rule"] == "power.caller"
    done = mainnet.do("power", "execute", act["id"], by=REGISTRAR)
    assert done["new"]
    again = mainnet.do("power", "execute", deed, by=REGISTRAR)
    assert (again["new"], again["block"]) == (False, done["block"])
    assert mainnet.do("power", "list")["acts"] == []
    ended = mainnet.do("power", "list", "--all")["acts"][-1]
    assert (ended["id"], ended["state"]) == (act["id"], "executed")
    said = mainnet.refused("power", "cancel", act["id"], by=GUARDIAN)
    assert said["rule"] == "power.executed"


def test_who_has_not_the_role_is_refused_by_its_name(mainnet: Mainnet) -> None:
    said = mainnet.refused("power", "schedule", opening("Elm Street"), by="stranger")
    assert (said["rule"], said["field"]) == ("power.role", "COMMUNITY_REGISTRAR")
    assert account(REGISTRAR).address in said["remedy"]
    said = mainnet.refused(
        "power", "execute", "Policy.set(LoanRate, 450, 2030-01-01T00:00Z)", by=REGISTRAR
    )
    assert (said["rule"], said["field"]) == ("power.role", "COUNCIL")
    assert "council propose" in said["remedy"]
    deed = f"AccessManager.grantRole(COMMUNITY_REGISTRAR, {account('stranger').address}, 0)"
    assert mainnet.refused("power", "execute", deed, by=REGISTRAR)["rule"] == "power.manager"
    said = mainnet.refused("power", "schedule", opening("Elm Street"))
    assert said["rule"] == "power.key"
    guessed = mainnet.folder / "guessed.key"
    guessed.write_text("07" * 32)
    guessed.chmod(0o600)
    said = mainnet.refused("power", "schedule", opening("Elm Street"), by="guessed")
    assert (said["rule"], said["field"]) == ("deploy.known_key", "--key")


def test_what_is_daily_work_is_done_at_once_and_once(mainnet: Mainnet) -> None:
    member = account("a member").address
    deed = f"Passport.issue({member}, 2, 2035-01-01T00:00Z, 124)"
    said = mainnet.refused("power", "schedule", deed, by="issuer 0")
    assert said["rule"] == "power.no_delay"
    done = mainnet.do("power", "execute", deed, by="issuer 0")
    again = mainnet.do("power", "execute", deed, by="issuer 0")
    assert (done["new"], again["new"], again["block"]) == (True, False, done["block"])


def test_a_guardian_cancels_and_it_can_be_announced_anew(mainnet: Mainnet) -> None:
    deed = opening("Oak Street")
    act = mainnet.do("power", "schedule", deed, by=REGISTRAR)
    said = mainnet.refused("power", "cancel", act["id"], by="stranger")
    assert (said["rule"], said["field"]) == ("power.role", "GUARDIAN")
    assert mainnet.do("power", "cancel", act["id"], by=GUARDIAN)["new"]
    assert not mainnet.do("power", "cancel", deed, by=GUARDIAN)["new"]
    mainnet.pass_time(48 * HOUR_S)
    assert mainnet.refused("power", "execute", deed, by=REGISTRAR)["rule"] == "power.canceled"
    anew = mainnet.do("power", "schedule", deed, by=REGISTRAR)
    assert (anew["new"], anew["id"]) == (True, act["id"])
    assert mainnet.do("power", "cancel", deed, by=REGISTRAR)["new"]


def test_an_act_nobody_executed_expires(mainnet: Mainnet) -> None:
    deed, later_s = opening("Pine Street"), mainnet.now_s() + 72 * HOUR_S
    said = mainnet.refused(
        "power", "schedule", deed, "--at", moment(later_s - DAY_S - HOUR_S), by=REGISTRAR
    )
    assert said["rule"] == "power.delay"
    act = mainnet.do("power", "schedule", deed, "--at", moment(later_s), by=REGISTRAR)
    assert act["earliest_s"] == later_s
    mainnet.pass_time(72 * HOUR_S + WEEK_S)
    said = mainnet.refused("power", "execute", act["id"], by=REGISTRAR)
    assert said["rule"] == "power.expired"
    assert act["expires"] in said["message"]
    assert mainnet.do("power", "list")["acts"] == []
    assert mainnet.do("power", "schedule", deed, by=REGISTRAR)["new"]


# --- council ----------------------------------------------------------------------------------


def pass_proposal(mainnet: Mainnet, number: str, proposer: str) -> None:
    """Notice, three votes of five, time lock; executed by another seat."""
    said = mainnet.refused("council", "vote", number, "for", by="seat 1")
    assert said["rule"] == "council.state"
    mainnet.pass_time(DAY_S + 60)
    said = mainnet.refused("council", "vote", number, "for", by="stranger")
    assert said["rule"] == "council.seat"
    for seat in (1, 2, 3):
        cast = mainnet.do("council", "vote", number, "for", by=f"seat {seat}")
        assert cast["new"]
    assert not mainnet.do("council", "vote", number, "for", by="seat 1")["new"]
    said = mainnet.refused("council", "vote", number, "against", by="seat 1")
    assert said["rule"] == "council.one_vote"
    said = mainnet.refused("council", "queue", number, by="seat 1")
    assert (said["rule"], "queue" in said["remedy"]) == ("council.state", True)
    mainnet.pass_time(5 * DAY_S)
    assert mainnet.do("council", "queue", number, by="seat 1")["new"]
    again = mainnet.do("council", "queue", number, by="seat 2")
    assert (again["new"], again["next"]) == (False, "execute")
    said = mainnet.refused("council", "execute", number, by="seat 1")
    assert said["rule"] == "council.state"
    assert again["next_from"] in said["message"]
    mainnet.pass_time(3 * DAY_S)
    said = mainnet.refused("council", "execute", number, by=proposer)
    assert said["rule"] == "council.second_person"
    assert mainnet.do("council", "execute", number, by="seat 1")["new"]
    again = mainnet.do("council", "execute", number, by="seat 2")
    assert (again["new"], again["state"]) == (False, "executed")


def test_the_council_changes_a_parameter_in_the_open(mainnet: Mainnet) -> None:
    data = mainnet.folder / "snapshot.json"
    data.write_text('{"loans": 12}')
    words = ("--why", "Loans cost more.", "--basis", data, "--goal", "keep the reserve")
    from_s = mainnet.now_s() + 20 * DAY_S

    def change(value: int, from_s: int = from_s) -> str:
        return f"Policy.set(LoanRate, {value}, {from_s})"

    for deed, rule in (
        (change(1300), "policy.bounds"),
        (change(501), "policy.step"),
        (change(450, mainnet.now_s() + DAY_S), "council.begins"),
        ("Passport.issue(Timelock, 2, 2035-01-01T00:00Z, 124)", "council.power"),
        ("Seats.take(Timelock)", "contract.NotSeated"),
    ):
        said = mainnet.refused("council", "propose", deed, *words, by="seat 0")
        assert said["rule"] == rule, said
    said = mainnet.refused("council", "propose", change(450), *words, by="stranger")
    assert said["rule"] == "council.seat"
    assert mainnet.refused("council", "propose", change(450), by="seat 0")["rule"] == (
        "council.basis"
    )
    made = mainnet.do("council", "propose", change(450), *words, by="seat 0")
    assert made["data_hash"] == "0x" + keccak(data.read_bytes()).hex()
    assert (made["state"], made["goal"]) == ("pending", "keep the reserve")
    again = mainnet.do("council", "propose", change(450), *words, by="seat 0")
    assert (again["new"], again["proposal"]) == (False, made["proposal"])
    (row,) = mainnet.do("council", "status", made["proposal"][:12], "--basis", data)["proposals"]
    assert row["deeds"] == [f"Policy.set(parameter=LoanRate, value=450, from={from_s})"]
    data.write_text('{"loans": 13}')
    said = mainnet.refused("council", "status", made["proposal"], "--basis", data)
    assert said["rule"] == "council.data"

    pass_proposal(mainnet, made["proposal"], "seat 0")

    rows = {row["name"]: row for row in mainnet.do("council", "parameters")["parameters"]}
    assert (rows["LoanRate"]["last"], rows["LoanRate"]["value"]) == (450, 400)
    assert (rows["LoanRate"]["next_least"], rows["LoanRate"]["next_most"]) == (350, 550)
    mainnet.pass_time(from_s - mainnet.now_s())
    rows = {row["name"]: row for row in mainnet.do("council", "parameters")["parameters"]}
    assert rows["LoanRate"]["value"] == 450


def test_a_proposal_is_taken_back_or_defeated_and_then_over(mainnet: Mainnet) -> None:
    data = mainnet.folder / "minutes.txt"
    data.write_text("two people asked for it")
    words = ("--basis", data, "--goal", "a test")
    seat = f"Seats.give({account('a sixth person').address})"
    made = mainnet.do("council", "propose", seat, "--why", "Taken back.", *words, by="seat 2")
    said = mainnet.refused("council", "cancel", made["proposal"], by="seat 3")
    assert said["rule"] == "council.proposer"
    gone = mainnet.do("council", "cancel", made["proposal"], by="seat 2")
    assert (gone["new"], gone["state"], gone["next"]) == (True, "canceled", None)
    assert not mainnet.do("council", "cancel", made["proposal"], by="seat 2")["new"]

    made = mainnet.do("council", "propose", seat, "--why", "Few came.", *words, by="seat 2")
    mainnet.pass_time(DAY_S + 60)
    said = mainnet.refused("council", "cancel", made["proposal"], by="seat 2")
    assert said["rule"] == "council.state"
    for number in (2, 3):  # two of five are no quorum
        mainnet.do("council", "vote", made["proposal"], "for", by=f"seat {number}")
    mainnet.pass_time(5 * DAY_S)
    said = mainnet.refused("council", "queue", made["proposal"], by="seat 2")
    assert (said["rule"], "defeated" in said["message"]) == ("council.state", True)
    assert "propose it anew" in said["remedy"]
    again = mainnet.do("council", "propose", seat, "--why", "Few came.", *words, by="seat 2")
    assert (again["new"], again["state"]) == (False, "defeated")


def test_the_council_gives_another_country_its_rules_and_leeway(mainnet: Mainnet) -> None:
    from_s = mainnet.now_s() + 12 * DAY_S
    file = mainnet.folder / "germany.toml"
    text = germany(moment(from_s))
    file.write_text(text.replace("in_force", "# in_force"))
    said = mainnet.refused("council", "propose", "--rules", file, by="seat 4")
    assert said["rule"] == "rule_pack.in_force"
    file.write_text(germany(moment(mainnet.now_s() + 3 * DAY_S)))
    said = mainnet.refused("council", "propose", "--rules", file, by="seat 4")
    assert said["rule"] == "council.begins"
    file.write_text(text)
    second = account("stranger").address
    grant = f"AccessManager.grantRole(COMMUNITY_REGISTRAR, {second}, 48h)"
    made = mainnet.do("council", "propose", grant, "--rules", file, by="seat 4")
    assert made["data_hash"] == "0x" + keccak(file.read_bytes()).hex()
    assert "Regulation (EU) 2023/1113" in made["text"]
    assert len(made["deeds"]) == 5

    pass_proposal(mainnet, made["proposal"], "seat 4")

    (row,) = mainnet.do("power", "show", "ClearingFactory.open")["powers"]
    assert row["holders"] == {account(REGISTRAR).address: 48 * HOUR_S, second: 48 * HOUR_S}

    rules = mainnet.do("council", "rules", 276)
    assert not rules["versions"]["money"][0]["in_force"]
    assert (rules["leeway_until"], rules["turn_over_due"]) == (None, False)
    mainnet.pass_time(from_s - mainnet.now_s() + 1)
    assert mainnet.do("council", "rules", 276)["turn_over_due"]
    turned = mainnet.do("council", "rules", 276, "--turn-over", by="stranger")
    assert not turned["turn_over_due"]
    assert turned["versions"]["money"][0]["limits"] == {"held_from": 1}
    assert turned["versions"]["money"][0]["in_force"]
    assert turned["leeway"] == {
        "money": "below 1",
        "credit": "always free",
        "share": "asked",  # a lock-up is a question at each transfer
        "certificate": "always free",
    }
    assert turned["leeway_until"] == "further notice"
    again = mainnet.do("council", "rules", 276, "--turn-over", by="stranger")
    assert again == turned
    canada = mainnet.do("council", "rules", 124)
    assert canada["versions"]["money"][0]["limits"] == {"held_from": 1_000_000_000}


def germany(in_force: str) -> str:
    return f"""
country = 276
name = "Germany"
in_force = {in_force}
[[source]]
of = ["money.held_from"]
says = "Regulation (EU) 2023/1113: data go with every transfer between providers"
where = "https://eur-lex.europa.eu/eli/reg/2023/1113/oj"
on = 2026-11-26
[[source]]
of = ["share.lock_up_s"]
says = "made up for this test"
where = "none"
on = 2026-11-26
[money]
held_from = 1
[credit]
[share]
lock_up_s = 31_536_000
[certificate]
"""


def test_no_key_is_shown(mainnet: Mainnet) -> None:
    manifest = load_manifest(mainnet.data / "chain" / "manifest.json")
    assert manifest.chain_id == 1
    for path in (mainnet.data / "chain").rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            for role in (REGISTRAR, "seat 0"):
                assert actor(role) not in content
                assert actor(role).hex().encode() not in content
