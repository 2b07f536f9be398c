"""The refusals of the addon."""

from __future__ import annotations

from server import UserError


class NotEnoughStock(UserError):
    """The company sells only what is free, and something is not."""


class AlreadyShipped(UserError):
    """Cancelling, or ordering less than, what has left the warehouse."""


class NoWarehouse(UserError):
    """Goods were sold by a company that has no warehouse to deliver them from."""
