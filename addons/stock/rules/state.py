"""States of moves and of the transfers that hold them, as plain functions."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

OPEN = ("waiting", "confirmed", "partially_available", "assigned")


def move_state(demand: Decimal, quantity: Decimal) -> str:
    """State of a confirmed move of which `quantity` is ready."""
    if quantity >= demand:
        return "assigned"
    return "partially_available" if quantity > 0 else "confirmed"


def picking_state(states: Collection[str], policy: str = "direct") -> str:
    """State of a transfer from the states of its moves.

    `policy` is `direct` (ready as soon as something is) or `one` (ready when everything is). Cancelled moves do not count as
    long as there are others; without moves it is a draft.
    """
    if not states or "draft" in states:
        return "draft"
    living = [state for state in states if state != "cancel"]
    if not living:
        return "cancel"
    pending = [state for state in living if state != "done"]
    if not pending:
        return "done"
    if policy == "one":
        ready = all(state == "assigned" for state in pending)
    else:
        ready = any(state in ("assigned", "partially_available") for state in pending)
    if ready:
        return "assigned"
    return "waiting" if all(state == "waiting" for state in pending) else "confirmed"
