"""A year of ten real homes: exact in every hour, better for all, proven by a second process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from small_batch import run
from sourceenergy.chain.anvil import find_anvil
from sourceenergy.cli.main import main
from sourceenergy.errors import Unavailable
from strategies_energy import shared


def test_a_year_of_ten_real_homes_settles_exactly_and_is_verified(tmp_path: Path) -> None:
    """Six 4 kW roofs; homes 2, 5 and 9 on the overnight tariff, the rest on time-of-use."""
    homes = shared("data", "homes")
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    made = CliRunner().invoke(main, ["example", "--from", str(homes), "--out", str(tmp_path)])
    assert made.exit_code == 0, made.output
    span = ("--from", "2025-11-01", "--to", "2026-11-01")
    data = tmp_path / "data"
    ran = run("settle", tmp_path / "community.toml", *span, "--data", data)
    assert ran.status == 0, ran
    result = ran.told
    assert (result["intervals"], len(result["members"])) == (8_760, 10)
    assert set(result["residuals"].values()) == {0}
    assert all(member["saving_nd"] >= 0 for member in result["members"])
    assert sum(member["saving_nd"] > 0 for member in result["members"]) == 10
    assert sum(member["net_ud"] for member in result["members"]) + result["fees_ud"] == 0
    assert all(row["measured"] == 8_760 for row in result["quality"])
    files = tmp_path / "statements/2025-11-01"
    verified = subprocess.run(
        [
            *(sys.executable, "-m", "sourceenergy", "verify", str(files / "public")),
            *("--audit", str(files / "audit")),
            *("--member", str(files / "members/home-01/proof.json")),
        ],
        env={**os.environ, "SOURCEENERGY_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified
    assert verified.stdout.rstrip().endswith("verified")
    assert "87600 records match their commitments" in verified.stdout
