"""Articles, services, units of measure and prices."""

from server import Addon, _

addon = Addon(
    "product",
    title=_("Products and prices"),
    summary=_("Articles and services, variants, units of measure, packagings and barcodes, price lists, suppliers' prices"),
    depends=["base"],
    data=[
        "data/groups.yaml",
        "data/uom.uom.csv",
        "data/product.category.csv",
    ],
    demo=[
        "demo/product.category.csv",
        "demo/product.product.csv",
        "demo/product.packaging.csv",
        "demo/product.supplierinfo.csv",
        "demo/pricelists.yaml",
    ],
)
