"""Payment terms: from a total and a date to dated instalments."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from .money import ZERO, round_half_up

HUNDRED = Decimal(100)


class TermLine(NamedTuple):
    """One line of a payment term."""

    #: `percent` (of the total) or `fixed` (money).
    value: str = "percent"
    amount: Decimal = HUNDRED
    days: int = 0
    #: `days_after`, `days_after_end_of_month`, `days_after_end_of_next_month` or `days_end_of_month_on_the`.
    delay_type: str = "days_after"
    #: Day of the month for `days_end_of_month_on_the`; 0 or 31 is the last day.
    day_of_month: int = 0


class Instalment(NamedTuple):
    """An amount and the day it is due."""

    due: dt.date
    amount: Decimal


def end_of_month(day: dt.date) -> dt.date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def due_date(line: TermLine, start: dt.date) -> dt.date:
    """The day a term line falls due for a document of day `start`."""
    if line.delay_type == "days_after":
        return start + dt.timedelta(days=line.days)
    if line.delay_type == "days_after_end_of_month":
        return end_of_month(start) + dt.timedelta(days=line.days)
    if line.delay_type == "days_after_end_of_next_month":
        return end_of_month(end_of_month(start) + dt.timedelta(days=1)) + dt.timedelta(days=line.days)
    if line.delay_type == "days_end_of_month_on_the":
        reached = start + dt.timedelta(days=line.days)
        last = monthrange(reached.year, reached.month)[1]
        wanted = min(line.day_of_month or last, last)
        if wanted >= reached.day:
            return reached.replace(day=wanted)
        following = end_of_month(reached) + dt.timedelta(days=1)
        return following.replace(day=min(line.day_of_month, monthrange(following.year, following.month)[1]))
    raise ValueError(f"unknown delay of a payment term: {line.delay_type!r}")


def instalments(total: Decimal, start: dt.date, lines: Sequence[TermLine], decimals: int = 2) -> list[Instalment]:
    """The instalments of `total` (any sign); they add up to it exactly, the last one takes what rounding left.

    :param lines: empty means due at once.
    """
    if not lines:
        return [Instalment(start, total)]
    result: list[Instalment] = []
    rest = total
    for line in lines[:-1]:
        if line.value == "percent":
            amount = round_half_up(total * line.amount / HUNDRED, decimals)
        else:
            amount = round_half_up(line.amount if total >= ZERO else -line.amount, decimals)
        if abs(amount) > abs(rest):
            amount = rest
        rest -= amount
        result.append(Instalment(due_date(line, start), amount))
    result.append(Instalment(due_date(lines[-1], start), rest))
    kept = [part for part in result if part.amount]
    return kept or [Instalment(max(part.due for part in result), ZERO)]
