"""Invoices from orders: which lines, at which quantities, on which document; and keeping both sides in step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from addons.sales.exceptions import NotAQuotation, NothingToInvoice
from addons.sales.models.order import SaleOrder
from addons.sales.models.order_line import SaleOrderLine
from addons.sales.models.steps import by_company, is_foreign, update_each
from server import _

ZERO = Decimal(0)


@dataclass(slots=True)
class Draft:
    """One invoice to be: the orders it bills, and (line, quantity) for each of its lines; texts have no quantity."""

    orders: list[Any] = field(default_factory=list)
    lines: list[tuple[Any, Decimal]] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        """Sign of the document: what its lines add up to, before rounding and tax."""
        return sum((line.price_unit * quantity * (100 - line.discount) for line, quantity in self.lines), ZERO)


class SaleOrderInvoicing(SaleOrder):
    """Makes invoices from confirmed orders."""

    def _create_invoices(self, grouped: bool = False, final: bool = False, date: Any = None) -> Any:
        """Draft invoices for what these orders have to invoice, in a constant number of statements.

        :param grouped: one invoice per order. Otherwise orders of one customer (invoice address, delivery address, currency,
            fiscal position, company) share an invoice.
        :param final: deduct what was invoiced too much, and down payments; a document that comes out negative is a credit note.
        :param date: invoice date; default: when the invoice is posted.
        :returns: the new `account.move` records.
        :raises NothingToInvoice: when no line of any of the orders has a quantity to invoice.
        :raises NotAQuotation: for an order that is not confirmed.
        """
        orders = self.check_outside("write", lock=True)
        if is_foreign(orders):
            moves = self.env["account.move"]
            made = [group._create_invoices(grouped, final, date).ids for group in by_company(orders)]
            return moves.browse([id for ids in made for id in ids])
        orders.sudo().locked_lines("order_line")  # others may be invoicing or crediting the same lines in this moment
        for order in orders:
            if order.state != "sale":
                raise NotAQuotation(
                    _("Order %(name)s cannot be invoiced before it is confirmed. Confirm it first.", name=order.name)
                )
        drafts = [draft for draft in self._drafts(orders, grouped, final) if draft.lines]
        if not drafts:
            raise NothingToInvoice(
                _(
                    "There is nothing to invoice in %(names)s: everything due was invoiced, or products that are invoiced as "
                    "delivered were not delivered yet.",
                    names=", ".join(orders.mapped("name")),
                )
            )
        moves = self.env["account.move"].sudo()
        created = moves.create([self._invoice_values(draft, final, date) for draft in drafts])
        invoices = self.env["account.move"].browse(created.ids)
        self.env.hooks.sale_order_invoiced(env=self.env, orders=orders, invoices=invoices)
        return invoices

    def _drafts(self, orders: Any, grouped: bool, final: bool) -> Iterable[Draft]:
        drafts: dict[Any, Draft] = defaultdict(Draft)
        for order in orders:
            lines = order._lines_to_invoice(final)
            if lines:
                draft = drafts[order.id if grouped else order._invoice_key()]
                draft.orders.append(order)
                draft.lines.extend(lines)
        return drafts.values()

    def _invoice_key(self) -> tuple[Any, ...]:
        """Orders with the same key may share an invoice (one order)."""
        return (
            self.company_id,
            self.partner_invoice_id or self.partner_id,
            self.partner_shipping_id,
            self.currency_id,
            self.fiscal_position_id,
            self.payment_term_id,
        )

    def _lines_to_invoice(self, final: bool) -> list[tuple[Any, Decimal]]:
        """(line, quantity) to invoice of one order, in order of the lines; a section or note goes along with the product below
        it.

        Down payments to deduct come last, and only when `final`.
        """
        chosen: list[tuple[Any, Decimal]] = []
        deductions: list[tuple[Any, Decimal]] = []
        waiting: list[tuple[Any, Decimal]] = []
        for line in self.order_line:
            if line.display_type:
                if line.display_type == "line_section":
                    waiting = []
                waiting.append((line, ZERO))
            elif line.qty_to_invoice > 0 or (line.qty_to_invoice < 0 and final):
                if line.is_downpayment:
                    deductions.append((line, line.qty_to_invoice))
                else:
                    chosen.extend(waiting)
                    chosen.append((line, line.qty_to_invoice))
                    waiting = []
        return chosen + deductions

    def _invoice_values(self, draft: Draft, final: bool, date: Any) -> dict[str, Any]:
        """Values of one `account.move` with its lines."""
        refund = final and draft.amount < 0
        sign = -1 if refund else 1
        values: dict[str, Any] = draft.orders[0]._prepare_invoice()
        references = [order.client_order_ref for order in draft.orders if order.client_order_ref]
        values |= {
            "move_type": "out_refund" if refund else "out_invoice",
            "ref": ", ".join(dict.fromkeys(references)) or None,
            "invoice_origin": ", ".join(order.name for order in draft.orders),
            "invoice_line_ids": [
                (0, 0, line._prepare_invoice_line(quantity * sign) | {"sequence": place})
                for place, (line, quantity) in enumerate(draft.lines, 1)
            ],
        }
        if date:
            values["invoice_date"] = date
        return values

    def _prepare_invoice(self) -> dict[str, Any]:
        """Header values of an invoice of this order (one record); addons add theirs with `super()`."""
        return {
            "company_id": self.company_id,
            "partner_id": self.partner_invoice_id or self.partner_id,
            "partner_shipping_id": self.partner_shipping_id,
            "currency_id": self.currency_id,
            "invoice_payment_term_id": self.payment_term_id,
            "fiscal_position_id": self.fiscal_position_id,
            "invoice_user_id": self.user_id,
            "payment_reference": self.reference,
            "narration": self.note,
        }


class SaleOrderLineInvoicing(SaleOrderLine):
    """A line's side of an invoice."""

    def _prepare_invoice_line(self, quantity: Decimal) -> dict[str, Any]:
        """Values of the invoice line that bills `quantity` of this line (one record); addons add theirs with `super()`."""
        if self.display_type:
            return {"display_type": self.display_type, "name": self.name, "sale_line_ids": [(6, 0, [self.id])]}
        return {
            "display_type": "product",
            "name": self.name,
            "product_id": self.product_id,
            "product_uom_id": self.product_uom_id,
            "quantity": quantity,
            "price_unit": self.price_unit,
            "discount": self.discount,
            "tax_ids": [(6, 0, self.tax_ids.ids)],
            "sale_line_ids": [(6, 0, [self.id])],
        }

    def _refresh_invoiced(self) -> None:
        """Count the invoiced quantities of these lines again: invoices, drafts too, add; credit notes take off.

        Two reads for any number of lines.
        """
        counted: dict[int, Decimal] = {}
        for line in self:
            valid = [each for each in line.invoice_lines if each.parent_state != "cancel" and each.display_type == "product"]
            counted[line.id] = sum((each._billed_quantity(line) for each in valid), ZERO)
        update_each(self, {id: {"qty_invoiced": quantity} for id, quantity in counted.items()})
        self._update_invoicing()
