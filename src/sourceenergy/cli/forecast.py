"""``sourceenergy forecast``: tomorrow's energy of a community, and the good times to use it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import numpy as np
from rich.markup import escape
from rich.table import Table

from sourceenergy.cli.common import Steps, json_option, out, telling_errors
from sourceenergy.cli.span import local_span
from sourceenergy.errors import InputError
from sourceenergy.forecast.day_ahead import DAYS_MOST, Forecast, History, Kind, day_ahead
from sourceenergy.forecast.good_times import Advice, Outlook, good_times
from sourceenergy.forecast.score import Score, local_day_starts, score
from sourceenergy.forecast.sun import Place
from sourceenergy.market.tariffs import prices_at
from sourceenergy.node.batch import Loaded, load
from sourceenergy.records import Quality
from sourceenergy.units import UdPerKwh, iso_utc, kwh


@click.command("forecast")
@click.argument("community", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--for", "day_text", required=True, help="Local day to forecast, as 2026-07-14.")
@click.option(
    "--score",
    "held_out",
    type=click.IntRange(0, 30),
    default=0,
    show_default=True,
    help="Also forecast this many days before it, each from what lay before, and compare.",
)
@click.option("--latitude", type=float, default=43.65, show_default=True)
@click.option("--longitude", type=float, default=-79.38, show_default=True)
@json_option
@telling_errors
def forecast_command(
    community: Path,
    day_text: str,
    held_out: int,
    latitude: float,
    longitude: float,
    as_json: bool,
) -> None:
    """Forecast a local day from a community's own meter files, with a band of four days in five.

    COMMUNITY is the file that `sourceenergy settle` takes; its meters need two weeks before the
    day, two months make it better. For every meter the import follows the home's habits and the
    export the sun. From both follow the good times to use energy, for each tariff plan. All of it
    is an estimate: nothing is settled with it.
    """
    steps = Steps(as_json)
    try:
        day = date.fromisoformat(day_text)
    except ValueError as error:
        raise InputError(
            "not a date",
            rule="option.date",
            field="--for",
            value=day_text,
            remedy="write 2026-07-14",
        ) from error
    back = day - timedelta(days=DAYS_MOST + held_out + 2)
    loaded = load(community, *local_span(community, back.isoformat(), day.isoformat()), steps)
    seconds, zone = loaded.community.interval_seconds, loaded.community.time_zone
    starts = local_day_starts(day, seconds, zone)
    place = Place(latitude, longitude)
    days = [day - timedelta(days=n) for n in range(held_out, 0, -1)]
    meters = []
    for number, meter in enumerate(loaded.community.meters):
        steps(f"forecasting meter {meter.id}")
        meters.append(
            {
                "meter": meter.id,
                **_of_meter(loaded, number, starts, days, zone, place),
            }
        )
    advice = _advice(loaded, meters, starts)
    if as_json:
        click.echo(json.dumps(_told(day, meters, advice)))
        return
    _show(day, meters, advice, zone)


def _of_meter(
    loaded: Loaded,
    number: int,
    starts: np.ndarray[Any, np.dtype[np.int64]],
    days: Sequence[date],
    zone: str,
    place: Place,
) -> dict[str, Any]:
    records = loaded.records
    missing = records.quality[:, number] == Quality.MISSING
    told: dict[str, Any] = {}
    for name, energy, kind in (
        ("import", records.imported, Kind.HABIT),
        ("export", records.exported, Kind.SOLAR),
    ):
        if kind is Kind.SOLAR and not energy[:, number].any():
            continue  # a home without a roof
        known = np.where(missing, -1, energy[:, number])
        history = History(records.start_s, loaded.community.interval_seconds, known)
        told[name] = day_ahead(history, starts, kind, zone=zone, place=place)
        if days:
            told[f"{name}_score"] = score(history, kind, days, zone=zone, place=place)
    return told


def _advice(
    loaded: Loaded,
    meters: Sequence[dict[str, Any]],
    starts: np.ndarray[Any, np.dtype[np.int64]],
) -> dict[str, tuple[Advice, ...]]:
    """Good times for members who only use energy, by the tariff plans they are on."""
    net = np.zeros(len(starts), dtype=np.int64)
    for meter in meters:
        if "export" in meter:
            net += np.array(meter["export"].likely_wh)
        net -= np.array(meter["import"].likely_wh)
    community = loaded.community
    by_plan = {}
    feed_in, fee = community.feed_in, community.fee
    for name in sorted({member.tariff for member in community.members}):
        prices = prices_at(loaded.plans[name], starts.tolist(), [0] * len(starts))
        by_plan[name] = good_times(
            [
                Outlook(
                    int(start),
                    -1,
                    int(community_net),
                    retail,
                    feed_in,
                    UdPerKwh(max(feed_in, (feed_in + retail - fee) // 2)),
                    fee,
                )
                for start, community_net, (retail, _) in zip(starts, net, prices, strict=True)
            ]
        )
    return by_plan


def _told(
    day: date, meters: Sequence[dict[str, Any]], advice: dict[str, tuple[Advice, ...]]
) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "estimated": True,
        "meters": [
            {
                key: _score(value)
                if isinstance(value, Score)
                else asdict(value)
                if isinstance(value, Forecast)
                else value
                for key, value in meter.items()
            }
            for meter in meters
        ],
        "good_times": {
            plan: [asdict(a) | {"start": iso_utc(a.start_s)} for a in told]
            for plan, told in advice.items()
        },
    }


def _score(value: Score) -> dict[str, Any]:
    return {
        "days": len(value.days),
        "inside_band": value.inside,
        "error_wh": round(value.error_wh),
        "error_of_yesterday_wh": round(value.naive_error_wh),
    }


def _show(
    day: date,
    meters: Sequence[dict[str, Any]],
    advice: dict[str, tuple[Advice, ...]],
    zone: str,
) -> None:
    table = Table(title=f"Estimated for {day:%A}, {day.isoformat()} [kWh]")
    for heading in ("meter", "what", "likely", "four days in five", "held-out days inside"):
        table.add_column(heading, justify="left" if heading in ("meter", "what") else "right")
    for meter in meters:
        for name in ("import", "export"):
            if name not in meter:
                continue
            f: Forecast = meter[name]
            scored: Score | None = meter.get(f"{name}_score")
            table.add_row(
                escape(meter["meter"]),
                name,
                kwh(f.day_likely_wh),
                f"{kwh(f.day_low_wh)} to {kwh(f.day_high_wh)}",
                f"{scored.inside} of {len(scored.days)}" if scored else "–",
            )
    out.print(table)
    for plan, told in advice.items():
        out.print(f"good times to use, {escape(plan)}: {_spans(told, zone) or 'all the same'}")


def _spans(told: Sequence[Advice], zone: str) -> str:
    """Consecutive good intervals as local times."""
    spans: list[list[int]] = []
    step = told[1].start_s - told[0].start_s if len(told) > 1 else 3600
    for advice in told:
        if advice.signal != "good":
            continue
        if spans and spans[-1][1] == advice.start_s:
            spans[-1][1] += step
        else:
            spans.append([advice.start_s, advice.start_s + step])
    local = ZoneInfo(zone)
    return ", ".join(
        "–".join(f"{datetime.fromtimestamp(s, local):%H:%M}" for s in span) for span in spans
    )
