"""What a company may ask for before an order is confirmed: complete customer data and a balance within the credit limit.

Both are off until the company switches them on (`sale_check_customer`, `sale_check_credit`).
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from addons.sales.exceptions import CreditLimitExceeded, IncompleteOrder
from server import _

ZERO = Decimal(0)

#: What an invoice to a company in Mexico or Peru cannot do without.
CUSTOMER_FIELDS = ("name", "vat", "street", "city", "zip", "country_id", "email")


def check_customer_data(orders: Any) -> None:
    """Refuse orders whose invoice address lacks what the documents need.

    :raises IncompleteOrder: naming the order, the customer and the missing fields.
    """
    for order in orders:
        if not order.company.sale_check_customer:
            continue
        address = order.partner_invoice or order.partner
        missing = [name for name in CUSTOMER_FIELDS if not _held(address, name)]
        if missing:
            labels = orders.env["res.partner"].fields_get(missing, ["string"])
            raise IncompleteOrder(
                _(
                    "Order %(name)s cannot be confirmed: the data of %(partner)s are incomplete, and the invoice will need them. "
                    "Fill in: %(fields)s.",
                    name=order.name,
                    partner=address.display_name,
                    fields=", ".join(str(labels[name]["string"]) for name in missing),
                )
            )


def _held(address: Any, name: str) -> bool:
    """Whether the address, or for its tax number and mail the company it belongs to, has the field."""
    return bool(getattr(address, name) or (name in ("vat", "email") and getattr(address.commercial_partner, name)))


def check_credit(orders: Any) -> None:
    """Refuse orders that take a customer over his credit limit: open receivables, confirmed and not yet invoiced, and these.

    Customers without a limit (0) are not checked. The customers' rows are locked, so that two orders at once cannot both fit.

    :raises CreditLimitExceeded: naming the order, the customer, the limit and what he would owe, in the company's currency.
    """
    checked = orders.filtered(lambda order: order.company.sale_check_credit)
    if not checked:
        return
    env = orders.env
    customers = checked.mapped("partner_id.commercial_partner_id").filtered(lambda partner: partner.credit_limit)
    if not customers:
        return
    customers.sudo().lock()
    owed = _receivable(env, customers.ids)
    pending = _not_invoiced(env, customers.ids)
    for order in checked:
        customer = order.partner.commercial_partner
        if not customer.credit_limit:
            continue
        currency = order.company.currency
        amount = order.currency.convert(order.amount_total, currency, order.company)
        exposure = owed[order.company_id, customer.id] + pending[order.company_id, customer.id] + amount
        if exposure > customer.credit_limit:
            raise CreditLimitExceeded(
                _(
                    "Order %(name)s cannot be confirmed: %(partner)s would owe %(owed)s and his credit limit is %(limit)s. "
                    "Ask for a payment, or have the limit raised.",
                    name=order.name,
                    partner=customer.display_name,
                    owed=currency.format(exposure),
                    limit=currency.format(customer.credit_limit),
                )
            )
        pending[order.company_id, customer.id] += amount


def _receivable(env: Any, customer_ids: list[int]) -> dict[tuple[int, int], Decimal]:
    """Open posted receivables by (company, customer), in the company's currency: one statement."""
    totals: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
    lines = (
        env["account.move.line"]
        .sudo()
        .search(
            [
                ("partner_id.commercial_partner_id", "in", customer_ids),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
    )
    for line in lines:
        totals[line.company_id, line.partner.commercial_partner_id] += line.amount_residual
    return totals


def _not_invoiced(env: Any, customer_ids: list[int]) -> dict[tuple[int, int], Decimal]:
    """What confirmed orders still have to invoice, by (company, customer), in the company's currency."""
    totals: dict[tuple[int, int], Decimal] = defaultdict(lambda: ZERO)
    lines = (
        env["sale.order.line"]
        .sudo()
        .search(
            [
                ("order_id.partner_id.commercial_partner_id", "in", customer_ids),
                ("order_id.state", "=", "sale"),
                ("is_downpayment", "=", False),
                ("product_uom_qty", ">", 0),
            ]
        )
    )
    for line in lines:
        left = max(line.product_uom_qty - line.qty_invoiced, ZERO)
        if left:
            company = line.company
            amount = line.price_total * left / line.product_uom_qty
            totals[line.company_id, line.order.partner.commercial_partner_id] += line.order.currency.convert(
                amount, company.currency, company
            )
    return totals
