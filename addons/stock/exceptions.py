"""The refusals of the warehouse, one class each."""

from __future__ import annotations

from server import UserError, ValidationError


class NotEnoughStock(UserError):
    """More would leave a place than is there and free."""


class NothingToMove(UserError):
    """A transfer without anything to check, reserve or ship."""


class WrongState(UserError):
    """A transfer or move is in a state that does not allow what was asked."""


class DoneIsDone(UserError):
    """What has moved cannot be changed or deleted afterwards, only returned."""


class LotRequired(UserError):
    """Goods with lots or serial numbers moved without naming one."""


class SerialTwice(ValidationError):
    """A serial number would be in two places, or twice in one."""


class DirectQuantity(UserError):
    """Somebody tried to write the quantity on hand instead of counting it."""


class TooMuchReturned(UserError):
    """More would come back than had been shipped."""
