"""Dates and moments by their parts and periods: in domains (`date.month_number`), in groups (`date:week`), in the time zone of
the context, on both databases.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from server.model.fields import Field

if TYPE_CHECKING:
    from server.model.environment import Environment

GRANULARITIES = ("hour", "day", "week", "month", "quarter", "year")


def zone_of(env: Environment) -> str | None:
    """The time zone that the context names for groups and parts of dates; None for UTC, and for what is no time zone."""
    name = env.context.get("tz")
    if not isinstance(name, str) or name in ("", "UTC"):
        return None
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(column: Any, field: Field, env: Environment) -> Any:
    """A date or moment as it is for people: moments in the time zone of the context."""
    zone = zone_of(env) if field.type == "datetime" else None
    if zone is None:
        return column
    if env.transaction.dialect == "postgresql":
        utc = sa.func.timezone(sa.cast("UTC", sa.String()), column)
        return sa.func.timezone(sa.cast(zone, sa.String()), utc)
    return sa.func.colca_local(column, zone)


def extracted(column: Any, part: str, dialect: str) -> Any:
    """A part of a date as a number: `week` is the ISO week, `dow` counts from Sunday = 0."""
    if dialect == "sqlite":
        if part == "quarter":
            month = sa.cast(sa.extract("month", column), sa.Integer)
            return (month + 2) // sa.literal_column("3", sa.Integer)
        if part == "week":  # that of the Thursday of the same week
            thursday = sa.func.strftime("%j", sa.func.date(column, "-3 days", "weekday 4"))
            seven = sa.literal_column("7", sa.Integer)
            return (sa.cast(thursday, sa.Integer) + sa.literal_column("6", sa.Integer)) // seven
        return sa.extract(part, column)
    return sa.cast(sa.extract(part, column), sa.Integer)


def truncated(column: Any, granularity: str, dialect: str) -> Any:
    """The start of the period a date lies in."""
    if dialect == "postgresql":
        return sa.func.date_trunc(granularity, sa.cast(column, sa.DateTime))
    formats = {"hour": "%Y-%m-%d %H:00:00", "day": "%Y-%m-%d", "month": "%Y-%m-01", "year": "%Y-01-01"}
    if granularity in formats:
        return sa.func.strftime(formats[granularity], column)
    if granularity == "week":
        return sa.func.date(column, "-6 days", "weekday 1")
    month = sa.cast(sa.func.strftime("%m", column), sa.Integer)
    first = sa.func.printf("%02d", ((month - 1) // sa.literal_column("3", sa.Integer)) * 3 + 1)
    return sa.func.strftime("%Y-", column).concat(first).concat("-01")


def following(start: dt.datetime, granularity: str) -> dt.datetime:
    """The start of the next period."""
    if granularity == "hour":
        return start + dt.timedelta(hours=1)
    if granularity == "day":
        return start + dt.timedelta(days=1)
    if granularity == "week":
        return start + dt.timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[granularity]
    month = start.month - 1 + months
    return start.replace(year=start.year + month // 12, month=month % 12 + 1)


def in_utc(moment: dt.datetime, zone: str | None) -> str:
    """The moment that a clock in `zone` shows, in UTC, as on the wire."""
    if zone is not None:
        moment = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat(" ", "seconds")


def period_label(start: dt.datetime, granularity: str, lang: str) -> str:
    """A period as people write it."""
    from babel.dates import format_date, format_datetime

    locale = lang if lang in ("es", "es_MX", "es_PE", "en_US") else "en_US"
    if granularity == "hour":
        return format_datetime(start, "dd MMM yyyy HH:00", locale=locale)
    if granularity == "day":
        return format_date(start, "dd MMM yyyy", locale=locale)
    if granularity == "week":
        return f"W{start.isocalendar().week} {start.isocalendar().year}"
    if granularity == "quarter":
        return f"Q{(start.month - 1) // 3 + 1} {start.year}"
    if granularity == "year":
        return str(start.year)
    return format_date(start, "MMMM yyyy", locale=locale)
