"""Products, variants, units and price lists on real databases."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from server import AccessError, UserError, ValidationError

D = Decimal


# -- templates and variants ------------------------------------------------------------------------------------------


def test_a_template_makes_its_variant(env: Any) -> None:
    template = env["product.template"].create(
        {
            "name": "Tornillo",
            "default_code": "TOR-1",
            "barcode": "4006381333931",
            "standard_price": D("1.25"),
            "list_price": D("2.40"),
        }
    )
    variant = template.product_variant_ids
    assert len(variant) == 1
    assert template.product_variant_id == variant.id
    assert (variant.default_code, variant.barcode, variant.standard_price, variant.lst_price) == (
        "TOR-1",
        "4006381333931",
        D("1.25"),
        D("2.40"),
    )
    assert (template.default_code, template.barcode, template.standard_price) == ("TOR-1", "4006381333931", D("1.25"))
    assert (variant.name, variant.uom, variant.type) == ("Tornillo", env.ref("product.product_uom_unit"), "consu")
    assert variant.display_name == "[TOR-1] Tornillo"
    template.default_code = "TOR-2"
    assert variant.default_code == "TOR-2"
    assert env["product.template"].search([("default_code", "=", "TOR-2")]) == template
    assert env["product.template"].search([("barcode", "=", "4006381333931")]) == template


def test_a_variant_makes_its_template(env: Any) -> None:
    variants = env["product.product"].create(
        [{"name": "Tuerca", "lst_price": 3, "default_code": "TUE"}, {"name": "Arandela", "type": "service"}]
    )
    nut, washer = variants
    assert (nut.product_tmpl.name, nut.product_tmpl.list_price, nut.product_tmpl.product_variant_ids) == ("Tuerca", 3, nut)
    assert washer.product_tmpl.type == "service"
    nut.write({"name": "Tuerca hexagonal", "lst_price": D("3.5")})
    assert (nut.product_tmpl.name, nut.product_tmpl.list_price) == ("Tuerca hexagonal", D("3.5"))
    nut.unlink()
    assert not env["product.template"].search([("name", "=", "Tuerca hexagonal")])


def test_archiving_goes_both_ways(env: Any) -> None:
    template = env["product.template"].create({"name": "Lámpara", "default_code": "LAM"})
    variant = template.product_variant_ids
    template.active = False
    assert not variant.active
    assert template.default_code == "LAM"
    variant.active = True
    assert template.active
    variant.active = False
    assert not template.active


def test_a_copy_keeps_reference_and_barcode_with_the_original(env: Any) -> None:
    original = env.ref("product.demo_mx_01").product_tmpl
    copied = original.copy()
    assert copied.name == f"{original.name} (copy)"
    assert copied.list_price == original.list_price
    assert len(copied.product_variant_ids) == 1
    assert (copied.barcode, copied.default_code) == (None, None)
    assert copied.seller_ids.mapped("partner_id") == original.seller_ids.mapped("partner_id")


def test_many_products_cost_as_many_statements_as_one(env: Any, count_statements: Any) -> None:
    env["product.product"].create({"name": "La primera"})
    env.flush()
    counts = []
    for count in (1, 40):
        values = [
            {"name": f"Serie {count}-{n}", "default_code": f"S{count}-{n}", "list_price": n, "standard_price": n}
            for n in range(count)
        ]
        with count_statements(env) as seen:
            env["product.product"].create(values)
            env.flush()
        counts.append(len(seen))
    assert counts[0] == counts[1], seen.report()


def test_older_names_are_the_same_value(env: Any) -> None:
    kilo = env.ref("product.product_uom_kgm")
    template = env["product.template"].create({"name": "A granel", "uom_po_id": kilo.id, "detailed_type": "consu"})
    assert template.uom == kilo
    assert template.read(["uom_po_id", "detailed_type"])[0]["uom_po_id"] == [kilo.id, "kg"]


# -- costs per company -----------------------------------------------------------------------------------------------


def test_each_company_has_its_own_cost(company: Any) -> None:
    mexico, peru = company("mx"), company("pe")
    shared = mexico["product.product"].create({"name": "Servilletas", "standard_price": D("8.50")})
    there = peru["product.product"].browse(shared.id)
    assert there.standard_price == 0
    there.standard_price = D("1.70")
    mexico.flush()
    assert (shared.standard_price, there.standard_price) == (D("8.50"), D("1.70"))
    mexico.transaction.clear()
    assert (shared.standard_price, there.standard_price) == (D("8.50"), D("1.70"))
    shared.standard_price = D("9")
    mexico.flush()
    mexico.transaction.clear()
    assert (shared.standard_price, there.standard_price) == (9, D("1.70"))


def test_a_company_s_product_is_valued_in_that_company(company: Any) -> None:
    peru = company("pe")
    assert peru.ref("product.demo_pe_01").standard_price == D("19.80")
    assert peru.ref("product.demo_pe_01").product_tmpl.standard_price == D("19.80")
    assert peru.ref("product.demo_pe_01").currency_id == peru.ref("base.PEN").id


# -- barcodes --------------------------------------------------------------------------------------------------------


def test_a_wrong_gtin_is_refused_in_words(env: Any) -> None:
    product = env.ref("product.demo_mx_01")
    with pytest.raises(
        ValidationError,
        match=r"7501900010013 of \[ABA-001\] Arroz súper extra 1 kg is not a valid GTIN: its last digit should be 2",
    ) as caught:
        product.barcode = "7501900010013"
    assert "no es un GTIN válido" in caught.value.render("es_MX")
    assert "debería ser 2" in caught.value.render("es_PE")
    with pytest.raises(ValidationError, match="not a valid GTIN"):
        env["product.packaging"].create({"product_id": product.id, "name": "Tarima", "qty": 480, "barcode": "17501900010010"})
    product.barcode = "PROPIO-1"
    product.barcode = "12345"


def test_a_barcode_leads_to_one_article_of_a_company(company: Any) -> None:
    mexico, peru = company("mx"), company("pe")
    taken = mexico.ref("product.demo_mx_02").barcode
    mine = {"company_id": mexico.company_id}
    with pytest.raises(ValidationError, match=r"already belongs to \[ABA-002\] Frijol negro 900 g"):
        mexico["product.product"].create({"name": "Otro", "barcode": taken, **mine})
    with pytest.raises(ValidationError, match="already belongs to"):
        mexico["product.product"].create({"name": "De todos", "barcode": taken})
    with pytest.raises(ValidationError, match="already belongs to"):
        mexico["product.packaging"].create({"product_id": mexico.ref("product.demo_mx_01").id, "name": "Caja", "barcode": taken})
    with pytest.raises(ValidationError, match="already belongs to"):
        mexico["product.product"].create([{"name": "Uno", "barcode": "X1"}, {"name": "Dos", "barcode": "X1"}])
    allowed = peru["product.product"].create({"name": "Frijol importado", "barcode": taken, "company_id": peru.company_id})
    assert allowed.barcode == taken
    mexico.ref("product.demo_mx_02").write({"barcode": taken, "name": "Frijol negro 900 gramos"})


# -- attributes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shirt(env: Any) -> Any:
    """A product in two colours and three sizes; the largest size costs more."""
    colour = env["product.attribute"].create(
        {"name": "Color", "value_ids": [(0, 0, {"name": name}) for name in ("Rojo", "Azul")]}
    )
    size = env["product.attribute"].create(
        {
            "name": "Talla",
            "value_ids": [(0, 0, {"name": "CH"}), (0, 0, {"name": "M"}), (0, 0, {"name": "G", "default_extra_price": 20})],
        }
    )
    return env["product.template"].create(
        {
            "name": "Playera",
            "list_price": 100,
            "attribute_line_ids": [
                (0, 0, {"attribute_id": colour.id, "value_ids": [(6, 0, colour.value_ids.ids)]}),
                (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]}),
            ],
        }
    )


def test_every_combination_is_a_variant(env: Any, shirt: Any) -> None:
    variants = shirt.product_variant_ids
    assert shirt.product_variant_count == len(variants) == 6
    names = set(variants.mapped("display_name"))
    assert "Playera (Color: Rojo, Talla: M)" in names or "Playera (Rojo, M)" in names
    prices = sorted(variants.mapped("lst_price"))
    assert prices == [100, 100, 100, 100, 120, 120]
    assert shirt.default_code is None
    assert len(set(variants.mapped("combination_indices"))) == 6


def test_values_that_go_archive_and_values_that_return_revive(env: Any, shirt: Any) -> None:
    before = shirt.product_variant_ids
    colours = shirt.attribute_line_ids[0]
    red, blue = colours.value_ids
    colours.write({"value_ids": [(3, blue.id)]})
    assert len(env["product.product"].search([("product_tmpl_id", "=", shirt.id)])) == 3
    colours.write({"value_ids": [(4, blue.id)]})
    assert env["product.product"].search([("product_tmpl_id", "=", shirt.id)]) == before
    shirt.attribute_line_ids[1].unlink()
    assert len(env["product.product"].search([("product_tmpl_id", "=", shirt.id)])) == 2


def test_prices_of_values_can_differ_by_product(env: Any, shirt: Any) -> None:
    large = shirt.attribute_line_ids.mapped("product_template_value_ids").filtered(lambda each: each.name == "G")
    large.price_extra = D("35")
    assert sorted(shirt.product_variant_ids.mapped("lst_price")) == [100, 100, 100, 100, 135, 135]


def test_too_many_combinations_are_refused(env: Any) -> None:
    lines = []
    for name in ("A", "B", "C"):
        attribute = env["product.attribute"].create(
            {"name": name, "value_ids": [(0, 0, {"name": f"{name}{n}"}) for n in range(11)]}
        )
        lines.append((0, 0, {"attribute_id": attribute.id, "value_ids": [(6, 0, attribute.value_ids.ids)]}))
    with pytest.raises(UserError, match="1331 variants, the limit is 1000"):
        env["product.template"].create({"name": "Demasiado", "attribute_line_ids": lines})


def test_an_attribute_without_variants_makes_none(env: Any) -> None:
    engraving = env["product.attribute"].create(
        {"name": "Grabado", "create_variant": "no_variant", "value_ids": [(0, 0, {"name": "Sí"}), (0, 0, {"name": "No"})]}
    )
    ring = env["product.template"].create(
        {
            "name": "Anillo",
            "default_code": "ANI",
            "attribute_line_ids": [(0, 0, {"attribute_id": engraving.id, "value_ids": engraving.value_ids})],
        }
    )
    assert len(ring.product_variant_ids) == 1
    assert ring.default_code == "ANI"


# -- units -----------------------------------------------------------------------------------------------------------


def test_units_change_into_each_other(env: Any, count_statements: Any) -> None:
    unit, dozen, kilo = (env.ref(f"product.product_uom_{name}") for name in ("unit", "dozen", "kgm"))
    box = env["uom.uom"].create({"name": "Caja de 6 docenas", "relative_uom_id": dozen.id, "relative_factor": 6})
    assert (box.factor_inv, box.category_id, box.uom_type) == (72, unit.id, "bigger")
    assert box.compute_quantity(D(2), unit) == 144
    assert unit.compute_quantity(D(100), box, method="up") == D("1.39")
    assert dozen.compute_price(D(24), unit) == 2
    with pytest.raises(UserError, match="Dozen cannot be changed into kg"):
        dozen.compute_quantity(D(1), kilo)
    with pytest.raises(ValidationError, match="depend on itself|Recursion"):
        dozen.relative_uom_id = box.id


def test_units_are_known_without_a_query(env: Any, count_statements: Any) -> None:
    unit, dozen = env.ref("product.product_uom_unit"), env.ref("product.product_uom_dozen")
    dozen.compute_quantity(D(1), unit)
    with count_statements(env) as seen:
        for quantity in range(50):
            dozen.compute_quantity(D(quantity), unit)
    assert len(seen) == 0, seen.report()


def test_clients_of_older_versions_write_units_their_way(rpc: Any) -> None:
    unit = rpc("ir.model.data", "check_object_reference", "product", "product_uom_unit")[1]
    gross = rpc(
        "uom.uom", "create", {"name": "Gruesa", "category_id": unit, "uom_type": "bigger", "factor_inv": 144, "rounding": 0.01}
    )
    third = rpc("uom.uom", "create", {"name": "Media", "category_id": unit, "uom_type": "smaller", "factor": 2})
    rows = {
        row["id"]: row
        for row in rpc(
            "uom.uom", "read", [gross, third], ["relative_factor", "relative_uom_id", "factor", "factor_inv", "category_id"]
        )
    }
    assert rows[gross]["relative_factor"] == rows[gross]["factor_inv"] == 144
    assert rows[gross]["category_id"] == [unit, "Unit"]
    assert (rows[third]["relative_factor"], rows[third]["factor"]) == (0.5, 2)


# -- prices ----------------------------------------------------------------------------------------------------------


def test_a_price_list_prices_a_whole_order(company: Any, count_statements: Any) -> None:
    env = company("mx")
    wholesale = env.ref("product.pricelist_mx_wholesale")
    rice, oil, hammer = (env.ref(f"product.demo_mx_{number}") for number in ("01", "04", "24"))
    lines = [rice.id, rice.id, rice.id, oil.id, oil.id, hammer.id]
    quantities = [D(1), D(12), D(48), D(23), D(24), D(12)]
    assert wholesale.get_prices(lines, quantities) == [D("31.50"), D("29.925"), D("28.98"), D("40.375"), D("38.90"), D("179.55")]
    dozen = env.ref("product.product_uom_dozen")
    assert wholesale.get_prices([oil.id], D(2), uom=dozen) == [D("466.80")]
    assert wholesale.get_prices(rice | oil) == [D("31.50"), D("42.50")]
    assert wholesale.get_prices([], D(1)) == []


def test_pricing_costs_the_same_for_few_and_many_lines(company: Any, count_statements: Any) -> None:
    env = company("mx")
    wholesale = env.ref("product.pricelist_mx_wholesale")
    ids = env["product.product"].search([("default_code", "like", "ABA-")]).ids
    wholesale.get_prices(ids[:1], D(12))
    counts = []
    for some in (ids[:2], ids * 4):
        env.flush()
        env.transaction.clear()
        with count_statements(env) as seen:
            wholesale.get_prices(some, D(12))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5, seen.report()


def test_without_a_price_list_the_sales_price_counts(company: Any) -> None:
    env = company("pe")
    assert env["product.pricelist"].get_prices(env.ref("product.demo_pe_01")) == [D("24.90")]


def test_prices_in_other_money_and_from_other_lists(company: Any) -> None:
    env = company("mx")
    rice = env.ref("product.demo_mx_01")
    day = date(2026, 11, 10)
    assert env.ref("product.pricelist_mx_usd").get_prices(rice, date=day) == [D("1.736877")]
    resale = env["product.pricelist"].create(
        {
            "name": "Franquicias",
            "currency_id": env.ref("base.MXN").id,
            "item_ids": [
                (
                    0,
                    0,
                    {
                        "compute_price": "formula",
                        "base": "pricelist",
                        "base_pricelist_id": env.ref("product.pricelist_mx_wholesale").id,
                        "price_surcharge": D("1.50"),
                    },
                ),
                (
                    0,
                    0,
                    {
                        "product_id": env.ref("product.demo_mx_02").id,
                        "compute_price": "formula",
                        "base": "standard_price",
                        "price_discount": -25,
                    },
                ),
            ],
        }
    )
    assert resale.get_prices(rice, D(12)) == [D("31.425")]
    assert resale.get_prices(env.ref("product.demo_mx_02")) == [D("36.75")]
    assert set(resale.item_ids.mapped("applied_on")) == {"3_global", "0_product_variant"}


def test_dates_of_rules(company: Any) -> None:
    env = company("mx")
    rice = env.ref("product.demo_mx_01")
    sale = env["product.pricelist"].create({"name": "Buen Fin", "currency_id": env.ref("base.MXN").id})
    env["product.pricelist.item"].create(
        {
            "pricelist_id": sale.id, "product_tmpl_id": rice.product_tmpl_id, "fixed_price": D("25"),
            "date_start": datetime(2026, 11, 13, 6), "date_end": datetime(2026, 11, 17, 6),
        }
    )  # fmt: skip
    assert sale.get_prices(rice, date=datetime(2026, 11, 14, 12)) == [D("25")]
    assert sale.get_prices(rice, date=date(2026, 11, 13)) == [D("31.50")]
    assert sale.get_prices(rice, date=datetime(2026, 11, 18)) == [D("31.50")]


def test_price_lists_do_not_stand_on_each_other_in_a_circle(env: Any) -> None:
    one, two = env["product.pricelist"].create([{"name": "Uno"}, {"name": "Dos"}])
    rule = {"compute_price": "percentage", "percent_price": 1, "base": "pricelist"}
    env["product.pricelist.item"].create({"pricelist_id": one.id, "base_pricelist_id": two.id, **rule})
    with pytest.raises(ValidationError, match="would depend on itself"):
        env["product.pricelist.item"].create({"pricelist_id": two.id, "base_pricelist_id": one.id, **rule})
    with pytest.raises(ValidationError, match="must name it"):
        env["product.pricelist.item"].create({"pricelist_id": one.id, "applied_on": "1_product"})


def test_suppliers(company: Any) -> None:
    env = company("mx")
    rice = env.ref("product.demo_mx_01")
    usual = rice.sellers()[rice.id]
    assert usual.partner == env.ref("base.supplier_mx_1")
    cheap = env["product.supplierinfo"].create(
        {
            "partner_id": env.ref("base.supplier_mx_4").id,
            "product_tmpl_id": rice.product_tmpl_id,
            "min_qty": 100,
            "price": 20,
            "sequence": 0,
        }
    )
    assert rice.sellers(quantity=D(99))[rice.id] == usual
    assert rice.sellers(quantity=D(100))[rice.id] == cheap
    assert rice.sellers(env.ref("base.contact_mx_s1_sales"))[rice.id] == usual
    assert not rice.sellers(env.ref("base.supplier_mx_2"))[rice.id]


def test_each_company_chooses_a_customer_s_price_list(company: Any) -> None:
    mexico, peru = company("mx"), company("pe")
    shared = mexico["res.partner"].create(
        {"name": "Cadena binacional", "property_product_pricelist": mexico.ref("product.pricelist_mx_wholesale").id}
    )
    assert peru["res.partner"].browse(shared.id).property_product_pricelist is None
    assert shared.property_product_pricelist == mexico.ref("product.pricelist_mx_wholesale").id


# -- walls, rights, categories ---------------------------------------------------------------------------------------


def test_a_company_s_products_are_invisible_to_the_other(rpc: Any) -> None:
    seller = rpc.as_user("ventas.mx")
    assert seller("product.product", "search_count", []) == 30
    assert seller("product.template", "search_count", []) == 30
    assert seller("product.product", "search", [["default_code", "=", "ABA-101"]]) == []
    assert seller("product.product", "name_search", "Quinua") == []
    (row,) = seller(
        "product.product",
        "search_read",
        [["barcode", "=", "7501900010012"]],
        fields=["display_name", "lst_price", "uom_id", "categ_id"],
    )
    assert row["display_name"] == "[ABA-001] Arroz súper extra 1 kg"
    assert row["lst_price"] == 31.5
    assert row["categ_id"][1] == "Goods / Abarrotes"
    with pytest.raises(AccessError):
        seller("product.product", "create", {"name": "Prohibido"})
    assert seller("product.product", "name_search", "FER-001")[0][1].startswith("[FER-001]")


def test_categories_know_their_line(env: Any) -> None:
    food = env.ref("product.product_category_food")
    dry = env["product.category"].create({"name": "Secos", "parent_id": food.id})
    assert dry.complete_name == "Goods / Abarrotes / Secos"
    assert dry.line_up() == (dry.id, food.id, env.ref("product.product_category_goods").id)
    food.name = "Alimentos"
    assert dry.complete_name == "Goods / Alimentos / Secos"
    assert env.ref("product.demo_mx_01") in env["product.product"].search(
        [("categ_id", "child_of", env.ref("product.product_category_goods").id)]
    )
    with pytest.raises(ValidationError, match="depend on itself|Recursion"):
        food.parent_id = dry.id
