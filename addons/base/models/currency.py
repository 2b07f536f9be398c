"""Currencies, their rates and the change of money from one into another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from addons.base.rules import money
from server import (
    Boolean,
    Char,
    Date,
    Integer,
    Many2one,
    Model,
    Numeric,
    One2many,
    Selection,
    ValidationError,
    _,
    constrains,
    depends,
)

Rates = dict[int, list[money.Rate]]


class Currency(Model, name="res.currency"):
    """A currency of ISO 4217: how its amounts are rounded and written."""

    model_label = _("Currency")
    order = "active desc, name"
    reference = True
    unique = [("name",)]
    checks = {"rounding": "rounding > 0"}
    name_search_fields = ("name", "full_name")

    name = Char(_("Currency"), required=True, size=3, help=_("ISO 4217 code of three letters."))
    full_name = Char(_("Name"), translate=True)
    symbol = Char(_("Symbol"), required=True)
    rounding = Numeric(_("Rounding step"), digits=(12, 6), default=Decimal("0.01"), required=True, aggregator="")
    decimal_places = Integer(_("Decimals"), compute="_compute_decimal_places", aggregator="")
    position = Selection(
        [("after", _("After the amount")), ("before", _("Before the amount"))], _("Symbol position"), default="before"
    )
    active = Boolean(_("Active"), default=True)
    rate_ids = One2many("res.currency.rate", "currency_id", _("Rates"))
    rate = Numeric(
        _("Current rate"),
        digits=(18, 10),
        compute="_compute_rate",
        aggregator="",
        help=_("Units of this currency for one unit of the company's currency, today or on the `date` of the context."),
    )
    inverse_rate = Numeric(_("Price in the company's currency"), digits=(18, 10), compute="_compute_rate", aggregator="")

    @depends("rounding")
    def _compute_decimal_places(self) -> None:
        for currency in self:
            currency.decimal_places = money.decimals_of(currency.rounding)

    @depends("rate_ids.rate")
    def _compute_rate(self) -> None:
        company = self.env.company
        day = _day_of(self.env)
        rates = self._rates(company.id)
        for currency in self:
            found = money.rate_at(rates.get(currency.id, ()), day)
            own = found is None or currency.id == company.currency_id
            currency.rate = Decimal(1) if own else found.rate
            currency.inverse_rate = Decimal(1) if own else found.inverse

    # -- rounding -------------------------------------------------------------------------------------------------
    def round(self, amount: Decimal) -> Decimal:
        """`amount` rounded to the currency's smallest step, halves away from zero.

        :raises ValueError: for a set that is not exactly one currency.
        """
        self.ensure_one()
        return money.round_to(amount, self.rounding)

    def is_zero(self, amount: Decimal) -> bool:
        """True when nothing is left of `amount` after rounding."""
        return not self.round(amount)

    def format(self, amount: Decimal) -> str:
        """`amount` as people write it, with the symbol: `$ 1,234.50`."""
        text = f"{self.round(amount):,.{self.decimal_places}f}"
        return f"{text} {self.symbol}" if self.position == "after" else f"{self.symbol} {text}"

    # -- conversion -----------------------------------------------------------------------------------------------
    def convert(self, amount: Decimal, to: Any, company: Any = None, date: date | None = None, round: bool = True) -> Decimal:
        """`amount` of this currency in the currency `to`, at the company's rate of `date`; no query once the rates are
        remembered.

        :param to: a currency record.
        :param company: whose rates are used (default: the current company).
        :param date: the day of the rate (default: today where the company is).
        :param round: round to the step of `to`.
        :raises ValidationError: when a rate is missing; a rate of 1 is never assumed for foreign money.
        """
        return self.convert_many([amount], to, company, date, round)[0]

    def convert_many(
        self, amounts: Sequence[Decimal], to: Any, company: Any = None, date: date | None = None, round: bool = True
    ) -> list[Decimal]:
        """The same for many amounts at one rate; see `convert`."""
        if self != to:
            company = company or self.env.company
            day = date or _day_of(self.env)
            rates = self._rates(company.id)
            source = self._rate_for(rates, company, day)
            target = to._rate_for(rates, company, day)
            if source is not None:
                amounts = [money.to_company(amount, source) for amount in amounts]
            if target is not None:
                amounts = [money.from_company(amount, target) for amount in amounts]
        return [to.round(amount) for amount in amounts] if round else list(amounts)

    def _rate_for(self, rates: Rates, company: Any, day: date) -> money.Rate | None:
        """The rate of this currency, None for the company's own money; refuses in words when there is none."""
        if self.id == company.currency_id:
            return None
        found = money.rate_at(rates.get(self.id, ()), day)
        if found is None:
            raise ValidationError(
                _(
                    "There is no exchange rate of %(currency)s for %(company)s on %(date)s. Enter one under Currencies, Rates.",
                    currency=self.name,
                    company=company.name,
                    date=day.isoformat(),
                )
            )
        return found

    def _rates(self, company_id: int) -> Rates:
        """All rates a company sees, by currency and oldest first; remembered in the process until a rate changes.

        A company with rates of its own for a currency uses only these, otherwise the shared ones (without a company).
        """

        def build() -> Rates:
            rows = (
                self.env["res.currency.rate"]
                .sudo()
                .with_company(company_id)
                .search([("company_id", "in", [company_id, False])], order="name, id")
            )
            shared: Rates = {}
            own: Rates = {}
            for row in rows:
                rates = own if row.company_id else shared
                rates.setdefault(row.currency_id, []).append(money.Rate(row.name, row.rate, row.inverse_company_rate))
            return shared | own

        rates: Rates = self.env.process_cache(("res.currency.rate", company_id), build)
        return rates


class CurrencyRate(Model, name="res.currency.rate"):
    """What a currency is worth from a day on, for one company or for all."""

    model_label = _("Exchange rate")
    rec_name = "name"
    order = "name desc, id desc"
    reference = True
    unique = [("currency_id", "name", "company_id")]
    checks = {"rate": "rate > 0", "inverse": "inverse_company_rate > 0"}

    name = Date(_("Date"), required=True, default=lambda env: env.today(), index=True)
    rate = Numeric(_("Units per unit of the company's currency"), digits=(18, 10), required=True, aggregator="")
    inverse_company_rate = Numeric(
        _("Price of one unit in the company's currency"), digits=(18, 10), required=True, aggregator=""
    )
    currency_id = Many2one("res.currency", _("Currency"), required=True, ondelete="cascade", index=True)
    company_id = Many2one("res.company", _("Company"))

    def create(self, vals_list: Any) -> Any:
        """Either of `rate` and `inverse_company_rate` is enough; the other one is worked out and the given one kept exactly."""
        return super().create(_completed(vals_list))

    def write(self, vals: dict[str, Any]) -> Any:
        """As in `create`: writing one of the two numbers writes the other."""
        return super().write(_completed([vals])[0])

    @constrains("rate", "inverse_company_rate")
    def _check_rate(self) -> None:
        for row in self:
            if row.rate <= 0 or row.inverse_company_rate <= 0:
                raise ValidationError(_("The exchange rate of %(date)s must be more than zero.", date=row.name.isoformat()))


def _completed(vals_list: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values in which each of the two numbers is there when one is."""
    done = []
    for vals in vals_list:
        rate, inverse = vals.get("rate"), vals.get("inverse_company_rate")
        if rate and not inverse:
            vals = {**vals, "inverse_company_rate": _reciprocal(rate)}
        elif inverse and not rate:
            vals = {**vals, "rate": _reciprocal(inverse)}
        done.append(vals)
    return done


def _reciprocal(value: Decimal) -> Decimal:
    return (1 / value).quantize(Decimal("1e-10"))


def _day_of(env: Any) -> date:
    """The day of the context (`date`), today otherwise."""
    given = env.context.get("date")
    if not given or isinstance(given, date):
        return given or env.today()
    return Date().bound("res.currency", "date", "").coerce(given, env)
