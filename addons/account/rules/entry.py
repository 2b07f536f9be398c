"""From the values of an invoice to the lines of its journal entry.

Signs: `sign` is -1 for documents that earn money (customer invoice, supplier credit note, receipt of a sale) and +1 for those
that cost money (supplier invoice, customer credit note). A product or tax line carries `sign * amount` (positive is a debit), the
lines of the payment term carry the opposite, so every entry balances by construction, also after conversion to the company's
currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from .money import ZERO, round_half_up
from .payment_term import Instalment, TermLine, instalments
from .tax import HUNDRED, LineAmounts, TaxValue, factors

EARNING = frozenset(("out_invoice", "in_refund", "out_receipt"))
COSTING = frozenset(("in_invoice", "out_refund", "in_receipt"))
INVOICE_TYPES = EARNING | COSTING
SALE_TYPES = frozenset(("out_invoice", "out_refund", "out_receipt"))
REFUND_TYPES = frozenset(("out_refund", "in_refund"))
REVERSED_TYPE = {
    "entry": "entry",
    "out_invoice": "out_refund",
    "out_refund": "out_invoice",
    "in_invoice": "in_refund",
    "in_refund": "in_invoice",
    "out_receipt": "out_refund",
    "in_receipt": "in_refund",
}


def sign_of(move_type: str) -> int:
    """-1 for documents that earn, +1 for documents that cost; +1 for plain entries."""
    return -1 if move_type in EARNING else 1


class TaxPart(NamedTuple):
    """Where a part of a tax is booked: a repartition line."""

    id: int
    percent: Decimal
    #: None: on the account of the line that is taxed (a tax that cannot be deducted).
    account: int | None


class BookedLine(NamedTuple):
    """A product line as it is booked: `key` names the line, amounts are in company currency and in the document's."""

    key: int
    balance: Decimal
    amount_currency: Decimal


class TaxLine(NamedTuple):
    """A tax line of the entry."""

    tax: int
    part: int
    account: int
    balance: Decimal
    amount_currency: Decimal
    base: Decimal


class TermPart(NamedTuple):
    """A receivable or payable line of the entry."""

    due: object
    balance: Decimal
    amount_currency: Decimal


class Entry(NamedTuple):
    """The journal entry of an invoice."""

    products: list[BookedLine]
    taxes: list[TaxLine]
    terms: list[TermPart]


def invoice_entry(
    move_type: str,
    lines: Sequence[tuple[int, int, LineAmounts, Sequence[TaxValue]]],
    parts: Mapping[int, Sequence[TaxPart]],
    term: Sequence[TermLine],
    start: object,
    *,
    rate: Decimal = Decimal(1),
    decimals: int = 2,
    company_decimals: int = 2,
) -> Entry:
    """The balanced entry of an invoice.

    :param lines: `(key, account, amounts, taxes)` per product line.
    :param parts: tax id → where its amount goes.
    :param term: lines of the payment term; empty is due at once.
    :param start: the invoice's date.
    :param rate: units of company currency per unit of the document's currency.
    """
    sign = sign_of(move_type)
    same = rate == 1 and decimals == company_decimals

    def convert(amount: Decimal) -> Decimal:
        return amount if same else round_half_up(amount * rate, company_decimals)

    products: list[BookedLine] = []
    taxed: dict[tuple[int, int, int], tuple[Decimal, Decimal]] = {}  # (tax, part, account) → (amount, base)
    for key, account, amounts, taxes in lines:
        amount = sign * amounts.untaxed
        products.append(BookedLine(key, convert(amount), amount))
        for tax in taxes:
            share = amounts.by_tax.get(tax.id)
            if share is None:
                continue
            repartition = parts.get(tax.id) or (TaxPart(0, HUNDRED, None),)
            for part, value in factors([(p.id, p.percent) for p in repartition], share.amount, decimals).items():
                where = next(p.account for p in repartition if p.id == part)
                cell = (tax.id, part, where or account)
                before = taxed.get(cell, (ZERO, ZERO))
                taxed[cell] = (before[0] + sign * value, before[1] + sign * share.base)
    tax_lines = [
        TaxLine(tax, part, account, convert(amount), amount, base)
        for (tax, part, account), (amount, base) in taxed.items()
        if amount
    ]
    total_currency = -sum((line.amount_currency for line in products), ZERO) - sum(
        (line.amount_currency for line in tax_lines), ZERO
    )
    total = -sum((line.balance for line in products), ZERO) - sum((line.balance for line in tax_lines), ZERO)
    return Entry(products, tax_lines, term_parts(total, total_currency, term, start, rate, decimals, company_decimals))


def term_parts(
    total: Decimal,
    total_currency: Decimal,
    term: Sequence[TermLine],
    start: object,
    rate: Decimal,
    decimals: int,
    company_decimals: int,
) -> list[TermPart]:
    """Receivable or payable lines of a signed total; in company currency the last one takes what conversion left."""
    dated: list[Instalment] = instalments(total_currency, start, term, decimals)  # type: ignore[arg-type]
    result: list[TermPart] = []
    rest = total
    for part in dated[:-1]:
        balance = part.amount if rate == 1 and total == total_currency else round_half_up(part.amount * rate, company_decimals)
        rest -= balance
        result.append(TermPart(part.due, balance, part.amount))
    result.append(TermPart(dated[-1].due, rest, dated[-1].amount))
    return result
