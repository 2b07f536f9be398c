"""Northwind: a real trading company's two years of sales, loaded over RPC and reconciled to the cent. See `loader.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from addons.sales_stock.northwind.loader import Loader
from addons.sales_stock.northwind.reconcile import reconcile
from addons.sales_stock.northwind.source import Source


def load(client: Any, directory: Path, say: Callable[[str], Any]) -> bool:
    """Load what is missing, then compare database and source; True when everything adds up."""
    source = Source.read(directory)
    Loader(client, source, say).run()
    return reconcile(client, source, say)


load.company = "Northwind Traders"  # type: ignore[attr-defined]
load.country = "US"  # type: ignore[attr-defined]
