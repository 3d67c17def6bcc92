"""Ten tampers, one a kind of record: real files, a real chain, the command a stranger types."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from small_batch import Ran, run
from small_evidence import ANCHORS, NAMES, all_kinds
from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import Unavailable
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.reports.writing import write_tree
from sourceenergy.settlement.evidence import COLUMNS, FILES, Kind
from sourceenergy.settlement.evidence_attached import canonical_line
from sourceenergy.store.sqlite import Store


async def _post(root: Path) -> None:
    """Settle the period of all kinds for a chain of its own, write it, post it."""
    chain_dir = root / "data/chain"
    chain_dir.mkdir(parents=True)
    async with EmbeddedChain(chain_dir) as chain, Rpc(chain.url) as rpc:
        intents = Store(chain_dir / "intents.sqlite")
        try:
            onchain = await OnChain.connect(rpc, chain_dir, intents, "Elm Street", Terms(), chain)
            operator = onchain.operator.account.address.lower()
            settled = all_kinds(onchain.anchor, operator)
            await onchain.issue_passports([*(m.account for m in settled.period.members), operator])
            await onchain.deposit("1", settled.settlement.deposits_ud)
            await onchain.post(settled.statement)
        finally:
            intents.close()
    write_tree(root / "files", settled.files)


@pytest.fixture(scope="module")
def _posted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    root = tmp_path_factory.mktemp("ten")
    asyncio.run(_post(root))
    return root


@pytest.fixture
def posted(_posted_once: Path, tmp_path: Path) -> Path:
    """A copy that the test may spoil."""
    shutil.copytree(_posted_once, tmp_path / "copy")
    return tmp_path / "copy"


def verify(root: Path, *more: str | Path) -> Ran:
    files = root / "files"
    return run(
        *("verify", files / "public", "--audit", files / "audit", "--data", root / "data"), *more
    )


def failures(ran: Ran) -> dict[str, str]:
    assert ran.status == (0 if ran.told["ok"] else 1)
    return {c["name"]: c["detail"] for c in reversed(ran.told["checks"]) if not c["ok"]}


def cell(column: str, change: Callable[[str], str]) -> Callable[[Kind, str], str]:
    """A change of one cell of a line, or one value of an object."""

    def changed(kind: Kind, line: str) -> str:
        if kind not in COLUMNS:
            row = json.loads(line)
            return canonical_line({**row, column: json.loads(change(json.dumps(row[column])))})
        cells = line.split(",")
        place = COLUMNS[kind].index(column)
        cells[place] = change(cells[place])
        return ",".join(cells)

    return changed


def more(text: str) -> str:
    return str(int(text) + 1)


TAMPERS = {
    Kind.READING: ("imported_wh", more, "reading 2026-01-01T05:00:00Z, meter "),
    Kind.PRICE: ("price", more, "price 2026-01-01T06:00:00Z"),
    Kind.ORDER: ("energy_wh", more, "order 2026-01-01T06:00:00Z, member "),
    Kind.TRADE: ("price_ud_per_kwh", more, "trade 2026-01-01T0"),
    Kind.ALLOCATION: ("sold_wh", more, "allocation 2026-01-01T05:00:00Z, member "),
    Kind.PAYOUT: ("payout_ud", more, "payout account 0x"),
    Kind.LEDGER_ROW: ("ciphertext", lambda t: '"00' + t[3:], "ledger row 2 of trust H1"),
    Kind.CERTIFICATE: ("holder", lambda t: '"0x' + "be" * 20 + '"', "certificate serials 2-4"),
    Kind.POLICY: ("value", more, "policy MARKETPLACE_FEE from 2026-01-01T05:00:00Z"),
    Kind.REPORT: ("reason", lambda t: '"no reason"', "report of Elm Street, 2026-01-01T05:00:00Z"),
}


@pytest.mark.parametrize("kind", Kind)
def test_ten_tampers_are_each_named_by_verify(posted: Path, kind: Kind) -> None:
    """The second record of each kind; the cell and both values where the replay tells."""
    column, change, record = TAMPERS[kind]
    path = posted / "files" / FILES[kind]
    lines = path.read_text(encoding="utf-8").split("\n")
    place = 1 + (kind in COLUMNS)
    before = lines[place]
    lines[place] = cell(column, change)(kind, before)
    assert lines[place] != before
    path.write_text("\n".join(lines), encoding="utf-8")
    found = failures(verify(posted))
    assert found[kind].startswith(record)
    assert "is not what was committed to" in found[kind]
    assert set(found) - {"records", "bundle hash", "replay", "prices", "price root"} == {kind}
    if kind in COLUMNS and kind is not Kind.READING:
        true = before.split(",")[COLUMNS[kind].index(column)]
        assert found[kind].endswith(f": {column} is {int(true) + 1}, replays as {true}")
    elif kind is Kind.READING:
        assert "Wh imported" in found["records"]


def test_evidence_that_is_not_at_hand_is_no_evidence(posted: Path) -> None:
    shutil.move(posted / "files/evidence", posted / "elsewhere")
    assert set(failures(verify(posted))) == {"evidence"}
    assert failures(verify(posted, "--evidence", posted / "elsewhere")) == {}


def test_what_other_contracts_hold_is_compared_by_name(posted: Path) -> None:
    anchors = posted / "anchors.json"
    anchors.write_text(json.dumps(ANCHORS))
    assert failures(verify(posted, "--anchors", anchors)) == {}
    anchors.write_text(json.dumps({**ANCHORS, "ledger_roots": {"H1": "11" * 32}}))
    found = failures(verify(posted, "--anchors", anchors))
    assert set(found) == {"ledger row on chain"}
    anchors.write_text("{")
    assert set(failures(verify(posted, "--anchors", anchors))) == {"readable"}


def test_true_records_of_ten_kinds_are_agreed_to(posted: Path) -> None:
    ran = verify(posted, "--member", posted / f"files/members/{NAMES[1]}/proof.json")
    assert failures(ran) == {}
    names = [check["name"] for check in ran.told["checks"]]
    assert [name for name in names if name in set(Kind)] == list(Kind)
