"""Views: composing, extending by name, one report of all mistakes. Models are stand-ins with just fields and methods."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from server.text import _
from server.views import (
    Action,
    Button,
    Field,
    Filter,
    FormView,
    Group,
    GroupBy,
    Header,
    ListView,
    Menu,
    Notebook,
    Page,
    SearchView,
    extend,
)
from server.views.compose import ViewSet, compose
from server.views.service import number


def model(*methods: str, **fields: str) -> SimpleNamespace:
    """A stand-in for a model class: field name → name of the comodel, or an empty text."""
    return SimpleNamespace(
        _fields={name: SimpleNamespace(name=name, comodel=comodel, groups="") for name, comodel in fields.items()},
        _aliases={"order_lines": "order_line"},
        public_methods=lambda: dict.fromkeys(methods),
    )


MODELS: dict[str, Any] = {
    "sale.order": model(
        "action_confirm",
        name="",
        state="",
        date_order="",
        partner_id="res.partner",
        order_line="sale.order.line",
        points="",
        total="",
    ),
    "sale.order.line": model(product_id="", price_unit="", points=""),
    "res.partner": model(name="", country_id="res.country"),
    "res.country": model(code=""),
}


def sales() -> list[Any]:
    return [
        FormView(
            "sale.order.form",
            model="sale.order",
            body=[
                Header(Button("action_confirm", _("Confirm"), invisible=[("state", "!=", "draft")]), Field("state")),
                Group("customer", Field("partner_id"), Field("date_order")),
                Notebook(Page("lines", _("Lines"), Field("order_line", columns=[Field("product_id"), Field("price_unit")]))),
            ],
        ),
        ListView("sale.order.list", model="sale.order", fields=[Field("name"), Field("total", sum=_("Total"))]),
        SearchView(
            "sale.order.search",
            model="sale.order",
            fields=[Field("name")],
            filters=[Filter("draft", _("Drafts"), [("state", "=", "draft")])],
            group_bys=[
                GroupBy("month", _("Month"), "date_order:month"),
                GroupBy("country", _("Country"), "partner_id.country_id"),
            ],
        ),
        Action("sales.action_orders", _("Orders"), model="sale.order", search=["draft"]),
        Menu("sales.menu_root", _("Sales")),
        Menu("sales.menu_orders", _("Orders"), "sales.menu_root", "sales.action_orders"),
    ]


def composed(*addons: tuple[str, list[Any]], models: dict[str, Any] | None = None) -> ViewSet:
    return compose([("sales", sales()), *addons], models or MODELS)


def keys(view_set: ViewSet, view: str, root: str = "body") -> list[Any]:
    """Keys of elements; containers and fields with parts as (key, keys below)."""

    def of(elements: list[Any]) -> list[Any]:
        found: list[Any] = []
        for element in elements:
            below = [item for _name, part in element.parts() for item in of(part)]
            found.append((element.key, below) if below else element.key)
        return found

    return of(view_set.views[view].roots[root].children)


def test_what_fits_has_no_problems() -> None:
    result = composed()
    assert result.report() == ""
    assert keys(result, "sale.order.form") == [
        ("header", ["action_confirm", "state"]),
        ("customer", ["partner_id", "date_order"]),
        ("notebook", [("lines", [("order_line", ["product_id", "price_unit"])])]),
    ]
    assert result.menus["sales.menu_orders"].addon == "sales"


def test_the_four_operations() -> None:
    extension = (
        extend("sale.order.form")
        .after("partner_id", Field("points"))
        .before("customer", Group("top", Field("name")))
        .inside("notebook", Page("other", _("Other"), Field("total")))
        .set("date_order", required=True, invisible=[("state", "=", "sale")])
    )
    result = composed(("loyalty", [extension]))
    assert result.report() == ""
    assert keys(result, "sale.order.form") == [
        ("header", ["action_confirm", "state"]),
        ("top", ["name"]),
        ("customer", ["partner_id", "points", "date_order"]),
        ("notebook", [("lines", [("order_line", ["product_id", "price_unit"])]), ("other", ["total"])]),
    ]
    form = result.views["sale.order.form"]
    date = form.roots["body"].children[2].children[2]
    assert date.attributes["required"] is True
    assert date.addon == "sales"
    assert form.roots["body"].children[2].children[1].addon == "loyalty"


def test_inside_the_list_of_a_field_and_of_the_view() -> None:
    result = composed(
        (
            "a",
            [
                extend("sale.order.form").after("order_line/product_id", Field("points")),
                extend("sale.order.form").inside("order_line"),
            ],
        ),
        ("b", [extend("sale.order.list").inside("fields", Field("points"))]),
        ("c", [extend("sale.order.search").inside("filters", Filter("good", _("Good"), [("points", ">", 0)]))]),
    )
    assert result.report() == ""
    assert keys(result, "sale.order.form")[2] == (
        "notebook",
        [("lines", [("order_line", ["product_id", "points", "price_unit"])])],
    )
    assert keys(result, "sale.order.list", "fields") == ["name", "total", "points"]
    assert keys(result, "sale.order.search", "filters") == ["draft", "good"]


def test_a_name_in_two_parts_of_a_search_view() -> None:
    twice = SearchView("b.search", model="sale.order", fields=[Field("state")], group_bys=[GroupBy("state", _("Status"))])
    extension = extend("b.search").after("group_bys/state", GroupBy("date_order", _("Date"))).after("state", Field("name"))
    result = composed(("b", [twice, extension]))
    assert [problem for problem in result.problems if problem.addon == "b"] == []
    assert keys(result, "b.search", "group_bys") == ["state", "date_order"]
    assert keys(result, "b.search", "fields") == ["state", "name"]


def test_extensions_do_not_touch_what_was_declared() -> None:
    declared = sales()
    compose([("sales", declared), ("a", [extend("sale.order.list").after("name", Field("points"))])], MODELS)
    again = compose([("sales", declared)], MODELS)
    assert keys(again, "sale.order.list", "fields") == ["name", "total"]


def test_an_extension_may_build_on_another() -> None:
    result = composed(
        ("a", [extend("sale.order.list").after("name", Field("points"))]),
        ("b", [extend("sale.order.list").after("points", Field("state"))]),
    )
    assert keys(result, "sale.order.list", "fields") == ["name", "points", "state", "total"]


def test_all_mistakes_in_one_report() -> None:
    result = composed(
        (
            "broken",
            [
                extend("sale.order.form").after("partner", Field("points")).after("date_order", Field("colour")),
                extend("sale.order.farm").after("name", Field("points")),
                extend("sale.order.form").set("partner_id", colour="red").inside("partner_id", Field("points")),
                extend("sale.order.form").after("lines", Field("points")).inside("notebook", Field("points")),
                ListView("x.list", model="no.such.model", fields=[Field("name")]),
                FormView("sale.order.form", model="sale.order", body=[]),
                FormView(
                    "broken.form",
                    model="sale.order",
                    body=[
                        Button("action_nothing", "?"),
                        Button("sales.action_order", "?"),
                        Field("name", columns=[Field("x")]),
                        Field("total", invisible=[("stat", "=", "x")], readonly=["no", ("partner_id.country_id.name", "=", 1)]),
                        Field("state"),
                        Field("state"),
                        Field("order_line", columns=[Field("price")]),
                    ],
                ),
                SearchView("broken.search", model="sale.order", group_bys=[GroupBy("decade", "Decade", "date_order:decade")]),
                Action("broken.action", "?", model="sale.order", views=[("no.view", "list")], search=["nothing"]),
                Menu("broken.menu", "?", parent="sales.menu_rot", action="broken.action"),
                Menu("broken.menu2", "?", parent="sales.menu_root", action="sales.action_order"),
            ],
        )
    )
    report = result.report()
    for expected in (
        "broken: extension of sale.order.form: after('partner'): there is no element of that name. Did you mean partner_id?",
        "sale.order has no field colour",
        "extension of sale.order.farm: there is no such view. Did you mean sale.order.form?",
        "set('partner_id'): a field has no colour",
        "inside('partner_id'): the field shows no list",
        "after('lines'): a page can stand only beside pages",
        "inside('notebook'): a notebook holds pages only",
        "x.list: there is no model no.such.model",
        "FormView sale.order.form is already declared by sales",
        "no public method action_nothing",
        "there is no action sales.action_order. Did you mean sales.action_orders?",
        "the field name of sale.order is no relation",
        "sale.order has no field stat. Did you mean state?",
        "'no' is no operator of a domain",
        "res.country has no field name",
        "two elements of the name state",
        "sale.order.line has no field price. Did you mean price_unit?",
        "cannot be grouped by decade",
        "there is no list view no.view",
        "has no filter nothing",
        "there is no menu sales.menu_rot. Did you mean sales.menu_root?",
    ):
        assert expected in report, expected
    assert [p for p in result.problems if p.addon != "broken"] == []
    # what is broken is left out, the rest is there
    assert keys(result, "broken.form") == ["total", "state", "order_line"]
    assert keys(result, "sale.order.form")[1] == ("customer", ["partner_id", "date_order"])
    assert "broken.menu" not in result.menus
    assert "x.list" not in result.views


def test_a_disabled_addons_models_are_not_there() -> None:
    """The same declarations against fewer models: what names them is left out and reported."""
    fewer = {
        **MODELS,
        "sale.order": model("action_confirm", name="", state="", date_order="", partner_id="res.partner", total=""),
    }
    result = composed(models=fewer)
    assert [problem.text for problem in result.problems] == ["sale.order has no field order_line."]
    assert keys(result, "sale.order.form")[2] == ("notebook", ["lines"])


def test_the_default_view_is_the_one_of_lowest_priority() -> None:
    result = composed(("a", [ListView("a.list", model="sale.order", fields=[Field("name")], priority=5)]))
    view = result.default("sale.order", "list")
    assert view is not None
    assert view.name == "a.list"
    assert result.default("res.partner", "list") is None


def test_view_numbers_are_stable() -> None:
    assert number("sale.order.form") == number("sale.order.form") != number("sale.order.list")
    assert 0 < number("sale.order.form") < 2**31
