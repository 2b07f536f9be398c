"""Lazy, translatable texts: `_("…", **args)` is remembered as msgid and arguments and rendered at the door, in the reader's
language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Set by `server.i18n` when it is imported: (msgid, language code) -> translated msgid. Kept as a hook so that
#: models can be declared without loading a single catalog.
_translate: Callable[[str, str], str] | None = None


def set_translator(translate: Callable[[str, str], str]) -> None:
    """Install the function that looks a msgid up in the catalogs; called once by `server.i18n`."""
    global _translate
    _translate = translate


class Text:
    """A translatable text: `msgid` in English with `%(name)s` places, and their values."""

    __slots__ = ("msgid", "args")

    def __init__(self, msgid: str, args: dict[str, Any] | None = None) -> None:
        self.msgid = msgid
        self.args = args or {}

    def render(self, lang: str | None = None) -> str:
        """The text in `lang` (`es_MX`, …; English when unknown), its places filled; texts among the arguments follow."""
        message = self.msgid
        if lang and not lang.startswith("en"):
            if _translate is None:
                import server.i18n  # noqa: F401  (installs the translator on first need)
            if _translate is not None:
                message = _translate(message, lang)
        if not self.args:
            return message
        return message % {k: (v.render(lang) if isinstance(v, Text) else v) for k, v in self.args.items()}

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"_({self.msgid!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.msgid)


def _(msgid: str, /, **args: Any) -> Text:
    """Mark `msgid` as a text for people. Never format before: pass the values as keyword arguments."""
    return Text(msgid, args)


def render(text: Text | str | None, lang: str | None = None) -> str:
    """`text` in `lang`; plain strings pass through, None is the empty string."""
    if text is None:
        return ""
    return text.render(lang) if isinstance(text, Text) else str(text)
