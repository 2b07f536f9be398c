"""Models of the addon."""

from addons.product.models import attribute, base, category, packaging, pricelist, product, supplierinfo, template, uom

__all__ = ["attribute", "base", "category", "packaging", "pricelist", "product", "supplierinfo", "template", "uom"]
