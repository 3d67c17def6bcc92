"""TOML to checked models: one way of refusing, naming field, value and remedy."""

from __future__ import annotations

import tomllib
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sourceenergy.errors import ConfigError


class Strict(BaseModel):
    """A settings table: unknown keys are refused, values are not changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Model = TypeVar("Model", bound=Strict)


def parse_toml(
    model: type[Model], text: str, what: str, page: str = "docs/community-file.md"
) -> Model:
    """Parse ``text`` as TOML into ``model``; ``what`` names the file, ``page`` its docs, in errors.

    Raises ``ConfigError`` naming the first wrong field, its value and what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{what} is not valid TOML: {error}",
            rule="toml.syntax",
            field=what,
            remedy="mend the line named",
        ) from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "(file)"
        more = error.error_count() - 1
        raise ConfigError(
            f"{what}: {first['msg']}" + (f" (and {more} more)" if more else ""),
            rule=f"config.{first['type']}",
            field=place,
            value=first.get("input"),
            remedy=f"see {page}",
        ) from error
