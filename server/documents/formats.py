"""Amounts, quantities, dates as people of a language write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

#: Countries whose paper is US Letter; all others use A4.
LETTER = frozenset("US CA MX CL CO VE GT CR SV NI PA DO PR PH BZ BO".split())


@lru_cache(maxsize=64)
def locale_of(lang: str) -> Locale:
    """The locale of a language code; English for one that is not known. Plain Spanish is that of Latin America."""
    try:
        return Locale.parse("es_419" if lang == "es" else lang)
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en_US")


class Formats:
    """Formats for one language and one currency.

    :param currency: ISO code; :param decimals: of its amounts. :param tz: time zone of moments.
    """

    def __init__(self, lang: str, currency: str = "", decimals: int = 2, tz: str = "UTC") -> None:
        self.lang = lang
        self.locale = locale_of(lang)
        self.currency = currency
        self.decimals = decimals
        self.tz = tz or "UTC"
        self._amount = "#,##0." + "0" * decimals if decimals else "#,##0"

    def money(self, amount: Decimal | None) -> str:
        """An amount with the currency's sign."""
        value = amount or Decimal(0)
        if not self.currency:
            return self.amount(value)
        return str(format_currency(value, self.currency, f"¤{self._amount}", locale=self.locale, currency_digits=False)).replace(
            "\xa0", " "
        )

    def amount(self, amount: Decimal | None) -> str:
        """An amount without a sign."""
        return str(format_decimal(amount or Decimal(0), self._amount, locale=self.locale))

    def price(self, price: Decimal | None) -> str:
        """A unit price: with the decimals of the currency, and more (up to six) when it has them."""
        digits = "0" * self.decimals + "#" * max(6 - self.decimals, 0)
        return str(format_decimal(price or Decimal(0), f"#,##0.{digits}", locale=self.locale))

    def quantity(self, quantity: Decimal | None) -> str:
        """A quantity with the decimals it has, at most four."""
        return str(format_decimal(quantity or Decimal(0), "#,##0.####", locale=self.locale))

    def percent(self, value: Decimal | None) -> str:
        """A percentage: 12.5 is 12.5 %."""
        return f"{format_decimal(value or Decimal(0), '#,##0.##', locale=self.locale)} %"

    def date(self, day: dt.date | None) -> str:
        """A day; empty for none."""
        return str(format_date(day, "medium", locale=self.locale)) if day else ""

    def moment(self, moment: dt.datetime | None) -> str:
        """A moment (naive UTC) in the time zone; empty for none."""
        if not moment:
            return ""
        from zoneinfo import ZoneInfo

        local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.tz))
        return str(format_datetime(local.replace(tzinfo=None), "medium", locale=self.locale)).replace("\u202f", " ")

    def day_of(self, moment: dt.datetime | None) -> str:
        """The day of a moment (naive UTC) in the time zone."""
        if not moment:
            return ""
        from zoneinfo import ZoneInfo

        return self.date(moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.tz)).date())
