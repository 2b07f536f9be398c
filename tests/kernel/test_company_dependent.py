"""Values that depend on company or language: each has its own, and none erases another's."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from server import AccessError, ValidationError


@pytest.fixture
def companies(shop_env: Any) -> tuple[int, int]:
    return tuple(shop_env["res.company"].search([], order="id").ids)  # type: ignore[return-value]


def fresh(env: Any) -> None:
    env.flush()
    env.transaction.clear()


def test_each_company_has_its_own_value(shop_env: Any, companies: tuple[int, int]) -> None:
    first, second = companies
    product = shop_env["shop.product"].create({"name": "P", "cost": "1.5", "shelf": "A1", "since": "2026-01-01", "kept": True})
    there = product.with_company(second)
    assert (there.cost, there.shelf, there.since, there.kept, there.supplier_id) == (0, None, None, False, None)
    there.write({"cost": 9, "since": "2025-05-05"})
    product.shelf = "B2"  # both companies' changes wait in one transaction
    there.shelf = "Z9"
    fresh(shop_env)
    assert (product.cost, product.shelf, product.since, product.kept) == (Decimal("1.5"), "B2", dt.date(2026, 1, 1), True)
    assert (there.cost, there.shelf, there.since, there.kept) == (9, "Z9", dt.date(2025, 5, 5), False)
    product.write({"cost": 0, "shelf": False})
    fresh(shop_env)
    assert (product.cost, product.shelf) == (0, None) and (there.cost, there.shelf) == (9, "Z9")
    names = ["cost", "shelf", "since", "kept"]
    assert product.read(names) == [{"id": product.id, "cost": 0.0, "shelf": False, "since": "2026-01-01", "kept": True}]
    assert there.read(names) == [{"id": product.id, "cost": 9.0, "shelf": "Z9", "since": "2025-05-05", "kept": False}]
    assert product.read(names) != there.read(names)


def test_searching_sorting_and_links_by_company(shop_env: Any, companies: tuple[int, int]) -> None:
    partner = shop_env["shop.partner"].create({"name": "Supplier"})
    products = shop_env["shop.product"].create(
        [{"name": n, "cost": c, "supplier_id": s} for n, c, s in (("a", "9", partner.id), ("b", "10.5", None), ("c", None, None))]
    )
    a, b, c = products
    mine = [("id", "in", products.ids)]
    there = products.with_company(companies[1]).browse()
    fresh(shop_env)
    assert products.search([*mine, ("cost", ">", 9)]) == b
    assert products.search([*mine, ("cost", ">=", "9")]) == a | b
    assert products.search([*mine, ("cost", "=", 10.5)]) == b
    assert products.search([*mine, ("cost", "=", 0)]) == c and products.search([*mine, ("cost", "<", 1)]) == c
    assert products.search([*mine, ("cost", "in", [9, 10.5])]) == a | b
    assert products.search(mine, order="cost desc").filtered("cost").ids == [b.id, a.id]
    assert (
        products.search([*mine, ("supplier_id", "=", partner.id)]) == a
        and products.search([*mine, ("supplier_id.name", "=", "Supplier")]) == a
    )
    assert products.search([*mine, ("supplier_id", "=", False)]) == b | c
    assert a.supplier == partner and a.read(["supplier_id"])[0]["supplier_id"] == [partner.id, "Supplier"]
    assert not there.search([*mine, ("cost", ">", 0)]) and there.search([*mine, ("cost", "=", 0)]) == products
    rows = {r["id"]: r["cost"] for r in products.search_read(mine, ["cost"])}
    assert rows == {a.id: 9.0, b.id: 10.5, c.id: 0.0}


def test_delegated_values_depend_on_company_and_language_as_well(shop_env: Any, companies: tuple[int, int]) -> None:
    variant = shop_env["shop.variant"].create({"name": "Shirt", "cost": 5})
    there = variant.with_company(companies[1])
    spanish = variant.with_context(lang="es")
    assert (variant.cost, there.cost) == (5, 0)
    there.cost = 7
    spanish.name = "Camisa"
    assert (variant.cost, there.cost) == (5, 7)
    assert (variant.name, spanish.name, variant.display_name, spanish.display_name) == ("Shirt", "Camisa", "Shirt", "Camisa")
    fresh(shop_env)
    assert (there.cost, variant.cost) == (7, 5) and (spanish.name, variant.name) == ("Camisa", "Shirt")
    assert spanish.read(["name", "display_name"])[0]["name"] == "Camisa"


def test_translations_fall_back_to_the_language_and_then_to_the_source(shop_env: Any) -> None:
    country = shop_env["shop.country"].create({"name": "Germany"})
    spanish, mexican, german = (country.with_context(lang=lang) for lang in ("es", "es_MX", "de"))
    assert [c.name for c in (country, spanish, mexican, german)] == ["Germany"] * 4
    spanish.name = "Alemania"
    assert [c.name for c in (country, spanish, mexican, german)] == ["Germany", "Alemania", "Alemania", "Germany"]
    mexican.write({"name": "Alemania (MX)"})
    country.name = "Federal Republic"
    assert [c.name for c in (country, spanish, mexican, german)] == [
        "Federal Republic",
        "Alemania",
        "Alemania (MX)",
        "Federal Republic",
    ]
    fresh(shop_env)
    assert [c.name for c in (country, spanish, mexican, german)] == [
        "Federal Republic",
        "Alemania",
        "Alemania (MX)",
        "Federal Republic",
    ]
    assert [c.read(["name"])[0]["name"] for c in (country, spanish, mexican, german)] == [
        "Federal Republic",
        "Alemania",
        "Alemania (MX)",
        "Federal Republic",
    ]
    assert [c.display_name for c in (country, mexican)] == ["Federal Republic", "Alemania (MX)"]
    assert spanish.search([("name", "=", "Alemania")]) == country and not country.search([("name", "=", "Alemania")])
    assert mexican.search([("name", "like", "MX")]) == country
    partner = shop_env["shop.partner"].create({"name": "p", "country_id": country.id})
    assert partner.with_context(lang="es").read(["country_id"])[0]["country_id"] == [country.id, "Alemania"]
    assert partner.with_context(lang="es").country_name == "Alemania" and partner.country_name == "Federal Republic"
    other = shop_env["shop.country"].create({"name": "Austria"})
    both = [("id", "in", [country.id, other.id])]
    assert country.search(both, order="name").ids == [other.id, country.id]
    assert spanish.search(both, order="name").ids == [country.id, other.id]


def test_the_wall_hides_and_refuses_other_companies(shop_env: Any, companies: tuple[int, int]) -> None:
    first, second = companies
    narrow = shop_env.derive(context={"allowed_company_ids": [first]})
    partners = narrow["shop.partner"]
    mine, shared = partners.create([{"name": "mine", "company_id": first}, {"name": "shared"}])
    theirs = shop_env["shop.partner"].create({"name": "theirs", "company_id": second})
    fresh(shop_env)
    everybody = [("id", "in", [mine.id, shared.id, theirs.id])]
    assert partners.search(everybody) == mine | shared and partners.search_count(everybody) == 2
    assert [r["id"] for r in partners.search_read(everybody, ["name"])] == [mine.id, shared.id]
    assert not partners.browse(theirs.id).exists() and partners.browse(theirs.id).read(["name"]) == []
    assert partners.name_search("theirs") == [] and partners.read_group(everybody, [], ["company_id"])[0]["company_id_count"] == 1
    assert partners.search([("name", "in", ["theirs", "mine"])]) == mine
    with pytest.raises(AccessError):
        partners.create({"name": "x", "company_id": second})
    with pytest.raises(ValidationError, match="another company"):
        narrow["shop.order"].create({"name": "o", "partner_id": theirs.id})
    with pytest.raises(ValidationError, match="another company"):
        shop_env["shop.order"].create({"name": "o", "partner_id": theirs.id, "company_id": first})
    order = narrow["shop.order"].create({"name": "o", "partner_id": mine.id})
    with pytest.raises(ValidationError, match="another company"):
        order.partner_id = theirs.id
    assert partners.browse(theirs.id).unlink() is True and theirs.exists()
