"""Models of the warehouse."""

from addons.stock.models import (
    backorder,
    doing,
    location,
    lot,
    move,
    move_line,
    picking,
    picking_type,
    product,
    quant,
    return_picking,
    valuation,
    warehouse,
)  # fmt: skip
