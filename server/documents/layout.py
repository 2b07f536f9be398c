"""Putting documents on pages with reportlab: head, body that goes on over pages, foot with page x of y.

Any number of documents goes into one file. Each is laid out and written before the next is asked for, so what is held in memory
is the file and one document. The same documents give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import IO, Any

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame
from reportlab.platypus import Paragraph as Flow
from reportlab.platypus import Table as Grid

from server.documents import kit
from server.documents.fonts import BOLD, PLAIN, markup
from server.text import _

MARGIN = 42.0
#: Height of the head of pages after the first, and of the foot.
SHORT_HEAD, FOOT = 30.0, 30.0
LOGO = (150.0, 56.0)
INK, FAINT, LINE, SHADE = (colors.HexColor(code) for code in ("#1b1f24", "#5b6470", "#c9cfd6", "#eef1f4"))
ACCENT = colors.HexColor("#1f3a5f")


def _style(size: float, bold: bool = False, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        "s",
        fontName=BOLD if bold else PLAIN,
        fontSize=size,
        leading=size * 1.28,
        textColor=more.pop("color", INK),
        splitLongWords=1,
        **more,
    )


TEXT, STRONG, SMALL = _style(8.6), _style(8.6, True), _style(7.6, color=FAINT)
LABEL = _style(7.2, color=FAINT)
RIGHT, RIGHT_STRONG = _style(8.6, alignment=TA_RIGHT), _style(8.6, True, alignment=TA_RIGHT)
HEAD, HEAD_RIGHT = _style(7.8, True, color=colors.white), _style(7.8, True, color=colors.white, alignment=TA_RIGHT)
NAME, TITLE = _style(12, True), _style(15, True, color=ACCENT, alignment=TA_RIGHT)
NUMBER = _style(11, color=INK, alignment=TA_RIGHT)
STAMP = _style(10, True, color=colors.HexColor("#a33a2c"), alignment=TA_RIGHT)
NOTE = ParagraphStyle("n", parent=TEXT, fontName="Helvetica-Oblique", textColor=FAINT)
TOTAL, TOTAL_RIGHT = _style(10.5, True, color=ACCENT), _style(10.5, True, color=ACCENT, alignment=TA_RIGHT)
CENTER = _style(7.2, color=FAINT, alignment=TA_CENTER)


def paragraph(text: str, style: ParagraphStyle) -> Flow:
    """A text in a style, whatever its script."""
    return Flow(markup(text, style.fontName == BOLD), style)


def write(documents: Iterable[kit.Document], target: IO[bytes]) -> int:
    """Write the documents into one PDF; answers the number of pages. Each document is taken when the one before is written."""
    canvas = Canvas(target, pagesize=A4, invariant=1, pageCompression=1)
    pages = 0
    for number, document in enumerate(documents):
        if number == 0:
            canvas.setTitle(f"{document.title} {document.number}".strip())
            canvas.setAuthor(document.letterhead.name)
        pages += _Writer(canvas, document, f"pages{number}").write()
    canvas.save()
    return pages


class _Writer:
    """Writes one document."""

    def __init__(self, canvas: Canvas, document: kit.Document, total: str) -> None:
        self.canvas = canvas
        self.document = document
        self.total = total
        self.size = LETTER if document.letter else A4
        self.width = self.size[0] - 2 * MARGIN

    def write(self) -> int:
        """All pages; their number."""
        canvas, page = self.canvas, 1
        waiting = [flow for part in self.document.parts for flow in _flowables(part, self.width)]
        canvas.setPageSize(self.size)
        frame = self._frame(self._first_head())
        while waiting:
            if frame.add(waiting[0], canvas, trySplit=True):
                waiting.pop(0)
                continue
            parts = frame.split(waiting[0], canvas)
            if parts and frame.add(parts[0], canvas):
                waiting[:1] = parts[1:]
            elif frame._atTop:
                # higher than a page and not to be divided: a part of it is better than none of the document
                waiting.pop(0)
                continue
            self._foot(page)
            canvas.showPage()
            canvas.setPageSize(self.size)
            page += 1
            frame = self._frame(self._short_head())
        self._foot(page)
        canvas.showPage()
        canvas.beginForm(self.total)
        canvas.setFont(PLAIN, LABEL.fontSize)
        canvas.setFillColor(FAINT)
        canvas.drawString(0, 0, str(page))
        canvas.endForm()
        return page

    def _frame(self, top: float) -> Frame:
        bottom = MARGIN + FOOT
        return Frame(MARGIN, bottom, self.width, top - bottom, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)

    def _draw(self, flow: Flow, x: float, top: float, width: float) -> float:
        """Draw a text with its upper edge at `top`; where the next begins."""
        _width, height = flow.wrapOn(self.canvas, width, 1000)
        flow.drawOn(self.canvas, x, top - height)
        return float(top - height)

    def _first_head(self) -> float:
        """Sender at the left, title and number at the right; the upper edge of what follows."""
        document, head = self.document, self.document.letterhead
        left_width = self.width * 0.56
        top = left = right = self.size[1] - MARGIN
        if head.logo:
            left = self._logo(head.logo, top) - 6
        left = self._draw(paragraph(head.name, NAME), MARGIN, left, left_width) - 2
        for line in head.lines:
            left = self._draw(paragraph(line, SMALL), MARGIN, left, left_width)
        x, width = MARGIN + left_width + 12, self.width - left_width - 12
        right = self._draw(paragraph(document.title, TITLE), x, right, width) - 2
        if document.number:
            right = self._draw(paragraph(document.number, NUMBER), x, right, width) - 2
        if document.stamp:
            right = self._draw(paragraph(document.stamp, STAMP), x, right, width)
        bottom = min(left, right) - 10
        self._line(bottom, ACCENT, 1.2)
        return bottom - 10

    def _logo(self, content: bytes, top: float) -> float:
        try:
            image = ImageReader(io.BytesIO(content))
            width, height = image.getSize()
        except Exception:  # whatever somebody stored as a logo: the document is printed without it
            return top
        scale = min(LOGO[0] / width, LOGO[1] / height)
        self.canvas.drawImage(image, MARGIN, top - height * scale, width * scale, height * scale, mask="auto")
        return float(top - height * scale)

    def _short_head(self) -> float:
        top = self.size[1] - MARGIN
        self._draw(paragraph(self.document.letterhead.name, SMALL), MARGIN, top, self.width / 2)
        text = f"{self.document.title} {self.document.number}".strip()
        style = ParagraphStyle("r", parent=SMALL, alignment=TA_RIGHT)
        self._draw(paragraph(text, style), MARGIN + self.width / 2, top, self.width / 2)
        self._line(top - 14, LINE, 0.6)
        return float(top - SHORT_HEAD)

    def _foot(self, page: int) -> None:
        canvas, y = self.canvas, MARGIN + 6
        self._line(y + 12, LINE, 0.6)
        if self.document.foot:
            self._draw(paragraph(self.document.foot, LABEL), MARGIN, y + 9, self.width - 90)
        # the number of pages is known when the last one is written: it is a form that is filled in then
        text = str(_("Page %(page)s of", page=page).render(self.document.lang))
        canvas.setFont(PLAIN, LABEL.fontSize)
        canvas.setFillColor(FAINT)
        x = MARGIN + self.width - 16
        canvas.drawRightString(x, y, text)
        canvas.saveState()
        canvas.translate(x + 2.5, y)
        canvas.doForm(self.total)
        canvas.restoreState()

    def _line(self, y: float, color: Any, width: float) -> None:
        self.canvas.setStrokeColor(color)
        self.canvas.setLineWidth(width)
        self.canvas.line(MARGIN, y, MARGIN + self.width, y)


def _flowables(part: kit.Part, width: float) -> list[Flowable]:
    if isinstance(part, kit.Table):
        return [_table(part, width)]
    if isinstance(part, kit.Parties):
        return [_parties(part, width)] if part.parties else []
    if isinstance(part, kit.Facts):
        return _facts(part, width)
    if isinstance(part, kit.Signatures):
        return [_signatures(part, width)]
    if isinstance(part, kit.Totals):
        return [_totals(part, width)] if part.lines else []
    found: list[Flowable] = []
    if part.text.strip():
        if part.heading:
            found.append(
                paragraph(part.heading, ParagraphStyle("h", parent=STRONG, spaceBefore=10, spaceAfter=2, keepWithNext=1))
            )
        for block in part.text.strip().split("\n\n"):
            found.append(paragraph(block.strip("\n"), ParagraphStyle("p", parent=TEXT, spaceBefore=3)))
    return found


def _parties(part: kit.Parties, width: float) -> Grid:
    cells = []
    for party in part.parties[:3]:
        cells.append(
            [paragraph(party.label, LABEL), paragraph(party.name, STRONG), *(paragraph(line, TEXT) for line in party.lines)]
        )
    share = width / max(len(cells), 2)
    grid = Grid([cells], colWidths=[share] * len(cells), hAlign="LEFT", spaceAfter=8, splitInRow=1)
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return grid


def _facts(part: kit.Facts, width: float, columns: int = 4) -> list[Flowable]:
    pairs = [(label, value) for label, value in part.pairs if value]
    if not pairs:
        return []
    columns = min(columns, max(len(pairs), 1))
    rows = [pairs[start : start + columns] for start in range(0, len(pairs), columns)]
    cells: list[list[Any]] = [
        [[paragraph(label, LABEL), paragraph(value, TEXT)] for label, value in row] + [""] * (columns - len(row)) for row in rows
    ]
    grid = Grid(cells, colWidths=[width / columns] * columns, spaceAfter=8, splitInRow=1)
    grid.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, -1), SHADE),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    return [grid]


def _table(part: kit.Table, width: float) -> Grid:
    total = sum(column.width for column in part.columns)
    widths = [width * column.width / total for column in part.columns]
    cells: list[list[Any]] = [[paragraph(column.label, HEAD_RIGHT if column.number else HEAD) for column in part.columns]]
    styles: list[tuple[Any, ...]] = [
        ("BACKGROUND", (0, 0), (-1, 0), ACCENT),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    for place, row in enumerate(part.rows, 1):
        if row.kind in ("section", "note"):
            text = row.cells[0] if row.cells else ""
            cells.append([paragraph(text, STRONG if row.kind == "section" else NOTE), *[""] * (len(widths) - 1)])
            styles.append(("SPAN", (0, place), (-1, place)))
            if row.kind == "section":
                styles.append(("BACKGROUND", (0, place), (-1, place), SHADE))
                # a section does not stand alone at the foot of a page
                styles.append(("NOSPLIT", (0, place), (0, min(place + 1, len(part.rows)))))
            continue
        strong = row.kind == "sum"
        left, right = (STRONG, RIGHT_STRONG) if strong else (TEXT, RIGHT)
        cells.append(
            [
                _figure(text, right, share) if column.number else paragraph(text, left)
                for text, column, share in zip(row.cells, part.columns, widths, strict=True)
            ]
        )
    return Grid(cells, colWidths=widths, repeatRows=1, style=styles, splitInRow=1, spaceAfter=6, hAlign="LEFT")


def _figure(text: str, style: ParagraphStyle, width: float) -> Flow:
    """A figure is never broken into lines: a long one is written smaller."""
    needed = stringWidth(text, style.fontName, style.fontSize) + 9
    if needed > width:
        size = max(style.fontSize * width / needed, 4.0)
        style = ParagraphStyle("f", parent=style, fontSize=size)
    return paragraph(text, style)


def _signatures(part: kit.Signatures, width: float) -> Grid:
    count = len(part.labels)
    cells: list[Any] = []
    for label in part.labels:
        cells += [paragraph(label, CENTER), ""]
    share = width / 2.6
    grid = Grid([cells[:-1]], colWidths=([share, 24] * count)[:-1], hAlign="LEFT", spaceBefore=44, splitByRow=0)
    grid.setStyle([("LINEABOVE", (place * 2, 0), (place * 2, 0), 0.6, INK) for place in range(count)])
    return grid


def _totals(part: kit.Totals, width: float) -> Grid:
    cells = [
        [paragraph(label, TOTAL if strong else TEXT), paragraph(amount, TOTAL_RIGHT if strong else RIGHT)]
        for label, amount, strong in part.lines
    ]
    styles: list[tuple[Any, ...]] = [("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    styles += [("LINEABOVE", (0, place), (-1, place), 0.8, ACCENT) for place, line in enumerate(part.lines) if line[2]]
    return Grid(
        cells, colWidths=[width * 0.25, width * 0.2], style=styles, splitByRow=0, hAlign="RIGHT", spaceBefore=4, spaceAfter=8
    )
