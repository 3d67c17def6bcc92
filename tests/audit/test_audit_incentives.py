"""An auditor and a member recompute an incentive; a changed one is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from audit.test_audit_checks import ANCHOR, failures, on_chain, part
from settlement.test_settlement_incentives import incentive, street
from sourceenergy.audit.checks import (
    check_bundle,
    check_member,
    check_member_prices,
    replay_bundle,
)
from sourceenergy.audit.evidence import check_evidence
from sourceenergy.node.publish import prepare
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.settlement.evidence import EVIDENCE
from sourceenergy.settlement.published import (
    MemberFile,
    MemberIncentive,
    read_member,
    read_public,
)
from strategies_energy import FLAT_TARIFFS

NAMES = ("ann", "ben", "cleo")
SETTLED = prepare(street(incentive(budget=28_000)), FLAT_TARIFFS, ANCHOR, 1, ZERO_HASH, NAMES)
POSTED = on_chain(SETTLED.statement)
PUBLIC = read_public(part(SETTLED, "public"))


def own(name: str) -> MemberFile:
    return read_member(SETTLED.files[f"members/{name}/proof.json"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("budget_ud", 28_001), ("rate_ud_per_kwh", 1_000), ("for", "shared"), ("end_s", 1)],
)
def test_a_changed_incentive_does_not_replay_and_is_named(key: str, value: object) -> None:
    files = part(SETTLED, "audit")
    head = json.loads(files["period.json"])
    head["incentives"][0][key] = value
    files["period.json"] = json.dumps(head).encode()
    found = failures(check_bundle(files, PUBLIC))
    assert "bundle hash" in found
    assert "replay" in found


def test_an_incentive_left_out_of_the_bundle_does_not_replay() -> None:
    files = part(SETTLED, "audit")
    head = json.loads(files["period.json"])
    del head["incentives"]
    files["period.json"] = json.dumps(head).encode()
    assert "replay" in failures(check_bundle(files, PUBLIC))


def test_the_rules_of_the_evidence_name_the_incentive_that_was_changed() -> None:
    given = {name: data for name, data in SETTLED.files.items() if not name.startswith("members/")}
    bundle = part(SETTLED, "audit")
    _, replay = replay_bundle(bundle, PUBLIC)
    assert failures(check_evidence(given, PUBLIC, replay)) == {}
    index = json.loads(given[f"audit/{EVIDENCE}"])
    assert index["rules"]["incentives"][0]["policy"] == "S22"
    index["rules"]["incentives"][0]["budget_ud"] = 28_001
    given[f"audit/{EVIDENCE}"] = json.dumps(index).encode()
    told = failures(check_evidence(given, PUBLIC, replay))["rules"]
    assert told.startswith("incentives is [{'budget_ud': 28001")


@pytest.mark.parametrize("field", ["incentive_ud", "sold_ud"])
def test_a_changed_line_is_named(field: str) -> None:
    file = own("ann")
    changed = replace(file, **{field: getattr(file, field) + 1})
    assert "money" in failures(check_member(changed, POSTED))


def test_more_than_the_rate_and_policies_that_do_not_add_up_are_named() -> None:
    file = own("ann")
    (more,) = (one._replace(amount_ud=30_001) for one in file.incentives)
    forged = replace(file, incentive_ud=30_001, incentives=(more,))
    assert "policy S22" in failures(check_member_prices(forged, PUBLIC))["own bill"]
    parted = replace(file, incentive_ud=24_001)
    assert "add up" in failures(check_member_prices(parted, PUBLIC))["own bill"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_true_is_agreed_to(name: str) -> None:
    file = own(name)
    assert failures([*check_member(file, POSTED), *check_member_prices(file, PUBLIC)]) == {}
    assert failures(check_bundle(part(SETTLED, "audit"), PUBLIC)) == {}
    assert own("ann").incentives == (MemberIncentive("S22", 6_000, 5_000, 24_000),)
