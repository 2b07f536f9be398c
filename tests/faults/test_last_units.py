"""The last units: eight processes order more than there is. Exactly what is there is sold; the rest is refused in words; no lock error reaches a client."""

from __future__ import annotations

import multiprocessing
import os
import xmlrpc.client

import pytest

from server.rpc.client import Client
from server.testing.live import live_server

PROCESSES = 8
UNITS, WANTED = 20, 40
ROUNDS = int(os.environ.get("COLCA_TEST_ROUNDS", "50"))


def buy(url, company, partner, product, times, start, results):
    """One process: `times` orders of one unit each; how many were sold and refused, and what else happened."""
    call = Client(url, "colca", "ventas.mx", "ventas.mx", company)
    orders = [
        call(
            "sale.order", "create", {"partner_id": partner, "order_line": [[0, 0, {"product_id": product, "product_uom_qty": 1}]]}
        )
        for _ in range(times)
    ]
    start.wait()
    sold = refused = 0
    strange = []
    for order in orders:
        try:
            call("sale.order", "action_confirm", [order])
            sold += 1
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == 2 and "lock" not in fault.faultString.lower() and len(fault.faultString) > 40:
                refused += 1
            else:
                strange.append((fault.faultCode, fault.faultString[-300:]))
    results.put((sold, refused, strange))


@pytest.mark.slow
def test_forty_orders_for_twenty_units(demo_url, tmp_path):
    with live_server(demo_url, tmp_path) as server:
        admin = server.client()
        (company,) = admin("ir.model.data", "check_object_reference", "base", "main_company")[1:]
        admin.context = {"allowed_company_ids": [company]}
        admin("res.company", "write", [company], {"sale_stock_check": "block"})
        partner = admin("ir.model.data", "check_object_reference", "base", "customer_mx_01")[1]
        (warehouse,) = admin("stock.warehouse", "search_read", [("company_id", "=", company)], ["lot_stock_id"], limit=1)
        spawn = multiprocessing.get_context("fork")
        for number in range(ROUNDS):
            product = admin(
                "product.product",
                "create",
                {"name": f"Last units {number}", "type": "product", "list_price": 10, "company_id": company},
            )
            quant = admin(
                "stock.quant",
                "create",
                {"product_id": product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity": UNITS},
                context={"inventory_mode": True},
            )
            admin("stock.quant", "action_apply_inventory", [quant])
            start, results = spawn.Barrier(PROCESSES), spawn.Queue()
            workers = [
                spawn.Process(target=buy, args=(server.url, company, partner, product, WANTED // PROCESSES, start, results))
                for _ in range(PROCESSES)
            ]
            for worker in workers:
                worker.start()
            answers = [results.get(timeout=120) for _ in workers]
            for worker in workers:
                worker.join()
            strange = [s for _sold, _refused, more in answers for s in more]
            assert not strange, f"round {number}: {strange[:3]}"
            assert sum(a[0] for a in answers) == UNITS, f"round {number}: {answers}"
            assert sum(a[1] for a in answers) == WANTED - UNITS
            (left,) = admin(
                "stock.quant",
                "search_read",
                [("product_id", "=", product), ("location_id.usage", "=", "internal")],
                ["quantity", "reserved_quantity"],
            )
            assert (left["quantity"], left["reserved_quantity"]) == (UNITS, UNITS)
