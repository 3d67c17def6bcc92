"""Errors say what, where, which value, which rule and what to do; for people and for programs."""

from __future__ import annotations

import pytest

from sourceenergy import errors
from sourceenergy.errors import (
    ChainError,
    ConfigError,
    InputError,
    InvariantBroken,
    SourceEnergyError,
    Unavailable,
)


def test_an_error_reads_as_one_line() -> None:
    error = ConfigError(
        "two meters with one id",
        rule="id.twice",
        field="meter.id",
        value="m-1",
        remedy="give each its own",
    )
    assert str(error) == (
        "two meters with one id [meter.id = m-1] (rule: id.twice). Remedy: give each its own"
    )
    assert error.as_dict() == {
        "error": "ConfigError",
        "message": "two meters with one id",
        "rule": "id.twice",
        "field": "meter.id",
        "value": "m-1",
        "remedy": "give each its own",
    }


def test_what_is_not_known_is_left_out() -> None:
    assert str(InvariantBroken("residual")) == "residual"
    assert str(InvariantBroken("residual", field="totals", value=0)) == "residual [totals = 0]"
    assert InvariantBroken("residual").as_dict()["value"] == ""


def test_a_huge_value_is_shortened() -> None:
    shown = InputError("too long", field="name", value="x" * 5_000).as_dict()["value"]
    assert len(shown) == 120
    assert shown.endswith("…")


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_one_except_clause_catches_them_all(kind: type[Exception]) -> None:
    assert issubclass(kind, SourceEnergyError)


def test_a_failed_chain_call_may_be_tried_again_but_refused_input_may_not() -> None:
    assert issubclass(ChainError, Unavailable)
    assert not issubclass(ConfigError, Unavailable)
