"""Completing entries set-wise: from what people and clients give to rows with all accounts and amounts.

Rows are completed before anything is inserted, so that a new invoice is two inserts whatever the number of its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from addons.account.models.header import Header, default_journal
from addons.account.models.line_values import LINE_DEFAULTS, complete_lines, residuals_of
from addons.account.models.values import by_id, created_values, linked_ids, unique
from addons.account.rules.balance import sides
from addons.account.rules.entry import INVOICE_TYPES, REFUND_TYPES, SALE_TYPES, invoice_entry, sign_of
from addons.account.rules.money import ZERO, round_half_up
from addons.account.rules.tax import PricedLine, TaxValue, document_taxes


@dataclass
class Draft:
    """A completed entry: values of the header, and of its lines (without `move_id`)."""

    vals: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)


def complete_moves(moves: Any, rows: Sequence[dict[str, Any]]) -> list[Draft]:
    """Completed drafts for the rows of a create call; see `AccountMove.create`."""
    by_company: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        company_id = row.get("company_id") or _company_of_journal(moves, row) or moves.env.company_id
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
    named = [row.get(field) for row in rows for field in ("partner_id", "partner_shipping_id")]  # read in one query
    partners = by_id(env["res.partner"].browse(unique(named)))
    positions: dict[int, int | None] | None = None
    headers: list[tuple[Header, dict[str, Any], list[dict[str, Any]]]] = []
    for row in rows:
        lines = created_values(row.pop("invoice_line_ids", None)) + created_values(row.pop("line_ids", None))
        given = row.get("move_type") or "entry"
        move_type = row["move_type"] = moves._fields["move_type"].coerce(given, env)
        partner = partners.get(row.get("partner_id"))
        row.setdefault("company_id", company.id)
        journal = env["account.journal"].browse(row.get("journal_id") or default_journal(env, company, move_type))
        row["journal_id"] = journal.id
        row["currency_id"] = row.get("currency_id") or journal.currency_id or company.currency_id
        row["date"] = row.get("date") or row.get("invoice_date") or env.today()
        if partner:
            row["partner_id"] = partner.id
            row["commercial_partner_id"] = partner.commercial_partner_id or partner.id
        if move_type in INVOICE_TYPES and partner:
            sells = move_type in SALE_TYPES
            if "invoice_payment_term_id" not in row and move_type not in REFUND_TYPES:
                row["invoice_payment_term_id"] = (
                    partner.property_payment_term_id if sells else partner.property_supplier_payment_term_id
                )
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
        others, totals = account_for(header, lines)
        drafts.append(Draft({**row, **totals, "state": "draft", "payment_state": "not_paid"}, [*lines, *others]))
    return drafts


def _header_of_values(env: Any, company: Any, row: dict[str, Any], journal: Any, partner: Any) -> Header:
    return Header(
        env,
        row["move_type"],
        company,
        env["res.currency"].browse(row["currency_id"]),
        journal,
        partner,
        row.get("commercial_partner_id"),
        row["date"],
        row.get("invoice_date"),
        env["account.payment.term"].browse(row.get("invoice_payment_term_id") or ()),
        env["account.fiscal.position"].browse(row.get("fiscal_position_id") or ()),
    )


def account_for(header: Header, lines: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fill the amounts of completed lines in place; answers the tax and payment term lines, and the totals of the header."""
    if not header.is_invoice:
        return [], entry_totals(header, [line["debit"] for line in lines])
    env, tax_model = header.env, header.env["account.tax"]
    products = [line for line in lines if line["display_type"] == "product"]
    taxes: list[tuple[TaxValue, ...]] = [tax_model.values_of(linked_ids(line["tax_ids"])) for line in products]
    priced = [
        PricedLine(line["price_unit"] or ZERO, line["quantity"] or ZERO, line["discount"] or ZERO, own)
        for line, own in zip(products, taxes, strict=True)
    ]
    amounts = document_taxes(priced, header.decimals, header.company.tax_calculation_rounding_method == "round_globally")
    parts = tax_model.parts_of({tax.id for own in taxes for tax in own}, header.move_type in REFUND_TYPES)
    entry = invoice_entry(
        header.move_type,
        [(i, line["account_id"], amounts.lines[i], taxes[i]) for i, line in enumerate(products)],
        parts,
        header.term.lines_of(),
        header.start,
        rate=header.rate,
        decimals=header.decimals,
        company_decimals=header.company_decimals,
    )
    accounts = env["account.account"]
    for line, booked, amount in zip(products, entry.products, amounts.lines, strict=True):
        debit, credit = sides(booked.balance)
        line.update(
            price_subtotal=amount.untaxed,
            price_total=amount.total,
            balance=booked.balance,
            debit=debit,
            credit=credit,
            amount_currency=booked.amount_currency,
            **residuals_of(accounts.browse(line["account_id"]), booked.balance, booked.amount_currency),
        )
    others: list[dict[str, Any]] = []
    common = {**LINE_DEFAULTS, **header.common(), "quantity": ZERO, "tax_ids": []}
    for tax_line in entry.taxes:
        debit, credit = sides(tax_line.balance)
        tax = tax_model.browse(tax_line.tax)
        others.append(
            {
                **common,
                "display_type": "tax",
                "name": tax.description or tax.name,
                "account_id": tax_line.account,
                "tax_line_id": tax_line.tax,
                "tax_repartition_line_id": tax_line.part or None,
                "tax_base_amount": tax_line.base,
                "debit": debit,
                "credit": credit,
                "balance": tax_line.balance,
                "amount_currency": tax_line.amount_currency,
                "sequence": 1000,
                **residuals_of(accounts.browse(tax_line.account), tax_line.balance, tax_line.amount_currency),
            }
        )
    due = header.start
    if products:
        counterpart = header.counterpart_account()
        for term in entry.terms:
            debit, credit = sides(term.balance)
            others.append(
                {
                    **common,
                    "display_type": "payment_term",
                    "account_id": counterpart.id,
                    "date_maturity": term.due,
                    "debit": debit,
                    "credit": credit,
                    "balance": term.balance,
                    "amount_currency": term.amount_currency,
                    "sequence": 2000,
                    **residuals_of(counterpart, term.balance, term.amount_currency),
                }
            )
        due = max(term.due for term in entry.terms)
    sign = sign_of(header.move_type)
    untaxed = amounts.untaxed
    tax_total = sign * sum((line.amount_currency for line in entry.taxes), ZERO)
    untaxed_signed = -sum((line.balance for line in entry.products), ZERO)
    tax_signed = -sum((line.balance for line in entry.taxes), ZERO)
    return others, {
        "amount_untaxed": untaxed,
        "amount_tax": tax_total,
        "amount_total": untaxed + tax_total,
        "amount_residual": untaxed + tax_total,
        "amount_untaxed_signed": untaxed_signed,
        "amount_tax_signed": tax_signed,
        "amount_total_signed": untaxed_signed + tax_signed,
        "amount_residual_signed": untaxed_signed + tax_signed,
        "invoice_date_due": due,
    }


def entry_totals(header: Header, debits: Sequence[Decimal]) -> dict[str, Any]:
    """Totals of a plain entry: the sum of its debits, in company currency and converted."""
    total = sum(debits, ZERO)
    shown = total if header.rate == 1 else round_half_up(total / header.rate, header.decimals)
    return {"amount_total": shown, "amount_total_signed": total}
