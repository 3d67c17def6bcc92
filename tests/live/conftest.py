"""One live community for all tests of this folder: starting one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live.live_community import LiveCommunity
from sourceenergy.chain.anvil import find_anvil
from sourceenergy.errors import Unavailable


@pytest.fixture(scope="session")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveCommunity]:
    """Four homes, an interval every 1.2 s, a statement every 7.2 s; not started yet."""
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    made = LiveCommunity(tmp_path_factory.mktemp("live"))
    yield made
    made.close()
