"""The docs are true: links lead somewhere, examples parse, commands exist."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from small_manifest import MANIFEST
from sourceenergy.chain.deeds import parse_deed
from sourceenergy.cli.main import COMMANDS, main
from sourceenergy.config.community_file import parse_community
from sourceenergy.config.rule_pack import Kind, parse_rule_pack
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.edge.settings import load_engine_config
from sourceenergy.node.assemble import check_tariffs
from sourceenergy.node.order_files import load_trading

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "web/README.md"])


def toml_blocks(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_a_page_shows_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"sourceenergy ([a-z]+)\b([^`\n]*)", "\n".join(code_of(text)))
    for name, arguments in shown:
        assert name in COMMANDS, f"{page.name} shows `sourceenergy {name}`"
        command = main.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        if isinstance(command, click.Group) and arguments.split():
            verb = arguments.split()[0]
            assert verb in command.commands, f"{page.name} shows `sourceenergy {name} {verb}`"
            command = command.commands[verb]
        known = {option for parameter in command.params for option in parameter.opts}
        for option in re.findall(r"(?<!\S)--[a-z-]+", arguments):
            assert option in known, f"{page.name} shows {option} of {name}"


def code_of(text: str) -> list[str]:
    return re.findall(r"```[a-z]*\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_a_page_shows_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for code in code_of(page.read_text(encoding="utf-8")):
        for target in re.findall(r"(?:^|&& )make ([a-z-]+)", code, re.M):
            assert target in targets, f"{page.name} shows `make {target}`"


def test_the_constructor_calls_of_the_docs_are_those_of_a_test() -> None:
    page = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")
    test = (ROOT / "contracts/test/unit/standards/NoGates.t.sol").read_text(encoding="utf-8")
    (block,) = re.findall(r"```solidity\n(.*?)```", page, re.S)
    shown = re.findall(r"new \w+\(.*?;", block, re.S)
    assert len(shown) == 7
    for call in shown:
        assert "".join(call.split()) in "".join(test.split()), f"no test makes {call}"


def test_the_community_file_of_the_docs_is_a_community() -> None:
    (text,) = toml_blocks("docs/community-file.md")
    community = parse_community(text)
    check_tariffs(community, parse_tariffs(shipped_tariffs(), "shipped"))
    assert [meter.parts for meter in community.meters] == [((0, 1),), ((0, 50), (1, 50))]


def test_the_corrections_and_orders_of_the_docs_are_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/community-file.md").read_text(encoding="utf-8")
    (community,) = toml_blocks("docs/community-file.md")
    blocks = re.findall(r"```[a-z]*\n(.*?)```", page, re.S)
    tables = [b for b in blocks if b.startswith("[") and b != community]
    (orders,) = [block for block in blocks if block.startswith("start,member")]
    text = community.replace("credit_allocation", "sandbox_p2p", 1)
    for home, name in (("home-01", "prosumer"), ("home-02", "tenant")):
        orders = orders.replace(name, home)
    parsed = parse_community("\n".join([text, *tables]).replace("04…", "04" + "5e" * 64))
    assert len(parsed.approvers) == 1
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    (tmp_path / "deals.csv").write_text(
        "start,buyer,seller,energy_wh,price_cents_per_kwh\n2026-01-15T13:00,home-01,home-02,5,9\n"
    )
    trading = load_trading(parsed, tmp_path, 0, 1 << 40)
    assert [order.quantity for order in trading.orders] == [3_000, 2_500]
    assert [deal.energy for deal in trading.deals] == [5]


def test_the_rule_pack_of_the_docs_is_one() -> None:
    (text,) = toml_blocks("docs/deploy.md")
    pack = parse_rule_pack(text, "docs/deploy.md")
    assert (pack.country, pack.kinds[Kind.MONEY].held_from) == (276, 1)


def test_every_deed_of_the_docs_can_be_read() -> None:
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    deeds = re.findall(r"'(\w+\.\w+\([^']*\))'", page)
    assert len(deeds) > 2
    for text in deeds:
        some = "0x" + "1f" * 20
        assert parse_deed(text.replace("0x…", some), MANIFEST).written


def test_the_engine_file_of_the_docs_is_one(tmp_path: Path) -> None:
    (text,) = toml_blocks("docs/engine.md")
    path = tmp_path / "engine.toml"
    path.write_text(text.replace("0x…", "0x1"), encoding="utf-8")
    assert load_engine_config(path).home == "home-01"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / "docs/decisions/0005-dependencies.md").read_text()
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (item for group in groups for item in group):
        name = re.split(r"[<>=\[]", requirement)[0]
        assert re.search(rf"\b{re.escape(name)}\b", reasons), f"{name} has no reason"


def test_every_contract_and_test_of_the_contracts_page_exists() -> None:
    page = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text() for path in (ROOT / "contracts/test").rglob("*.sol"))
    named = re.findall(r"`((?:test|invariant|check)_\w+)`", page)
    assert len(named) > 100
    for test in named:
        assert f"function {test}(" in tests, f"docs/contracts.md names {test}"
    sources = {path.stem for path in (ROOT / "contracts/src").rglob("*.sol")}
    for contract in re.findall(r"`([A-Z]\w+)`", page):
        assert contract in sources, f"docs/contracts.md names {contract}"


ROWS = (
    [f"A{n:02}" for n in range(26) if n != 9]
    + ["A03a", "A03b", "A03c", *(f"A06{part}" for part in "abcde")]
    + ["A12a", "A12b", "A12c", "A13a", "A13b"]
    + [f"B{n:03}" for n in range(8)]
    + [f"B{layer}{n:02}" for layer in range(1, 6) for n in range(1, 8)]
    + [f"B6{n:02}" for n in range(1, 9)]
    + [f"X{n:02}" for n in range(1, 25)]
)


def test_every_row_of_the_requirements_is_on_the_contracts_page() -> None:
    page = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([A-Z]\d[^|]*) \|(?:[^|]*\|)? ?([^|]*) \|$", page, re.M)
    rows = {row: test for ids, test in cells for row in re.split(r", ?", ids)}
    assert set(ROWS) <= rows.keys(), f"missing: {sorted(set(ROWS) - rows.keys())}"
    tests = "".join(path.read_text() for path in (ROOT / "contracts/test").rglob("*.sol"))
    for row, shown in rows.items():
        if "`test_" in shown and row not in {"A12", "A13", "D4"}:
            assert f"test_{row}_" in shown, f"no test names {row}"
            assert f"function test_{row}_" in tests


def test_every_layer_is_found_by_one_stem() -> None:
    pages = {page.stem for page in (ROOT / "docs/layers").glob("*.md")} - {"README"}
    rules = {file.stem for file in (ROOT / "src/sourceenergy/economy").glob("[a-z]*")}
    assert rules <= pages
    for stem in rules:
        assert (ROOT / f"tests/economy/test_{stem}.py").exists(), f"{stem} has no test"


def test_no_file_names_a_package_registry_or_the_makers_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("needs a git checkout")
    hosts = re.compile(
        "|".join(("registry." + "npmjs", "pypi." + "org", "files.python" + "hosted"))
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".png", ".pdf"} or not path.is_file():
            continue
        found = hosts.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{name} names {found and found.group()}"
