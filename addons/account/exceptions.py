"""The refusals of accounting, one class each, so that integrators and tests can tell them apart."""

from __future__ import annotations

from server import UserError, ValidationError


class UnbalancedEntry(UserError):
    """Posting an entry whose debits and credits differ."""


class NotADraft(UserError):
    """Posting, or changing as a draft, what is posted or cancelled."""


class PostedEntry(UserError):
    """Changing or deleting the accounting parts of a posted entry."""


class NumberedEntry(UserError):
    """Deleting a draft that already has a number: the numbers would have a gap."""


class LockedPeriod(UserError):
    """An entry dated in a period that the company has closed."""


class IncompleteInvoice(UserError):
    """Posting an invoice without partner, lines or accounts, or with a negative total."""


class MissingAccount(UserError):
    """No account or journal is set up for a purpose."""


class CannotReconcile(UserError):
    """Journal items that cannot be matched with each other."""


class NothingToPay(UserError):
    """Registering a payment for documents with nothing open."""


class ChartInstalled(UserError):
    """Loading a chart of accounts over an existing one."""


class WrongTax(ValidationError):
    """A tax that cannot be computed."""
