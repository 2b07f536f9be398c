"""Where a sale came from: medium, source and campaign, as other systems write them on orders."""

from __future__ import annotations

from server import Boolean, Char, Model, _


class UtmMedium(Model, name="utm.medium"):
    """The way a customer was reached: e-mail, telephone, a fair."""

    model_label = _("Medium")
    order = "name"

    name = Char(_("Medium"), required=True)
    active = Boolean(_("Active"), default=True)


class UtmSource(Model, name="utm.source"):
    """Where the customer came from: a newsletter, a search engine, a marketplace."""

    model_label = _("Source")
    order = "name"

    name = Char(_("Source"), required=True)


class UtmCampaign(Model, name="utm.campaign"):
    """The effort of selling that a sale is counted for."""

    model_label = _("Campaign")
    order = "name"

    name = Char(_("Campaign"), required=True)
    active = Boolean(_("Active"), default=True)
