"""Times two published market engines on random orders; run by ``market.py --peers``.

Needs ``requirements/peers.in`` in an environment of its own and nothing of this project. Prints
CPU seconds by engine and number of orders as JSON; an engine that is not installed is left out.
"""

import json
import random
import time
from datetime import datetime, timedelta

ASSUME_SIZES, MUDA_SIZES = (1_000, 10_000), (1_000,)


def drawn(orders: int) -> list[tuple[int, int, int]]:
    """(is an ask, price, quantity) of random orders, as in ``market.py``."""
    source = random.Random(orders)
    return [
        (source.randrange(2), source.randrange(50_000, 150_000), source.randrange(1, 5_000))
        for _ in range(orders)
    ]


def assume(orders: int) -> float:
    """ASSUME's pay-as-clear role."""
    from assume.common.market_objects import MarketConfig, MarketProduct
    from assume.markets.clearing_algorithms.simple import PayAsClearRole
    from dateutil import rrule as rr

    start = datetime(2026, 1, 1)
    hour = timedelta(hours=1)
    config = MarketConfig(
        market_id="bench",
        market_products=[MarketProduct(hour, 1, hour)],
        opening_hours=rr.rrule(rr.HOURLY, dtstart=start, until=start + 24 * hour),
        opening_duration=hour,
    )
    book = [
        {
            "start_time": start,
            "end_time": start + hour,
            "only_hours": None,
            "bid_id": str(n),
            "agent_addr": str(n),
            "price": price,
            "volume": quantity if is_ask else -quantity,
        }
        for n, (is_ask, price, quantity) in enumerate(drawn(orders))
    ]
    role = PayAsClearRole(config)
    began = time.process_time()
    role.clear(book, [(start, start + hour, None)])
    return time.process_time() - began


def muda(orders: int) -> float:
    """Pymarket's multi-unit double auction."""
    import pymarket

    market = pymarket.Market()
    for n, (is_ask, price, quantity) in enumerate(drawn(orders)):
        market.accept_bid(quantity, price, n, not is_ask, 0)
    began = time.process_time()
    market.run("muda")
    return time.process_time() - began


def main() -> None:
    """Time what is installed."""
    found = {}
    for name, engine, sizes in (
        ("assume pay-as-clear", assume, ASSUME_SIZES),
        ("pymarket MUDA", muda, MUDA_SIZES),
    ):
        try:
            found[name] = {orders: engine(orders) for orders in sizes}
        except ImportError:
            continue
    print(json.dumps(found))


if __name__ == "__main__":
    main()
