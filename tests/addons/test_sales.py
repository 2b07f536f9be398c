"""Sales: how orders complete themselves, what confirmed and locked orders refuse, and how invoices and orders stay in step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from addons.sales.exceptions import (
    CreditLimitExceeded,
    DownPaymentAmount,
    IncompleteOrder,
    NotAQuotation,
    NothingToInvoice,
    OrderInProgress,
    OrderLocked,
)
from server import AccessError, UserError
from server.testing import AddonSuite

D = Decimal


class TestSuite(AddonSuite):
    """What every addon must keep."""

    addon = "sales"


@pytest.fixture
def mx(company: Any) -> Any:
    """The Mexican demo company as its administrator."""
    return company("mx")


@pytest.fixture
def tax(mx: Any) -> Any:
    return mx["account.tax"].search(
        [("company_id", "=", mx.company_id), ("type_tax_use", "=", "sale"), ("amount", "=", 16)], limit=1
    )


@pytest.fixture
def customer(mx: Any) -> Any:
    return mx["res.partner"].create({"name": "Tornillos del Sur", "is_company": True, "country_id": mx.ref("base.mx").id})


@pytest.fixture
def service(mx: Any, tax: Any) -> Any:
    """A service at 100 that is invoiced as ordered."""
    values = {
        "name": "Afilado",
        "type": "service",
        "list_price": 100,
        "description_sale": "Por hoja",
        "taxes_id": [(6, 0, [tax.id])],
    }
    return mx["product.product"].create(values)


def order_of(env: Any, customer: Any, *lines: dict[str, Any], **values: Any) -> Any:
    return env["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line) for line in lines], **values})


# -- completion -----------------------------------------------------------------------------------------------------------


def test_an_order_completes_itself_from_customer_and_product(mx: Any, customer: Any, service: Any, tax: Any) -> None:
    invoice_to = mx["res.partner"].create({"name": "Cuentas", "parent_id": customer.id, "type": "invoice"})
    deliver_to = mx["res.partner"].create({"name": "Rampa", "parent_id": customer.id, "type": "delivery"})
    order = order_of(mx, customer, {"product_id": service.id})
    assert order.name.startswith("S0")
    assert (order.partner_invoice_id, order.partner_shipping_id) == (invoice_to.id, deliver_to.id)
    assert order.currency.name == "MXN"
    assert order.user_id == mx.uid
    line = order.order_line
    assert line.name == "Afilado\nPor hoja"
    assert (line.product_uom_qty, line.price_unit, line.product_uom_id) == (1, 100, service.uom_id)
    assert line.tax_ids == tax
    assert (order.amount_untaxed, order.amount_tax, order.amount_total) == (100, 16, 116)


def test_what_is_given_wins(mx: Any, customer: Any, service: Any) -> None:
    given = {
        "product_id": service.id,
        "name": "Afilado fino",
        "price_unit": 80,
        "product_uom_qty": 3,
        "tax_ids": [(5,)],
        "discount": 25,
    }
    order = order_of(mx, customer, given, name="S-ESPECIAL", note="<p>x</p>", partner_invoice_id=customer.id)
    assert order.name == "S-ESPECIAL"
    assert order.order_line.name == "Afilado fino"
    assert (order.amount_untaxed, order.amount_tax, order.amount_total) == (180, 0, 180)


def test_a_price_list_prices_and_names_the_currency(mx: Any, customer: Any, service: Any) -> None:
    pricelist = mx["product.pricelist"].create(
        {
            "name": "Mayoreo",
            "currency_id": mx.company.currency_id,
            "item_ids": [(0, 0, {"min_quantity": 10, "compute_price": "percentage", "percent_price": 20})],
        }
    )
    customer.property_product_pricelist = pricelist.id
    order = order_of(
        mx, customer, {"product_id": service.id, "product_uom_qty": 9}, {"product_id": service.id, "product_uom_qty": 10}
    )
    assert order.pricelist_id == pricelist.id
    assert order.order_line.mapped("price_unit") == [100, 80]

    # the price follows the quantity while it is the list's own, and stays when set by hand
    first, second = order.order_line
    first.write({"product_uom_qty": 12})
    assert (first.price_unit, first.price_subtotal) == (80, 960)
    second.write({"price_unit": 95})
    second.write({"product_uom_qty": 1})
    assert second.price_unit == 95
    order.action_update_prices()
    assert second.price_unit == 100
    assert order.amount_untaxed == 1060


def test_older_names_of_fields_work(mx: Any, customer: Any, service: Any, tax: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id, "product_uom": service.uom_id, "tax_id": [(6, 0, [])]})
    assert not order.order_line.tax_ids
    [row] = order.order_line.read(["tax_id", "product_uom"])
    assert row["tax_id"] == []
    assert row["product_uom"][0] == service.uom_id


def test_sections_and_notes_have_no_amount(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(
        mx,
        customer,
        {"display_type": "line_section", "name": "Taller", "price_unit": 9},
        {"product_id": service.id},
        {"display_type": "line_note", "name": "…"},
    )
    assert order.order_line.mapped("price_total") == [0, 116, 0]
    assert order.amount_total == 116


def test_taxes_follow_the_fiscal_position(mx: Any, customer: Any, service: Any, tax: Any) -> None:
    zero = mx["account.tax"].create({"name": "IVA 0 % prueba", "amount": 0, "type_tax_use": "sale", "company_id": mx.company_id})
    position = mx["account.fiscal.position"].create(
        {"name": "Frontera", "company_id": mx.company_id, "tax_ids": [(0, 0, {"tax_src_id": tax.id, "tax_dest_id": zero.id})]}
    )
    customer.property_account_position_id = position.id
    order = order_of(mx, customer, {"product_id": service.id})
    assert order.fiscal_position_id == position.id
    assert order.order_line.tax_ids == zero
    assert order.amount_total == 100


def test_lines_added_changed_and_removed_keep_the_totals(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    order.write({"order_line": [(0, 0, {"product_id": service.id, "product_uom_qty": 2})]})
    assert order.amount_total == 348
    first, second = order.order_line
    order.write({"order_line": [(1, first.id, {"discount": 50}), (2, second.id)]})
    assert order.amount_total == 58
    other = mx["product.product"].create({"name": "Pulido", "type": "service", "list_price": 40, "taxes_id": [(5,)]})
    first.write({"product_id": other.id})
    assert (first.name, first.price_unit, order.amount_total) == ("Pulido", 40, 20)
    with pytest.raises(IncompleteOrder):
        mx["sale.order.line"].create({"product_id": service.id})


def test_written_amounts_are_ignored(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id, "price_total": 5}, amount_total=7)
    order.write({"amount_total": 9})
    order.order_line.write({"price_subtotal": 9, "qty_invoiced": 9})
    assert (order.amount_total, order.order_line.price_subtotal, order.order_line.qty_invoiced) == (116, 100, 0)


def test_a_line_stays_what_and_where_it_is(mx: Any, customer: Any, service: Any) -> None:
    order, other = (order_of(mx, customer, {"product_id": service.id}) for _each in range(2))
    with pytest.raises(OrderInProgress, match="stays in order"):
        other.write({"order_line": [(4, order.order_line.id)]})
    with pytest.raises(OrderInProgress, match="kind"):
        order.order_line.write({"display_type": "line_note"})
    with pytest.raises(UserError, match="Create the tax first"):
        order_of(mx, customer, {"product_id": service.id, "tax_ids": [(0, 0, {"name": "Nuevo"})]})


def test_a_new_customer_brings_his_terms(mx: Any, customer: Any, service: Any) -> None:
    term = mx["account.payment.term"].search([], limit=1)
    other = mx["res.partner"].create({"name": "Otra", "property_payment_term_id": term.id})
    order = order_of(mx, customer, {"product_id": service.id})
    order.write({"partner_id": other.id})
    assert (order.partner_invoice_id, order.partner_shipping_id, order.payment_term_id) == (other.id, other.id, term.id)


def test_a_copy_is_a_fresh_quotation(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id, "product_uom_qty": 2, "price_unit": 90}, client_order_ref="OC 1")
    order.action_confirm()
    twin = order.copy()
    assert twin.name != order.name
    assert (twin.state, twin.client_order_ref, twin.amount_total, twin.invoice_status) == ("draft", None, D("208.8"), "no")
    assert twin.order_line.qty_to_invoice == 0


def test_quotations_expire_when_the_company_says_so(mx: Any, customer: Any, service: Any) -> None:
    assert order_of(mx, customer, {"product_id": service.id}).validity_date is None
    mx.company.quotation_validity_days = 15
    order = order_of(mx, customer, {"product_id": service.id})
    assert (order.validity_date - mx.today()).days == 15


# -- states ---------------------------------------------------------------------------------------------------------------


def test_only_quotations_are_confirmed(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    order.action_confirm()
    assert order.state == "sale"
    assert order.order_line.state == "sale"
    with pytest.raises(NotAQuotation, match=order.name):
        order.action_confirm()
    with pytest.raises(NotAQuotation):
        order.action_draft()
    with pytest.raises(NotAQuotation):
        order.action_update_prices()


def test_the_state_is_not_written(mx: Any, customer: Any, service: Any) -> None:
    with pytest.raises(NotAQuotation, match="begins as a quotation"):
        order_of(mx, customer, {"product_id": service.id}, state="sale")
    order = order_of(mx, customer, {"product_id": service.id})
    with pytest.raises(NotAQuotation, match="cannot be written"):
        order.write({"state": "sale"})
    order.write({"state": "sent"})
    assert order.state == "sent"


def test_a_line_without_product_is_not_confirmed(mx: Any, customer: Any) -> None:
    order = order_of(mx, customer, {"name": "Algo", "price_unit": 5})
    with pytest.raises(IncompleteOrder, match="Algo"):
        order.action_confirm()


def test_a_locked_order_does_not_change(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    order.action_confirm()
    order.action_lock()
    for change in ({"partner_id": mx.company.partner_id}, {"order_line": [(1, order.order_line.id, {"price_unit": 1})]}):
        with pytest.raises(OrderLocked):
            order.write(change)
    with pytest.raises(OrderLocked):
        order.action_cancel()
    order.write({"client_order_ref": "OC 77"})
    order.action_unlock()
    order.order_line.write({"price_unit": 50})
    assert order.amount_total == 58


def test_confirmed_orders_stay(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    order.action_confirm()
    with pytest.raises(OrderInProgress, match="cannot be deleted"):
        order.unlink()
    with pytest.raises(OrderInProgress, match="quantity to 0"):
        order.order_line.unlink()
    with pytest.raises(OrderInProgress, match="product"):
        order.order_line.write({"product_id": service.copy().id})
    order.action_cancel()
    order.unlink()
    assert not order.exists()


def test_sending_needs_an_address(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    window = order.action_quotation_send()
    assert (window["type"], window["res_id"], order.state) == ("ir.actions.act_window", order.id, "draft")
    customer.email = "compras@tornillos.example"
    order.action_quotation_send()
    assert order.state == "sent"
    [row] = mx["ir.outbox"].sudo().search([("job", "=", "mail.send")], order="id desc", limit=1)
    assert row.payload["to"] == ["compras@tornillos.example"]
    assert order.name in row.payload["subject"]
    assert "116.00" in row.payload["body"]


# -- policies of a company ------------------------------------------------------------------------------------------------


@pytest.mark.feature("J6")
def test_incomplete_customers_are_refused_when_the_company_says_so(mx: Any, customer: Any, service: Any) -> None:
    mx.company.sale_check_customer = True
    order = order_of(mx, customer, {"product_id": service.id})
    with pytest.raises(IncompleteOrder, match="Tornillos del Sur"):
        order.action_confirm()
    customer.write({"vat": "XAXX010101000", "street": "Calle 5", "city": "Toluca", "zip": "50000", "email": "a@b.example"})
    order.action_confirm()
    assert order.state == "sale"


@pytest.mark.feature("J6")
def test_credit_limits_count_what_is_owed_and_ordered(mx: Any, customer: Any, service: Any) -> None:
    mx.company.sale_check_credit = True
    customer.credit_limit = 250
    first = order_of(mx, customer, {"product_id": service.id})
    first.action_confirm()
    second = order_of(mx, customer, {"product_id": service.id})
    first._create_invoices().action_post()
    second.action_confirm()  # 116 owed, 116 ordered
    third = order_of(mx, customer, {"product_id": service.id})
    with pytest.raises(CreditLimitExceeded, match="348"):
        third.action_confirm()
    assert third.state == "draft"


# -- invoicing ------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("J3")
def test_orders_of_a_customer_share_an_invoice_unless_told_otherwise(mx: Any, customer: Any, service: Any) -> None:
    orders = mx["sale.order"]
    for reference in ("OC 1", "OC 2"):
        orders |= order_of(mx, customer, {"product_id": service.id}, client_order_ref=reference)
    orders.action_confirm()
    [invoice] = orders._create_invoices()
    assert (invoice.invoice_origin, invoice.ref) == (", ".join(orders.mapped("name")), "OC 1, OC 2")
    assert invoice.amount_total == 232
    assert [order.invoice_ids for order in orders] == [invoice, invoice]
    twins = orders.copy()
    twins.action_confirm()
    assert len(twins._create_invoices(grouped=True)) == 2


def test_nothing_is_invoiced_twice(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    with pytest.raises(NotAQuotation):
        order._create_invoices()
    order.action_confirm()
    order._create_invoices()
    with pytest.raises(NothingToInvoice, match=order.name):
        order._create_invoices()


def test_what_happens_to_the_invoice_is_known_to_the_order(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id, "product_uom_qty": 5})
    order.action_confirm()
    invoice = order._create_invoices()
    line = order.order_line
    assert (line.qty_invoiced, order.invoice_status) == (5, "invoiced")
    invoice.invoice_line_ids.write({"quantity": 2})
    assert (line.qty_invoiced, line.qty_to_invoice, order.invoice_status) == (2, 3, "to invoice")
    rest = order._create_invoices()
    assert rest.amount_untaxed == 300
    rest.button_cancel()
    assert (line.qty_invoiced, line.qty_to_invoice) == (2, 3)
    rest.button_draft()
    assert line.qty_invoiced == 5
    rest.unlink()
    assert (line.qty_invoiced, order.invoice_ids) == (2, invoice)


def test_a_posted_invoice_keeps_its_order(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id})
    order.action_confirm()
    invoice = order._create_invoices()
    invoice.action_post()
    with pytest.raises(OrderInProgress, match=invoice.name):
        order.action_cancel()


def test_a_fixed_down_payment_is_meant_with_tax(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id, "product_uom_qty": 10})
    order.action_confirm()
    wizard = mx["sale.advance.payment.inv"].with_context(active_model="sale.order", active_ids=order.ids)
    with pytest.raises(DownPaymentAmount, match="1,160"):
        wizard.create({"advance_payment_method": "fixed", "fixed_amount": 2000}).create_invoices()
    wizard.create({"advance_payment_method": "fixed", "fixed_amount": 580}).create_invoices()
    assert order.invoice_ids.amount_total == 580
    assert order.amount_total == 1160
    advance = order.order_line.filtered("is_downpayment").filtered(lambda line: not line.display_type)
    assert (advance.qty_invoiced, advance.qty_to_invoice) == (1, -1)
    whole = order.copy()
    assert not whole.order_line.filtered("is_downpayment")
    final = order._create_invoices(final=True)
    assert final.amount_total == 580
    assert order.invoice_status == "invoiced"


def test_more_invoiced_than_due_becomes_a_credit_note(mx: Any, customer: Any, service: Any) -> None:
    order = order_of(mx, customer, {"product_id": service.id, "product_uom_qty": 5})
    order.action_confirm()
    order._create_invoices().action_post()
    order.order_line.write({"product_uom_qty": 3})
    assert order.order_line.qty_to_invoice == -2
    credit = order._create_invoices(final=True)
    assert (credit.move_type, credit.amount_total) == ("out_refund", 232)
    assert (order.order_line.qty_invoiced, order.invoice_status) == (3, "invoiced")


# -- rights and walls -----------------------------------------------------------------------------------------------------


def test_salespeople_of_own_documents_see_only_these(mx: Any, customer: Any, service: Any) -> None:
    user = mx["res.users"].create(
        {
            "name": "Ana",
            "login": "ana",
            "company_id": mx.company_id,
            "company_ids": [(6, 0, [mx.company_id])],
            "group_ids": [(6, 0, [mx.ref("sales.group_sale_salesman").id])],
        }
    )
    foreign = order_of(mx, customer, {"product_id": service.id})
    ana = mx["sale.order"].with_context(allowed_company_ids=[mx.company_id]).with_user(user).env
    own = ana["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, {"product_id": service.id})]})
    own.action_confirm()
    assert ana["sale.order"].search([]) == own
    assert ana["sale.order.line"].search([]) == own.order_line
    with pytest.raises(AccessError):
        foreign.with_env(ana).read(["name"])


def test_orders_stay_in_their_company(company: Any) -> None:
    mx, pe = company("mx"), company("pe")
    product = mx["product.product"].search([("company_id", "=", mx.company_id)], limit=1)
    customer = pe["res.partner"].create({"name": "Bodega Norte"})
    pe_only = pe["sale.order"].with_context(allowed_company_ids=[pe.company_id]).env
    with pytest.raises(Exception, match="company|exist"):
        pe_only["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, {"product_id": product.id})]})
    order = pe["sale.order"].create({"partner_id": customer.id})
    assert order.currency.name == "PEN"
    assert not mx["sale.order"].with_context(allowed_company_ids=[mx.company_id]).search([("id", "=", order.id)])


def test_orders_of_two_companies_are_confirmed_at_once(company: Any) -> None:
    """What is enabled in an order's own company decides what happens with it, whatever company the user looks from."""
    mx, pe = company("mx"), company("pe")
    both = mx["sale.order"].with_context(allowed_company_ids=[mx.company_id, pe.company_id])
    orders = both.browse([])
    for country in ("mx", "pe"):
        env = company(country)
        product = env.ref(f"product.demo_{country}_01")
        orders |= both.browse(order_of(env, env.ref(f"base.customer_{country}_01"), {"product_id": product.id}).id)
    orders.action_confirm()
    assert orders.mapped("state") == ["sale", "sale"]
    assert [order.picking_ids.company_id for order in orders] == [mx.company_id, pe.company_id]
    assert orders._create_invoices().mapped("currency_id.name") == ["MXN", "PEN"]


def test_customers_know_their_orders(mx: Any, customer: Any, service: Any) -> None:
    contact = mx["res.partner"].create({"name": "Luis", "parent_id": customer.id})
    order_of(mx, customer, {"product_id": service.id})
    order_of(mx, contact, {"product_id": service.id})
    assert (customer.sale_order_count, contact.sale_order_count) == (2, 1)
    assert len(customer.action_view_sale_order()["domain"][0][2]) == 2


# -- cost -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 50])
def test_statements_do_not_grow_with_the_lines(mx: Any, customer: Any, service: Any, count: int, count_statements: Any) -> None:
    lines = [{"product_id": service.id, "product_uom_qty": place} for place in range(1, count + 1)]
    order_of(mx, customer, *lines[:2]).action_confirm()  # the process knows its reference data
    mx.flush()
    mx.transaction.clear()
    with count_statements(mx) as created:
        order = order_of(mx, customer, *lines)
        mx.flush()
    assert len(created) <= 12, created.report()
    mx.transaction.clear()
    with count_statements(mx) as confirmed:
        order.action_confirm()
        mx.flush()
    assert len(confirmed) <= 7, confirmed.report()
    mx.transaction.clear()
    with count_statements(mx) as invoiced:
        order._create_invoices()
        mx.flush()
    assert len(invoiced) <= 20, invoiced.report()


def test_reading_orders_costs_the_same_for_any_number(mx: Any, customer: Any, service: Any, count_statements: Any) -> None:
    """All fields, those of invoices and deliveries included."""
    orders = mx["sale.order"].create(
        [{"partner_id": customer.id, "order_line": [(0, 0, {"product_id": service.id})]} for _each in range(12)]
    )
    orders.action_confirm()
    orders._create_invoices(grouped=True)
    mx.flush()
    seen = []
    for some in (orders, orders[:2], orders):
        mx.transaction.clear()
        with count_statements(mx) as statements:
            rows = some.read()
        assert len(rows) == len(some)
        assert all(row["invoice_count"] == 1 for row in rows)
        seen.append(statements)
    assert len(seen[1]) == len(seen[2]), seen[2].report()


def test_a_refusal_names_the_groups_in_the_readers_language(rpc: Any) -> None:
    with pytest.raises(AccessError) as caught:
        rpc.as_user("almacen.mx")("sale.order", "create", {"partner_id": 1})
    assert "Ventas: documentos propios" in caught.value.message.render("es_MX")
