"""What a new order, or a new line, is completed with when its maker did not say: set-wise, before the rows are inserted.

One place for it, because an order that is complete before its INSERT needs no second pass: totals, states and taxes go in with
the rows. The values given always win. The number of statements does not depend on the number of orders or lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from addons.account.models.values import linked_ids
from addons.account.rules.tax import DocumentAmounts, PricedLine, document_taxes
from addons.sales.exceptions import NotAQuotation
from server import UserError, _

ZERO = Decimal(0)
#: Prices are kept with six decimals.
PRICE_STEP = Decimal("0.000001")

#: Amounts and states that only the addon itself writes; from a door they are ignored, as a client that writes back what it read
#: sends them.
LINE_COMPUTED = frozenset(
    {"price_subtotal", "price_tax", "price_total", "qty_invoiced", "qty_to_invoice", "invoice_status", "invoice_policy"}
)
ORDER_COMPUTED = frozenset({"amount_untaxed", "amount_tax", "amount_total", "invoice_status"})

Values = dict[str, Any]


class CompleteLine(dict[str, Any]):
    """Values of a line that were completed together with its order: amounts computed, totals of the order included."""


def complete_orders(env: Any, vals_list: Iterable[Mapping[str, Any]]) -> tuple[list[Values], list[list[CompleteLine]]]:
    """Values of whole orders, and apart from them the values of their new lines, both ready to insert.

    :returns: per order its values (without the lines to create) and the values of its lines (without `order_id`).
    :raises NotAQuotation: for an order that is to begin as anything else than a quotation.
    """
    orders = [{name: value for name, value in vals.items() if name not in ORDER_COMPUTED} for vals in vals_list]
    by_company: dict[int, list[Values]] = defaultdict(list)
    for vals in orders:
        _check_state(vals)
        vals.setdefault("company_id", env.company_id)
        by_company[vals["company_id"]].append(vals)
    for company_id, group in by_company.items():
        company = env["res.company"].browse(company_id)
        _complete_headers(env["sale.order"].with_company(company).env, company, group)
    lines = [_taken_lines(vals) for vals in orders]
    completed = complete_lines(env, list(zip(orders, lines, strict=True)))
    for vals, its_lines in zip(orders, completed, strict=True):
        amounts = [(line["price_subtotal"], line["price_tax"]) for line in its_lines]
        vals["amount_untaxed"] = sum((untaxed for untaxed, _tax in amounts), ZERO)
        vals["amount_tax"] = sum((tax for _untaxed, tax in amounts), ZERO)
        vals["amount_total"] = vals["amount_untaxed"] + vals["amount_tax"]
    return orders, completed


def _check_state(vals: Values) -> None:
    state = vals.get("state") or "draft"
    if state not in ("draft", "sent"):
        raise NotAQuotation(
            _(
                "An order begins as a quotation; it cannot be created in state %(state)s. Create it and then call action_confirm "
                "or action_cancel.",
                state=state,
            )
        )
    vals["state"] = state


def _complete_headers(env: Any, company: Any, orders: Sequence[Values]) -> None:
    """Fill what hangs on the partner, the company and the user, for orders of one company."""
    numbers = [vals for vals in orders if vals.get("name") in (None, False, "", "/", "New")]
    if numbers:
        names = env["ir.sequence"].sudo().next_by_code("sale.order", count=len(numbers))
        if names is None:
            raise UserError(
                _(
                    "Orders of %(company)s cannot be numbered: there is no sequence with the code sale.order. Create one for the "
                    "company.",
                    company=company.name,
                )
            )
        for vals, name in zip(numbers, names, strict=True):
            vals["name"] = name
    for vals in orders:
        vals.setdefault("partner_id", None)
    partners = env["res.partner"].browse(sorted({vals["partner_id"] for vals in orders if vals["partner_id"]}))
    addresses = addresses_of(partners, orders)
    by_id = {partner.id: partner for partner in partners}
    user = env.user
    for vals in orders:
        partner = by_id.get(vals["partner_id"])
        if partner is None:  # the required field refuses the order in words
            vals.setdefault("currency_id", company.currency_id)
            continue
        for name, value in header_of(env, company, user, partner, vals, addresses).items():
            if name not in vals or (name == "currency_id" and not vals[name]):
                vals[name] = value
        if company.quotation_validity_days and "validity_date" not in vals:
            vals["validity_date"] = env.today() + timedelta(days=company.quotation_validity_days)


def header_of(
    env: Any, company: Any, user: Any, partner: Any, vals: Values, addresses: Mapping[int, Mapping[str, int]]
) -> Values:
    """The header fields that follow the customer, unless given."""
    if "pricelist_id" in vals:
        pricelist = env["product.pricelist"].browse(vals["pricelist_id"] or ())
    else:
        pricelist = partner.mapped("property_product_pricelist")
    invoice_id = vals.get("partner_invoice_id") or addresses[partner.id]["invoice"]
    shipping_id = vals.get("partner_shipping_id") or addresses[partner.id]["delivery"]
    salesperson = partner.user_id or partner.commercial_partner.user_id or user.id
    return {
        "partner_invoice_id": invoice_id,
        "partner_shipping_id": shipping_id,
        "pricelist_id": pricelist.id,
        "currency_id": (pricelist.currency_id if pricelist else None) or company.currency_id,
        "payment_term_id": partner.property_payment_term_id,
        "fiscal_position_id": env["account.fiscal.position"].positions_of(partner)[partner.id],
        "user_id": salesperson,
        "team_id": user.sale_team_id if salesperson == user.id else None,
    }


def addresses_of(partners: Any, orders: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, int]]:
    """The invoice and delivery address of each customer; looked up only when an order leaves them open."""
    open_ids = {
        vals["partner_id"] for vals in orders if not vals.get("partner_invoice_id") or not vals.get("partner_shipping_id")
    }
    wanted = partners.filtered(lambda partner: partner.id in open_ids)
    return wanted.address_get(("invoice", "delivery")) if wanted else {}


def _taken_lines(vals: Values) -> list[Values]:
    """Take the lines to create out of an order's values; other commands stay for the record layer."""
    commands = vals.get("order_line")
    if not isinstance(commands, (list, tuple)):
        return []
    lines, others = [], []
    for command in commands:
        if isinstance(command, Mapping):
            lines.append(dict(command))
        elif isinstance(command, (list, tuple)) and command and command[0] == 0:
            lines.append(dict(command[2]))
        else:
            others.append(command)
    if others:
        vals["order_line"] = others
    else:
        vals.pop("order_line")
    return lines


# -- lines ----------------------------------------------------------------------------------------------------------------


def complete_lines(env: Any, orders: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]) -> list[list[CompleteLine]]:
    """Lines completed from their products, priced and taxed; for each order a list as long as the one given.

    :param orders: the header values of each order (`partner_id`, `pricelist_id`, `currency_id`, `fiscal_position_id`,
        `company_id`, `date_order`) with the values of its lines.
    """
    result: list[list[CompleteLine]] = []
    for header, lines in orders:
        result.append(
            [CompleteLine((name, value) for name, value in line.items() if name not in LINE_COMPUTED) for line in lines]
        )
        for line in result[-1]:
            line["company_id"] = header["company_id"]
    flat = [(header, line) for (header, _lines), lines in zip(orders, result, strict=True) for line in lines]
    _complete_products(env, [(header, line) for header, line in flat if not line.get("display_type")])
    for _header, line in flat:
        if line.get("display_type"):
            line.update(
                product_id=None, product_uom_qty=ZERO, product_uom_id=None, price_unit=ZERO, discount=ZERO, customer_lead=ZERO
            )
            line.pop("tax_ids", None)
    for (header, _lines), lines in zip(orders, result, strict=True):
        _set_amounts(env, header, lines)
    return result


def _complete_products(env: Any, pairs: Sequence[tuple[Mapping[str, Any], CompleteLine]]) -> None:
    templates = [line for _header, line in pairs if not line.get("product_id") and line.get("product_template_id")]
    if templates:
        variants = {
            template.id: template.product_variant_id
            for template in env["product.template"].browse([line["product_template_id"] for line in templates])
        }
        for line in templates:
            line["product_id"] = variants[line["product_template_id"]]
    products = env["product.product"].browse(sorted({line["product_id"] for _header, line in pairs if line.get("product_id")}))
    by_id = {product.id: product for product in products}
    moved = env["sale.order.line"]._products_from_stock(products)
    for _header, line in pairs:
        line.pop("product_template_id", None)
        quantity = line.get("product_uom_qty")
        line["product_uom_qty"] = Decimal(1) if quantity is None or quantity is False else to_decimal(quantity)
        product = by_id.get(line.get("product_id"))
        if product is None:
            line.setdefault("price_unit", ZERO)
            continue
        line["invoice_policy"] = product.invoice_policy or "order"
        line["qty_delivered_method"] = "stock_move" if product.id in moved else "manual"
        if not line.get("product_uom_id"):
            line["product_uom_id"] = product.uom_id
        if "customer_lead" not in line:
            line["customer_lead"] = product.sale_delay
    _set_names(env, pairs, products)
    _set_prices(
        env,
        [
            (header, line, by_id[line["product_id"]])
            for header, line in pairs
            if line.get("product_id") and line.get("price_unit") is None
        ],
    )
    _set_taxes(env, pairs, by_id)


def _set_names(env: Any, pairs: Sequence[tuple[Mapping[str, Any], CompleteLine]], products: Any) -> None:
    """Describe lines without a text in the customer's language: the product, and below it its text for sales."""
    languages: dict[int, str | None] = {}
    by_language: dict[str | None, list[CompleteLine]] = defaultdict(list)
    partners = env["res.partner"].browse(
        sorted({header["partner_id"] for header, line in pairs if not line.get("name") and header.get("partner_id")})
    )
    for partner in partners:
        languages[partner.id] = partner.lang
    for header, line in pairs:
        if not line.get("name") and line.get("product_id"):
            by_language[languages.get(header.get("partner_id")) or env.lang].append(line)
    for language, lines in by_language.items():
        ids = sorted({line["product_id"] for line in lines})
        texts = {product.id: product_text(product) for product in env["product.product"].with_context(lang=language).browse(ids)}
        for line in lines:
            line["name"] = texts[line["product_id"]]


def product_text(product: Any) -> str:
    """The default text of a line that sells `product` (one record)."""
    return f"{product.display_name}\n{product.description_sale}" if product.description_sale else product.display_name


def _set_prices(env: Any, rows: Sequence[tuple[Mapping[str, Any], CompleteLine, Any]]) -> None:
    """The price of the order's price list for each (order, line, product)."""
    if not rows:
        return
    groups: dict[tuple[Any, ...], list[tuple[CompleteLine, Any]]] = defaultdict(list)
    for header, line, product in rows:
        groups[header.get("pricelist_id"), header["currency_id"], header["company_id"], header.get("date_order")].append(
            (line, product)
        )
    for (pricelist_id, currency_id, company_id, date), group in groups.items():
        company = env["res.company"].browse(company_id)
        prices = prices_of(
            env,
            pricelist_id,
            currency_id,
            company,
            date,
            [(product, line["product_uom_qty"], line["product_uom_id"]) for line, product in group],
        )
        for (line, _product), price in zip(group, prices, strict=True):
            line["price_unit"] = price


def prices_of(
    env: Any, pricelist_id: int | None, currency_id: int, company: Any, date: Any, rows: Sequence[tuple[Any, Decimal, int | None]]
) -> list[Decimal]:
    """Unit prices for (product, quantity, unit) rows in the currency: from the price list, or the sales prices without one."""
    pricelist = env["product.pricelist"].with_company(company).browse(pricelist_id or ())
    moment = date if isinstance(date, datetime) else None
    units = [unit for _product, _quantity, unit in rows]
    prices = pricelist.get_prices(
        [product.id for product, _quantity, _unit in rows], [quantity for _product, quantity, _unit in rows], moment, units
    )
    source = pricelist.currency if pricelist else company.currency
    target = env["res.currency"].browse(currency_id)
    if source == target:
        return list(prices)
    day = (moment or env.now()).date()
    return [price.quantize(PRICE_STEP) for price in source.convert_many(prices, target, company, day, round=False)]


def _set_taxes(env: Any, pairs: Sequence[tuple[Mapping[str, Any], CompleteLine]], products: Mapping[int, Any]) -> None:
    """The product's sales taxes of the order's company, changed by the fiscal position, for lines that give none."""
    positions = env["account.fiscal.position"]
    for header, line in pairs:
        if "tax_ids" in line:
            continue
        product = products.get(line.get("product_id"))
        taxes = company_taxes(product, header["company_id"]) if product is not None else []
        position = positions.browse(header.get("fiscal_position_id") or ())
        line["tax_ids"] = [(6, 0, list(position.map_tax_ids(taxes)))]


def company_taxes(product: Any, company_id: int) -> list[int]:
    """Ids of the sales taxes of a product (one record) that belong to the company."""
    return [tax.id for tax in product.taxes_id if tax.company_id == company_id]


# -- amounts --------------------------------------------------------------------------------------------------------------


def _set_amounts(env: Any, header: Mapping[str, Any], lines: Sequence[CompleteLine]) -> None:
    taxes = env["account.tax"]
    priced = [
        PricedLine(
            to_decimal(line.get("price_unit")),
            to_decimal(line.get("product_uom_qty")),
            to_decimal(line.get("discount")),
            taxes.values_of(linked_ids(line.get("tax_ids"))),
        )
        for line in lines
    ]
    amounts = compute_amounts(env, header["currency_id"], header["company_id"], priced)
    for line, amount in zip(lines, amounts.lines, strict=True):
        line["price_subtotal"], line["price_tax"], line["price_total"] = amount.untaxed, amount.tax, amount.total


def compute_amounts(env: Any, currency_id: int, company_id: int, lines: Sequence[PricedLine]) -> DocumentAmounts:
    """Amounts of the lines of one order and of the order, rounded as the company rounds its taxes."""
    currency = env["res.currency"].browse(currency_id)
    company = env["res.company"].browse(company_id)
    globally = company.tax_calculation_rounding_method == "round_globally"
    return document_taxes(lines, currency.decimal_places, globally)


def command_ids(value: Any) -> list[int]:
    """The ids that x2many `value` sets on a new record: commands 4 and 6, a plain list of ids, or records."""
    if not value:
        return []
    if hasattr(value, "ids"):
        return list(value.ids)
    ids: list[int] = []
    for item in value:
        if isinstance(item, int):
            ids.append(item)
        elif item[0] == 6:
            ids = list(item[2].ids if hasattr(item[2], "ids") else item[2])
        elif item[0] == 4:
            ids.append(item[1])
        elif item[0] == 5:
            ids = []
    return ids


def to_decimal(value: Any) -> Decimal:
    """A number as vals may hold it; nothing is 0."""
    if isinstance(value, Decimal):
        return value
    return Decimal(str(value)) if value else ZERO
