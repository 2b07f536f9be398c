"""Completing lines: product, name, price, account, taxes of invoice lines; the four amounts of the lines of plain entries."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from addons.account.models.header import ONE, Header, header_of
from addons.account.models.kinds import TEXT_TYPES
from addons.account.models.values import as_rows, by_id, linked_ids, unique
from addons.account.rules.balance import sides
from addons.account.rules.entry import sign_of
from addons.account.rules.money import ZERO, round_half_up
from server import ValidationError, _

#: Types of accounts whose items are open when they are made.
OPEN_TYPES = ("asset_receivable", "liability_payable", "asset_cash", "liability_credit_card")
LINE_DEFAULTS: dict[str, Any] = {
    "quantity": ONE,
    "price_unit": ZERO,
    "discount": ZERO,
    "price_subtotal": ZERO,
    "price_total": ZERO,
    "debit": ZERO,
    "credit": ZERO,
    "balance": ZERO,
    "amount_currency": ZERO,
    "amount_residual": ZERO,
    "amount_residual_currency": ZERO,
    "name": None,
    "product_id": None,
    "product_uom_id": None,
    "account_id": None,
    "tax_line_id": None,
    "tax_repartition_line_id": None,
    "tax_base_amount": ZERO,
    "date_maturity": None,
    "reconciled": False,
    "display_type": "product",
    "sequence": 10,
}


def complete_new_lines(lines: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Completed rows for lines that are added to existing drafts."""
    if any(not row.get("move_id") for row in rows):
        raise ValidationError(_("A journal item belongs to a journal entry. Give it a move_id, or create it with its entry."))
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
    """Complete line rows in place: product, unit, name, price, account, taxes of invoice lines; amounts of the lines of plain
    entries.

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
            for name, value in LINE_DEFAULTS.items():
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
        line.update(
            quantity=ZERO, price_unit=ZERO, discount=ZERO, account_id=None, product_id=None, product_uom_id=None, tax_ids=[]
        )
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
        account_id = (
            account_id
            or header.journal.default_account_id
            or header.company.default_account("income" if header.sells else "expense").id
        )
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
        line.update(
            residuals_of(header.env["account.account"].browse(line["account_id"]), line["balance"], line["amount_currency"])
        )


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
        rate = (
            ONE
            if currency_id == own
            else header.env["res.currency"]
            .browse(currency_id)
            .convert(ONE, header.company.currency, header.company, header.start, round=False)
        )
        balance = round_half_up(currency * rate, header.company_decimals)
    else:
        balance = ZERO
    balance = round_half_up(balance, header.company_decimals)
    if currency_id == own:
        currency = balance
    elif currency is None:
        rate = (
            header.env["res.currency"]
            .browse(currency_id)
            .convert(ONE, header.company.currency, header.company, header.start, round=False)
        )
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
