"""One small community, settled on a real local chain, for the tests of the batch commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_batch import SPAN, Settled, run, write
from sourceenergy.chain.anvil import find_anvil
from sourceenergy.errors import Unavailable


@pytest.fixture(scope="session")
def _settled_once(tmp_path_factory: pytest.TempPathFactory) -> Settled:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    root = tmp_path_factory.mktemp("settled")
    write(root / "street")
    ran = run("settle", root / "street/community.toml", *SPAN, "--data", root / "data")
    assert ran.status == 0, ran
    return Settled(root, ran.told)


@pytest.fixture
def settled(_settled_once: Settled, tmp_path: Path) -> Settled:
    """A copy that the test may spoil."""
    return _settled_once.copied(tmp_path / "settled")
