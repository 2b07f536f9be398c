"""The CSV files as values, and what must come out of them. Plain functions on files; no connection."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

Row = dict[str, str]
CENT = Decimal("0.01")

#: Countries as the files write them → ISO 3166 code.
COUNTRIES = {
    "Argentina": "AR",
    "Australia": "AU",
    "Austria": "AT",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Denmark": "DK",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Ireland": "IE",
    "Italy": "IT",
    "Japan": "JP",
    "Mexico": "MX",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "UK": "GB",
    "USA": "US",
    "Venezuela": "VE",
}


def cents(value: Decimal) -> Decimal:
    """Half up to cents."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Source:
    """The rows of the files."""

    categories: list[Row]
    customers: list[Row]
    suppliers: list[Row]
    products: list[Row]
    orders: list[Row]
    details: list[Row]

    @classmethod
    def read(cls, directory: Path) -> Source:
        """Read the files of `directory`."""

        def rows(name: str) -> list[Row]:
            with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        return cls(
            rows("categories"), rows("customers"), rows("suppliers"), rows("products"), rows("orders"), rows("order_details")
        )

    @cached_property
    def lines(self) -> dict[str, list[Row]]:
        """Order id → its detail rows."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.details:
            found[row["order_id"]].append(row)
        return found

    @cached_property
    def shipped(self) -> list[Row]:
        """The orders that were shipped."""
        return [o for o in self.orders if o["shipped_date"]]

    def line_total(self, row: Row) -> Decimal:
        """Goods value of a line: quantity × price less discount, rounded half up to cents."""
        return cents(Decimal(row["quantity"]) * Decimal(row["unit_price"]) * (1 - Decimal(row["discount"])))

    def order_total(self, order: Row) -> Decimal:
        """Goods and freight of an order, each line rounded."""
        return sum((self.line_total(r) for r in self.lines[order["order_id"]]), Decimal(0)) + cents(
            Decimal(order["freight"] or 0)
        )

    @cached_property
    def shipped_units(self) -> dict[str, Decimal]:
        """Product id → units in shipped orders."""
        units: dict[str, Decimal] = defaultdict(Decimal)
        for order in self.shipped:
            for row in self.lines[order["order_id"]]:
                units[row["product_id"]] += Decimal(row["quantity"])
        return units

    def opening_units(self, product: Row) -> Decimal:
        """Units to start with: what was shipped, and what is left at the end."""
        return self.shipped_units.get(product["product_id"], Decimal(0)) + Decimal(product["units_in_stock"])

    @staticmethod
    def cost(product: Row) -> Decimal:
        """Cost of a unit. The files have none: 60 % of the list price, in cents."""
        return cents(Decimal(product["unit_price"]) * Decimal("0.6"))
