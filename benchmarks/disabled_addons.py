"""What 50 installed but disabled addons cost a company: the order-to-cash chain without them, with them disabled, and enabled.

    python benchmarks/disabled_addons.py [--chains 40] [--rounds 5]

Each addon adds a column to orders, order lines and invoices, overrides `action_confirm` and `action_post` with `super()`, and
hangs a hook on `sale_order_confirmed`. The three databases are measured in turns, so that whatever else the machine does hits all
of them.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from typing import Any

import common

from addons.account.models.move import AccountMove
from addons.sales.models.order import SaleOrder
from addons.sales.models.order_line import SaleOrderLine
from server import Addon, Char, action, hookimpl
from server.addon import lifecycle
from server.database import Database

COUNT = 50


def make(number: int) -> Addon:
    """One addon with three extended models, two overrides and a hook."""
    name = f"extra{number:02}"

    def confirm(self: Any) -> Any:
        return super(order, self).action_confirm()

    def post(self: Any) -> Any:
        return super(move, self).action_post()

    place = {"__module__": f"benchmarks.{name}"}
    order: Any = type(f"Order{number}", (SaleOrder,), {**place, f"{name}_note": Char("Note"), "action_confirm": action(confirm)})
    line: Any = type(f"Line{number}", (SaleOrderLine,), {**place, f"{name}_note": Char("Note")})
    move: Any = type(f"Move{number}", (AccountMove,), {**place, f"{name}_note": Char("Note"), "action_post": action(post)})

    class Impls:
        @hookimpl
        def sale_order_confirmed(self, env: Any, orders: Any) -> None:
            """Counts as work."""

    class Hooks:
        pass

    Hooks.Impls = Impls  # type: ignore[attr-defined]
    return Addon(name, depends=["sales"], package=f"benchmarks.{name}", definitions=[order, line, move], hooks=Hooks)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chains", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    extras = [make(n) for n in range(COUNT)]
    shops: dict[str, common.Shop] = {}
    for what in ("without", "disabled", "enabled"):
        url = common.fresh_url(f"colca_{what}")
        common.install(url).engine.dispose()
        database = Database(url, extra_addons=extras if what != "without" else ())
        if what != "without":
            lifecycle.install(database, [e.name for e in extras], companies=lifecycle.ALL if what == "enabled" else ())
        shops[what] = common.Shop(database)
        for _ in range(8):
            common.chain_in_process(shops[what], shops[what].order(5))
    times: dict[str, list[float]] = {what: [] for what in shops}
    for _ in range(options.rounds):
        for what, shop in shops.items():
            random.seed(11)
            for _ in range(options.chains):
                values = shop.order(5)
                start = time.perf_counter()
                common.chain_in_process(shop, values)
                times[what].append(1000 * (time.perf_counter() - start))
    base = statistics.median(times["without"])
    for what, found in times.items():
        found.sort()
        more = "" if what == "without" else f", {COUNT} further addons {what}"
        middle = statistics.median(found)
        quartiles = [round(found[len(found) * part // 4], 2) for part in (1, 3)]
        common.emit(what=f"order to cash, 5 lines{more}", ms=middle, ratio=middle / base, quartiles=quartiles)


if __name__ == "__main__":
    main()
