"""Translations: catalogs with fallback, lazily read and cached, and the extraction of texts from an addon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server import i18n
from server.text import _


def po(root: Path, lang: str, name: str, **texts: str) -> Path:
    path = root / lang / "LC_MESSAGES" / f"{name}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {lang}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    body = "".join(f'msgid "{msgid}"\nmsgstr "{msgstr}"\n\n' for msgid, msgstr in texts.items())
    path.write_text(header + body, encoding="utf-8")
    return path


def test_a_country_falls_back_to_its_language_and_then_to_english(tmp_path: Path) -> None:
    po(tmp_path, "es", "x", Order="Pedido", Invoice="Factura")
    po(tmp_path, "es_PE", "x", Invoice="Comprobante")
    catalogs = i18n.Catalogs([("x", tmp_path)])
    assert catalogs.translate("Invoice", "es_PE") == "Comprobante"
    assert catalogs.translate("Order", "es_PE") == "Pedido"
    assert catalogs.translate("Invoice", "es_MX") == "Factura"
    assert catalogs.translate("Invoice", "es-MX") == "Factura"
    assert catalogs.translate("Unknown", "es_MX") == "Unknown"
    assert catalogs.translate("Invoice", "fr_FR") == "Invoice"
    assert catalogs.languages() == ["es", "es_PE"]


def test_the_first_addon_wins(tmp_path: Path) -> None:
    po(tmp_path / "a", "es", "a", Order="Pedido")
    po(tmp_path / "b", "es", "b", Order="Orden", Lot="Lote")
    catalogs = i18n.Catalogs([("a", tmp_path / "a"), ("b", tmp_path / "b")])
    assert catalogs.translate("Order", "es") == "Pedido"
    assert catalogs.translate("Lot", "es") == "Lote"


def test_untranslated_and_fuzzy_texts_stay_english(tmp_path: Path) -> None:
    path = po(tmp_path, "es", "x", Order="")
    path.write_text(path.read_text() + '#, fuzzy\nmsgid "Lot"\nmsgstr "Lotería"\n', encoding="utf-8")
    catalogs = i18n.Catalogs([("x", tmp_path)])
    assert catalogs.translate("Order", "es") == "Order"
    assert catalogs.translate("Lot", "es") == "Lot"


def test_compiled_catalogs_follow_their_source(tmp_path: Path) -> None:
    path = po(tmp_path / "locale", "es", "x", Order="Pedido")
    cache = tmp_path / "cache"
    assert i18n.Catalogs([("x", tmp_path / "locale")], cache).translate("Order", "es") == "Pedido"
    assert len(list(cache.iterdir())) == 1
    assert i18n.Catalogs([("x", tmp_path / "locale")], cache).translate("Order", "es") == "Pedido"
    assert len(list(cache.iterdir())) == 1
    path.write_text(path.read_text().replace("Pedido", "Orden de venta"), encoding="utf-8")
    assert i18n.Catalogs([("x", tmp_path / "locale")], cache).translate("Order", "es") == "Orden de venta"


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    po(tmp_path / "locale", "es", "x", Order="Pedido")
    cache = tmp_path / "cache"
    i18n.Catalogs([("x", tmp_path / "locale")], cache).translate("Order", "es")
    for file in cache.iterdir():
        file.write_bytes(b"nonsense")
    assert i18n.Catalogs([("x", tmp_path / "locale")], cache).translate("Order", "es") == "Pedido"


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = po(tmp_path, "es", "x")
    path.write_text('nonsense "Order"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="x.po"):
        i18n.read_po(path)


def test_texts_are_rendered_in_the_readers_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    po(tmp_path, "es", "x", **{"Order %(name)s is %(state)s.": "El pedido %(name)s está %(state)s.", "done": "hecho"})
    monkeypatch.setattr(i18n, "catalogs", i18n.Catalogs([("x", tmp_path)]))
    text = _("Order %(name)s is %(state)s.", name="S00001", state=_("done"))
    assert str(text) == "Order S00001 is done."
    assert i18n.translate(text, "es_MX") == "El pedido S00001 está hecho."
    assert i18n.translate("done", "es") == "hecho"
    assert i18n.translate("done") == "done"


def test_extraction_keeps_what_is_translated(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "tests").mkdir()
    source = 'A = _("Order")\nB = _("Order %(name)s", name=1)\nC = _(\n    "two "\n    "parts"\n)\n'
    (tmp_path / "models" / "order.py").write_text(source)
    (tmp_path / "tests" / "test_x.py").write_text('_("never")\n')
    po(tmp_path / "locale", "es", "x", Order="Pedido", Gone="Ido")
    po(tmp_path / "locale", "es_PE", "x", Order="Orden")
    report = i18n.extract("x", tmp_path)
    assert report[0] == "x.pot: 3 texts"
    assert "es/x.po: 3 texts, 2 untranslated" in report
    assert i18n.read_po(tmp_path / "locale" / "es" / "LC_MESSAGES" / "x.po") == {"Order": "Pedido"}
    assert i18n.read_po(tmp_path / "locale" / "es_PE" / "LC_MESSAGES" / "x.po") == {"Order": "Orden"}
    assert set(i18n.messages_of(tmp_path)) == {"Order", "Order %(name)s", "two parts"}
    # a second run changes nothing
    before = (tmp_path / "locale" / "es" / "LC_MESSAGES" / "x.po").read_text()
    i18n.extract("x", tmp_path)
    assert (tmp_path / "locale" / "es" / "LC_MESSAGES" / "x.po").read_text() == before


def test_addons_are_looked_for_when_a_text_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "i18n_addon_sample"
    package.mkdir()
    (package / "__init__.py").touch()
    po(package / "locale", "es", "sample", Order="Pedido")
    monkeypatch.syspath_prepend(tmp_path)
    catalogs = i18n.Catalogs()
    assert catalogs.translate("Order", "es") == "Order"
    catalogs.add("sample", "i18n_addon_sample")
    catalogs.add("gone", "there_is_no_such_package")
    assert catalogs.translate("Order", "es") == "Pedido"
    assert catalogs.languages() == ["es"]


def test_every_text_of_the_kernel_is_translated() -> None:
    import server

    root = Path(server.__file__).parent
    known = i18n.read_po(root / "locale" / "es" / "LC_MESSAGES" / "kernel.po")
    missing = [f"{text!r} ({places[0][0]})" for text, places in i18n.messages_of(root).items() if text not in known]
    assert not missing, "Not translated (`colca addon i18n extract kernel` brings the files up to date):\n" + "\n".join(missing)
    places = re.compile(r"%\((\w+)\)")
    assert [text for text, spanish in known.items() if set(places.findall(text)) != set(places.findall(spanish))] == []
