"""Shared by the benchmarks: a database to measure on, the order-to-cash chain in process and over XML-RPC, a counter of
statements.

PostgreSQL by `COLCA_BENCH_URL` (default: a cluster on 127.0.0.1:55432, user postgres, as `setup_peer.sh` of the peers makes it).
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from server.addon import lifecycle
from server.database import Database
from server.rpc.dispatcher import dispatch

BASE = os.environ.get("COLCA_BENCH_URL", "postgresql://postgres@127.0.0.1:55432")
#: Where the hand-written SQL floor and the peers' helpers lie.
FLOOR = Path(os.environ.get("COLCA_BENCH_FLOOR", Path(__file__).resolve().parents[2] / "shared" / "bench"))
ADDONS = ("base", "product", "account", "stock", "sales")
PRODUCTS = 200
PARTNERS = 20


def emit(**row: Any) -> None:
    """One JSON line."""
    print(json.dumps({k: (round(v, 4) if isinstance(v, float) else v) for k, v in row.items()}), flush=True)


def fresh_url(name: str, backend: str = "postgresql") -> str:
    """The URL of a new, empty database."""
    if backend == "sqlite":
        path = Path(os.environ.get("TMPDIR", "/tmp")) / f"{name}.db"
        for suffix in ("", "-wal", "-shm"):
            Path(str(path) + suffix).unlink(missing_ok=True)
        return f"sqlite:///{path}"
    admin = sa.create_engine(BASE.replace("postgresql://", "postgresql+psycopg://") + "/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return f"{BASE}/{name}"


class Shop:
    """A database with one company at work: products in stock, customers, a user with all rights."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.uid = 2
        with database.transaction() as env:
            env = env.with_company(env.ref("base.main_company").id)
            stock = env["stock.warehouse"].search([("company_id", "=", env.company_id)], limit=1).lot_stock
            products = env["product.product"].create(
                [
                    {
                        "name": f"Good {n}",
                        "default_code": f"BENCH{n}",
                        "type": "consu",
                        "is_storable": True,
                        "list_price": Decimal(10 + n),
                        "standard_price": Decimal(5),
                        "company_id": env.company_id,
                    }
                    for n in range(PRODUCTS)
                ]
            )
            env["stock.quant"].with_context(inventory_mode=True).create(
                [{"product_id": p, "location_id": stock.id, "inventory_quantity": Decimal(10**9)} for p in products.ids]
            ).action_apply_inventory()
            partners = env["res.partner"].create(
                [{"name": f"Bench customer {n}", "company_id": env.company_id} for n in range(PARTNERS)]
            )
            self.products, self.partners, self.company = products.ids, partners.ids, env.company_id

    def order(self, lines: int) -> dict[str, Any]:
        """Values of a random order."""
        chosen = random.sample(self.products, lines)
        return {
            "partner_id": random.choice(self.partners),
            "order_line": [[0, 0, {"product_id": p, "product_uom_qty": random.randint(1, 9)}] for p in chosen],
        }

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """A call in process, through the dispatcher."""
        return dispatch(
            self.database, self.uid, model, method, list(args), {"context": {"allowed_company_ids": [self.company]}, **kwargs}
        )


def chain_in_process(shop: Shop, values: dict[str, Any]) -> int:
    """The chain in the floor's three transactions (order, shipment, invoice), by the record API; the invoice's id."""
    database, uid, context = shop.database, shop.uid, {"allowed_company_ids": [shop.company]}

    def confirm(env: Any) -> int:
        order = env["sale.order"].create(values)
        order.action_confirm()
        return int(order.id)

    def ship(env: Any) -> None:
        pickings = env["sale.order"].browse([order_id]).picking_ids
        pickings.action_assign()
        pickings.button_validate()

    def bill(env: Any) -> int:
        invoice = env["sale.order"].browse([order_id])._create_invoices()
        invoice.action_post()
        return int(invoice.id)

    order_id = database.run(uid, context, confirm)
    database.run(uid, context, ship)
    return database.run(uid, context, bill)


def chain(call: Any, values: dict[str, Any]) -> int:
    """create → confirm → reserve → pick and ship → invoice → post; the invoice's id."""
    order = call("sale.order", "create", values)
    call("sale.order", "action_confirm", [order])
    (row,) = call("sale.order", "read", [order], ["picking_ids"])
    pickings = row["picking_ids"]
    call("stock.picking", "action_assign", pickings)
    call("stock.picking", "button_validate", pickings)
    wizard = call(
        "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order]]]}
    )
    answer = call("sale.advance.payment.inv", "create_invoices", [wizard])
    invoice = answer.get("res_id") or call("sale.order", "read", [order], ["invoice_ids"])[0]["invoice_ids"][-1]
    call("account.move", "action_post", [invoice])
    return int(invoice)


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that run inside."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _x: Any, _many: bool) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def install(url: str) -> Database:
    """A database with all our addons and the demo companies."""
    database = Database(url)
    lifecycle.install(database, ADDONS, companies=lifecycle.ALL, demo=True, finish=password)
    return database


def password(env: Any) -> None:
    """Give the administrator the password of the demo."""
    env["res.users"].search([("login", "=", "admin")]).write({"password": "admin"})


class Floor:
    """The row-wise hand-written SQL chain on the same cluster, one at a time, so that it can be measured in turns with ours."""

    def __init__(self) -> None:
        sys.path.insert(0, str(FLOOR))
        os.environ.setdefault("BENCH_PGPORT", str(sa.make_url(BASE).port or 5432))
        import floor_sql  # type: ignore[import-not-found]

        self.module = floor_sql
        floor_sql.setup("colca_floor")
        self.connection = floor_sql.connect("colca_floor")
        for lines in (5, 50):
            for _ in range(10):
                self.chain(lines)

    @classmethod
    def at_hand(cls) -> Floor | None:
        """A floor, or None where its script is not beside the project."""
        return cls() if (FLOOR / "floor_sql.py").exists() else None

    def chain(self, lines: int) -> float:
        """Milliseconds of one chain."""
        moments = self.module.chain_rows(self.connection, random.randint(1, 20), self.module.order(lines, 200))
        return float(1000 * (moments[-1] - moments[0]))


def in_turns(ours: Callable[[], Any], floor: Floor | None, lines: int, times: int) -> dict[str, float]:
    """Medians of our chain and the floor's, measured in turns: one of ours, two of the floor's, again and again."""
    mine, busy, theirs = [], [], []
    for _ in range(times):
        start, cpu = time.perf_counter(), time.process_time()
        ours()
        mine.append(1000 * (time.perf_counter() - start))
        busy.append(1000 * (time.process_time() - cpu))
        if floor:
            theirs += [floor.chain(lines), floor.chain(lines)]
    row = {"ms": statistics.median(mine), "cpu_ms": statistics.median(busy)}
    if floor:
        row.update(floor_ms=statistics.median(theirs), ratio=statistics.median(mine) / statistics.median(theirs))
    return row
