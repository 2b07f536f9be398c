"""Accounting: charts of accounts, taxes, invoices, payments, reconciliation. The manifest, nothing else."""

from __future__ import annotations

from server import Addon, _

addon = Addon(
    "account",
    title=_("Accounting"),
    depends=["base", "product"],
    summary=_("Double entry bookkeeping, taxes, invoices, credit notes, payments and reconciliation"),
    category="Accounting",
    application=True,
    data=["data/groups.yaml", "data/payment_terms.yaml"],
    demo=["demo/access.yaml"],
)
