"""Models of accounting; every file is imported here."""

from __future__ import annotations

from . import account, fiscal_position, journal, partial_reconcile, payment_term, tax  # noqa: F401
from . import base, product  # noqa: F401  (what accounting adds to other addons' models)
from . import move, move_line, move_post, move_reverse, reconcile  # noqa: F401
from . import payment, payment_register, reversal_wizard  # noqa: F401
