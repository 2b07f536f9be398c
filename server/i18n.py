"""Translations: the gettext catalogs of the kernel and of every addon, read lazily per language, merged, with fallback to wider
languages.

Each part keeps `locale/<lang>/LC_MESSAGES/<name>.po` beside its code (`server/locale/…/kernel.po`,
`addons/sales/locale/…/sales.po`). The .po files are the only source: they are compiled into a small cache file per language when
they change, so nothing is built by hand and a start does not parse them. `es_MX` falls back to `es`, and `es` to the English of
the source. Where two addons translate one text differently, the one that is asked first in dependency order wins; words that
differ between addons should differ in English too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from server import text
from server.text import Text

#: The languages the platform itself is translated to; English is the language of the source.
LANGUAGES = ("es", "es_MX", "es_PE")

#: Name of the kernel's own catalogs (`server/locale/<lang>/LC_MESSAGES/kernel.po`).
KERNEL = "kernel"


class Catalogs:
    """All catalogs of one process; a language is loaded when a text is first asked for in it.

    :param roots: pairs of catalog name and the folder `locale` that holds it, most important first.
    :param cache: folder for compiled catalogs; None compiles in memory only.
    """

    def __init__(self, roots: Iterable[tuple[str, Path]] = (), cache: Path | None = None) -> None:
        self.cache = cache
        self._roots = dict(roots)
        self._packages: dict[str, str] = {}
        self._merged: dict[str, dict[str, str]] = {}

    def add(self, name: str, package: str) -> None:
        """Take in the catalogs of the addon `name`, a Python package `package`; nothing is read before a text is asked for."""
        if self._packages.get(name) != package:
            self._packages[name] = package
            self._merged.clear()

    def clear(self) -> None:
        """Forget what was loaded, so that changed files are read again."""
        self._merged.clear()

    def translate(self, msgid: str, lang: str) -> str:
        """`msgid` in `lang` (`es_MX`, `es-MX` or `es`), or in the next wider language, or as it is."""
        merged = self._merged.get(lang)
        if merged is None:
            merged = self._merged[lang] = self._load(lang)
        return merged.get(msgid, msgid)

    def languages(self) -> list[str]:
        """The languages for which any catalog exists, sorted."""
        self._find()
        files = [path for name, root in self._roots.items() for path in root.glob(f"*/LC_MESSAGES/{name}.po")]
        return sorted({path.parent.parent.name for path in files})

    def _find(self) -> None:
        for name, package in self._packages.items():
            folder = package_folder(package)
            if folder is not None:
                self._roots[name] = folder / "locale"

    def _load(self, lang: str) -> dict[str, str]:
        self._find()
        merged: dict[str, str] = {}
        for code in _chain(lang):
            for name, root in self._roots.items():
                path = root / code / "LC_MESSAGES" / f"{name}.po"
                if path.is_file():
                    for msgid, msgstr in self._messages(path).items():
                        merged.setdefault(msgid, msgstr)
        return merged

    def _messages(self, path: Path) -> dict[str, str]:
        """The translated texts of one file, from the cache when the file has not changed since."""
        if self.cache is None:
            return read_po(path)
        stat = path.stat()
        key = hashlib.sha1(f"{path}|{stat.st_mtime_ns}|{stat.st_size}|{sys.version_info[:2]}".encode()).hexdigest()
        compiled = self.cache / f"{path.stem}-{path.parent.parent.name}-{key}.bin"
        try:
            found: dict[str, str] = marshal.loads(compiled.read_bytes())
            return found
        except (OSError, ValueError, EOFError, TypeError):
            messages = read_po(path)
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.cache)
            with os.fdopen(handle, "wb") as file:
                file.write(marshal.dumps(messages))
            os.replace(temporary, compiled)
        except OSError:
            pass  # a cache that cannot be written only costs time
        return messages


def read_po(path: Path) -> dict[str, str]:
    """The translated, not fuzzy messages of a .po file: msgid → msgstr.

    :raises ValueError: the file is no valid .po; the text names file and line.
    """
    from babel.messages.pofile import PoFileError
    from babel.messages.pofile import read_po as parse

    try:
        with path.open("rb") as file:
            catalog = parse(file, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{path}: {error}") from error
    found: dict[str, str] = {}
    for message in catalog:
        msgid, msgstr = message.id, message.string
        if msgid and msgstr and not message.fuzzy and isinstance(msgid, str) and isinstance(msgstr, str):
            found[msgid] = msgstr
    return found


#: The catalogs of this process. Addons are added by `add_addon` when they are discovered.
catalogs = Catalogs([(KERNEL, Path(__file__).parent / "locale")])


def set_cache(folder: Path) -> None:
    """Keep compiled catalogs in `folder` (the data directory) from now on."""
    catalogs.cache = folder


def add_addon(name: str, package: str) -> None:
    """Take in the catalogs of the addon `name`, which lies in the Python package `package`. Cheap: nothing is read yet."""
    catalogs.add(name, package)


@lru_cache(maxsize=256)
def package_folder(package: str) -> Path | None:
    """The folder of a Python package, or None when it cannot be found."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def translate(message: Text | str, lang: str | None = None) -> str:
    """`message` in the language `lang`, its places filled; an unknown language or an untranslated text reads English."""
    if isinstance(message, Text):
        return message.render(lang)
    return _lookup(message, lang) if lang else message


def _lookup(msgid: str, lang: str) -> str:
    return catalogs.translate(msgid, lang)


def _chain(lang: str) -> Iterator[str]:
    """`es_MX` → `es_MX`, `es`. Codes with a hyphen, an encoding or a script are understood."""
    code = lang.split(".")[0].split("@")[0].replace("-", "_")
    while code:
        if code == "en":
            return
        yield code
        code = code.rpartition("_")[0]


text.set_translator(_lookup)


# Extraction, for `colca addon i18n extract NAME`
# ------------------------------------------------------------------------------------


def messages_of(folder: Path, on_error: Callable[[Path, Exception], None] | None = None) -> dict[str, list[tuple[str, int]]]:
    """Every text marked with `_()` in the Python files and templates below `folder`: msgid → places (relative path, line),
    sorted.

    Tests and migrations are left out: nobody reads their texts.
    """
    from babel.messages.extract import extract_from_file

    found: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix not in (".py", ".html") or {"tests", "migrations", "__pycache__"} & set(relative.parts):
            continue
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        try:
            marked = extract_from_file(method, path, keywords={"_": None}, options={"encoding": "utf-8"})
            for line, message, _comments, _context in marked:
                if isinstance(message, str) and message:
                    found.setdefault(message, []).append((relative.as_posix(), int(line)))
        except SyntaxError as error:
            if on_error is None:
                raise
            on_error(path, error)
    return found


def extract(name: str, folder: Path, languages: Iterable[str] = ("es",)) -> list[str]:
    """Write `locale/<name>.pot` of the addon in `folder` and bring its .po files up to date, keeping what is translated.

    :param languages: .po files to create when they are missing; existing ones of any language are always updated.
    :return: one line per file: how many texts, how many of them untranslated.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po as parse
    from babel.messages.pofile import write_po

    locale = folder / "locale"
    locale.mkdir(exist_ok=True)
    template = Catalog(project=name, charset="utf-8")
    for msgid, places in messages_of(folder).items():
        template.add(msgid, locations=[(path, 0) for path in dict.fromkeys(path for path, _line in places)])
    report = []
    with (locale / f"{name}.pot").open("wb") as file:
        write_po(file, template, omit_header=True, sort_output=True, width=130)
    report.append(f"{name}.pot: {len(template)} texts")
    existing = {path.parent.parent.name for path in locale.glob(f"*/LC_MESSAGES/{name}.po")}
    for lang in sorted(existing | set(languages)):
        path = locale / lang / "LC_MESSAGES" / f"{name}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open("rb") as file:
                catalog = parse(file, locale=lang)
        else:
            catalog = Catalog(locale=lang, project=name, charset="utf-8")
        # A country's file holds only what differs from its language; adding every text there would only make noise.
        country = "_" in lang
        if not country:
            catalog.update(template, no_fuzzy_matching=True)
        with path.open("wb") as file:
            # no dates and names in the head: the history of the file has them, and a run that changes nothing changes nothing
            file.write(f'msgid ""\nmsgstr ""\n"Language: {lang}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'.encode())
            write_po(file, catalog, sort_output=True, width=130, omit_header=True)
        open_texts = sum(1 for message in catalog if message.id and not message.string)
        report.append(f"{lang}/{name}.po: {len(catalog)} texts, {open_texts} untranslated")
    catalogs.clear()
    return report
