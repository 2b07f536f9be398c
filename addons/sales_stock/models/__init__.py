"""What selling adds to the warehouse, and the warehouse to selling."""

from __future__ import annotations

from addons.sales_stock.models import kernel, sales, sales_line, stock

__all__ = ["kernel", "sales", "sales_line", "stock"]
