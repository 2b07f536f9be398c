"""Charts of accounts: one YAML file per country, and their installation for a company.

A chart file has `accounts` (code, name, type, open items), `defaults` (purpose → code), `journals`, `tax_groups`, `taxes`,
`fiscal_positions`. Installing it makes the company's own records, set-wise; it is done once per company.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from server import _

HERE = Path(__file__).parent
#: Key → label of the charts, as the company's `chart_template` offers them.
TEMPLATES = [("mx", _("Mexico")), ("pe", _("Peru")), ("generic", _("Generic"))]


@cache
def load_chart(template: str) -> Mapping[str, Any]:
    """The content of a chart file; read once per process.

    :raises KeyError: for an unknown chart.
    """
    import yaml  # only where books are opened: a server starts without it

    if template not in dict(TEMPLATES):
        raise KeyError(template)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    chart: Mapping[str, Any] = yaml.load((HERE / f"{template}.yaml").read_text(encoding="utf-8"), loader)
    return chart


def template_for(company: Any) -> str:
    """The chart of the company's country, `generic` for others."""
    code = (company.country.code or "").lower()
    return code if code in ("mx", "pe") else "generic"


def install_chart(env: Any, company: Any, template: str | None = None) -> None:
    """Make accounts, journals, taxes and fiscal positions of a chart for `company`, and its default accounts.

    Products that the company can see and that have no tax of it get the default ones. A company that has accounts is left alone.

    :param template: key of the chart; default by the company's country.
    """
    env = env.root.with_company(company.id)
    company = env["res.company"].browse(company.id)
    if env["account.account"].with_context(active_test=False).search_count([("company_id", "=", company.id)]):
        return
    template = template or template_for(company)
    chart = load_chart(template)
    names: dict[str, tuple[str, int]] = {}

    accounts = _create(
        env,
        "account.account",
        names,
        [
            (
                f"account_{code}",
                {"code": code, "name": name, "account_type": kind, "reconcile": bool(rest and rest[0]), "company_id": company.id},
            )
            for code, name, kind, *rest in chart["accounts"]
        ],
    )
    account = {code: id for (code, *_rest), id in zip(chart["accounts"], accounts, strict=True)}

    journals = _create(
        env,
        "account.journal",
        names,
        [
            (
                f"journal_{row['key']}",
                {
                    "name": row["name"],
                    "code": row["code"],
                    "type": row["type"],
                    "company_id": company.id,
                    "default_account_id": account.get(row.get("account", "")),
                    "sequence": 5 * place,
                    "payment_method_line_ids": _methods(row["type"]),
                },
            )
            for place, row in enumerate(chart["journals"], 1)
        ],
    )
    journal = {row["key"]: id for row, id in zip(chart["journals"], journals, strict=True)}

    groups = _create(
        env,
        "account.tax.group",
        names,
        [
            (
                f"tax_group_{row['key']}",
                {"name": row["name"], "company_id": company.id, "country_id": company.country_id, "sequence": place},
            )
            for place, row in enumerate(chart["tax_groups"], 1)
        ],
    )
    group = {row["key"]: id for row, id in zip(chart["tax_groups"], groups, strict=True)}
    taxes = _create(
        env,
        "account.tax",
        names,
        [(f"tax_{row['key']}", _tax_values(row, company, group, account)) for row in chart["taxes"]],
    )
    tax = {row["key"]: id for row, id in zip(chart["taxes"], taxes, strict=True)}

    _create(
        env,
        "account.fiscal.position",
        names,
        [
            (
                f"fiscal_position_{place}",
                {
                    "name": row["name"],
                    "company_id": company.id,
                    "sequence": 10 * place,
                    "auto_apply": bool(row.get("foreign")),
                    "foreign": bool(row.get("foreign")),
                    "tax_ids": [(0, 0, {"tax_src_id": tax[a], "tax_dest_id": tax[b]}) for a, b in row.get("taxes", ())],
                    "account_ids": [
                        (0, 0, {"account_src_id": account[a], "account_dest_id": account[b]}) for a, b in row.get("accounts", ())
                    ],
                },
            )
            for place, row in enumerate(chart.get("fiscal_positions", ()), 1)
        ],
    )

    values: dict[str, Any] = {f"{purpose}_account_id": account[code] for purpose, code in chart["defaults"].items()}
    values |= {
        "chart_template": template,
        "stock_journal_id": journal["stock"],
        "currency_exchange_journal_id": journal["exchange"],
        "account_sale_tax_id": tax[chart["sale_tax"]],
        "account_purchase_tax_id": tax[chart["purchase_tax"]],
    }
    company._set_accounting(values)
    _tax_products(env, company, values["account_sale_tax_id"], values["account_purchase_tax_id"])
    env["ir.model.data"].create(
        [
            {"module": "account", "name": f"{company.id}_{name}", "model": model, "res_id": id, "noupdate": True}
            for name, (model, id) in names.items()
        ]
    )


def _create(env: Any, model: str, names: dict[str, tuple[str, int]], rows: list[tuple[str, dict[str, Any]]]) -> list[int]:
    """Create the rows in one call and remember their external names."""
    ids: list[int] = env[model].create([values for _name, values in rows]).ids if rows else []
    names.update({name: (model, id) for (name, _values), id in zip(rows, ids, strict=True)})
    return ids


def _methods(kind: str) -> list[tuple[int, int, dict[str, Any]]]:
    if kind not in ("bank", "cash", "credit"):
        return []
    label = _("Manual").msgid
    return [(0, 0, {"name": label, "code": "manual", "payment_type": direction}) for direction in ("inbound", "outbound")]


def _tax_values(row: Mapping[str, Any], company: Any, group: Mapping[str, int], account: Mapping[str, int]) -> dict[str, Any]:
    where = account.get(row.get("account", ""))
    booking = [
        (0, 0, {"document_type": document, "repartition_type": part, "account_id": where if part == "tax" else None})
        for document in ("invoice", "refund")
        for part in ("base", "tax")
    ]
    return {
        "name": row["name"],
        "description": row["name"],
        "type_tax_use": row["use"],
        "amount": Decimal(str(row["amount"])),
        "amount_type": "percent",
        "price_include": bool(row.get("price_include")),
        "sequence": row.get("sequence", 1),
        "company_id": company.id,
        "country_id": company.country_id,
        "tax_group_id": group[row["group"]],
        "repartition_line_ids": booking,
    }


def _tax_products(env: Any, company: Any, sale_tax: int, purchase_tax: int) -> None:
    """Give the products that were there before the chart its default taxes."""
    products = env["product.template"].with_context(active_test=False).search([("company_id", "in", [company.id, False])])
    for field, tax in (("taxes_id", sale_tax), ("supplier_taxes_id", purchase_tax)):
        taxed = {product.id for product in products if any(t.company_id == company.id for t in getattr(product, field))}
        products.filtered(lambda product, taxed=taxed: product.id not in taxed).write({field: [(4, tax)]})
