"""Debit equals credit."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from .money import ZERO


def difference(lines: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """Debits less credits of `(debit, credit)` pairs; zero for a balanced entry."""
    return sum((debit - credit for debit, credit in lines), ZERO)


def unbalanced(entries: Iterable[tuple[int, Decimal, Decimal]]) -> dict[int, Decimal]:
    """Entry key → difference, for the entries among `(entry, debit, credit)` rows that do not balance."""
    sums: dict[int, Decimal] = {}
    for key, debit, credit in entries:
        sums[key] = sums.get(key, ZERO) + debit - credit
    return {key: value for key, value in sums.items() if value}


def sides(balance: Decimal) -> tuple[Decimal, Decimal]:
    """`(debit, credit)` of a signed balance: one of them is zero, neither is negative."""
    return (balance, ZERO) if balance >= ZERO else (ZERO, -balance)
