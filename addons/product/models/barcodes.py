"""What barcodes have to obey, for variants and packagings alike: GTIN check digits, and one article per barcode."""

from __future__ import annotations

from typing import Any

from addons.product.exceptions import BarcodeTaken, WrongGtin
from addons.product.rules.gtin import expected_digit


def check_barcodes(records: Any) -> None:
    """Refuse wrong GTINs, and barcodes that another variant or packaging the company sees already has; two queries for any set.

    :raises WrongGtin: :raises BarcodeTaken:
    """
    coded = records.filtered(lambda each: each.barcode)
    for record in coded:
        digit = expected_digit(record.barcode)
        if digit is not None:
            raise WrongGtin(record.barcode, digit, record.display_name)
    if not coded:
        return
    owners: dict[str, list[Any]] = {}
    for model in ("product.product", "product.packaging"):
        found = (
            records.env[model]
            .sudo()
            .with_context(active_test=False)
            .search([("barcode", "in", [each.barcode for each in coded])])
        )
        for record in found:
            owners.setdefault(record.barcode, []).append(record)
    for record in coded:
        for other in owners.get(record.barcode, ()):
            same = other._name == record._name and other.id == record.id
            meet = not (other.company_id and record.company_id) or other.company_id == record.company_id
            if not same and meet:
                raise BarcodeTaken(record.barcode, record.display_name, other.display_name)
