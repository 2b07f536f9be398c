"""The document kit: pages, heads, long tables, other scripts, formats; without a database."""

from __future__ import annotations

import base64
import datetime as dt
import io
import re
import tracemalloc
import zlib
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from server.documents import (
    Column,
    Document,
    Facts,
    Formats,
    Letterhead,
    Paragraph,
    Parties,
    Party,
    Row,
    Signatures,
    Table,
    Totals,
)
from server.documents.fonts import markup
from server.documents.layout import write

COLUMNS = [Column("Description", 50), Column("Quantity", 12, True), Column("Amount", 16, True)]


def document(rows, **more):
    parts = [
        Parties([Party("Customer", "Ferretería Ñandú & Hijos <S.A.>", ["Calle 1", "RFC: X"])]),
        Facts([("Date", "1 ene 2026"), ("Nothing", "")]),
        Table(COLUMNS, rows),
        Totals([("Untaxed", "$90.00", False), ("IVA 16 %", "$10.00", False), ("Total", "$100.00", True)]),
        Paragraph("Uno\nDos\n\nTres", "Terms"),
        Signatures(["Accepted by", "Date"]),
    ]
    return Document(
        Letterhead("Distribuidora Sierra Madre", ["Av. 1", "RFC: DSM"], more.pop("logo", None)), "Invoice", "F-1", parts, **more
    )


def printed(*documents):
    target = io.BytesIO()
    pages = write(iter(documents), target)
    return pages, target.getvalue()


def texts_of(pdf):
    """The texts of each content stream, in the order of the file: those of pages, and of the forms that hold numbers of pages."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        try:
            data = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>").strip()))
        except (ValueError, zlib.error):
            continue
        texts = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", data)
        found.append(" ".join(re.sub(rb"\\(\d{3}|.)", _unescaped, text).decode("cp1252", "replace") for text in texts))
    return found


def _unescaped(match):
    value = match[1]
    return bytes([int(value, 8)]) if value.isdigit() else value


def test_a_long_table_goes_over_pages():
    """Sixty lines, long names, sections and notes: the head on each page, every line there, once, the totals at the end."""
    rows = []
    for number in range(60):
        if number % 20 == 0:
            rows.append(Row([f"Sección {number}"], "section"))
        rows.append(Row([f"Artículo-{number:03d} " + "palabra " * (40 if number % 10 == 3 else 2), "1", "2.00"]))
    rows.append(Row(["Una nota (entre paréntesis)"], "note"))
    pages, pdf = printed(document(rows, lang="en_US"))
    streams = [text for text in texts_of(pdf) if "Description" in text or "Total" in text]
    assert pages >= 3 and len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == pages
    everything = " ".join(streams)
    for number in range(60):
        assert everything.count(f"Artículo-{number:03d}") == 1, number
    assert sum("Description" in text for text in streams) >= pages - 1
    assert "$100.00" in streams[-1] and everything.count("$100.00") == 1
    assert "Ferretería Ñandú & Hijos < S.A. >" in everything and "Nothing" not in everything
    for page in range(1, pages + 1):
        assert f"Page {page} of" in everything
    assert str(pages) in texts_of(pdf)


def test_nothing_is_lost_of_what_is_higher_than_a_page():
    words = [f"w{number:04d}" for number in range(6000)]
    pages, pdf = printed(
        document([Row([" ".join(words), "1", "2"])]),
    )
    everything = " ".join(texts_of(pdf))
    assert pages > 3 and all(word in everything for word in words)
    long = "\n\n".join(" ".join(words[start : start + 300]) for start in range(0, 6000, 300))
    one = Document(Letterhead("X"), "T", "", [Paragraph(long), Parties([Party("a", "b", ["line"] * 200)])])
    everything = " ".join(texts_of(printed(one)[1]))
    assert all(word in everything for word in words) and everything.count("line") == 200


def test_the_same_documents_give_the_same_bytes():
    rows = [Row(["a", "1", "2"])] * 3
    assert printed(document(rows), document(rows))[1] == printed(document(rows), document(rows))[1]


def test_many_documents_are_made_one_after_the_other():
    """A document is asked for when the one before is written, and the memory taken is that of the file."""
    alive = []

    def documents():
        for number in range(120):
            alive.append(number)
            yield document([Row([f"Artículo {number}", "1", "2.00"])] * 8)

    target = io.BytesIO()
    printed(document([Row(["warm", "1", "2"])]))
    tracemalloc.start()
    try:
        pages = write(documents(), target)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pages == 120 and len(alive) == 120
    size = len(target.getvalue())
    assert peak < 6 * size + 8_000_000, f"{peak} bytes for a file of {size}"


def test_paper_and_logo():
    logo = io.BytesIO()
    Image.new("RGBA", (400, 100), (10, 20, 90, 128)).save(logo, "PNG")
    rows = [Row(["a", "1", "2"])]
    assert b"/MediaBox [ 0 0 612 792 ]" in printed(document(rows, letter=True, logo=logo.getvalue()))[1]
    assert b"/MediaBox [ 0 0 595.2756 841.8898 ]" in printed(document(rows, logo=b"no picture at all"))[1]
    assert b"/Subtype /Image" in printed(document(rows, logo=logo.getvalue()))[1]
    assert "Draft" in " ".join(texts_of(printed(document(rows, stamp="Draft"))[1]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60), st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=40))
def test_any_text_can_be_printed(strange, western):
    """No name stops a document, and western letters are written as they are."""
    row = Row([strange, "1", western])
    pages, pdf = printed(document([row, Row([strange], "note")], stamp=strange, foot=western))
    assert pages >= 1 and pdf.startswith(b"%PDF")
    assert "face=" not in markup(western)


@pytest.mark.parametrize(
    ("lang", "currency", "money", "quantity", "day"),
    [
        ("es_MX", "MXN", "$1,234,567.80", "1,234.5", "5 ene 2026"),
        ("es_PE", "PEN", "S/1,234,567.80", "1,234.5", "5 ene. 2026"),
        ("en_US", "USD", "$1,234,567.80", "1,234.5", "Jan 5, 2026"),
        ("es_MX", "USD", "USD1,234,567.80", "1,234.5", "5 ene 2026"),
        ("xx_YY", "EUR", "€1,234,567.80", "1,234.5", "Jan 5, 2026"),
    ],
)
def test_formats(lang, currency, money, quantity, day):
    write = Formats(lang, currency, 2, "America/Mexico_City")
    assert write.money(Decimal("1234567.8")).replace(" ", "") == money
    assert write.quantity(Decimal("1234.5000")) == quantity and write.quantity(Decimal("3.0000")) == "3"
    assert write.date(dt.date(2026, 1, 5)) == day and write.date(None) == ""
    # a moment is told in the company's time: late in the evening of the day before
    assert write.day_of(dt.datetime(2026, 1, 6, 3, 0)) == day
    assert write.price(Decimal("2.500000")) == "2.50" and write.price(Decimal("0.123456")) == "0.123456"
    assert Formats(lang, "CLP", 0).amount(Decimal("1234")) in ("1,234", "1.234")
