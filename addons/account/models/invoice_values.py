"""Completing entries set-wise: from what people and clients give to rows with all accounts and amounts.

Used in three places: creation of entries (rows are completed before anything is inserted, so a new invoice is two inserts), lines added to
drafts, and `refresh`, which makes tax and payment term lines of changed drafts anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from server import _

from addons.account.exceptions import MissingAccount
from addons.account.models.values import as_rows, by_id, created_values, linked_ids, unique
from addons.account.rules.balance import sides
from addons.account.rules.entry import INVOICE_TYPES, REFUND_TYPES, SALE_TYPES, invoice_entry, sign_of
from addons.account.rules.money import ZERO, round_half_up
from addons.account.rules.payment_term import instalments
from addons.account.rules.tax import PricedLine, TaxValue, document_taxes

ONE = Decimal(1)
TEXT_TYPES = ("line_section", "line_subsection", "line_note")
OPEN_TYPES = ("asset_receivable", "liability_payable", "asset_cash", "liability_credit_card")
JOURNAL_OF = {"entry": "general", "out_invoice": "sale", "out_refund": "sale", "out_receipt": "sale"}
PRODUCT_DEFAULTS: dict[str, Any] = {
    "quantity": ONE, "price_unit": ZERO, "discount": ZERO, "price_subtotal": ZERO, "price_total": ZERO, "debit": ZERO, "credit": ZERO, "balance": ZERO,
    "amount_currency": ZERO, "amount_residual": ZERO, "amount_residual_currency": ZERO, "name": None, "product_id": None, "product_uom_id": None,
    "account_id": None, "tax_line_id": None, "tax_repartition_line_id": None, "tax_base_amount": ZERO, "date_maturity": None, "reconciled": False,
    "display_type": "product", "sequence": 10,
}  # fmt: skip


@dataclass
class Draft:
    """A completed entry: values of the header, and of its lines (without `move_id`)."""

    vals: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Header:
    """What the lines of an entry need to know of it; from values of a new one or from a record."""

    env: Any
    move_type: str
    company: Any
    currency: Any
    journal: Any
    partner: Any
    commercial_id: int | None
    date: dt.date
    invoice_date: dt.date | None
    term: Any
    position: Any
    #: units of company currency per unit of the document's
    rate: Decimal = ONE
    decimals: int = 2
    company_decimals: int = 2

    def __post_init__(self) -> None:
        own = self.company.currency
        self.decimals = self.currency.decimal_places
        self.company_decimals = own.decimal_places
        if self.currency.id != own.id:
            self.rate = self.currency.convert(ONE, own, self.company, self.invoice_date or self.date, round=False)

    @property
    def is_invoice(self) -> bool:
        """True for anything but a plain entry."""
        return self.move_type in INVOICE_TYPES

    @property
    def sells(self) -> bool:
        """True for documents to customers."""
        return self.move_type in SALE_TYPES

    @property
    def start(self) -> dt.date:
        """The day from which payment terms count."""
        return self.invoice_date or self.date

    def common(self) -> dict[str, Any]:
        """The values that all lines share with their entry."""
        return {
            "company_id": self.company.id, "journal_id": self.journal.id, "date": self.date, "currency_id": self.currency.id,
            "partner_id": self.commercial_id, "parent_state": "draft",
        }  # fmt: skip

    def counterpart_account(self) -> Any:
        """The receivable or payable account of the document.

        :raises MissingAccount: when neither partner nor company have one.
        """
        side = "receivable" if self.sells else "payable"
        account_id = getattr(self.partner, f"property_account_{side}_id") if self.partner else None
        account = self.env["account.account"].browse(account_id) if account_id else self.company.default_account(side)
        mapped = self.position.map_account_id(account.id)
        return account if mapped == account.id else self.env["account.account"].browse(mapped)


# -- new entries ----------------------------------------------------------------------------------------------------
def complete_moves(moves: Any, rows: Sequence[dict[str, Any]]) -> list[Draft]:
    """Completed drafts for the rows of a create call; see `AccountMove.create`."""
    by_company: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        company_id = row.get("company_id") or _company_of_journal(moves, row) or moves.env.context.get("default_company_id") or moves.env.company_id
        by_company.setdefault(int(company_id), []).append(index)
    drafts: list[Draft | None] = [None] * len(rows)
    for company_id, indexes in by_company.items():
        env = moves.env.with_company(company_id).root
        done = _complete_for_company(env, moves, env["res.company"].browse(company_id), [rows[i] for i in indexes])
        for index, draft in zip(indexes, done, strict=True):
            drafts[index] = draft
    return [draft for draft in drafts if draft is not None]


def _company_of_journal(moves: Any, row: dict[str, Any]) -> int | None:
    if not row.get("journal_id"):
        return None
    company: int | None = moves.env["account.journal"].sudo().browse(row["journal_id"]).company_id
    return company


def _complete_for_company(env: Any, moves: Any, company: Any, rows: list[dict[str, Any]]) -> list[Draft]:
    defaults = moves.env.context
    named = [row.get(field) for row in rows for field in ("partner_id", "partner_shipping_id")]  # read in one query
    partners = by_id(env["res.partner"].browse(unique([*named, defaults.get("default_partner_id")])))
    positions: dict[int, int | None] | None = None
    headers: list[tuple[Header, dict[str, Any], list[dict[str, Any]]]] = []
    for row in rows:
        lines = created_values(row.pop("invoice_line_ids", None)) + created_values(row.pop("line_ids", None))
        move_type = row.setdefault("move_type", defaults.get("default_move_type") or "entry")
        partner = partners.get(row.get("partner_id") or defaults.get("default_partner_id"))
        row.setdefault("company_id", company.id)
        journal = env["account.journal"].browse(row.get("journal_id") or defaults.get("default_journal_id") or default_journal(env, company, move_type))
        row["journal_id"] = journal.id
        row["currency_id"] = row.get("currency_id") or journal.currency_id or company.currency_id
        row["date"] = row.get("date") or row.get("invoice_date") or env.today()
        if partner:
            row["partner_id"] = partner.id
            row["commercial_partner_id"] = partner.commercial_partner_id or partner.id
        if move_type in INVOICE_TYPES and partner:
            sells = move_type in SALE_TYPES
            if "invoice_payment_term_id" not in row and move_type not in REFUND_TYPES:
                row["invoice_payment_term_id"] = partner.property_payment_term_id if sells else partner.property_supplier_payment_term_id
            if "fiscal_position_id" not in row:
                if positions is None:
                    positions = env["account.fiscal.position"].positions_of(partners.values())
                row["fiscal_position_id"] = positions[partner.id]
            rank = "customer_rank" if sells else "supplier_rank"
            if not getattr(partner, rank):
                setattr(partner, rank, 1)
        if move_type in SALE_TYPES and "invoice_user_id" not in row:
            row["invoice_user_id"] = moves.env.uid
        headers.append((_header_of_values(env, company, row, journal, partner), row, lines))
    complete_lines(env, [(header, lines) for header, _row, lines in headers])
    drafts = []
    for header, row, lines in headers:
        others, totals = _account_for(header, lines)
        drafts.append(Draft({**row, **totals, "state": "draft", "payment_state": "not_paid"}, [*lines, *others]))
    return drafts


def _header_of_values(env: Any, company: Any, row: dict[str, Any], journal: Any, partner: Any) -> Header:
    return Header(
        env, row["move_type"], company, env["res.currency"].browse(row["currency_id"]), journal, partner, row.get("commercial_partner_id"),
        row["date"], row.get("invoice_date"), env["account.payment.term"].browse(row.get("invoice_payment_term_id") or ()),
        env["account.fiscal.position"].browse(row.get("fiscal_position_id") or ()),
    )  # fmt: skip


def header_of(move: Any) -> Header:
    """The header of an existing entry."""
    env = move.env.with_company(move.company_id).root
    move = move.with_env(env)
    return Header(
        env, move.move_type, move.company, move.currency, move.journal, move.partner or None, move.commercial_partner_id, move.date, move.invoice_date,
        move.invoice_payment_term, move.fiscal_position,
    )  # fmt: skip


def default_journal(env: Any, company: Any, move_type: str) -> int:
    """The first journal of the company for a kind of entry; no query after warm-up.

    :raises MissingAccount: when there is none.
    """

    def build() -> dict[str, int]:
        found: dict[str, int] = {}
        for journal in env["account.journal"].search([("company_id", "=", company.id)]):
            found.setdefault(journal.type, journal.id)
        return found

    wanted = JOURNAL_OF.get(move_type, "purchase")
    journals: dict[str, int] = env.process_cache(("account.journal.default", company.id), build)
    if wanted not in journals:
        raise MissingAccount(
            _("%(company)s has no journal of the type %(type)s. Load a chart of accounts or create the journal.", company=company.name, type=wanted)
        )
    return journals[wanted]


# -- lines ----------------------------------------------------------------------------------------------------------
def complete_new_lines(lines: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Completed rows for lines that are added to existing drafts."""
    moves = by_id(lines.env["account.move"].browse(unique(int(row["move_id"]) for row in rows)))
    headers = {id: header_of(move) for id, move in moves.items()}
    rows = as_rows(rows)
    work: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        work.setdefault(int(row["move_id"]), []).append(row)
    for id, own in work.items():
        complete_lines(headers[id].env, [(headers[id], own)])
    return rows


def complete_lines(env: Any, work: Sequence[tuple[Header, list[dict[str, Any]]]]) -> None:
    """Complete line rows in place: product, unit, name, price, account, taxes of invoice lines; amounts of the lines of plain entries.

    One read of products for all documents.
    """
    needs_account: set[int] = set()
    needs_taxes = False
    needs_more: set[int] = set()
    for header, lines in work:
        kept = []
        for line in lines:
            if not line.get("display_type"):
                line["display_type"] = "product"
            if header.is_invoice and _made_by_us(env, line):
                continue
            kept.append(line)
            product = line.get("product_id")
            if header.is_invoice and product and line["display_type"] == "product":
                if not line.get("account_id") or "tax_ids" not in line:
                    needs_account.add(product)
                    needs_taxes = needs_taxes or "tax_ids" not in line
                if "name" not in line or not line.get("product_uom_id") or "price_unit" not in line:
                    needs_more.add(product)
        lines[:] = kept
    products = by_id(env["product.product"].browse(sorted(needs_account | needs_more)))
    accounting = env["product.product"].browse(sorted(needs_account)).accounting_of(needs_taxes) if needs_account else {}
    for header, lines in work:
        for place, line in enumerate(lines):
            sequence = line.get("sequence")
            if header.is_invoice:
                _complete_invoice_line(header, line, products, accounting)
            else:
                _complete_entry_line(header, line)
            common = header.common()
            if not header.is_invoice:  # lines of plain entries may have their own partner and currency
                common["partner_id"] = line.get("partner_id") or common["partner_id"]
                common["currency_id"] = line.get("currency_id") or common["currency_id"]
            line.update(common)
            for name, value in PRODUCT_DEFAULTS.items():
                line.setdefault(name, value)
            if sequence is None:
                line["sequence"] = 10 + place


def _made_by_us(env: Any, line: dict[str, Any]) -> bool:
    """True for lines that accounting makes itself on invoices: a client that sends whole entries sends them too."""
    if line["display_type"] in ("tax", "payment_term") or line.get("tax_line_id"):
        return True
    if line.get("account_id") and not line.get("product_id") and "price_unit" not in line:
        return env["account.account"].browse(line["account_id"]).account_type in ("asset_receivable", "liability_payable")
    return False


def _complete_invoice_line(header: Header, line: dict[str, Any], products: dict[int, Any], accounting: dict[int, Any]) -> None:
    if line["display_type"] in TEXT_TYPES:
        line.update(quantity=ZERO, price_unit=ZERO, discount=ZERO, account_id=None, product_id=None, product_uom_id=None, tax_ids=[])
        return
    product = products.get(line.get("product_id") or 0)
    rules = accounting.get(line.get("product_id") or 0)
    if line.get("quantity") is None:
        line["quantity"] = ONE
    if product:
        if "name" not in line:
            line["name"] = _label(header, product)
        if not line.get("product_uom_id"):
            line["product_uom_id"] = product.uom_id
        if line.get("price_unit") is None:
            price = product.lst_price if header.sells else product.standard_price
            line["price_unit"] = price if header.rate == 1 else round_half_up(price / header.rate, 6)
    elif line.get("price_unit") is None:
        given = line.get("amount_currency") or line.get("balance") or (line.get("debit") or ZERO) - (line.get("credit") or ZERO)
        line["price_unit"] = sign_of(header.move_type) * given / (line["quantity"] or ONE)
    if not line.get("account_id"):
        account_id = (rules.income if header.sells else rules.expense) if rules else None
        account_id = account_id or header.journal.default_account_id or header.company.default_account("income" if header.sells else "expense").id
        line["account_id"] = header.position.map_account_id(account_id)
    if "tax_ids" in line:
        ids: Sequence[int] = linked_ids(line["tax_ids"])
    else:
        if rules:
            ids = rules.sale_taxes if header.sells else rules.purchase_taxes
        else:
            ids = header.env["account.account"].browse(line["account_id"]).tax_ids.ids
            default = header.company.account_sale_tax_id if header.sells else header.company.account_purchase_tax_id
            ids = ids or ([default] if default else [])
        ids = header.position.map_tax_ids(ids)
    line["tax_ids"] = [(6, 0, list(ids))]


def _label(header: Header, product: Any) -> str:
    if header.sells and product.description_sale:
        return f"{product.display_name}\n{product.description_sale}"
    return str(product.display_name)


def _complete_entry_line(header: Header, line: dict[str, Any]) -> None:
    if line["display_type"] in TEXT_TYPES:
        line["tax_ids"] = []
        return
    line["tax_ids"] = [(6, 0, linked_ids(line.get("tax_ids")))]
    line.update(amounts_of(header, line))
    line.setdefault("quantity", ZERO)
    if line.get("account_id"):
        line.update(residuals_of(header.env["account.account"].browse(line["account_id"]), line["balance"], line["amount_currency"]))


def amounts_of(header: Header, line: dict[str, Any]) -> dict[str, Any]:
    """Debit, credit, balance and amount in currency of a plain line from whichever of them are given."""
    currency_id = line.get("currency_id") or header.currency.id
    own = header.company.currency_id
    currency = line.get("amount_currency")
    if "debit" in line or "credit" in line:
        balance = (line.get("debit") or ZERO) - (line.get("credit") or ZERO)
        if not balance and "balance" in line and not (line.get("debit") or line.get("credit")):
            balance = line["balance"] or ZERO
    elif "balance" in line:
        balance = line["balance"] or ZERO
    elif currency:
        rate = ONE if currency_id == own else header.env["res.currency"].browse(currency_id).convert(ONE, header.company.currency, header.company, header.start, round=False)
        balance = round_half_up(currency * rate, header.company_decimals)
    else:
        balance = ZERO
    balance = round_half_up(balance, header.company_decimals)
    if currency_id == own:
        currency = balance
    elif currency is None:
        rate = header.env["res.currency"].browse(currency_id).convert(ONE, header.company.currency, header.company, header.start, round=False)
        currency = round_half_up(balance / rate, header.env["res.currency"].browse(currency_id).decimal_places)
    debit, credit = sides(balance)
    return {"currency_id": currency_id, "debit": debit, "credit": credit, "balance": balance, "amount_currency": currency}


def normalise_amounts(move: Any, vals: dict[str, Any]) -> dict[str, Any]:
    """`vals` of a write on one plain line, its four amounts agreeing with each other."""
    header = header_of(move)
    done = {**vals, **amounts_of(header, vals)}
    return {**done, "amount_residual": done["balance"], "amount_residual_currency": done["amount_currency"]}


def residuals_of(account: Any, balance: Decimal, amount_currency: Decimal) -> dict[str, Any]:
    """Open amounts of a new item: all of it on accounts with open items and on money accounts, nothing elsewhere."""
    if account and (account.reconcile or account.account_type in OPEN_TYPES):
        return {"amount_residual": balance, "amount_residual_currency": amount_currency}
    return {"amount_residual": ZERO, "amount_residual_currency": ZERO}


# -- amounts --------------------------------------------------------------------------------------------------------
def _account_for(header: Header, lines: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fill the amounts of completed lines in place; the tax and payment term lines of an invoice, and the totals of the header."""
    if not header.is_invoice:
        return [], entry_totals(header, [line["debit"] for line in lines])
    env, tax_model = header.env, header.env["account.tax"]
    products = [line for line in lines if line["display_type"] == "product"]
    taxes: list[tuple[TaxValue, ...]] = [tax_model.values_of(linked_ids(line["tax_ids"])) for line in products]
    priced = [PricedLine(line["price_unit"] or ZERO, line["quantity"] or ZERO, line["discount"] or ZERO, own) for line, own in zip(products, taxes, strict=True)]
    amounts = document_taxes(priced, header.decimals, header.company.tax_calculation_rounding_method == "round_globally")
    parts = tax_model.parts_of({tax.id for own in taxes for tax in own}, header.move_type in REFUND_TYPES)
    entry = invoice_entry(
        header.move_type,
        [(i, line["account_id"], amounts.lines[i], taxes[i]) for i, line in enumerate(products)],
        parts, header.term.lines_of(), header.start, rate=header.rate, decimals=header.decimals, company_decimals=header.company_decimals,
    )  # fmt: skip
    accounts = env["account.account"]
    for line, booked, amount in zip(products, entry.products, amounts.lines, strict=True):
        debit, credit = sides(booked.balance)
        line.update(
            price_subtotal=amount.untaxed, price_total=amount.total, balance=booked.balance, debit=debit, credit=credit,
            amount_currency=booked.amount_currency, **residuals_of(accounts.browse(line["account_id"]), booked.balance, booked.amount_currency),
        )  # fmt: skip
    others: list[dict[str, Any]] = []
    common = {**PRODUCT_DEFAULTS, **header.common(), "quantity": ZERO, "tax_ids": []}
    for tax_line in entry.taxes:
        debit, credit = sides(tax_line.balance)
        tax = tax_model.browse(tax_line.tax)
        others.append({
            **common, "display_type": "tax", "name": tax.description or tax.name, "account_id": tax_line.account, "tax_line_id": tax_line.tax,
            "tax_repartition_line_id": tax_line.part or None, "tax_base_amount": tax_line.base, "debit": debit, "credit": credit,
            "balance": tax_line.balance, "amount_currency": tax_line.amount_currency, "sequence": 1000,
            **residuals_of(accounts.browse(tax_line.account), tax_line.balance, tax_line.amount_currency),
        })  # fmt: skip
    due = header.start
    if products:
        counterpart = header.counterpart_account()
        for term in entry.terms:
            debit, credit = sides(term.balance)
            others.append({
                **common, "display_type": "payment_term", "account_id": counterpart.id, "date_maturity": term.due, "debit": debit, "credit": credit,
                "balance": term.balance, "amount_currency": term.amount_currency, "sequence": 2000,
                **residuals_of(counterpart, term.balance, term.amount_currency),
            })  # fmt: skip
        due = max(term.due for term in entry.terms)
    sign = sign_of(header.move_type)
    untaxed = amounts.untaxed
    tax_total = sign * sum((line.amount_currency for line in entry.taxes), ZERO)
    untaxed_signed = -sum((line.balance for line in entry.products), ZERO)
    tax_signed = -sum((line.balance for line in entry.taxes), ZERO)
    return others, {
        "amount_untaxed": untaxed, "amount_tax": tax_total, "amount_total": untaxed + tax_total, "amount_residual": untaxed + tax_total,
        "amount_untaxed_signed": untaxed_signed, "amount_tax_signed": tax_signed, "amount_total_signed": untaxed_signed + tax_signed,
        "amount_residual_signed": untaxed_signed + tax_signed, "invoice_date_due": due,
    }  # fmt: skip


def entry_totals(header: Header, debits: Sequence[Decimal]) -> dict[str, Any]:
    """Totals of a plain entry: the sum of its debits, in company currency and converted."""
    total = sum(debits, ZERO)
    shown = total if header.rate == 1 else round_half_up(total / header.rate, header.decimals)
    return {"amount_total": shown, "amount_total_signed": total}


# -- changed drafts -------------------------------------------------------------------------------------------------
def refresh(moves: Any, redue: bool = True) -> None:
    """Make the lines of drafts agree with their header and their product lines; what is not a draft is left alone.

    A constant number of statements for any number of drafts.

    :param redue: False keeps the due dates as they were written.
    """
    lines_model = moves.env["account.move.line"].sudo()
    new: list[dict[str, Any]] = []
    gone: list[int] = []
    for move in moves.sudo():
        if move.state != "draft":
            continue
        header = header_of(move)
        lines = list(move.line_ids)
        if not header.is_invoice:
            for line in lines:
                _assign(line, {"journal_id": header.journal.id, "date": header.date})
            _assign(move, entry_totals(header, [line.debit for line in lines]))
            continue
        own = [line for line in lines if line.display_type not in ("tax", "payment_term")]
        rows = [
            {
                "display_type": line.display_type, "price_unit": line.price_unit, "quantity": line.quantity, "discount": line.discount,
                "account_id": line.account_id, "tax_ids": line.tax_ids.ids,
            }
            for line in own
        ]  # fmt: skip
        others, totals = _account_for(header, rows)
        common = header.common()
        for line, row in zip(own, rows, strict=True):
            row.pop("tax_ids")
            _assign(line, {**row, **common})
        made = [line for line in lines if line.display_type in ("tax", "payment_term")]
        reuse: dict[Any, list[Any]] = {}
        for line in made:
            reuse.setdefault(_role(line.display_type, line.tax_line_id, line.tax_repartition_line_id, line.account_id), []).append(line)
        for row in others:
            same = reuse.get(_role(row["display_type"], row["tax_line_id"], row["tax_repartition_line_id"], row["account_id"]))
            row.pop("tax_ids")
            if same:
                line = same.pop(0)
                if not redue and row["display_type"] == "payment_term":
                    row.pop("date_maturity")
                row.pop("name")
                _assign(line, row)
            else:
                new.append({**row, "move_id": move.id, "tax_ids": []})
        gone += [line.id for left in reuse.values() for line in left]
        if not redue:
            totals.pop("invoice_date_due")
        _assign(move, totals)
    if gone:
        lines_model.browse(gone)._remove()
    if new:
        lines_model._insert(new)


def redate(move: Any, day: dt.date) -> None:
    """Set the invoice date of a draft at posting: accounting date and due dates follow; amounts only when a rate is involved."""
    before = move.date
    move._update({"invoice_date": day, "date": day})
    if before == day:
        return
    if move.currency_id != move.company.currency_id:
        refresh(move)
        return
    terms = [line for line in move.line_ids if line.display_type == "payment_term"]
    dated = instalments(move.amount_total, day, move.invoice_payment_term.sudo().lines_of(), move.currency.decimal_places)
    dues = sorted(part.due for part in dated)
    move.line_ids._update({"date": day})
    for line, due in zip(sorted(terms, key=lambda line: line.date_maturity or day), dues):
        line._update({"date_maturity": due})
    move._update({"invoice_date_due": dues[-1]})


def _role(display_type: str, tax: int | None, part: int | None, account: int | None) -> tuple[Any, ...]:
    return (display_type, tax, part, account) if display_type == "tax" else (display_type,)


def _assign(record: Any, values: dict[str, Any]) -> None:
    """Set the values that differ."""
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    if changed:
        record._update(changed)
