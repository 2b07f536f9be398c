"""Refusals of the addon, each with its own words."""

from __future__ import annotations

from server import UserError, ValidationError, _


class WrongGtin(ValidationError):
    """A barcode that looks like a GTIN but whose check digit is wrong."""

    def __init__(self, barcode: str, digit: int, name: str | None) -> None:
        super().__init__(
            _(
                "The barcode %(barcode)s of %(name)s is not a valid GTIN: its last digit should be %(digit)s. Scan the article "
                "again, or correct the "
                "mistyped digit; a number of your own may have any other length or contain letters.",
                barcode=barcode,
                name=name or "",
                digit=digit,
            ),
            field="barcode",
            value=barcode,
        )


class BarcodeTaken(ValidationError):
    """A barcode that already belongs to another article or package."""

    def __init__(self, barcode: str, name: str | None, other: str | None) -> None:
        super().__init__(
            _(
                "The barcode %(barcode)s of %(name)s already belongs to %(other)s. A barcode must lead to one article: scan it "
                "again or remove the other one.",
                barcode=barcode,
                name=name or "",
                other=other or "",
            ),
            field="barcode",
            value=barcode,
        )


class UnitsDiffer(UserError):
    """Two units that measure different things."""

    def __init__(self, source: str | None, target: str | None) -> None:
        super().__init__(
            _(
                "%(source)s cannot be changed into %(target)s: they measure different things. Choose a unit of the same kind.",
                source=source or "",
                target=target or "",
            )
        )


class LoopOf(ValidationError):
    """A category, unit or price list that would stand on itself."""

    def __init__(self, kind: object, name: str | None) -> None:
        super().__init__(_("%(kind)s %(name)s would depend on itself. Choose another one above it.", kind=kind, name=name or ""))


class TooManyVariants(UserError):
    """Attributes whose combinations explode."""

    def __init__(self, name: str | None, count: int, limit: int) -> None:
        super().__init__(
            _(
                "%(name)s would have %(count)s variants, the limit is %(limit)s. Use fewer values, or split the article.",
                name=name or "",
                count=count,
                limit=limit,
            )
        )
