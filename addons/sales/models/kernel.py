"""What sales adds to the kernel's own models: the policies of a company, the team of a user."""

from __future__ import annotations

from server import Boolean, Integer, Many2one, _
from server.models.company import ResCompany
from server.models.users import ResUsers


class SalesCompany(ResCompany):
    """Adds how a company sells."""

    quotation_validity_days = Integer(_("Quotations are valid for (days)"), help=_("0: quotations do not expire."))
    sale_check_customer = Boolean(
        _("Ask for complete customer data"),
        help=_("Orders are confirmed only when the invoice address has name, tax ID, address, country and e-mail."),
    )
    sale_check_credit = Boolean(
        _("Enforce credit limits"),
        help=_(
            "Orders are confirmed only when the customer's open receivables, what he ordered and this order stay within his "
            "credit limit."
        ),
    )


class SalesUser(ResUsers):
    """Adds the team a salesperson's own orders count for."""

    sale_team_id = Many2one("crm.team", _("Sales team"))
