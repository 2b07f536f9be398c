"""Invoices, payments and reversals in the demo business, as an accountant would follow them; on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from addons.account.exceptions import (
    CannotReconcile,
    ChartInstalled,
    IncompleteInvoice,
    LockedPeriod,
    MissingAccount,
    NotADraft,
    NothingToPay,
    NumberedEntry,
    PostedEntry,
    UnbalancedEntry,
)
from addons.account.models.move_post import EntryLine
from server import AccessError, UserError

Company = Callable[[str], Any]


@pytest.fixture
def mx(company: Company) -> Any:
    return company("mx")


def invoice(
    env: Any, *lines: dict[str, Any], move_type: str = "out_invoice", partner: str = "base.customer_mx_01", **values: Any
) -> Any:
    """A draft with the given lines; by default two units of a product at 100.05."""
    rows = lines or ({"product_id": env.ref("product.demo_mx_01").id, "quantity": 2, "price_unit": "100.05"},)
    return env["account.move"].create(
        {"move_type": move_type, "partner_id": env.ref(partner).id, "invoice_line_ids": [(0, 0, row) for row in rows], **values}
    )


def booked(move: Any) -> list[tuple[str, D, D]]:
    """The entry as an accountant writes it: account, debit, credit."""
    return sorted((line.account.code, line.debit, line.credit) for line in move.line_ids if line.account_id)


def pay(moves: Any, **values: Any) -> Any:
    """Register a payment through the wizard; the payments it made."""
    env = moves.env
    before = env["account.payment"].search([])
    wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=moves.ids).create(values)
    wizard.action_create_payments()
    return env["account.payment"].search([]) - before


def accounts(env: Any, *codes: str) -> list[Any]:
    found = {account.code: account for account in env["account.account"].search([("company_id", "=", env.company_id)])}
    return [found[code] for code in codes]


# -- charts ---------------------------------------------------------------------------------------------------------
def test_each_company_has_the_chart_of_its_country(company: Company) -> None:
    for country, receivable, tax, amount in (("mx", "105.01", "IVA 16 %", D(16)), ("pe", "1212", "IGV 18 %", D(18))):
        env = company(country)
        own = env.company
        assert own.chart_template == country
        assert own.receivable_account.code == receivable
        assert (own.account_sale_tax.name, own.account_sale_tax.amount) == (tax, amount)
        assert 60 <= env["account.account"].search_count([("company_id", "=", own.id)]) <= 120
        assert set(env["account.journal"].search([("company_id", "=", own.id)]).mapped("type")) >= {
            "sale",
            "purchase",
            "bank",
            "cash",
            "general",
        }
        assert env.ref(f"product.demo_{country}_01").taxes_id == own.account_sale_tax


def test_a_chart_is_loaded_once(mx: Any) -> None:
    with pytest.raises(ChartInstalled, match="cannot be replaced"):
        mx.company.write({"chart_template": "pe"})
    before = mx["account.account"].search_count([])
    mx.hooks.addon_enabled(env=mx, company=mx.company, addon="account")
    assert mx["account.account"].search_count([]) == before


def test_a_company_without_accounting_gets_no_chart(env: Any) -> None:
    company = env["res.company"].create({"name": "Elsewhere Ltd", "country_id": env.ref("base.us").id})
    with pytest.raises(MissingAccount, match="not enabled"):
        company.sudo().write({"chart_template": "generic"})


def test_a_new_company_gets_a_chart_when_it_starts_to_keep_books(db: Any) -> None:
    from server.addon import lifecycle

    company = db.run(
        1, {}, lambda env: env["res.company"].create({"name": "Elsewhere Ltd", "country_id": env.ref("base.us").id}).id
    )
    lifecycle.enable_for(db, company, ["account"])

    def look(env: Any) -> tuple[str, str, int]:
        env = env.with_company(company)
        return (
            env.company.chart_template,
            env.company.default_account("stock_output").code,
            len(env["account.account"].search([("company_id", "=", company)])),
        )

    assert db.run(1, {}, look) == ("generic", "500000", 70)


# -- invoices -------------------------------------------------------------------------------------------------------
def test_a_draft_invoice_is_complete_and_balanced(mx: Any) -> None:
    move = invoice(mx)
    assert (move.state, move.name, move.payment_state) == ("draft", None, "not_paid")
    assert (move.amount_untaxed, move.amount_tax, move.amount_total, move.amount_residual) == (
        D("200.10"),
        D("32.02"),
        D("232.12"),
        D("232.12"),
    )
    assert booked(move) == [("105.01", D("232.12"), D(0)), ("208.01", D(0), D("32.02")), ("401.01", D(0), D("200.10"))]
    line = move.invoice_line_ids
    assert line.name.startswith("[ABA-001]")
    assert line.product_uom_id == mx.ref("product.demo_mx_01").uom_id
    assert line.tax_ids == mx.company.account_sale_tax
    assert move.display_name.startswith("Draft Customer invoice")


def test_a_line_without_product_takes_the_companys_account_and_tax(mx: Any) -> None:
    move = invoice(mx, {"name": "Flete", "price_unit": 50})
    assert booked(move) == [("105.01", D(58), D(0)), ("208.01", D(0), D(8)), ("401.01", D(0), D(50))]


def test_sections_and_notes_have_no_amount(mx: Any) -> None:
    move = invoice(
        mx,
        {"display_type": "line_section", "name": "Abarrotes"},
        {"name": "Flete", "price_unit": 50},
        {"display_type": "line_note", "name": "Frágil"},
    )
    assert move.amount_total == D(58)
    assert [line.display_type for line in move.invoice_line_ids.sorted("sequence")] == ["line_section", "product", "line_note"]


def test_lines_of_a_draft_follow_its_changes(mx: Any) -> None:
    move = invoice(mx)
    line = move.invoice_line_ids
    move.write({"invoice_line_ids": [(1, line.id, {"quantity": 5}), (0, 0, {"name": "Flete", "price_unit": 50})]})
    assert booked(move) == [
        ("105.01", D("638.29"), D(0)),
        ("208.01", D(0), D("88.04")),
        ("401.01", D(0), D("50.00")),
        ("401.01", D(0), D("500.25")),
    ]
    line.write({"tax_ids": [(5,)]})
    assert move.amount_tax == D(8)
    line.unlink()
    assert booked(move) == [("105.01", D(58), D(0)), ("208.01", D(0), D(8)), ("401.01", D(0), D(50))]
    move.write(
        {"invoice_payment_term_id": mx.ref("account.account_payment_term_advance_60days").id, "invoice_date": "2026-01-31"}
    )
    terms = move.line_ids.filtered(lambda each: each.display_type == "payment_term").sorted("date_maturity")
    assert [(each.date_maturity, each.debit) for each in terms] == [
        (dt.date(2026, 1, 31), D("17.40")),
        (dt.date(2026, 4, 1), D("40.60")),
    ]
    assert move.invoice_date_due == dt.date(2026, 4, 1)


def test_posting_gives_number_date_and_reference(mx: Any) -> None:
    move = invoice(mx)
    assert move.action_post() is False
    year = mx.today().year
    assert (move.state, move.name, move.invoice_date) == ("posted", f"INV/{year}/00001", mx.today())
    assert move.payment_reference == move.name
    assert set(move.line_ids.mapped("parent_state")) == {"posted"}


def test_numbers_have_no_gaps_and_start_again_each_year(mx: Any) -> None:
    moves = invoice(mx) | invoice(mx) | invoice(mx, invoice_date="2025-12-31") | invoice(mx, invoice_date="2025-12-30")
    moves.action_post()
    year = mx.today().year
    assert moves.mapped("name") == [f"INV/{year}/00001", f"INV/{year}/00002", "INV/2025/00001", "INV/2025/00002"]
    refund = invoice(mx, move_type="out_refund")
    refund.action_post()
    assert refund.name == f"RINV/{year}/00001"
    again = invoice(mx)
    again.action_post()
    assert again.name == f"INV/{year}/00003"


def test_a_posted_invoice_is_fixed(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    with pytest.raises(NotADraft, match="already Posted"):
        move.action_post()
    with pytest.raises(PostedEntry, match="Partner cannot be changed"):
        move.write({"partner_id": mx.ref("base.customer_mx_02").id})
    with pytest.raises(PostedEntry, match="Journal items cannot be changed"):
        move.write({"line_ids": [(5,)]})
    with pytest.raises(PostedEntry, match="lines cannot be changed"):
        move.invoice_line_ids.write({"price_unit": 3})
    with pytest.raises(PostedEntry, match="cannot be deleted"):
        move.unlink()
    move.write({"ref": "OC 4711", "narration": "Gracias"})
    move.invoice_line_ids.write({"name": "Arroz"})
    assert move.ref == "OC 4711"


def test_the_state_is_not_written_by_hand(mx: Any) -> None:
    with pytest.raises(PostedEntry, match="cannot be written"):
        invoice(mx).write({"state": "posted"})


def test_incomplete_invoices_are_not_posted(mx: Any) -> None:
    empty = mx["account.move"].create({"move_type": "out_invoice", "partner_id": mx.ref("base.customer_mx_01").id})
    with pytest.raises(IncompleteInvoice, match="no lines"):
        empty.action_post()
    nobody = mx["account.move"].create(
        {"move_type": "out_invoice", "invoice_line_ids": [(0, 0, {"name": "Flete", "price_unit": 50})]}
    )
    with pytest.raises(IncompleteInvoice, match="no partner"):
        nobody.action_post()
    with pytest.raises(IncompleteInvoice, match="credit note"):
        invoice(mx, {"name": "Bonificación", "price_unit": -50}).action_post()


def test_an_invoice_of_nothing_is_paid(mx: Any) -> None:
    move = invoice(mx, {"name": "Muestra", "price_unit": 0})
    move.action_post()
    assert move.payment_state == "paid"


def test_a_supplier_bill_is_the_mirror(mx: Any) -> None:
    bill = invoice(mx, {"name": "Papel", "price_unit": 1000}, move_type="in_invoice", partner="base.supplier_mx_1")
    assert booked(bill) == [("118.01", D(160), D(0)), ("201.01", D(0), D(1160)), ("601.84", D(1000), D(0))]
    assert bill.amount_total_signed == D(-1160)
    bill.action_post()
    assert bill.name.startswith("BILL/")
    payment = pay(bill)
    assert (payment.payment_type, payment.partner_type, bill.payment_state) == ("outbound", "supplier", "paid")


def test_fees_are_paid_less_withholding(mx: Any) -> None:
    taxes = mx["account.tax"].search(
        [
            ("type_tax_use", "=", "purchase"),
            ("name", "in", ["IVA 16 %", "Retención IVA honorarios 10.6667 %", "Retención ISR honorarios 10 %"]),
        ]
    )
    bill = invoice(
        mx,
        {"name": "Honorarios", "price_unit": 10000, "tax_ids": [(6, 0, taxes.ids)]},
        move_type="in_invoice",
        partner="base.supplier_mx_1",
    )
    assert booked(bill) == [
        ("118.01", D(1600), D(0)),
        ("201.01", D(0), D("9533.33")),
        ("216.04", D(0), D(1000)),
        ("216.10", D(0), D("1066.67")),
        ("601.84", D(10000), D(0)),
    ]


def test_a_fiscal_position_changes_taxes_and_accounts(mx: Any) -> None:
    partner = mx.ref("base.customer_mx_01")
    partner.property_account_position_id = (
        mx["account.fiscal.position"].search([("name", "=", "Región fronteriza"), ("company_id", "=", mx.company_id)]).id
    )
    assert invoice(mx).amount_tax == D("16.01")
    abroad = mx["res.partner"].create({"name": "Texas Foods", "is_company": True, "country_id": mx.ref("base.us").id})
    move = mx["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": abroad.id,
            "invoice_line_ids": [(0, 0, {"product_id": mx.ref("product.demo_mx_01").id, "price_unit": 10})],
        }
    )
    assert booked(move) == [("105.01", D(10), D(0)), ("401.25", D(0), D(10))]


def test_foreign_money_is_booked_at_the_rate_of_the_day(mx: Any) -> None:
    usd = mx.ref("base.USD")
    mx["res.currency.rate"].search([("currency_id", "=", usd.id)]).unlink()
    mx["res.currency.rate"].create(
        [
            {"currency_id": usd.id, "name": "2026-01-01", "inverse_company_rate": 20, "company_id": mx.company_id},
            {"currency_id": usd.id, "name": "2026-02-01", "inverse_company_rate": 19, "company_id": mx.company_id},
        ]
    )
    move = invoice(mx, {"name": "Servicio", "price_unit": 100}, currency_id=usd.id, invoice_date="2026-01-15")
    move.action_post()
    assert (move.amount_total, move.amount_total_signed) == (D(116), D(2320))
    assert booked(move) == [("105.01", D(2320), D(0)), ("208.01", D(0), D(320)), ("401.01", D(0), D(2000))]
    payment = pay(move, payment_date="2026-02-15")
    assert (payment.amount, payment.currency_id) == (D(116), usd.id)
    assert (move.payment_state, move.amount_residual) == ("paid", D(0))
    loss = mx["account.move"].search([("journal_id", "=", mx.company.currency_exchange_journal_id)])
    assert booked(loss) == [("105.01", D(0), D(116)), ("701.01", D(116), D(0))]
    receivable = [row for row in mx["account.account"].trial_balance() if row["code"] == "105.01"]
    assert receivable[0]["balance"] == 0
    payment.action_draft()
    assert (move.payment_state, move.amount_residual) == ("not_paid", D(116))
    assert [row["balance"] for row in mx["account.account"].trial_balance() if row["code"] == "105.01"] == [D(2320)]


# -- payments -------------------------------------------------------------------------------------------------------
def test_a_payment_settles_the_invoice(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    wizard = mx["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
    assert wizard.default_get(["amount", "communication"]) == {"amount": 232.12, "communication": move.name}
    payment = pay(move)
    assert (move.payment_state, move.amount_residual) == ("paid", D(0))
    assert booked(payment.move) == [("102.01", D("232.12"), D(0)), ("105.01", D(0), D("232.12"))]
    assert payment.reconciled_invoice_ids == move
    assert payment.state == "paid"
    receivables = (move.line_ids | payment.move.line_ids).filtered(lambda line: line.account.code == "105.01")
    assert len(set(receivables.mapped("matching_number"))) == 1
    with pytest.raises(NothingToPay):
        pay(move)


def test_a_part_payment_leaves_the_invoice_partly_paid(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    pay(move, amount=100)
    assert (move.payment_state, move.amount_residual) == ("partial", D("132.12"))
    pay(move)
    assert (move.payment_state, move.amount_residual) == ("paid", D(0))


def test_a_small_difference_is_written_off(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    (account,) = accounts(mx, "703.21")
    payment = pay(move, amount=232, payment_difference_handling="reconcile", writeoff_account_id=account.id)
    assert (move.payment_state, move.amount_residual) == ("paid", D(0))
    assert booked(payment.move) == [("102.01", D(232), D(0)), ("105.01", D(0), D("232.12")), ("703.21", D("0.12"), D(0))]


def test_many_invoices_are_paid_together_or_one_by_one(mx: Any) -> None:
    first, second, third = invoice(mx), invoice(mx), invoice(mx, partner="base.customer_mx_02")
    (first | second | third).action_post()
    assert len(pay(first | second | third, group_payment=True)) == 2
    assert {move.payment_state for move in (first, second, third)} == {"paid"}
    others = invoice(mx) | invoice(mx)
    others.action_post()
    assert len(pay(others)) == 2


def test_a_payment_can_be_taken_back(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    payment = pay(move)
    number = payment.name
    payment.action_draft()
    assert (payment.state, payment.move.state, move.payment_state, move.amount_residual) == (
        "draft",
        "draft",
        "not_paid",
        D("232.12"),
    )
    payment.write({"amount": 100})
    payment.action_post()
    assert (payment.state, payment.name) == ("paid", number)
    assert booked(payment.move) == [("102.01", D(100), D(0)), ("105.01", D(0), D(100))]
    payment.action_cancel()
    assert (payment.state, payment.move.state) == ("canceled", "cancel")


def test_a_payment_follows_its_entry(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    payment = pay(move)
    payment.move.button_draft()
    assert (payment.state, move.payment_state) == ("draft", "not_paid")
    payment.move.action_post()
    assert payment.state == "paid"
    payment.move.button_cancel()
    assert payment.state == "canceled"


def test_items_are_matched_and_unmatched_by_hand(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    payment = mx["account.payment"].create({"partner_id": move.partner_id, "amount": "232.12"})
    payment.action_post()
    items = (move.line_ids | payment.move.line_ids).filtered(lambda line: line.account.code == "105.01")
    assert items.reconcile() is True
    assert move.payment_state == "paid"
    with pytest.raises(CannotReconcile, match="settled already"):
        items.reconcile()
    items[:1].remove_move_reconcile()
    assert (move.payment_state, move.amount_residual) == ("not_paid", D("232.12"))
    with pytest.raises(CannotReconcile, match="different accounts"):
        move.line_ids.reconcile()


# -- reversal -------------------------------------------------------------------------------------------------------
def reverse(move: Any, method: str = "refund_moves") -> Any:
    env = move.env
    wizard = (
        env["account.move.reversal"].with_context(active_model="account.move", active_ids=move.ids).create({"reason": "devuelto"})
    )
    return env["account.move"].browse(getattr(wizard, method)()["res_id"])


def test_a_credit_note_mirrors_and_settles_the_invoice(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    note = reverse(move)
    assert (note.state, note.move_type, note.reversed_entry_id) == ("draft", "out_refund", move.id)
    assert booked(note) == [("105.01", D(0), D("232.12")), ("208.01", D("32.02"), D(0)), ("401.01", D("200.10"), D(0))]
    note.action_post()
    assert (move.payment_state, note.payment_state) == ("reversed", "reversed")
    assert (move.amount_residual, note.amount_residual) == (D(0), D(0))


def test_a_part_returned_leaves_the_rest_open(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    note = reverse(move)
    note.invoice_line_ids.write({"quantity": 1})
    note.action_post()
    assert (move.payment_state, move.amount_residual) == ("partial", D("116.06"))


def test_modify_reverses_and_leaves_a_draft_to_correct(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    draft = reverse(move, "modify_moves")
    assert move.payment_state == "reversed"
    assert (draft.state, draft.amount_total, draft.name) == ("draft", D("232.12"), None)


def test_back_to_draft_keeps_the_number(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    number = move.name
    move.button_draft()
    assert (move.state, move.name, set(move.line_ids.mapped("parent_state"))) == ("draft", number, {"draft"})
    with pytest.raises(NumberedEntry, match="gap"):
        move.unlink()
    move.invoice_line_ids.write({"quantity": 1})
    move.action_post()
    assert (move.name, move.amount_total) == (number, D("116.06"))
    move.button_cancel()
    assert move.state == "cancel"
    assert not [row for row in mx["account.account"].trial_balance() if row["code"] == "401.01" and row["balance"]]


def test_a_draft_without_number_is_deleted_with_its_lines(mx: Any) -> None:
    move = invoice(mx)
    lines = move.line_ids
    assert move.unlink() is True
    assert not lines.exists()


def test_a_copy_is_a_fresh_draft(mx: Any) -> None:
    move = invoice(mx)
    move.action_post()
    copy = move.copy()
    assert (copy.state, copy.name, copy.amount_total, copy.invoice_date) == ("draft", None, D("232.12"), None)
    assert booked(copy) == booked(move)


# -- plain entries --------------------------------------------------------------------------------------------------
def test_a_plain_entry_must_balance_to_be_posted(mx: Any) -> None:
    bank, fee = accounts(mx, "102.01", "701.10")
    entry = mx["account.move"].create(
        {"line_ids": [(0, 0, {"account_id": fee.id, "debit": 100}), (0, 0, {"account_id": bank.id, "credit": 90})]}
    )
    with pytest.raises(UnbalancedEntry, match="differ by"):
        entry.action_post()
    entry.line_ids.filtered(lambda line: line.credit).write({"credit": 100})
    entry.action_post()
    assert entry.name.startswith("MISC/")
    assert entry.amount_total == D(100)


def test_entries_of_other_addons_are_made_in_few_statements(mx: Any, count_statements: Any) -> None:
    stock, cost = accounts(mx, "115.01", "501.01")
    journal = mx.company.stock_journal
    product = mx.ref("product.demo_mx_01")

    def entries(count: int) -> Any:
        rows = [
            {"account": cost, "debit": D("12.50"), "product": product, "quantity": D(1)},
            EntryLine(stock.id, credit=D("12.50"), product=product.id),
        ]
        return mx["account.move"].create_entries(
            [{"journal": journal, "date": mx.today(), "ref": f"OUT {n}", "lines": rows} for n in range(count)]
        )

    made = entries(1)
    assert booked(made) == [("115.01", D(0), D("12.50")), ("501.01", D("12.50"), D(0))]
    mx.flush()
    with count_statements(mx) as one:
        entries(2)
        mx.flush()
    with count_statements(mx) as many:
        entries(20)
        mx.flush()
    assert len(many) == len(one), many.report()
    assert len(many) <= 4, many.report()
    with pytest.raises(UnbalancedEntry):
        mx["account.move"].create_entries([{"journal": journal, "lines": [(cost.id, D(1))]}])


def test_a_closed_period_stays_closed(mx: Any) -> None:
    old = invoice(mx, invoice_date="2026-01-10")
    old.action_post()
    mx.company.sudo().write({"fiscalyear_lock_date": "2026-01-31"})
    with pytest.raises(LockedPeriod, match="closed until 2026-01-31"):
        invoice(mx, invoice_date="2026-01-15").action_post()
    with pytest.raises(LockedPeriod):
        old.button_draft()
    with pytest.raises(LockedPeriod):
        mx["account.move"].create_entries([{"journal": mx.company.stock_journal, "date": dt.date(2026, 1, 5), "lines": []}])


def test_the_trial_balance_has_opening_and_period(mx: Any) -> None:
    for day in ("2026-01-10", "2026-02-10"):
        invoice(mx, invoice_date=day).action_post()
    rows = {row["code"]: row for row in mx["account.account"].trial_balance("2026-02-01", "2026-02-28")}
    assert (rows["105.01"]["initial_balance"], rows["105.01"]["debit"], rows["105.01"]["balance"]) == (
        D("232.12"),
        D("232.12"),
        D("464.24"),
    )
    assert sum(row["balance"] for row in rows.values()) == 0


# -- walls and rights -----------------------------------------------------------------------------------------------
def test_companies_do_not_see_each_others_books(company: Company) -> None:
    mx, pe = company("mx"), company("pe")
    move = invoice(mx)
    move.action_post()
    only_pe = pe.derive(context={"allowed_company_ids": [pe.company_id]})
    assert not only_pe["account.move"].search([("id", "=", move.id)])
    assert not only_pe["account.move.line"].search([("move_id", "=", move.id)])
    assert not [row for row in only_pe["account.account"].trial_balance() if row["balance"] and row["code"] == "105.01"]
    with pytest.raises(UserError):
        invoice(mx, {"name": "x", "price_unit": 1, "account_id": only_pe.company.income_account_id})
    with pytest.raises(UserError):
        invoice(only_pe, journal_id=move.journal_id, partner="base.customer_pe_01")


def test_who_only_reads_does_not_post(rpc: Any) -> None:
    clerk, seller = rpc.as_user("conta.mx"), rpc.as_user("ventas.mx")
    customer = clerk("res.partner", "search", [("ref", "!=", "no such")], limit=1)[0]
    move = clerk(
        "account.move",
        "create",
        {"move_type": "out_invoice", "partner_id": customer, "invoice_line_ids": [[0, 0, {"name": "Flete", "price_unit": 10}]]},
    )
    with pytest.raises(AccessError):
        seller("account.move", "action_post", [move])
    assert clerk("account.move", "action_post", [move]) is False
    row = clerk("account.move", "read", [move], ["state", "amount_total", "invoice_line_ids", "payment_state"])[0]
    assert (row["state"], float(row["amount_total"]), len(row["invoice_line_ids"])) == ("posted", 11.6, 1)


# -- partners -------------------------------------------------------------------------------------------------------
def test_the_partner_knows_what_it_owes(mx: Any) -> None:
    partner = mx.ref("base.customer_mx_03")
    move = invoice(mx, partner="base.customer_mx_03")
    move.action_post()
    assert (partner.customer_rank, partner.credit, partner.total_invoiced) == (1, D("232.12"), D("200.10"))
    pay(move, amount=100)
    mx.flush()
    mx.transaction.clear()
    assert partner.credit == D("132.12")


# -- hooks ----------------------------------------------------------------------------------------------------------
def test_hooks_are_called_once_with_the_set(mx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int]] = []

    class Listening:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            call = getattr(self.inner, name)
            if not name.startswith("account_move_"):
                return call

            def noted(**arguments: Any) -> Any:
                calls.append((name, len(arguments["moves"])))
                return call(**arguments)

            return noted

    monkeypatch.setattr(type(mx), "hooks", property(lambda env, inner=mx.hooks: Listening(inner)))
    moves = invoice(mx) | invoice(mx)
    moves.action_post()
    pay(moves, group_payment=True)
    moves.button_draft()
    moves.button_cancel()
    invoice(mx).unlink()
    assert [call for call in calls if call[0] not in ("account_move_posting", "account_move_posted")] == [
        ("account_move_paid", 2),
        ("account_move_drafted", 2),
        ("account_move_cancelled", 2),
        ("account_move_deleting", 1),
    ]
    assert calls[:2] == [("account_move_posting", 2), ("account_move_posted", 2)]


# -- constant work --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("step", ["create", "post"])
def test_the_work_is_the_same_for_5_and_50_lines(mx: Any, count_statements: Any, step: str) -> None:
    seen = {}
    for count in (5, 5, 50):  # the first run warms the process's memory
        row = {"product_id": mx.ref("product.demo_mx_01").id, "quantity": 1, "price_unit": "9.99"}
        mx.flush()
        mx.transaction.clear()
        with count_statements(mx) as statements:
            move = invoice(mx, *[dict(row) for _n in range(count)])
            mx.flush()
        if step == "post":
            mx.transaction.clear()
            with count_statements(mx) as statements:
                move.sudo().action_post()
                mx.flush()
        seen[count] = statements
    assert len(seen[5]) == len(seen[50]), seen[50].report()
