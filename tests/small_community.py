"""Three homes on Elm Street for the tests of node and API: their keys, readings and node parts.

Ann has a roof, Ben and Cleo do not. Homes read when the test says so; the clock is the test's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from sourceenergy.config.community_file import Community, parse_community
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.edge.signer import KeySigner
from sourceenergy.node.cycle import Cycle, Place
from sourceenergy.node.ingest import Ingest
from sourceenergy.proofs import ZERO_HASH, community_id, reading_hash
from sourceenergy.records import ClockState, Reading, Segment
from sourceenergy.reports.writing import write_tree
from sourceenergy.settlement.published import Anchor
from sourceenergy.store.sqlite import Store, StoredDevice
from sourceenergy.units import Wh

QUARTER_S = 900
NOON_S = 1_781_539_200
"""2026-06-15 16:00 UTC: a Monday, noon in Toronto."""
CLEARING = "0x" + "c1" * 20
ANCHOR = Anchor(31337, CLEARING, community_id(31337, CLEARING, "Elm Street"))
OPERATOR = "0x" + "0f" * 20
ACCOUNTS = {"ann": "0x" + "a1" * 20, "ben": "0x" + "b1" * 20, "cleo": "0x" + "c0" * 20}

COMMUNITY = """
[community]
name = "Elm Street"
mode = "simulation"
time_zone = "America/Toronto"
interval_minutes = 15
mechanism = "pool_mmr"
fee_cents_per_kwh = "0.5"
feed_in_cents_per_kwh = "4.125"
estimates = "accept"
""" + "".join(
    f"""
[[member]]
id = "{name}"
tariff = "ontario_time_of_use"
[[meter]]
id = "{name}"
member = "{name}"
"""
    for name in ACCOUNTS
)


@dataclass
class ScriptedClock:
    """Shows the time [UTC ms] the test set last."""

    at_ms: int

    def now_ms(self) -> int:
        return self.at_ms

    def real_seconds(self, span_ms: int) -> float:
        return span_ms / 1000


@dataclass
class Home:
    """A home's key and the chain of readings it has made."""

    name: str
    key: KeySigner
    made: list[Reading] = field(default_factory=list)

    @property
    def device(self) -> str:
        return self.key.device

    def read(
        self,
        at_s: float,
        imported_wh: int,
        exported_wh: int = 0,
        produced_wh: int | None = None,
        *,
        w: tuple[int, int, int | None] = (0, 0, None),
    ) -> Reading:
        """The next reading: registers, and powers ``w`` (imported, exported, produced)."""
        reading = Reading(
            self.device,
            len(self.made) + 1,
            "0b" * 16,
            round(at_s * 1000),
            ClockState.SYNCED,
            50,
            len(self.made),
            Wh(imported_wh),
            Wh(exported_wh),
            None if produced_wh is None else Wh(produced_wh),
            *w,
            None,
            None,
            None,
            0,
            reading_hash(self.made[-1]) if self.made else ZERO_HASH,
        )
        self.made.append(reading)
        return reading

    def sign(self, readings: Sequence[Reading]) -> Segment:
        """A segment signed with this home's key, whatever the readings say."""
        digest = bytes.fromhex(reading_hash(readings[-1]))
        return Segment(self.device, tuple(readings), self.key.sign(digest))

    def segment(self, first: int = 1, last: int | None = None) -> Segment:
        """The readings ``first`` … ``last`` by sequence, signed."""
        return self.sign(self.made[first - 1 : last])

    def altered(self, sequence: int, **changes: object) -> Reading:
        """A made reading with other values; its place in the chain stays."""
        return replace(self.made[sequence - 1], **changes)  # type: ignore[arg-type]


def homes() -> dict[str, Home]:
    """Ann, Ben and Cleo with their keys, the same on every run."""
    return {
        name: Home(name, KeySigner(ec.derive_private_key(number, ec.SECP256R1())))
        for number, name in enumerate(ACCOUNTS, start=1001)
    }


def node_key() -> KeySigner:
    """The key the node signs receipts with."""
    return KeySigner(ec.derive_private_key(7, ec.SECP256R1()))


def community(text: str = COMMUNITY) -> Community:
    """Elm Street's file, parsed."""
    return parse_community(text)


def enrol(store: Store, neighbours: Mapping[str, Home]) -> None:
    """Register the homes' devices in the store, one meter each."""
    for name, home in neighbours.items():
        key = home.key
        store.put_device(StoredDevice(home.device, name, key.public_x, key.public_y, None))


def a_place(
    neighbours: Mapping[str, Home],
    *,
    commit_intervals: int = 2,
    grace_s: int = 600,
    text: str = COMMUNITY,
    anchor: Anchor = ANCHOR,
    accounts: Mapping[str, str] = ACCOUNTS,
    operator: str = OPERATOR,
) -> Place:
    """What the live community is made of."""
    tariffs = shipped_tariffs()
    return Place(
        community(text),
        parse_tariffs(tariffs, "shipped"),
        tariffs,
        accounts,
        operator,
        anchor,
        {name: home.device for name, home in neighbours.items()},
        commit_intervals,
        grace_s,
    )


class Street:
    """Store, ingest and cycle of Elm Street in a folder; ``restart`` is a new process."""

    def __init__(self, folder: Path, start_s: int = NOON_S, **place: object) -> None:
        self.folder = folder
        self.clock = ScriptedClock(start_s * 1000)
        self.homes = homes()
        self.place = a_place(self.homes, **place)  # type: ignore[arg-type]
        self.store = Store(folder / "node.sqlite")
        enrol(self.store, self.homes)
        self.restart()

    def restart(self) -> None:
        """Everything that was only in memory is gone."""
        self.store.close()
        self.store = Store(self.folder / "node.sqlite")
        self.ingest = Ingest(self.store, node_key(), self.clock)
        self.cycle = Cycle(self.store, self.place, self.clock, self.write)

    def write(self, epoch: int, files: dict[str, bytes]) -> Path:
        """The files of a statement, where the node puts them."""
        folder = self.folder / "statements" / str(epoch)
        write_tree(folder, files)
        return folder

    def files(self, epoch: int, kind: str) -> dict[str, bytes]:
        """What was written of a statement: ``audit``, ``public`` or ``members/ann``."""
        folder = self.folder / "statements" / str(epoch) / kind
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    def at(self, at_s: float) -> None:
        """Set the clock."""
        self.clock.at_ms = round(at_s * 1000)

    def send(self, *names: str) -> None:
        """The homes (all without names) send what the node does not have yet; all is taken."""
        for name in names or tuple(self.homes):
            home = self.homes[name]
            last = self.store.last_reading(home.device)
            held = 0 if last is None else last.sequence
            if held < len(home.made):
                _, refused = self.ingest.take([home.segment(held + 1)])
                assert refused == []

    def steps(self) -> list[int]:
        """Close all intervals that can be closed; their starts."""
        starts = []
        while (closed := self.cycle.step()) is not None:
            starts.append(int(closed["start_s"]))
        return starts
