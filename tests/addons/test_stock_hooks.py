"""The extension points of the warehouse, through an addon that hangs on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from server import Addon, UserError, hookimpl
from tests.addons.stock_fixtures import count, delivery

HEARD: list[tuple[str, Any]] = []


class Listener:
    """An addon's hooks: it notes what it hears, and lets nothing called Poison through."""

    class Impls:
        """Implementations, as an addon writes them."""

        @hookimpl
        def stock_picking_confirming(self, env: Any, pickings: Any) -> None:
            HEARD.append(("confirming", pickings.mapped("name")))
            if "Poison" in pickings.move_ids.mapped("product_id.name"):
                raise UserError("Poison is not sold. Choose something else.")

        @hookimpl
        def stock_picking_validating(self, env: Any, pickings: Any) -> None:
            HEARD.append(("validating", pickings.mapped("state")))
            if "HELD" in pickings.mapped("origin"):
                raise UserError("This order is held. Ask sales.")

        @hookimpl
        def stock_moves_done(self, env: Any, moves: Any) -> None:
            HEARD.append(("moved", [(move.state, move.quantity) for move in moves]))

        @hookimpl
        def stock_moves_valued(self, env: Any, layers: Any) -> None:
            HEARD.append(("valued", layers.mapped("value")))

        @hookimpl
        def stock_picking_done(self, env: Any, pickings: Any) -> None:
            HEARD.append(("done", pickings.mapped("state")))

        @hookimpl
        def stock_picking_cancelled(self, env: Any, pickings: Any) -> None:
            HEARD.append(("cancelled", pickings.mapped("state")))


@pytest.fixture
def heard(database: Any) -> Iterator[Any]:
    """An environment of a company that enabled stock and the listener; what it hears is in `HEARD`."""
    from server.addon import lifecycle
    from server.addon.discovery import discover
    from server.database import Database

    listener = Addon("listener", depends=["stock"], definitions=[], hooks=Listener, fixed_version="1.0", package="addons")
    opened = Database(database.url, extra_addons=(listener,))
    lifecycle.install(opened, ["listener"], companies=lifecycle.ALL, discovery=discover((listener,)))
    HEARD.clear()
    with opened.transaction() as env:
        yield env
    opened.engine.dispose()


def product_of(env: Any, name: str = "Salt", quantity: int = 10) -> Any:
    product = env["product.product"].create({"name": name, "is_storable": True, "standard_price": D(4)})
    count(env, product, quantity)
    return product


def test_the_way_of_a_transfer_is_heard(heard: Any) -> None:
    salt = product_of(heard)
    assert HEARD == [("moved", [("done", 10)]), ("valued", [40])]
    HEARD.clear()
    picking = delivery(heard, (salt, 3))
    assert HEARD == [("confirming", [picking.name])]
    HEARD.clear()
    picking.button_validate()
    assert HEARD == [("validating", ["assigned"]), ("moved", [("done", 3)]), ("valued", [-12]), ("done", ["done"])]
    HEARD.clear()
    salt.write({"standard_price": 5})
    assert HEARD == [("valued", [7])]
    HEARD.clear()
    delivery(heard, (salt, 1)).action_cancel()
    assert HEARD[-1] == ("cancelled", ["cancel"])


def test_an_addon_may_refuse_before_and_at_the_door(heard: Any) -> None:
    salt, poison = product_of(heard), product_of(heard, "Poison")
    with pytest.raises(UserError, match="not sold"):
        delivery(heard, (poison, 1))
    held = delivery(heard, (salt, 2), origin="HELD")
    with pytest.raises(UserError, match="held"):
        held.button_validate()
    assert held.state == "assigned" and salt.qty_available == 10
