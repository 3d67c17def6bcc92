"""``sourceenergy council rules``: a country's rules on chain, and their turning over."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sourceenergy.chain.rule_packs import FOREVER_S, Leeway
from sourceenergy.chain.rules_now import CountryRules, country_rules, turn_over
from sourceenergy.cli.common import (
    data_option,
    json_option,
    rpc_option,
    run,
    set_up_logging,
    telling_errors,
)
from sourceenergy.cli.powers import acting, key_option, seeing, tell
from sourceenergy.units import iso_utc


@click.command("rules")
@click.argument("country", type=click.IntRange(1, 999))
@click.option("--turn-over", "turning", is_flag=True, help="Write the leeway that is due.")
@key_option
@data_option
@rpc_option
@json_option
@telling_errors
def rules_command(
    country: int,
    turning: bool,
    key_file: Path | None,
    data_dir: Path,
    rpc: str | None,
    as_json: bool,
) -> None:
    """The rules of COUNTRY (ISO 3166-1 numeric): versions, those in force, its leeway word.

    When a version's date has come, transfers still look it up the long way until somebody, anybody,
    turns it over: then the passport has the country's leeway and most transfers ask no more.
    """
    set_up_logging(False)
    told = _told(run(_rules(country, turning, key_file, data_dir, rpc)))
    lines = [
        f"{kind} from {version['from']}: "
        + (", ".join(f"{k} {v}" for k, v in version["limits"].items()) or "no limit")
        + (" (in force)" if version["in_force"] else "")
        for kind, versions in told["versions"].items()
        for version in versions
    ]
    due = "; DUE: turn it over" if told["turn_over_due"] else ""
    tell(
        told,
        as_json,
        *(lines or [f"country {country} has no rules of its own: the strictest of all count"]),
        f"leeway until {told['leeway_until'] or 'none'}: "
        + ", ".join(f"{kind} {amount}" for kind, amount in told["leeway"].items())
        + due,
    )


async def _rules(
    country: int, turning: bool, key_file: Path | None, data_dir: Path, rpc_url: str | None
) -> CountryRules:
    if not turning:
        async with seeing(data_dir, rpc_url) as seen:
            return await country_rules(seen.rpc, seen.manifest, country)
    async with acting(data_dir, rpc_url, key_file, "officer") as (gateway, manifest):
        return await turn_over(gateway, manifest, country)


def _told(rules: CountryRules) -> dict[str, Any]:
    return {
        "country": rules.country,
        "versions": {
            kind.name.lower(): [
                {
                    "from": iso_utc(version.from_s),
                    "limits": {k: v for k, v in asdict(version.rules).items() if v},
                    "in_force": rules.in_force.get(kind) == version,
                }
                for version in versions
            ]
            for kind, versions in rules.versions.items()
        },
        "leeway": {kind.name.lower(): _below(rules.leeway, kind) for kind in rules.leeway.below},
        "leeway_until": _until(rules.leeway.until_s),
        "turn_over_due": rules.must_turn_over,
    }


def _below(leeway: Leeway, kind: Any) -> str:
    below = leeway.below[kind]
    return "always free" if below is None else f"below {below}" if below else "asked"


def _until(second: int) -> str | None:
    if second == 0:
        return None
    return "further notice" if second == FOREVER_S else iso_utc(second)
