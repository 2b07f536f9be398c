"""Loading Northwind through the public door, in steps that each look first what is already there.

Keys that make it repeatable: `ref` of partners (`NW-ALFKI`), `default_code` of products (`NW-11`), `client_order_ref` of orders
(`NW-10248`). Each call is one transaction on the server, so an interruption anywhere leaves whole steps, and the next run goes
on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from addons.sales_stock.northwind.source import COUNTRIES, Row, Source

T = TypeVar("T")
BATCH = 50
FREIGHT = "NW-FREIGHT"


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Slices of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Loader:
    """Loads a source with a client; `run` does what is missing."""

    def __init__(self, client: Any, source: Source, say: Callable[[str], Any]) -> None:
        self.call = client
        self.source = source
        self.say = say
        self.countries: dict[str, int] = {}

    def run(self) -> None:
        """Everything, in order."""
        self.countries = {c["code"]: c["id"] for c in self.call("res.country", "search_read", [], ["code"])}
        customers = self.partners("customer", self.source.customers, "customer_id", "")
        self.partners("supplier", self.source.suppliers, "supplier_id", "S")
        addresses = self.addresses(customers)
        products = self.products()
        self.opening_stock(products)
        self.orders(customers, addresses, products)
        self.confirm()
        self.ship()
        self.invoice()
        self.post()

    def known(self, model: str, field: str) -> dict[str, int]:
        """Our key → id of what is already there, archived records included."""
        rows = self.call(model, "search_read", [(field, "=like", "NW-%")], [field], context={"active_test": False})
        return {row[field]: row["id"] for row in rows}

    def create(self, model: str, values: list[dict[str, Any]], what: str) -> None:
        """Create in batches."""
        for part in batches(values, 100):
            self.call(model, "create", list(part))
        if values:
            self.say(f"{len(values)} {what} created")

    # -- masters ----------------------------------------------------------------------------------------------------
    def partners(self, kind: str, rows: list[Row], key: str, prefix: str) -> dict[str, int]:
        """Customers or suppliers with their addresses; source key → id."""
        known = self.known("res.partner", "ref")
        new = [self.partner(row, f"NW-{prefix}{row[key]}", kind) for row in rows if f"NW-{prefix}{row[key]}" not in known]
        self.create("res.partner", new, f"{kind}s")
        known = self.known("res.partner", "ref")
        return {row[key]: known[f"NW-{prefix}{row[key]}"] for row in rows}

    def partner(self, row: Row, ref: str, kind: str) -> dict[str, Any]:
        """Values of a company with its contact person."""
        return {
            "name": row["company_name"],
            "ref": ref,
            "is_company": True,
            f"{kind}_rank": 1,
            "street": row["address"],
            "city": row["city"],
            "zip": row["postal_code"],
            "phone": row["phone"],
            "country_id": self.countries.get(COUNTRIES.get(row["country"], ""), False),
            "comment": row["region"] and f"Region: {row['region']}",
            "child_ids": [(0, 0, {"name": row["contact_name"], "function": row["contact_title"], "type": "contact"})]
            if row["contact_name"]
            else [],
        }

    def addresses(self, customers: dict[str, int]) -> dict[str, int]:
        """Order id → delivery address, where it is not the customer's own."""
        known = self.known("res.partner", "ref")
        by_customer = {row["customer_id"]: row for row in self.source.customers}
        keys: dict[tuple[str, ...], str] = {}
        counted: dict[str, int] = defaultdict(int)
        wanted: dict[str, str] = {}
        new: list[dict[str, Any]] = []
        for order in self.source.orders:
            customer = by_customer[order["customer_id"]]
            place = tuple(
                order[f] for f in ("customer_id", "ship_name", "ship_address", "ship_city", "ship_postal_code", "ship_country")
            )
            if place[1:] == tuple(customer[f] for f in ("company_name", "address", "city", "postal_code", "country")):
                continue
            if place not in keys:
                counted[place[0]] += 1
                keys[place] = f"NW-{place[0]}-{counted[place[0]]}"
                if keys[place] not in known:
                    new.append(
                        {
                            "name": order["ship_name"],
                            "ref": keys[place],
                            "type": "delivery",
                            "parent_id": customers[place[0]],
                            "street": order["ship_address"],
                            "city": order["ship_city"],
                            "zip": order["ship_postal_code"],
                            "country_id": self.countries.get(COUNTRIES.get(order["ship_country"], ""), False),
                        }
                    )
            wanted[order["order_id"]] = keys[place]
        self.create("res.partner", new, "delivery addresses")
        known = self.known("res.partner", "ref")
        return {order: known[ref] for order, ref in wanted.items()}

    def products(self) -> dict[str, int]:
        """Goods, invoiced as delivered, and freight as a service; source id (or the freight's code) → id."""
        categories = {
            c["name"]: c["id"]
            for c in self.call(
                "product.category",
                "search_read",
                [("name", "in", [r["category_name"] for r in self.source.categories])],
                ["name"],
            )
        }
        missing = [{"name": r["category_name"]} for r in self.source.categories if r["category_name"] not in categories]
        self.create("product.category", missing, "categories")
        rows = self.call(
            "product.category", "search_read", [("name", "in", [r["category_name"] for r in self.source.categories])], ["name"]
        )
        by_name = {c["name"]: c["id"] for c in rows}
        category = {r["category_id"]: by_name[r["category_name"]] for r in self.source.categories}
        known = self.known("product.product", "default_code")
        new: list[dict[str, Any]] = [
            {
                "name": row["product_name"],
                "default_code": f"NW-{row['product_id']}",
                "type": "product",
                "invoice_policy": "delivery",
                "list_price": float(row["unit_price"]),
                "standard_price": float(self.source.cost(row)),
                "categ_id": category[row["category_id"]],
                "description": row["quantity_per_unit"],
                "taxes_id": [(6, 0, [])],
                "company_id": self.company,
            }
            for row in self.source.products
            if f"NW-{row['product_id']}" not in known
        ]
        if FREIGHT not in known:
            new.append(
                {
                    "name": "Freight",
                    "default_code": FREIGHT,
                    "type": "service",
                    "invoice_policy": "order",
                    "list_price": 0,
                    "taxes_id": [(6, 0, [])],
                    "company_id": self.company,
                }
            )
        self.create("product.product", new, "products")
        known = self.known("product.product", "default_code")
        return {**{row["product_id"]: known[f"NW-{row['product_id']}"] for row in self.source.products}, FREIGHT: known[FREIGHT]}

    @property
    def company(self) -> int:
        """Id of the company that is loaded."""
        return int(self.call.context["allowed_company_ids"][0])

    def opening_stock(self, products: dict[str, int]) -> None:
        """Count the opening stock, for products that never moved."""
        ids = [products[row["product_id"]] for row in self.source.products]
        moved = {
            r["product_id"][0]
            for r in self.call("stock.move", "search_read", [("product_id", "in", ids), ("state", "=", "done")], ["product_id"])
        }
        (warehouse,) = self.call("stock.warehouse", "search_read", [("company_id", "=", self.company)], ["lot_stock_id"], limit=1)
        counts = [
            {
                "product_id": products[r["product_id"]],
                "location_id": warehouse["lot_stock_id"][0],
                "inventory_quantity": float(self.source.opening_units(r)),
            }
            for r in self.source.products
            if products[r["product_id"]] not in moved and self.source.opening_units(r)
        ]
        if counts:
            quants = self.call("stock.quant", "create", counts, context={"inventory_mode": True})
            self.call("stock.quant", "action_apply_inventory", quants)
            self.say(f"opening stock of {len(counts)} products counted")

    # -- sales ------------------------------------------------------------------------------------------------------
    def orders(self, customers: dict[str, int], addresses: dict[str, int], products: dict[str, int]) -> None:
        """The quotations that are missing."""
        known = self.known("sale.order", "client_order_ref")
        new = []
        for order in self.source.orders:
            ref = f"NW-{order['order_id']}"
            if ref in known:
                continue
            lines = [
                (
                    0,
                    0,
                    {
                        "product_id": products[r["product_id"]],
                        "product_uom_qty": float(r["quantity"]),
                        "price_unit": float(r["unit_price"]),
                        "discount": float(Decimal(r["discount"]) * 100),
                        "tax_ids": [(6, 0, [])],
                    },
                )
                for r in self.source.lines[order["order_id"]]
            ]
            if Decimal(order["freight"] or 0):
                lines.append(
                    (
                        0,
                        0,
                        {
                            "product_id": products[FREIGHT],
                            "product_uom_qty": 1,
                            "price_unit": float(order["freight"]),
                            "tax_ids": [(6, 0, [])],
                        },
                    )
                )
            values = {
                "partner_id": customers[order["customer_id"]],
                "client_order_ref": ref,
                "date_order": f"{order['order_date']} 12:00:00",
                "commitment_date": order["required_date"] and f"{order['required_date']} 12:00:00",
                "order_line": lines,
            }
            if order["order_id"] in addresses:
                values["partner_shipping_id"] = addresses[order["order_id"]]
            new.append(values)
        self.create("sale.order", new, "orders")

    def confirm(self) -> None:
        """Confirm every quotation, oldest first."""
        drafts = self.call(
            "sale.order",
            "search",
            [("client_order_ref", "=like", "NW-%"), ("state", "in", ["draft", "sent"])],
            order="date_order, id",
        )
        for part in batches(drafts):
            self.call("sale.order", "action_confirm", list(part))
        if drafts:
            self.say(f"{len(drafts)} orders confirmed")

    def shipped_refs(self) -> list[str]:
        """Our keys of the shipped orders."""
        return [f"NW-{o['order_id']}" for o in self.source.shipped]

    def ship(self) -> None:
        """Ship what was shipped: the unshipped orders give way where they hold stock that a shipped one needs."""
        shipped = self.shipped_refs()
        waiting = [
            ("sale_id.client_order_ref", "=like", "NW-%"),
            ("picking_type_code", "=", "outgoing"),
            ("state", "not in", ["done", "cancel"]),
        ]
        others = self.call("stock.picking", "search", [*waiting, ("sale_id.client_order_ref", "not in", shipped)])
        todo = self.call("stock.picking", "search", [*waiting, ("sale_id.client_order_ref", "in", shipped)], order="id")
        if todo and others:
            self.call("stock.picking", "do_unreserve", others)
        for part in batches(todo):
            self.call("stock.picking", "action_assign", list(part))
            self.call("stock.picking", "button_validate", list(part), context={"skip_backorder": True})
        if todo:
            self.say(f"{len(todo)} deliveries shipped")
        if others:
            self.call("stock.picking", "action_assign", others)

    def invoice(self) -> None:
        """One draft invoice per shipped order that has something to invoice, dated the day it was shipped."""
        due = self.call(
            "sale.order",
            "search",
            [("client_order_ref", "in", self.shipped_refs()), ("invoice_status", "=", "to invoice")],
            order="id",
        )
        for part in batches(due):
            wizard = self.call(
                "sale.advance.payment.inv",
                "create",
                {"advance_payment_method": "delivered", "consolidated_billing": False, "sale_order_ids": [(6, 0, list(part))]},
            )
            self.call("sale.advance.payment.inv", "create_invoices", [wizard])
        if due:
            self.say(f"{len(due)} orders invoiced")

    def post(self) -> None:
        """Date and post the drafts."""
        days = {f"NW-{o['order_id']}": o["shipped_date"] for o in self.source.shipped}
        names = {
            r["name"]: r["client_order_ref"]
            for r in self.call("sale.order", "search_read", [("client_order_ref", "=like", "NW-%")], ["name", "client_order_ref"])
        }
        drafts = self.call(
            "account.move",
            "search_read",
            [("invoice_origin", "in", list(names)), ("state", "=", "draft")],
            ["invoice_origin", "invoice_date"],
            order="id",
        )
        by_day: dict[str, list[int]] = defaultdict(list)
        for row in drafts:
            day = days[names[row["invoice_origin"]]]
            if row["invoice_date"] != day:
                by_day[day].append(row["id"])
        for day, ids in sorted(by_day.items()):
            self.call("account.move", "write", ids, {"invoice_date": day})
        for part in batches(sorted(row["id"] for row in drafts)):
            self.call("account.move", "action_post", list(part))
        if drafts:
            self.say(f"{len(drafts)} invoices posted")
