"""What a document is made of: plain values, no drawing. An addon fills them in; `layout.py` puts them on pages.

Every text is final: in the reader's language, with amounts and dates formatted (`formats.Formats`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Letterhead:
    """Who sends the document: the head of its first page, and in one line of those that follow.

    :ivar lines: address, tax number, ways to reach the sender; a line each.
    :ivar logo: a picture (PNG, JPEG …), or nothing.
    """

    name: str
    lines: Sequence[str] = ()
    logo: bytes | None = None


@dataclass(frozen=True)
class Party:
    """Somebody the document is for: a label (Customer, Delivery address), a name, and the lines below it."""

    label: str
    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Parties:
    """Parties side by side; at most three."""

    parties: Sequence[Party]


@dataclass(frozen=True)
class Facts:
    """Pairs of label and value in a row (number, date, terms …). Pairs without a value are left out."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    :ivar width: share of the page's width; shares are relative to each other.
    :ivar number: figures, set to the right and never broken.
    """

    label: str
    width: float
    number: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table.

    :ivar kind: `line`; `section` and `note` have one cell, which goes over all columns; `sum` is a line that adds up.
    """

    cells: Sequence[str]
    kind: str = "line"


@dataclass(frozen=True)
class Table:
    """A table of any length: it goes on over pages, with its head on each."""

    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Totals:
    """Amounts at the right, a line each: label, amount, and whether it is the one that counts."""

    lines: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True)
class Paragraph:
    """Running text, with a heading or none. Line breaks are kept."""

    text: str
    heading: str = ""


@dataclass(frozen=True)
class Signatures:
    """Lines to sign or write on, side by side, each with a label below."""

    labels: Sequence[str]


Part = Parties | Facts | Table | Totals | Paragraph | Signatures


@dataclass(frozen=True)
class Document:
    """One document.

    :ivar title: what it is: Quotation, Invoice.
    :ivar number: its number; empty for a draft without one.
    :ivar lang: language of the words that the layout adds (Page x of y), such as `es_MX`.
    :ivar letter: on US Letter instead of A4.
    :ivar stamp: a word across the page's head, such as Draft or Cancelled; empty for none.
    :ivar foot: a line at the foot of each page.
    """

    letterhead: Letterhead
    title: str
    number: str
    parts: Sequence[Part]
    lang: str = "en_US"
    letter: bool = False
    stamp: str = ""
    foot: str = ""
