"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator


class ExactNumeric(TypeDecorator[Decimal]):
    """Exact decimal: NUMERIC(precision, scale) on PostgreSQL, integer scaled by 10^scale on SQLite (whose NUMERIC is a float).

    Bind refuses floats: a float that reaches the database is a bug upstream. Range on SQLite: 2^63 / 10^scale.
    """

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, precision: int = 18, scale: int = 4) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale
        self.factor = Decimal(10) ** scale
        self.quantum = Decimal(1).scaleb(-scale)

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError(f"float {value!r} refused: money and quantities are Decimal")
        value = Decimal(value)
        if dialect.name == "sqlite":
            return int((value * self.factor).to_integral_value(rounding="ROUND_HALF_UP"))
        return value

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(value).scaleb(-self.scale) if isinstance(value, int) else Decimal(str(value)) / self.factor
        return value if isinstance(value, Decimal) else Decimal(value)

    def process_literal_param(self, value: Any, dialect: Any) -> str:
        return str(self.process_bind_param(value, dialect))

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Naive datetime that means UTC, whole seconds or finer; `timestamp` on PostgreSQL, ISO text on SQLite."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return value.astimezone(dt.UTC).replace(tzinfo=None)
        return value


#: JSON that PostgreSQL can index and query.
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: Primary and foreign keys: 64 bit; SQLite gives row ids only to INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
