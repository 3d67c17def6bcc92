"""Settings of an engine: a TOML file or, for many homes at once, values made by a program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.edge.registers import ACC32_END_WH
from sourceenergy.errors import ConfigError


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Settings of one engine; spans in seconds of the engine's clock unless named ``real``."""

    home: str
    host: str
    port: int
    key: Path
    data: Path
    node_url: str
    node_key: tuple[int, int]
    unit: int = 1
    device_timeout_real_s: float = 3.0
    poll_s: int = 60
    interval_s: int = 900
    segment_readings: int = 4
    batch_readings: int = 500
    max_w: int = 24_000
    register_end_wh: int = ACC32_END_WH
    solar: bool = False
    battery: bool = False
    clock: Path | None = None
    retry_first_real_s: float = 0.5
    retry_most_real_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse a poll period that passes by the ends of intervals."""
        if self.poll_s < 1 or self.interval_s % self.poll_s:
            raise ConfigError(
                "polls must meet the ends of intervals",
                rule="engine.poll",
                field="poll_s",
                value=self.poll_s,
                remedy=f"choose a divisor of {self.interval_s}",
            )


def _coordinate(value: str) -> str:
    if not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", value):
        raise ValueError("a coordinate is 0x and up to 64 hexadecimal digits")
    return value


class _Device(Strict):
    host: str = Field(min_length=1)
    port: int = Field(default=502, ge=1, le=65535)
    unit: int = Field(default=1, ge=0, le=255)
    timeout_s: float = Field(default=3.0, gt=0, le=60)
    solar: bool = False
    battery: bool = False
    max_w: int = Field(default=24_000, ge=1, le=10**9)
    register_end_wh: int = Field(default=ACC32_END_WH, ge=1)


class _Node(Strict):
    url: str
    public_x: Annotated[str, AfterValidator(_coordinate)]
    public_y: Annotated[str, AfterValidator(_coordinate)]
    batch_readings: int = Field(default=500, ge=1, le=10_000)
    retry_first_s: float = Field(default=0.5, gt=0)
    retry_most_s: float = Field(default=30.0, gt=0)


class _EngineFile(Strict):
    home: str = Field(min_length=1, max_length=64)
    key: str
    data: str
    clock: str = ""
    poll_s: int = Field(default=60, ge=1, le=3600)
    interval_minutes: Literal[5, 10, 15, 30, 60] = 15
    segment_readings: int = Field(default=4, ge=1, le=1000)
    device: _Device
    node: _Node


def load_engine_config(path: Path) -> EngineConfig:
    """Settings in the TOML file ``path``; file names in it are relative to its folder.

    Raises ``ConfigError`` naming the field, its value and the remedy.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the engine's settings cannot be read",
            rule="engine.settings",
            field="config",
            value=path,
            remedy="name a readable TOML file",
        ) from error
    raw = parse_toml(_EngineFile, text, path.name)
    device, node, folder = raw.device, raw.node, path.parent
    return EngineConfig(
        home=raw.home,
        host=device.host,
        port=device.port,
        unit=device.unit,
        device_timeout_real_s=device.timeout_s,
        solar=device.solar,
        battery=device.battery,
        max_w=device.max_w,
        register_end_wh=device.register_end_wh,
        key=folder / raw.key,
        data=folder / raw.data,
        clock=folder / raw.clock if raw.clock else None,
        poll_s=raw.poll_s,
        interval_s=raw.interval_minutes * 60,
        segment_readings=raw.segment_readings,
        batch_readings=node.batch_readings,
        node_url=node.url,
        node_key=(int(node.public_x, 16), int(node.public_y, 16)),
        retry_first_real_s=node.retry_first_s,
        retry_most_real_s=node.retry_most_s,
    )
