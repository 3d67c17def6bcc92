"""A country's rules as the chain has them: versions, those in force, the word that is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import Call
from sourceenergy.chain.logs import Logged, logged, now_s, word
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.chain.rule_packs import (
    FOREVER_S,
    Leeway,
    leeway_due,
    leeway_word,
    read_leeway,
    rules_from_chain,
)
from sourceenergy.config.rule_pack import Kind, Rules


@dataclass(frozen=True)
class Version:
    """One kind's rules from a second on."""

    from_s: int
    rules: Rules


@dataclass(frozen=True)
class CountryRules:
    """A country's versions by kind, the one in force, and its leeway word: as it is and is due.

    ``due`` is None while no version of its own is in force: then it has no word.
    """

    country: int
    versions: Mapping[Kind, Sequence[Version]]
    in_force: Mapping[Kind, Version]
    leeway: Leeway
    due: Leeway | None

    @property
    def must_turn_over(self) -> bool:
        """Is there a version in force that transfers do not find with one read yet?"""
        return self.due is not None and leeway_word(self.due) != leeway_word(self.leeway)


def fold_versions(events: Iterable[Logged]) -> dict[Kind, list[Version]]:
    """The versions there are: one that is set replaces those that would have begun later."""
    versions: dict[Kind, list[Version]] = {}
    for event in events:
        rules = event.values["rules"]
        known = versions.setdefault(Kind(event.values["kind"]), [])
        del known[int(event.values["version"]) - 1 :]
        known.append(Version(int(rules["from"]), rules_from_chain(rules)))
    return versions


def due_at(versions: Mapping[Kind, Sequence[Version]], now_s: int) -> Leeway | None:
    """The word a country has at ``now_s`` once all kinds are turned over; None: none in force."""
    now = in_force_at(versions, now_s)
    if not now:
        return None
    later = [
        v.from_s for kind in now for v in versions[kind] if v.from_s > now_s
    ]  # a kind without rules in force does not end the others' word
    return Leeway(
        leeway_due({kind: version.rules for kind, version in now.items()}),
        min(later, default=FOREVER_S),
    )


def in_force_at(versions: Mapping[Kind, Sequence[Version]], now_s: int) -> dict[Kind, Version]:
    """The version of each kind in force at ``now_s``."""
    begun = {kind: [v for v in some if v.from_s <= now_s] for kind, some in versions.items()}
    return {kind: some[-1] for kind, some in begun.items() if some}


async def country_rules(rpc: Rpc, manifest: Manifest, country: int) -> CountryRules:
    """A country's rules now, read from the chain."""
    events = await logged(rpc, manifest, "Compliance", ("RulesSet",), (None, word(country)))
    versions, now = fold_versions(events), await now_s(rpc)
    leeway = int(await rpc.read(manifest.contract("Passport"), "leewayOf", country))
    return CountryRules(
        country, versions, in_force_at(versions, now), read_leeway(leeway), due_at(versions, now)
    )


async def turn_over(gateway: Gateway, manifest: Manifest, country: int) -> CountryRules:
    """Have what is in force found with one read and its leeway written, if that is due.

    Anybody may. It changes no judgement, only what a transfer costs.
    """
    rules = await country_rules(gateway.rpc, manifest, country)
    if not rules.must_turn_over:
        return rules
    compliance = manifest.contract("Compliance")
    began = max(version.from_s for version in rules.in_force.values())
    await gateway.send_many(
        [
            Call(
                f"rules:turn-over:{country}:{int(kind)}:{began}",
                compliance.address,
                compliance.encode("turnOver", int(kind), country),
            )
            for kind in rules.in_force
        ]
    )
    return await country_rules(gateway.rpc, manifest, country)
