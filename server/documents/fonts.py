"""Fonts of documents: Helvetica, which every reader of PDF has, for all letters of western languages; and what to do with others.

Names may hold any script. Greek, Cyrillic and the Latin letters of other languages come from DejaVu Sans when the machine has it
(package `fonts-dejavu-core`); Chinese, Japanese and Korean from fonts that readers bring (named in the file, not embedded).
What no font has is written with the nearest Latin letters, or as a question mark; never as an error.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from html import escape
from pathlib import Path

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_FOLDERS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF", "/usr/local/share/fonts")


@cache
def _dejavu() -> tuple[dict[bool, str], frozenset[int]]:
    """Names of the registered plain and bold DejaVu Sans, and the code points they have; nothing when they are not here."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    for folder in _FOLDERS:
        plain, bold = (Path(folder) / name for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"))
        if plain.exists():
            try:
                font = TTFont("DejaVuSans", str(plain))
                pdfmetrics.registerFont(font)
                names = {False: "DejaVuSans", True: "DejaVuSans"}
                if bold.exists():
                    pdfmetrics.registerFont(TTFont("DejaVuSans-Bold", str(bold)))
                    names[True] = "DejaVuSans-Bold"
                return names, frozenset(font.face.charToGlyph)
            except (TTFError, OSError):
                continue
    return {}, frozenset()


@cache
def _cid(name: str) -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


def _font_of(letter: str, bold: bool) -> tuple[str, str]:
    """The font for a letter (empty: the standard one), and what to write."""
    code = ord(letter)
    if code < 0x80:
        return "", letter if code >= 0x20 or letter == "\n" else " "
    try:
        letter.encode("cp1252")
        return "", letter
    except UnicodeEncodeError:
        pass
    names, has = _dejavu()
    if code in has:
        return names[bold], letter
    if 0xAC00 <= code <= 0xD7A3 or 0x1100 <= code <= 0x11FF:
        return _cid("HYSMyeongJo-Medium"), letter
    if 0x3040 <= code <= 0x30FF:
        return _cid("HeiseiMin-W3"), letter
    if 0x2E80 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFFEF:
        return _cid("STSong-Light"), letter
    if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Mn"):
        return "", ""
    nearest = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or _NEAREST.get(letter, "?")
    return "", nearest


#: Letters that do not fall apart into a Latin one and a mark.
_NEAREST = {
    "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "Ħ": "H", "ħ": "h", "ŋ": "n", "−": "-", "\u2011": "-", "≤": "<=", "≥": ">=",
}  # fmt: skip


def markup(text: str, bold: bool = False) -> str:
    """`text` as a paragraph takes it: escaped, line breaks kept, other scripts in a font that has them."""
    if text.isascii():
        return escape(text, quote=False).replace("\n", "<br/>")
    parts: list[str] = []
    current, run = "", ""
    for letter in unicodedata.normalize("NFC", text):
        font, written = _font_of(letter, bold)
        if font != current and written != " ":
            parts.append(_run(current, run))
            current, run = font, ""
        run += written
    parts.append(_run(current, run))
    return "".join(parts)


def _run(font: str, text: str) -> str:
    written = escape(text, quote=False).replace("\n", "<br/>")
    return f'<font face="{font}">{written}</font>' if font and text else written
