"""Models of the addon."""

from addons.base.models import bank, company, country, currency, message, partner, partner_category, user

__all__ = ["bank", "company", "country", "currency", "message", "partner", "partner_category", "user"]
