"""The simulated community that ``up`` runs: its files, ports, keys and clock."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sourceenergy.clock import SimulatedClock
from sourceenergy.config.community_file import Community, parse_community
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.edge.settings import EngineConfig
from sourceenergy.edge.signer import KeySigner, load_or_create_key
from sourceenergy.errors import ConfigError, Unavailable
from sourceenergy.records import TariffPlan
from sourceenergy.sim.homes import HomeSpec, community

NAME = "Riverdale Commons"
FEE_CENTS, FEED_IN_CENTS = "0.5", "4.125"
COMMIT_INTERVALS = 6
GRACE_S = 1800
DEPOSIT_UD = 100_000_000
"""What each simulated member has paid in: 100 dollars."""
START = datetime(2026, 6, 15, 13, 0, tzinfo=UTC)
"""A Monday in June, nine in the morning in Toronto."""


@dataclass(frozen=True)
class World:
    """What all processes of the simulation agree on; kept in ``live.json``."""

    seed: int
    homes: int
    start_s: int
    speed: int
    http_port: int
    modbus_port: int
    delay_s: int

    @property
    def interval_s(self) -> int:
        """Length of an interval of simulated time [s]."""
        return 900


@dataclass(frozen=True)
class Paths:
    """Where a live community keeps things below the data folder."""

    data: Path

    @property
    def live(self) -> Path:
        """The live community's folder."""
        return self.data / "live"

    @property
    def world(self) -> Path:
        """What the simulation's processes agree on."""
        return self.live / "live.json"

    @property
    def clock(self) -> Path:
        """The simulated clock's anchor."""
        return self.live / "clock.json"

    @property
    def community(self) -> Path:
        """The community's file."""
        return self.live / "community.toml"

    @property
    def store(self) -> Path:
        """The node's store."""
        return self.live / "node.sqlite"

    @property
    def chain(self) -> Path:
        """The local chain, its keys and manifest."""
        return self.data / "chain"

    @property
    def intents(self) -> Path:
        """What was sent to the chain."""
        return self.chain / "intents.sqlite"

    @property
    def node_key(self) -> Path:
        """The key that signs receipts."""
        return self.live / "node.pem"


def save_world(paths: Paths, world: World) -> None:
    """Write ``live.json`` and the community's file."""
    paths.live.mkdir(parents=True, exist_ok=True)
    paths.world.write_text(json.dumps(asdict(world), indent=1), encoding="utf-8")
    paths.community.write_text(community_text(specs_of(world)), encoding="utf-8")


def load_world(paths: Paths) -> World:
    """Read ``live.json``; ``ConfigError`` where ``up`` never ran."""
    try:
        return World(**json.loads(paths.world.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            "there is no live community here",
            rule="live.missing",
            field="data",
            value=paths.data,
            remedy="run `sourceenergy up` first, or name its folder with --data",
        ) from error


def specs_of(world: World) -> tuple[HomeSpec, ...]:
    """The simulated homes."""
    return community(world.seed, world.homes)


def community_text(homes: Sequence[HomeSpec]) -> str:
    """The community file of simulated homes: one member and one meter each."""
    lines = [
        "# Simulated: these people, homes and readings are made up.",
        "[community]",
        f'name = "{NAME}"',
        'mode = "simulation"',
        'time_zone = "America/Toronto"',
        "interval_minutes = 15",
        'mechanism = "pool_mmr"',
        f'fee_cents_per_kwh = "{FEE_CENTS}"',
        f'feed_in_cents_per_kwh = "{FEED_IN_CENTS}"',
        'estimates = "accept"',
    ]
    for home in homes:
        lines += [
            "",
            "[[member]]",
            f'id = "{home.id}"',
            f'name = "{home.name}"',
            f'tariff = "ontario_{home.tariff}"',
            "",
            "[[meter]]",
            f'id = "{home.id}"',
            f'member = "{home.id}"',
        ]
    return "\n".join(lines) + "\n"


def load_community(paths: Paths) -> tuple[Community, dict[str, TariffPlan], str]:
    """The live community, its tariff plans and the tariff file's text."""
    text = shipped_tariffs()
    found = parse_community(paths.community.read_text(encoding="utf-8"))
    return found, parse_tariffs(text, "the shipped tariffs"), text


def start_clock(paths: Paths, world: World) -> SimulatedClock:
    """Anchor the clock to go on where it stopped; on the first start, at the world's start.

    After a kill the checkpoint may be older than what engines have signed: time never goes back.
    """
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    resume = paths.live / "clock-stopped.json"
    simulated_ms = world.start_s * 1000
    if resume.exists():
        simulated_ms = int(json.loads(resume.read_text(encoding="utf-8"))["simulated_ms"])
    simulated_ms = max([simulated_ms, *(ms + 1 for ms in _newest_readings_ms(paths, world))])
    clock = SimulatedClock(now_ms, simulated_ms, world.speed)
    clock.save(paths.clock)
    return clock


def _newest_readings_ms(paths: Paths, world: World) -> Iterator[int]:
    from sourceenergy.edge.outbox import Outbox  # only `up` needs it

    for home in specs_of(world):
        path = paths.live / "engines" / home.id / "outbox.sqlite"
        if path.exists():
            with Outbox(path, engine_key(paths, home.id).device) as outbox:
                yield outbox.tail().utc_ms or 0


def checkpoint_clock(paths: Paths, clock: SimulatedClock) -> None:
    """Remember how far the simulated clock has come, for the next start."""
    draft = paths.live / "clock-stopped.draft"
    draft.write_text(json.dumps({"simulated_ms": clock.now_ms()}), encoding="utf-8")
    draft.replace(paths.live / "clock-stopped.json")


def engine_key(paths: Paths, home: str) -> KeySigner:
    """The key of a home's engine, made on first use."""
    return load_or_create_key(paths.live / "engines" / home / "key.pem")


def engine_configs(paths: Paths, world: World, only: Sequence[str] = ()) -> list[EngineConfig]:
    """Settings of the homes' engines (all, or ``only`` some)."""
    node = load_or_create_key(paths.node_key)
    return [
        EngineConfig(
            home=home.id,
            host="127.0.0.1",
            port=world.modbus_port + index,
            key=paths.live / "engines" / home.id / "key.pem",
            data=paths.live / "engines" / home.id,
            node_url=f"http://127.0.0.1:{world.http_port}",
            node_key=(node.public_x, node.public_y),
            poll_s=world.interval_s // 10,
            interval_s=world.interval_s,
            segment_readings=5,
            solar=home.solar_w > 0,
            battery=home.battery_wh > 0,
            clock=paths.clock,
            retry_most_real_s=2.0,
        )
        for index, home in enumerate(specs_of(world))
        if not only or home.id in only
    ]


def free_ports(count: int) -> int:
    """First of ``count`` neighbouring ports on this machine that are free now."""
    for first in range(15020, 60000, count):
        if all(is_free(first + i) for i in range(count)):
            return first
    raise Unavailable(
        "no free ports", rule="port.free", field="ports", value=count, remedy="stop other programs"
    )


def is_free(port: int) -> bool:
    """May a server listen on this port of the loopback address?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
