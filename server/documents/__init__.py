"""Printed documents: what an addon needs to declare a report. How they are laid out is in `layout.py`; who may print them in
`service.py`.
"""

from server.documents.declarations import Report
from server.documents.formats import Formats
from server.documents.kit import Column, Document, Facts, Letterhead, Paragraph, Parties, Party, Row, Signatures, Table, Totals

__all__ = [
    "Column",
    "Document",
    "Facts",
    "Formats",
    "Letterhead",
    "Paragraph",
    "Parties",
    "Party",
    "Report",
    "Row",
    "Signatures",
    "Table",
    "Totals",
]
