"""The warehouse through its models: what a warehouse worker does, and what must not be possible."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from addons.stock.exceptions import (
    DirectQuantity,
    DoneIsDone,
    LotRequired,
    NotEnoughStock,
    NothingToMove,
    SerialTwice,
    TooMuchReturned,
    WrongState,
)
from server import MissingError, ValidationError
from tests.addons.stock_fixtures import check_books, count, delivery, receipt, warehouse


@pytest.fixture
def env(stock_env: Any) -> Any:
    """The administrator in a company with nothing but the warehouse."""
    return stock_env


def test_each_company_has_a_warehouse_with_its_places_and_kinds(env):
    house = env.ref("stock.warehouse0")
    assert house.code == "WH" and house.company_id == env.ref("base.main_company").id
    assert (
        house.lot_stock.complete_name == "WH/Stock"
        and house.lot_stock.usage == "internal"
        and house.view_location.usage == "view"
    )
    assert (house.in_type.code, house.out_type.code, house.int_type.code) == ("incoming", "outgoing", "internal")
    assert house.out_type.default_location_dest_id == env.ref("stock.stock_location_customers").id
    again = env["stock.warehouse"].sudo()._make_first(env.company)
    assert again == house
    with pytest.raises(ValidationError):
        env["stock.warehouse"].create({"name": "Second", "code": "WH"})
        env.flush()


def test_a_count_becomes_a_done_move_and_the_quantity_on_hand(env, goods):
    salt = goods("Salt")
    quant = (
        env["stock.quant"]
        .with_context(inventory_mode=True)
        .create({"product_id": salt.id, "location_id": warehouse(env).lot_stock_id, "inventory_quantity": 12})
    )
    assert quant.inventory_diff_quantity == 12 and quant.quantity == 0
    quant.action_apply_inventory()
    assert quant.quantity == 12 and quant.available_quantity == 12 and not quant.inventory_quantity_set
    assert salt.qty_available == 12 and salt.product_tmpl.qty_available == 12
    move = env["stock.move"].search([("product_id", "=", salt.id)])
    assert move.state == "done" and move.is_inventory and move.quantity == 12
    same = count(env, salt, 5)
    assert same == quant and salt.qty_available == 5
    with pytest.raises(DirectQuantity):
        quant.write({"quantity": 100})
    with pytest.raises(DirectQuantity):
        env["stock.quant"].create({"product_id": salt.id, "location_id": warehouse(env).lot_stock_id, "quantity": 5})
    check_books(env)


def test_the_way_of_a_delivery(env, goods):
    salt = goods("Salt", 20)
    picking = delivery(env, (salt, 8), reserve=False)
    assert picking.state == "draft" and picking.name.startswith("WH/OUT/")
    picking.action_confirm()
    assert picking.state == "assigned" and picking.move_ids.state == "assigned" and picking.move_ids.quantity == 8
    assert picking.products_availability
    assert (salt.qty_available, salt.free_qty, salt.outgoing_qty, salt.virtual_available) == (20, 12, 8, 12)
    assert picking.action_assign() is True
    assert picking.button_validate() is True
    assert picking.state == "done" and picking.date_done
    assert (salt.qty_available, salt.free_qty, salt.outgoing_qty) == (12, 12, 0)
    with pytest.raises(WrongState):
        picking.button_validate()
    with pytest.raises(DoneIsDone):
        picking.action_cancel()
    with pytest.raises(NothingToMove):
        picking.action_assign()
    check_books(env)


def test_two_orders_never_get_the_same_unit(env, goods):
    salt = goods("Salt", 10)
    first, second = delivery(env, (salt, 7)), delivery(env, (salt, 7))
    assert first.move_ids.state == "assigned"
    assert second.move_ids.state == "partially_available" and second.move_ids.quantity == 3
    third = delivery(env, (salt, 1))
    assert third.state == "confirmed" and third.move_ids.quantity == 0
    first.action_cancel()
    assert first.state == "cancel" and salt.free_qty == 7
    third.action_assign()
    second.action_assign()
    assert third.state == "assigned" and second.move_ids.quantity == 7
    second.do_unreserve()
    assert second.state == "confirmed" and second.move_ids.quantity == 0 and not second.move_line_ids
    check_books(env)


def test_create_and_reserve_gives_what_the_step_by_step_way_gives(env, goods):
    salt, rice, kit = goods("Salt", 20), goods("Rice", 3), goods("Flyer", is_storable=False)
    rows = [{"product_id": p.id, "product_uom_qty": D(q)} for p, q in ((salt, 5), (rice, 4), (kit, 2))]
    stepwise = delivery(env, (salt, 5), (rice, 4), (kit, 2))
    facts = [(m.product_id, m.state, m.quantity, m.product_qty, len(m.move_line_ids)) for m in stepwise.move_ids]
    stepwise.action_cancel()
    at_once = env["stock.picking"].create_and_reserve(
        [{"picking_type_id": warehouse(env).out_type_id, "origin": "S1", "move_ids": rows}]
    )
    assert [(m.product_id, m.state, m.quantity, m.product_qty, len(m.move_line_ids)) for m in at_once.move_ids] == facts
    assert at_once.state == "assigned" and at_once.origin == "S1" and at_once.move_ids.mapped("reference") == [at_once.name] * 3
    check_books(env)


def test_less_than_demanded_asks_and_leaves_a_backorder(env, goods):
    salt, rice = goods("Salt", 4), goods("Rice")
    picking = delivery(env, (salt, 10), (rice, 5), origin="S7")
    question = picking.button_validate()
    assert question["res_model"] == "stock.backorder.confirmation" and picking.state == "assigned"
    wizard = env["stock.backorder.confirmation"].with_context(**question["context"]).create({})
    assert wizard.process() is True
    assert picking.state == "done"
    done = picking.move_ids
    assert len(done) == 1 and done.quantity == 4 and done.product_uom_qty == 4
    backorder = picking.backorder_ids
    assert backorder.origin == "S7" and backorder.state == "confirmed" and backorder.backorder_id == picking.id
    assert {m.product_id: m.product_uom_qty for m in backorder.move_ids} == {salt.id: 6, rice.id: 5}
    count(env, rice, 5)
    backorder.action_assign()
    assert backorder.with_context(skip_backorder=True, picking_ids_not_to_backorder=backorder.ids).button_validate() is True
    assert backorder.state == "done" and not backorder.backorder_ids
    assert {m.product_id: m.state for m in backorder.move_ids} == {salt.id: "cancel", rice.id: "done"}
    check_books(env)


def test_only_picked_moves_are_done(env, goods):
    salt, rice = goods("Salt", 10), goods("Rice", 10)
    picking = delivery(env, (salt, 2), (rice, 3))
    picking.move_ids[0].write({"picked": True})
    picking.with_context(skip_backorder=True).button_validate()
    assert picking.state == "done" and len(picking.move_ids) == 1
    backorder = picking.backorder_ids
    assert backorder.move_ids.product == rice and backorder.move_ids.state == "assigned" and backorder.move_ids.quantity == 3
    check_books(env)


def test_a_written_quantity_decides_what_is_done(env, goods):
    salt = goods("Salt", 10)
    picking = delivery(env, (salt, 6))
    picking.move_ids.write({"quantity_done": 2.5})
    assert picking.move_ids.quantity == D("2.5") and salt.free_qty == D("7.5")
    picking.move_ids.write({"quantity": 8})
    assert salt.free_qty == 2
    picking.button_validate()
    assert picking.state == "done" and picking.move_ids.quantity == 8 and salt.qty_available == 2
    too_much = delivery(env, (salt, 1))
    too_much.move_ids.write({"quantity": 3})
    with pytest.raises(NotEnoughStock):
        too_much.button_validate()


def test_unreserved_goods_of_others_are_not_taken(env, goods):
    salt = goods("Salt", 5)
    delivery(env, (salt, 4))
    greedy = delivery(env, (salt, 3))
    greedy.move_ids.write({"quantity": 3})
    with pytest.raises(NotEnoughStock) as refused:
        greedy.button_validate()
    assert "Salt" in str(refused.value) and "WH/Stock" in str(refused.value)


def test_a_warehouse_may_allow_less_than_nothing(env, goods):
    salt = goods("Salt", 2, cost=10)
    warehouse(env).write({"allow_negative_stock": True})
    picking = delivery(env, (salt, 5))
    picking.move_ids.write({"quantity": 5})
    picking.button_validate()
    assert salt.qty_available == -3
    with pytest.raises(ValidationError):
        warehouse(env).write({"allow_negative_stock": False})
    receipt(env, (salt, 10, 12)).button_validate()
    assert salt.qty_available == 7 and salt.standard_price == 12
    balance = env["stock.valuation.balance"].search([("product_id", "=", salt.id)])
    assert (balance.quantity, balance.value) == (7, 84)
    check_books(env)


def test_average_cost_follows_receipts_and_returns_come_at_their_own_cost(env, goods):
    salt = goods("Salt", cost=0)
    first = receipt(env, (salt, 10, 8))
    assert first.state == "assigned" and first.move_ids.quantity == 10
    first.button_validate()
    receipt(env, (salt, 10, 12)).button_validate()
    assert salt.qty_available == 20 and salt.standard_price == 10
    sold = delivery(env, (salt, 5))
    sold.button_validate()
    receipt(env, (salt, 5, 30)).button_validate()
    assert salt.standard_price == 15
    wizard = env["stock.return.picking"].create({"picking_id": sold.id})
    assert wizard.product_return_moves.quantity == 5
    wizard.product_return_moves.write({"quantity": 2})
    action = wizard.action_create_returns()
    back = env["stock.picking"].browse(action["res_id"])
    assert back.picking_type_code == "incoming" and back.return_id == sold.id and back.state == "assigned"
    back.button_validate()
    layers = env["stock.valuation.layer"].search([("stock_move_id", "=", back.move_ids.id)])
    assert (layers.quantity, layers.unit_cost, layers.value) == (2, 10, 20)
    wizard = env["stock.return.picking"].create(
        {
            "picking_id": sold.id,
            "product_return_moves": [(0, 0, {"product_id": salt.id, "move_id": sold.move_ids.id, "quantity": 4})],
        }
    )
    with pytest.raises(TooMuchReturned):
        wizard.action_create_returns()
    to_supplier = env["stock.return.picking"].create({"picking_id": first.id})
    to_supplier.product_return_moves.write({"quantity": 1})
    out = env["stock.picking"].browse(to_supplier.action_create_returns()["res_id"])
    assert out.picking_type_code == "outgoing" and out.state == "assigned"
    out.button_validate()
    assert env["stock.valuation.layer"].search([("stock_move_id", "=", out.move_ids.id)]).value == -8
    check_books(env)


def test_a_cost_set_by_hand_revalues_what_is_held(env, goods):
    salt = goods("Salt", 10, cost=5)
    salt.write({"standard_price": 7})
    layer = env["stock.valuation.layer"].search([("product_id", "=", salt.id)], order="id desc", limit=1)
    assert (layer.quantity, layer.value, layer.balance_value) == (0, 20, 70)
    delivery(env, (salt, 10)).button_validate()
    check_books(env)


def test_standard_price_ignores_the_price_of_receipts(env, goods):
    category = env["product.category"].create({"name": "Fixed", "property_cost_method": "standard"})
    salt = goods("Salt", cost=5, categ_id=category.id)
    receipt(env, (salt, 10, 9)).button_validate()
    balance = env["stock.valuation.balance"].search([("product_id", "=", salt.id)])
    assert (balance.value, salt.standard_price) == (50, 5)
    category.write({"property_cost_method": "average"})
    assert balance.cost_method == "average"
    check_books(env)


def test_units_of_the_move_and_of_the_product(env, goods):
    salt = goods("Salt", 30)
    dozen = env.ref("product.product_uom_dozen")
    picking = env["stock.picking"].create(
        {
            "picking_type_id": warehouse(env).out_type_id,
            "move_ids": [(0, 0, {"product_id": salt.id, "product_uom": dozen.id, "product_uom_qty": 3})],
        }
    )
    picking.action_confirm()
    move = picking.move_ids
    assert (move.product_qty, move.quantity, move.state) == (36, D("2.5"), "partially_available")
    count(env, salt, 40)
    picking.action_assign()
    assert move.quantity == 3 and move.state == "assigned"
    picking.button_validate()
    assert salt.qty_available == 4
    check_books(env)


def test_lots_are_reserved_oldest_first_and_named_on_arrival(env, goods):
    milk = goods("Milk", tracking="lot")
    arrival = receipt(env, (milk, 10, 3))
    with pytest.raises(LotRequired):
        arrival.button_validate()
    arrival.move_ids.move_line_ids.write({"lot_name": "L1"})
    arrival.button_validate()
    lot = env["stock.lot"].search([("product_id", "=", milk.id)])
    assert lot.name == "L1" and lot.product_qty == 10
    second = receipt(env, (milk, 10, 3))
    second.move_ids.move_line_ids.write({"lot_name": "L2"})
    second.button_validate()
    picking = delivery(env, (milk, 12))
    assert [(line.lot.name, line.quantity) for line in picking.move_ids.move_line_ids] == [("L1", 10), ("L2", 2)]
    assert picking.move_ids.lot_ids.mapped("name") == ["L1", "L2"]
    picking.button_validate()
    assert lot.product_qty == 0
    check_books(env)


def test_a_serial_number_is_in_stock_once(env, goods):
    drill = goods("Drill", tracking="serial")
    lot = env["stock.lot"].create({"name": "SN1", "product_id": drill.id})
    arrival = receipt(env, (drill, 2))
    arrival.move_ids.move_line_ids.write({"lot_id": lot.id})
    with pytest.raises(SerialTwice):
        arrival.button_validate()
    arrival.move_ids.move_line_ids.write({"quantity": 1})
    env["stock.move.line"].create({"move_id": arrival.move_ids.id, "quantity": 1, "lot_name": "SN2"})
    assert arrival.button_validate() is True
    again = receipt(env, (drill, 1))
    again.move_ids.move_line_ids.write({"lot_id": lot.id})
    with pytest.raises(SerialTwice):
        again.button_validate()
    check_books(env)


def test_moving_goods_inside_the_warehouse_keeps_their_value(env, goods):
    salt = goods("Salt", 10)
    house = warehouse(env)
    shelf = env["stock.location"].create({"name": "Shelf 9", "location_id": house.lot_stock_id})
    assert shelf.complete_name == "WH/Stock/Shelf 9" and shelf.warehouse_id == house.id and shelf.company_id == house.company_id
    inside = env["stock.picking"].create(
        {
            "picking_type_id": house.int_type_id,
            "location_dest_id": shelf.id,
            "move_ids": [(0, 0, {"product_id": salt.id, "product_uom_qty": 4})],
        }
    )
    before = env["stock.valuation.layer"].search_count([])
    inside.action_confirm()
    inside.button_validate()
    quants = {q.location_id: q.quantity for q in env["stock.quant"].search([("product_id", "=", salt.id)])}
    assert quants == {house.lot_stock_id: 6, shelf.id: 4}
    assert env["stock.valuation.layer"].search_count([]) == before
    assert delivery(env, (salt, 10)).state == "assigned"
    check_books(env)


def test_a_count_below_the_promises_takes_them_back_the_youngest_first(env, goods):
    salt = goods("Salt", 10)
    old, young = delivery(env, (salt, 5)), delivery(env, (salt, 5))
    count(env, salt, 7)
    assert old.move_ids.quantity == 5 and young.move_ids.quantity == 2 and young.move_ids.state == "partially_available"
    check_books(env)


def test_a_changed_demand_changes_the_reservation(env, goods):
    salt = goods("Salt", 10)
    picking = delivery(env, (salt, 4))
    picking.move_ids.write({"product_uom_qty": 6})
    assert picking.move_ids.quantity == 6 and salt.free_qty == 4
    picking.move_ids.write({"product_uom_qty": 1})
    assert picking.move_ids.quantity == 1 and salt.free_qty == 9 and picking.state == "assigned"
    with pytest.raises(WrongState):
        picking.move_ids.unlink()
    with pytest.raises(WrongState):
        picking.unlink()
    picking.action_cancel()
    picking.unlink()
    assert not picking.exists()
    check_books(env)


def test_a_move_added_to_a_promised_transfer_is_promised_at_once(env, goods):
    salt, rice = goods("Salt", 10), goods("Rice", 10)
    picking = delivery(env, (salt, 4))
    picking.write({"move_ids": [(0, 0, {"product_id": rice.id, "product_uom_qty": 2})]})
    assert len(picking.move_ids) == 2 and {m.state for m in picking.move_ids} == {"assigned"} and rice.free_qty == 8
    picking.button_validate()
    with pytest.raises(WrongState):
        picking.write({"move_ids": [(0, 0, {"product_id": rice.id})]})
    check_books(env)


def test_products_know_what_they_may_become(env, goods):
    old_style = env["product.template"].create({"name": "Old style", "type": "product"})
    assert old_style.type == "consu" and old_style.is_storable
    salt = goods("Salt", 1)
    with pytest.raises(ValidationError):
        salt.product_tmpl.write({"is_storable": False})
    with pytest.raises(ValidationError):
        delivery(env, (env["product.product"].create({"name": "Advice", "type": "service"}), 1))


def test_quantities_are_searchable(env, goods):
    salt, pepper = goods("Salt", 7), goods("Pepper")
    products = env["product.product"]
    both = [("id", "in", [salt.id, pepper.id])]
    assert products.search([*both, ("qty_available", ">", 5)]) == salt
    assert products.search([*both, ("qty_available", "<=", 0)]) == pepper
    assert (
        env["product.template"].search([("id", "in", [salt.product_tmpl_id, pepper.product_tmpl_id]), ("qty_available", "=", 7)])
        == salt.product_tmpl
    )


def test_the_other_company_sees_nothing_of_it(env, goods):
    salt = goods("Salt", 5)
    picking = delivery(env, (salt, 1))
    peru = env.with_company(env.ref("base.company_pe"))
    narrow = env.derive(context={"allowed_company_ids": [peru.company_id]})
    assert not narrow["stock.quant"].search([("product_id", "=", salt.id)])
    assert not narrow["stock.picking"].browse(picking.ids).exists()
    assert narrow["stock.warehouse"].search([]).company_id == peru.company_id


def test_what_the_warehouse_keeps_cannot_be_written(env, goods):
    salt = goods("Salt", 10)
    picking = delivery(env, (salt, 4))
    line = picking.move_ids.move_line_ids
    for record, vals in (
        (picking, {"state": "done"}),
        (picking.move_ids, {"state": "done"}),
        (picking.move_ids, {"product_qty": 1}),
        (line, {"reserved_quantity": 0}),
    ):
        with pytest.raises(WrongState):
            record.write(vals)
    with pytest.raises(WrongState):
        env["stock.picking"].create({"picking_type_id": warehouse(env).out_type_id, "state": "done"})
    picking.button_validate()
    with pytest.raises(DoneIsDone):
        line.write({"quantity": 1})
    with pytest.raises(DoneIsDone):
        line.unlink()
    twin = picking.copy()
    assert twin.state == "draft" and twin.name != picking.name and twin.move_ids.quantity == 0 and twin.move_ids.product_qty == 4
    assert twin.move_ids.reference == twin.name
    check_books(env)


def test_detail_lines_carry_their_promise_with_them(env, goods):
    salt = goods("Salt", 10)
    shelf = env["stock.location"].create({"name": "Shelf", "location_id": warehouse(env).lot_stock_id})
    count(env, salt, 10, shelf)
    picking = delivery(env, (salt, 6))
    line = picking.move_ids.move_line_ids
    assert line.location_id == warehouse(env).lot_stock_id
    line.write({"location_id": shelf.id})
    quants = {q.location_id: q.reserved_quantity for q in env["stock.quant"].search([("product_id", "=", salt.id)])}
    assert quants == {warehouse(env).lot_stock_id: 0, shelf.id: 6}
    line.write({"qty_done": 2})
    assert picking.move_ids.quantity == 2 and salt.free_qty == 18
    env["stock.move.line"].create({"picking_id": picking.id, "move_id": picking.move_ids.id, "quantity": 4})
    assert picking.move_ids.quantity == 6 and salt.free_qty == 14
    line.unlink()
    assert picking.move_ids.quantity == 4 and salt.free_qty == 16
    check_books(env)
    extra = goods("Extra", 3)
    env["stock.move.line"].create({"picking_id": picking.id, "product_id": extra.id, "quantity": 3})
    assert picking.move_ids[-1].product_uom_qty == 0 and extra.free_qty == 0
    picking.with_context(skip_backorder=True).button_validate()
    assert extra.qty_available == 0 and picking.backorder_ids.move_ids.product_uom_qty == 2
    check_books(env)


def test_a_transfer_is_done_in_its_own_company(env, goods):
    peru = env.with_company(env.ref("base.company_pe"))
    sugar = peru["product.product"].create({"name": "Azúcar", "is_storable": True, "standard_price": 4})
    count(peru, sugar, 10)
    there = delivery(peru, (sugar, 3))
    here = delivery(env, (goods("Salt", 5), 2))
    wide = env.derive(context={"allowed_company_ids": [env.company_id, peru.company_id]})
    both = wide["stock.picking"].browse([there.id, here.id])
    assert both.button_validate() is True
    layers = wide["stock.valuation.layer"].search([("stock_move_id", "in", both.move_ids.ids)])
    assert {layer.company_id: layer.value for layer in layers} == {peru.company_id: -12, env.company_id: -20}
    check_books(env)


def test_wrong_values_are_refused_in_words(env, goods):
    house, salt = warehouse(env), goods("Salt", 5)
    advice = env["product.product"].create({"name": "Advice", "type": "service"})
    draft = delivery(env, (salt, 1), reserve=False)
    lot = env["stock.lot"].create({"name": "L", "product_id": salt.id})
    for refused in (
        lambda: env["stock.picking"].create({}),
        lambda: env["stock.picking.type"].create({"name": "X", "code": "internal"}),
        lambda: env["stock.move"].create({"product_id": salt.id}),
        lambda: draft.move_ids.write({"product_id": advice.id}),
        lambda: env["product.product"].search([("qty_available", ">", "many")]),
        lambda: env["stock.quant"].create({"product_id": advice.id, "location_id": house.lot_stock_id, "inventory_quantity": 1}),
        lambda: env["stock.quant"].create(
            {"product_id": salt.id, "location_id": house.view_location_id, "inventory_quantity": 1}
        ),
        lambda: env["stock.warehouse"].create({"name": "Bad code", "code": "a b"}),
        lambda: count(env, salt, -1),
    ):
        with pytest.raises(ValidationError):
            refused()
    with pytest.raises(WrongState):
        draft.move_ids.write({"state": "done"})
    lot.write({"product_id": goods("Pepper").id})
    into_nowhere = receipt(env, (salt, 1), location_dest_id=house.view_location_id)
    with pytest.raises(ValidationError):
        into_nowhere.button_validate()


def test_a_move_may_change_its_transfer(env, goods):
    salt, rice = goods("Salt", 5), goods("Rice", 5)
    first, second = delivery(env, (salt, 2), (rice, 1)), delivery(env, (salt, 1))
    first.move_ids[1].write({"picking_id": second.id})
    assert len(first.move_ids) == 1 and len(second.move_ids) == 2
    assert second.move_line_ids.mapped("product_id") == salt | rice
    second.button_validate()
    assert rice.qty_available == 4 and first.state == "assigned"
    check_books(env)


@pytest.mark.postgresql
def test_statements_do_not_grow_with_the_lines(stock_db, count_statements):
    """Counted on PostgreSQL, each step in a transaction of its own, in a process that has done it before."""

    def stocked(env):
        products = env["product.product"].create(
            [{"name": f"P{i}", "is_storable": True, "standard_price": D(3)} for i in range(50)]
        )
        place = warehouse(env).lot_stock_id
        counts = [{"product_id": p.id, "location_id": place, "inventory_quantity": 100} for p in products]
        env["stock.quant"].create(counts).action_apply_inventory()
        return products.ids

    ids = stock_db.run(2, {}, stocked)
    seen = {}
    for lines in (2, 3, 5, 50):  # the first two take what the process then remembers

        def reserving(env, lines=lines):
            kind = warehouse(env).out_type_id
            products = env["product.product"].browse(ids[:lines])
            products.mapped("product_tmpl_id.name")
            env.flush()
            with count_statements(env) as counted:
                picking = env["stock.picking"].create_and_reserve(
                    [{"picking_type_id": kind, "move_ids": [{"product_id": p.id, "product_uom_qty": D(2)} for p in products]}]
                )
                env.flush()
            assert picking.state == "assigned"
            return picking.id, counted

        picking_id, reserved = stock_db.run(2, {}, reserving)

        def validating(env, picking_id=picking_id):
            with count_statements(env) as counted:
                assert env["stock.picking"].browse([picking_id]).button_validate() is True
                env.flush()
            return counted

        seen[lines] = (reserved, stock_db.run(2, {}, validating))
    for lines in (5, 50):
        reserved, validated = seen[lines]
        assert len(reserved) <= 7, reserved.report()
        assert len(validated) <= 10, validated.report()
    assert [len(part) for part in seen[5]] == [len(part) for part in seen[50]]


def test_a_warehouse_worker_does_it_all_from_outside_and_others_do_not(stock_db):
    from server import AccessError
    from server.testing.calls import Client

    worker = Client(stock_db, "almacen.mx")
    (salt,) = worker("product.product", "search", [("default_code", "=", "ABA-001")])
    house = worker("stock.warehouse", "search_read", [], ["lot_stock_id", "out_type_id", "code"])[0]
    before = worker("product.product", "read", [salt], ["qty_available"])[0]["qty_available"]
    place = house["lot_stock_id"][0]
    values = {"product_id": salt, "location_id": place, "inventory_quantity": 50}
    quant = worker("stock.quant", "create", values, context={"inventory_mode": True})
    worker("stock.quant", "action_apply_inventory", [quant])
    rows = worker("stock.quant", "read", [quant], ["quantity", "available_quantity", "product_id", "inventory_quantity"])
    assert (rows[0]["quantity"], rows[0]["available_quantity"], rows[0]["inventory_quantity"]) == (50.0, 50.0, 0.0)
    lines = [[0, 0, {"name": "Salt", "product_id": salt, "product_uom_qty": 7.5}]]
    picking = worker("stock.picking", "create", {"picking_type_id": house["out_type_id"][0], "move_lines": lines})
    assert worker("stock.picking", "action_confirm", [picking]) is True
    assert worker("stock.picking", "action_assign", [picking]) is True
    row = worker("stock.picking", "read", [picking], ["state", "move_ids_without_package", "picking_type_code", "message_ids"])[0]
    assert row["state"] == "assigned" and row["picking_type_code"] == "outgoing"
    move = worker("stock.move", "read", row["move_ids_without_package"], ["quantity_done", "reserved_availability", "state"])[0]
    assert (move["quantity_done"], move["reserved_availability"], move["state"]) == (7.5, 7.5, "assigned")
    worker("stock.move", "write", row["move_ids_without_package"], {"quantity_done": 5})
    question = worker("stock.picking", "button_validate", [picking])
    wizard = worker(question["res_model"], "create", {"pick_ids": [[4, picking]]}, context=question["context"])
    assert worker(question["res_model"], "process", [wizard]) is True
    assert worker("stock.picking", "search_count", [("backorder_id", "=", picking), ("state", "=", "assigned")]) == 1
    after = worker(
        "product.product", "search_read", [("id", "=", salt), ("qty_available", ">", 0)], ["qty_available", "free_qty"]
    )[0]
    assert (after["qty_available"], after["free_qty"]) == (before + 45, before + 42.5)
    back = worker("stock.return.picking", "create", {"picking_id": picking})
    made = worker("stock.return.picking", "create_returns", [back])
    assert worker("stock.picking", "button_validate", [made["res_id"]]) is True
    assert worker("stock.production.lot", "search_count", []) == 0

    seller = Client(stock_db, "ventas.mx")
    assert seller("stock.picking", "search_count", [("id", "=", picking)]) == 1
    for model, method, *args in (
        ("stock.picking", "action_cancel", [made["res_id"]]),
        ("stock.picking", "button_validate", [picking]),
        ("stock.quant", "create", values),
        ("stock.quant", "action_apply_inventory", [quant]),
        ("stock.return.picking", "create", {"picking_id": picking}),
        ("stock.move", "write", row["move_ids_without_package"], {"quantity": 1}),
    ):
        with pytest.raises(AccessError):
            seller(model, method, *args)
    peru = Client(stock_db, "almacen.pe")
    assert peru("stock.picking", "search_count", [("id", "=", picking)]) == 0
    with pytest.raises(MissingError):
        peru("stock.picking", "button_validate", [picking])
    stock_db.run(1, {}, check_books)
