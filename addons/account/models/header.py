"""What the lines of an entry need to know of it: from the values of a new one, or from a record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from addons.account.exceptions import MissingAccount
from addons.account.rules.entry import INVOICE_TYPES, SALE_TYPES
from server import _

ONE = Decimal(1)
JOURNAL_OF = {"entry": "general", "out_invoice": "sale", "out_refund": "sale", "out_receipt": "sale"}


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
            "company_id": self.company.id,
            "journal_id": self.journal.id,
            "date": self.date,
            "currency_id": self.currency.id,
            "partner_id": self.commercial_id,
            "parent_state": "draft",
        }

    def counterpart_account(self) -> Any:
        """The receivable or payable account of the document.

        :raises MissingAccount: when neither partner nor company have one.
        """
        side = "receivable" if self.sells else "payable"
        account_id = getattr(self.partner, f"property_account_{side}_id") if self.partner else None
        account = self.env["account.account"].browse(account_id) if account_id else self.company.default_account(side)
        mapped = self.position.map_account_id(account.id)
        return account if mapped == account.id else self.env["account.account"].browse(mapped)


def header_of(move: Any) -> Header:
    """The header of an existing entry."""
    env = move.env.with_company(move.company_id).root
    move = move.with_env(env)
    return Header(
        env,
        move.move_type,
        move.company,
        move.currency,
        move.journal,
        move.partner or None,
        move.commercial_partner_id,
        move.date,
        move.invoice_date,
        move.invoice_payment_term,
        move.fiscal_position,
    )


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
            _(
                "%(company)s has no journal of the type %(type)s. Load a chart of accounts or create the journal.",
                company=company.name,
                type=wanted,
            )
        )
    return journals[wanted]
