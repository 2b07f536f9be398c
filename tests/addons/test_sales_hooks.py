"""The extension points of sales, through an addon that hangs on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server import Addon, UserError, hookimpl

HEARD: list[tuple[str, Any]] = []


class Listener:
    """An addon's hooks: it notes what it hears, and refuses customers called Nadie and orders called S-FIJO."""

    class Impls:
        """Implementations, as an addon writes them."""

        @hookimpl
        def sale_order_confirming(self, env: Any, orders: Any) -> None:
            HEARD.append(("confirming", orders.mapped("state")))
            if "Nadie" in orders.mapped("partner_id.name"):
                raise UserError("Nobody buys here. Choose a customer.")

        @hookimpl
        def sale_order_confirmed(self, env: Any, orders: Any) -> None:
            HEARD.append(("confirmed", orders.mapped("state")))

        @hookimpl
        def sale_order_cancelling(self, env: Any, orders: Any) -> None:
            HEARD.append(("cancelling", orders.mapped("state")))
            if "S-FIJO" in orders.mapped("name"):
                raise UserError("This one stays.")

        @hookimpl
        def sale_order_cancelled(self, env: Any, orders: Any) -> None:
            HEARD.append(("cancelled", orders.mapped("state")))

        @hookimpl
        def sale_order_invoiced(self, env: Any, orders: Any, invoices: Any) -> None:
            HEARD.append(("invoiced", (orders.mapped("name"), invoices.mapped("state"))))

        @hookimpl
        def sale_order_line_changed(self, env: Any, lines: Any, before: dict[int, Any]) -> None:
            HEARD.append(("changed", [(before[line.id], line.product_uom_qty) for line in lines]))


@pytest.fixture
def heard(database: Any) -> Iterator[Any]:
    """An environment of a company that enabled sales and the listener; what it hears is in `HEARD`."""
    from server.addon import lifecycle
    from server.addon.discovery import discover
    from server.database import Database

    listener = Addon("listener", depends=["sales"], definitions=[], hooks=Listener, fixed_version="1.0", package="addons")
    opened = Database(database.url, extra_addons=(listener,))
    lifecycle.install(opened, ["listener"], companies=lifecycle.ALL, discovery=discover((listener,)))
    HEARD.clear()
    with opened.transaction() as env:
        yield env
    opened.engine.dispose()


def order_of(env: Any, customer: str = "Alguien", **values: Any) -> Any:
    partner = env["res.partner"].create({"name": customer})
    service = env["product.product"].create({"name": "Pulido", "type": "service", "list_price": 10})
    lines = [(0, 0, {"product_id": service.id, "product_uom_qty": 2})]
    return env["sale.order"].create({"partner_id": partner.id, "order_line": lines, **values})


def test_the_way_of_an_order_is_heard(heard: Any) -> None:
    orders = order_of(heard) | order_of(heard)
    orders.action_confirm()
    assert HEARD == [("confirming", ["draft", "draft"]), ("confirmed", ["sale", "sale"])]
    HEARD.clear()
    orders[0].order_line.write({"product_uom_qty": 5})
    assert HEARD == [("changed", [(2, 5)])]
    HEARD.clear()
    orders[0]._create_invoices()
    assert HEARD == [("invoiced", ([orders[0].name], ["draft"]))]
    HEARD.clear()
    orders.action_cancel()
    assert HEARD == [("cancelling", ["sale", "sale"]), ("cancelled", ["cancel", "cancel"])]


def test_a_refusal_keeps_everything_as_it_was(heard: Any) -> None:
    order = order_of(heard, "Nadie")
    with pytest.raises(UserError, match="Nobody"):
        order.action_confirm()
    assert order.state == "draft"
    assert [what for what, _data in HEARD] == ["confirming"]
    fixed = order_of(heard, name="S-FIJO")
    fixed.action_confirm()
    with pytest.raises(UserError, match="stays"):
        fixed.action_cancel()
    assert fixed.state == "sale"
