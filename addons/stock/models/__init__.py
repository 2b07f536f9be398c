"""Models of the warehouse."""

from addons.stock.models import (
    location,
    lot,
    warehouse,
    picking_type,
    quant,
    picking,
    move,
    doing,
    move_line,
    valuation,
    backorder,
    return_picking,
    product,
)  # fmt: skip
