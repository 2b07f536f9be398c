"""What barcodes have to obey, for variants and packagings alike: GTIN check digits, and one article per barcode.

Checked before anything is written, so that people read whose barcode it is; unique indexes stand behind it when two save at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from addons.product.exceptions import BarcodeTaken, WrongGtin
from addons.product.rules.gtin import expected_digit


@dataclass(frozen=True, slots=True)
class Claim:
    """A record that is to get a barcode; `id` is None for one that does not exist yet, `company` None for one that all share."""

    model: str
    id: int | None
    company: int | None
    barcode: str
    name: str | None


def check_barcodes(env: Any, claims: Iterable[Claim]) -> None:
    """Refuse wrong GTINs, and barcodes that another variant or packaging of the company already has; two queries for any number.

    :raises WrongGtin: the number looks like a GTIN and its check digit is wrong.
    :raises BarcodeTaken: by an existing record (archived ones too), or twice among the claims.
    """
    claims = list(claims)
    for claim in claims:
        digit = expected_digit(claim.barcode)
        if digit is not None:
            raise WrongGtin(claim.barcode, digit, claim.name)
    if not claims:
        return
    owners: dict[str, list[Claim]] = {}
    codes = list({claim.barcode for claim in claims})
    for model in ("product.product", "product.packaging"):
        for record in env[model].sudo().with_context(active_test=False).search([("barcode", "in", codes)]):
            owners.setdefault(record.barcode, []).append(
                Claim(model, record.id, record.company_id, record.barcode, record.display_name)
            )
    for claim in claims:
        for other in owners.get(claim.barcode, ()):
            itself = other.model == claim.model and other.id == claim.id and claim.id is not None
            meet = other.company is None or claim.company is None or other.company == claim.company
            if meet and not itself:
                raise BarcodeTaken(claim.barcode, claim.name, other.name)
        owners.setdefault(claim.barcode, []).append(claim)
