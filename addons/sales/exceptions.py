"""The refusals of the addon, one class each, so that integrators and tests can tell them apart."""

from __future__ import annotations

from server import UserError


class NotAQuotation(UserError):
    """Confirming, or going back to draft, from a state that does not allow it."""


class IncompleteOrder(UserError):
    """A line without a product, or a customer without the data that the company asks for."""


class CreditLimitExceeded(UserError):
    """The order would take the customer over his credit limit."""


class OrderLocked(UserError):
    """A change of an order that was locked."""


class OrderInProgress(UserError):
    """Cancelling or deleting what was delivered, invoiced or confirmed."""


class NothingToInvoice(UserError):
    """None of the chosen orders has anything to invoice."""


class DownPaymentAmount(UserError):
    """A down payment of nothing, below nothing, or of more than the order."""
