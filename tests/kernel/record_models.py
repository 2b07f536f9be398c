"""The models that the tests of the record layer use: a small shop, in throw-away addons of its own.

`shop` has one of everything (every field kind, delegation, a tree, a wall, stored and unstored computations); `extra` extends it
with an override, a field, a selection key and a model, and is meant to be enabled for one company only.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from server import (
    Binary,
    Boolean,
    Char,
    Date,
    Datetime,
    Extend,
    Html,
    Integer,
    Json,
    Many2many,
    Many2one,
    Many2oneReference,
    Model,
    Monetary,
    Numeric,
    One2many,
    Reference,
    Selection,
    Text,
    ValidationError,
    _,
    action,
    constrains,
    depends,
    hookimpl,
    onchange,
)
from server.addon import lifecycle
from server.addon.discovery import Discovery, discover
from server.database import Database
from tests.kernel.addon_helpers import addon


class Country(Model, name="shop.country"):
    """Reference data with a name in several languages."""

    reference = True
    order = "name"
    unique = [("code",)]

    name = Char("Country", required=True, translate=True)
    code = Char("Code", size=2)


class Tag(Model, name="shop.tag"):
    """A label."""

    order = "name"

    name = Char("Tag", required=True)
    active = Boolean("Active", default=True)
    order_ids = Many2many("shop.order", "Orders", relation="shop_order_tag", column1="tag_id", column2="order_id")


class Partner(Model, name="shop.partner"):
    """Somebody: a tree, archivable, shared or of a company, with a history."""

    order = "name, id"
    history = True

    name = Char("Name", required=True, tracking=True)
    code = Char("Code", copy=False)
    active = Boolean("Active", default=True)
    credit = Numeric("Credit", tracking=True)
    note = Char("Note", translate=True, tracking=True)
    parent_id = Many2one("shop.partner", "Parent")
    child_ids = One2many("shop.partner", "parent_id", "Children")
    country_id = Many2one("shop.country", "Country", tracking=True)
    company_id = Many2one("res.company", "Company")
    order_ids = One2many("shop.order", "partner_id", "Orders")
    secret = Char("Secret", groups="base.group_system")
    unique = [("code",)]
    checks = {"credit_positive": "credit >= 0"}

    top_id = Many2one("shop.partner", "Top", compute="_compute_top", store=True)
    country_name = Char("Country name", related="country_id.name")
    order_total = Numeric("Ordered", compute="_compute_order_total", store=True)

    @depends("parent_id", "parent_id.top_id")
    def _compute_top(self) -> None:
        for one in self:
            one.top_id = (one.parent.top_id or one.parent_id) if one.parent_id else None

    @depends("order_ids.total")
    def _compute_order_total(self) -> None:
        for one in self:
            one.order_total = sum(one.order_ids.mapped("total"), Decimal(0))

    @constrains("name")
    def _check_name_text(self) -> None:
        if any(one.name == "forbidden" for one in self):
            raise ValidationError(_("A partner must not be called forbidden. Choose another name."))


class Product(Model, name="shop.product"):
    """A thing with values per company, a picture and data."""

    order = "name, id"

    name = Char("Name", required=True, translate=True)
    price = Monetary("Price")
    cost = Numeric("Cost", company_dependent=True)
    shelf = Char("Shelf", company_dependent=True)
    since = Date("Since", company_dependent=True)
    kept = Boolean("Kept", company_dependent=True)
    supplier_id = Many2one("shop.partner", "Supplier", company_dependent=True)
    image = Binary("Picture")
    data = Json("Data")
    tag_ids = Many2many("shop.tag", "Tags")


class Variant(Model, name="shop.variant"):
    """A product in a colour: everything else is the product's."""

    inherits = {"shop.product": "product_id"}

    product_id = Many2one("shop.product", "Product", required=True, ondelete="cascade")
    colour = Char("Colour")


class Order(Model, name="shop.order"):
    """An order of a company."""

    order = "date desc, id desc"
    history = True
    rec_name = "name"

    name = Char("Number", required=True, aliases=("number",))
    partner_id = Many2one("shop.partner", "Customer", required=True, aliases=("customer_id",), tracking=True)
    company_id = Many2one("res.company", "Company", required=True)
    state = Selection([("draft", _("Draft")), ("sale", _("Sold"))], _("State"), default="draft", tracking=True)
    date = Date("Date", default=lambda env: env.today())
    moment = Datetime("Moment")
    line_ids = One2many("shop.line", "order_id", "Lines", copy=True)
    big_line_ids = One2many("shop.line", "order_id", "Big lines", domain=[("qty", ">=", 100)])
    tag_ids = Many2many("shop.tag", "Tags", relation="shop_order_tag", column1="order_id", column2="tag_id")
    note = Text("Note", copy=False)
    total = Monetary("Total", compute="_compute_total", store=True, tracking=True)
    tax = Monetary("Tax", compute="_compute_tax", store=True)
    grand = Monetary("Grand total", compute="_compute_tax", store=True)
    tag_count = Integer("Number of tags", compute="_compute_tag_count", store=True)
    has_partner_tag = Char("Tag names", compute="_compute_tag_names", store=True)
    country_id = Many2one("shop.country", "Country", related="partner_id.country_id", store=True)
    partner_credit = Numeric("Credit", related="partner_id.credit")
    label = Char("Label", compute="_compute_label", search="_search_label")
    due = Integer("Days", compute="_compute_due", store=True, readonly=False)

    @depends("line_ids.subtotal")
    def _compute_total(self) -> None:
        for order in self:
            order.total = sum(order.line_ids.mapped("subtotal"), Decimal(0))

    @depends("total")
    def _compute_tax(self) -> None:
        for order in self:
            order.tax = order.total * Decimal("0.16")
            order.grand = order.total + order.tax

    @depends("tag_ids")
    def _compute_tag_count(self) -> None:
        for order in self:
            order.tag_count = len(order.tag_ids)

    @depends("tag_ids.name")
    def _compute_tag_names(self) -> None:
        for order in self:
            order.has_partner_tag = ", ".join(order.tag_ids.mapped("name")) or None

    @depends("name", "partner_id.name", "total")
    def _compute_label(self) -> None:
        for order in self:
            order.label = f"{order.name}/{order.partner.name}/{order.total:.2f}"

    def _search_label(self, operator: str, value: Any) -> list[Any]:
        return [("name", operator, value)]

    @depends("partner_id")
    def _compute_due(self) -> None:
        for order in self:
            order.due = len(order.partner.name or "")

    @constrains("state", "line_ids")
    def _check_lines_when_sold(self) -> None:
        if any(order.state == "sale" and not order.line_ids for order in self):
            raise ValidationError(_("An order without lines cannot be sold. Add a line."))

    @onchange("note")
    def _onchange_note(self) -> Any:
        """The note `usual` fills in the usual lines."""
        if self.note != "usual":
            return None
        self.line_ids = [(5,), (0, 0, {"qty": 2, "price": 5}), (0, 0, {"qty": 1, "price": 1})]
        self.name = f"{self.name or 'N'} usual"
        return {"warning": {"title": _("Lines"), "message": _("The lines were replaced.")}}

    @onchange("name")
    def _onchange_name(self) -> None:
        """What another onchange method changed sets off its own."""
        if self.name and self.name.endswith("usual"):
            self.moment = "2026-01-31 12:00:00"

    @action
    def title(self) -> str:
        """What the order is called."""
        return f"order {self.name}"


class Line(Model, name="shop.line"):
    """A line of an order."""

    order = "sequence, id"

    order_id = Many2one("shop.order", "Order", required=True, ondelete="cascade")
    company_id = Many2one("res.company", "Company", related="order_id.company_id", store=True)
    sequence = Integer("Sequence", default=10)
    active = Boolean("Active", default=True)
    product_id = Many2one("shop.product", "Product", ondelete="restrict")
    qty = Numeric("Quantity", default=1)
    price = Monetary("Price")
    subtotal = Monetary("Subtotal", compute="_compute_subtotal", store=True)
    partner_id = Many2one("shop.partner", "Customer", related="order_id.partner_id", store=True)
    sub_ids = One2many("shop.part", "line_id", "Parts")

    @depends("qty", "price")
    def _compute_subtotal(self) -> None:
        for line in self:
            line.subtotal = line.qty * line.price


class Part(Model, name="shop.part"):
    """A part of a line; it outlives the line."""

    name = Char("Name", required=True)
    line_id = Many2one("shop.line", "Line")


class Thing(Model, name="shop.thing"):
    """One field of every kind, all optional."""

    name = Char("Name")
    size3 = Char("Three letters", size=3)
    body = Text("Body")
    html = Html("Html")
    number = Integer("Number")
    amount = Numeric("Amount")
    rate = Numeric("Rate", digits=(16, 10))
    money = Monetary("Money")
    flag = Boolean("Flag")
    day = Date("Day")
    moment = Datetime("Moment")
    kind = Selection([("a", "A"), ("b", "B")], "Kind")
    blob = Binary("Blob")
    data = Json("Data")
    partner_id = Many2one("shop.partner", "Partner")
    ref = Reference("Reference")
    res_model = Char("Model")
    res_id = Many2oneReference("Record", model_field="res_model")
    item_ids = One2many("shop.item", "thing_id", "Items")
    tag_ids = Many2many("shop.tag", "Tags")


class Item(Model, name="shop.item"):
    """Something that may belong to a thing."""

    name = Char("Name")
    number = Integer("Number")
    thing_id = Many2one("shop.thing", "Thing")


class Gift(Model, name="extra.gift"):
    """A model of the addon `extra`."""

    name = Char("Gift", required=True)
    order_id = Many2one("shop.order", "Order", ondelete="cascade")


class ExtraOrder(Order):
    """What `extra` adds to orders."""

    points = Integer("Points")
    gift_ids = One2many("extra.gift", "order_id", "Gifts")
    state = Extend(selection_add=[("rewarded", _("Rewarded"))])

    def title(self) -> str:
        return f"{super().title()} with {self.points} points"

    @action
    def reward(self) -> int:
        """Only where `extra` is enabled."""
        return int(self.points) * 2


class Hooks:
    """Hears what the record layer announces."""

    heard: list[tuple[str, str, tuple[int, ...]]] = []

    class Impls:
        @hookimpl
        def record_created(self, env: Any, records: Any) -> None:
            Hooks.heard.append(("created", records._name, records._ids))

        @hookimpl
        def record_written(self, env: Any, records: Any, vals: Any) -> None:
            Hooks.heard.append(("written", records._name, records._ids))

        @hookimpl
        def record_deleting(self, env: Any, records: Any) -> None:
            Hooks.heard.append(("deleting", records._name, records._ids))


SHOP = [Country, Tag, Partner, Product, Variant, Order, Line, Part, Thing, Item]


def found() -> Discovery:
    """The kernel, `shop` and `extra`."""
    made = [addon("shop", SHOP, hooks=Hooks), addon("extra", [Gift, ExtraOrder], depends=["shop"])]
    return discover(made, entry_points=[])


def opened(url: str) -> Database:
    """A `Database` that knows the shop."""
    return Database(url, extra_addons=[one for one in found().addons.values() if one.name != "kernel"])


def build_shop(url: str) -> None:
    """Two companies; `shop` for both, `extra` for the first."""
    database = opened(url)
    try:
        lifecycle.install(database, ["shop"], companies=lifecycle.ALL, discovery=found())
        second = database.run(1, {}, lambda env: env["res.company"].create({"name": "Second company"}).id)
        first = database.run(1, {}, lambda env: env["res.company"].search([("id", "!=", second)]).id)
        lifecycle.install(database, ["extra"], companies=[first], discovery=found())
        lifecycle.enable(database, ["shop"], [second], discovery=found())
    finally:
        database.engine.dispose()
