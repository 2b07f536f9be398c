"""Two companies, two sets of addons: what is not enabled does not exist, and costs no guard anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from server import Char, Integer, Model, UserError
from server.addon import lifecycle
from server.addon.kernel import KERNEL
from server.errors import FieldError, RegistryError
from server.model.registry import Registry
from tests.kernel import record_models
from tests.kernel.addon_helpers import addon


@pytest.fixture
def both(shop_env: Any) -> tuple[Any, Any]:
    """Environments in the first company (with `extra`) and in the second (without)."""
    first, second = shop_env["res.company"].search([], order="id").ids
    return shop_env.with_company(first), shop_env.with_company(second)


def test_an_override_exists_only_where_its_addon_is_enabled(both: tuple[Any, Any]) -> None:
    with_extra, without = both
    made = []
    for env in both:
        partner = env["shop.partner"].create({"name": "p", "company_id": env.company_id})
        made.append(env["shop.order"].create({"name": "o", "partner_id": partner.id}))
    one, two = made
    one.points = 4
    assert (one.title(), two.title()) == ("order o with 4 points", "order o")
    assert one.reward() == 8 and not hasattr(two, "reward") and not hasattr(two, "points")
    assert "reward" in one.public_methods() and "reward" not in two.public_methods()
    assert with_extra.is_enabled("extra") and not without.is_enabled("extra")
    assert without["shop.order"].with_company(with_extra.company_id).browse(one.id).title() == "order o with 4 points"


def test_fields_models_keys_and_lists_do_not_exist_elsewhere(both: tuple[Any, Any]) -> None:
    with_extra, without = both
    assert "points" in with_extra["shop.order"].fields_get() and "gift_ids" in with_extra["shop.order"].fields_get()
    fields = without["shop.order"].fields_get()
    assert "points" not in fields and "gift_ids" not in fields
    assert [k for k, _l in fields["state"]["selection"]] == ["draft", "sale"]
    assert [k for k, _l in with_extra["shop.order"].fields_get()["state"]["selection"]] == ["draft", "sale", "rewarded"]
    partner = without["shop.partner"].create({"name": "p"})
    for attempt in (
        lambda: without["shop.order"].create({"name": "o", "partner_id": partner.id, "points": 1}),
        lambda: without["shop.order"].create({"name": "o", "partner_id": partner.id, "state": "rewarded"}),
        lambda: without["shop.order"].search([("points", ">", 0)]),
        lambda: without["shop.order"].search([], order="points"),
        lambda: without["shop.order"].search_read([], ["points"]),
        lambda: without["shop.order"].search([("gift_ids.name", "=", "x")]),
    ):
        with pytest.raises(FieldError):
            attempt()
    assert "extra.gift" in with_extra and "extra.gift" not in without
    with pytest.raises(UserError, match="doesn't exist"):
        _ = without["extra.gift"]
    assert "points" not in without["shop.order"].create({"name": "o", "partner_id": partner.id}).read()[0]


def test_enabling_shows_the_fields_and_the_data_are_still_there(shop: Any) -> None:
    def second(env: Any) -> int:
        return env["res.company"].search([], order="id desc", limit=1).id

    company = shop.run(1, {}, second)
    context = {"allowed_company_ids": [company]}

    def make(env: Any) -> int:
        partner = env["shop.partner"].create({"name": "p"})
        return env["shop.order"].create({"name": "o", "partner_id": partner.id}).id

    order = shop.run(1, context, make)
    lifecycle.enable(shop, ["extra"], [company], discovery=record_models.found())
    shop.run(1, context, lambda env: env["shop.order"].browse(order).write({"points": 9}))
    lifecycle.disable(shop, ["extra"], [company], discovery=record_models.found())
    with pytest.raises(FieldError):
        shop.run(1, context, lambda env: env["shop.order"].browse(order).read(["points"]))
    lifecycle.enable(shop, ["extra"], [company], discovery=record_models.found())
    assert shop.run(1, context, lambda env: env["shop.order"].browse(order).points) == 9


def test_another_process_sees_the_change_before_its_next_transaction(shop: Any) -> None:
    other = record_models.opened(shop.url)
    try:
        context = {
            "allowed_company_ids": [shop.run(1, {}, lambda env: env["res.company"].search([], order="id desc", limit=1).id)]
        }
        assert other.run(1, context, lambda env: "extra.gift" in env) is False
        lifecycle.enable(shop, ["extra"], context["allowed_company_ids"], discovery=record_models.found())
        assert other.run(1, context, lambda env: "extra.gift" in env) is True
        # remembered reference data as well
        country = shop.run(1, {}, lambda env: env["shop.country"].create({"name": "Peru", "code": "PE"}).id)
        assert other.run(
            1, {}, lambda env: (env["shop.country"].search([]).mapped("name"), env["shop.country"].browse(country).name)
        ) == (["Peru"], "Peru")
        assert other.run(1, {}, lambda env: env["shop.country"].search([("code", "=", "PE")]).ids) == [country]
        shop.run(1, {}, lambda env: env["shop.country"].browse(country).write({"name": "Perú"}))
        assert other.run(
            1, {}, lambda env: (env["shop.country"].search([]).mapped("name"), env["shop.country"].browse(country).name)
        ) == (["Perú"], "Perú")
        shop.run(1, {}, lambda env: env["shop.country"].browse(country).unlink())
        assert other.run(1, {}, lambda env: env["shop.country"].search([]).ids) == []
    finally:
        other.engine.dispose()


def test_reference_data_cost_nothing_the_second_time(shop: Any, count_statements: Any) -> None:
    shop.run(1, {}, lambda env: env["shop.country"].create([{"name": f"C{n}", "code": f"{n:02}"} for n in range(20)]))

    def look(env: Any) -> list[str]:
        return env["shop.country"].search([("code", ">=", "05")]).mapped("name")

    first = shop.run(1, {}, look)
    with count_statements(shop) as seen:
        assert shop.run(1, {}, look) == first
    assert len([s for s in seen.seen if "shop_country" in s]) == 0, seen.report()

    def change(env: Any) -> list[str]:
        env["shop.country"].search([("code", "=", "05")]).name = "changed"
        return look(env)

    assert "changed" in shop.run(1, {}, change) and "changed" in shop.run(1, {}, look)

    def fail(env: Any) -> None:
        env["shop.country"].search([("code", "=", "06")]).name = "never"
        look(env)
        raise LookupError

    with pytest.raises(LookupError):
        shop.run(1, {}, fail)
    assert "never" not in shop.run(1, {}, look)


class Box(Model, name="sets.box"):
    """A box."""

    name = Char("Name")


def test_what_cannot_be_composed_is_refused_naming_the_addon() -> None:
    from server.addon.kernel import KERNEL

    class Twice(Box):
        """Owns a column that belongs to another."""

        name = Char("Name")

    class Needs(Box):
        """A required column on a foreign table."""

        count = Integer("Count", required=True)

    class Hides(Box):
        """Redefines what is private to the kernel."""

        def _fetch_rows(self) -> None: ...

    class Blind(Box):
        """Computes by a method that is not there."""

        total = Integer("Total", compute="_compute_nothing", store=True)

    for definition, words in (
        (Twice, "already belongs"),
        (Needs, "nullable"),
        (Hides, "private to the kernel"),
        (Blind, "does not exist"),
    ):
        with pytest.raises(RegistryError, match=words) as caught:
            Registry([KERNEL, addon("boxes", [Box]), addon("culprit", [definition], depends=["boxes"])])
        assert caught.value.addon == "culprit"


class Marked(Model, abstract=True):
    mark = Char("Mark")


class Stone(Model, name="stone.stone"):
    name = Char("Name")


class MarkedStone(Marked, Stone):
    """An extension that takes a mixin, named before what it extends."""


def test_a_mixin_may_stand_before_the_definition_that_is_extended() -> None:
    registry = Registry([KERNEL, addon("stones", [Stone]), addon("marks", [MarkedStone], depends=["stones"])])
    fields = registry.for_enabled(frozenset({"stones", "marks"})).find("stone.stone")._fields
    assert fields["mark"].addon == "marks"
    assert "mark" not in registry.for_enabled(frozenset({"stones"})).find("stone.stone")._fields
