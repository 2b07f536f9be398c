"""What an addon writes in its `reports/`: documents of its models, as statements at module level."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from server.documents.kit import Document
from server.text import Text

if TYPE_CHECKING:
    from server.model.modelset import ModelSet
    from server.model.registry import Registry

#: module name → what it declared, in order
_declared: dict[str, list[Report]] = {}


class Report:
    """A printable document of a model.

    :param name: by which it is asked for, unique over all addons: `sale.report_saleorder`.
    :param model: whose records are printed.
    :param label: its name for people.
    :param document: `document(record)` → `Document`, for one record in the reader's environment; its fields are read with the
        rights of whoever prints.
    :param filename: `filename(record)` → name of the file without its ending, for a single record.
    :param lang: `lang(record)` → language of the document, the partner's say; by default the reader's.

    A later report of the same name (an addon that depends on the first) takes its place.
    """

    def __init__(
        self,
        name: str,
        model: str,
        label: Text | str,
        *,
        document: Callable[[Any], Document],
        filename: Callable[[Any], str],
        lang: Callable[[Any], str | None] | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.label = label
        self.document = document
        self.filename = filename
        self.lang = lang
        self.module = str(sys._getframe(1).f_globals.get("__name__", ""))
        _declared.setdefault(self.module, []).append(self)


def declared_in(package: str) -> Iterator[Report]:
    """What the Python package `package` (of an addon) declares in `package.reports` and all modules below.

    :raises Exception: whatever importing these modules raises.
    """
    base = f"{package}.reports"
    spec = importlib.util.find_spec(base)
    if spec is None:
        return
    names = [base]
    if spec.submodule_search_locations:
        names += sorted(module.name for module in pkgutil.walk_packages(spec.submodule_search_locations, f"{base}."))
    for name in names:
        if name not in sys.modules:
            _declared.pop(name, None)  # left over from an import that failed half way
            importlib.import_module(name)
        yield from _declared.get(name, ())


def reports_of(models: ModelSet) -> dict[str, Report]:
    """Name → report, of the enabled addons; kept with the model set."""
    found: dict[str, Report] | None = models.plans.get("reports")
    if found is None:
        addons = [addon for addon in models.registry.addons if addon.name in models.enabled]
        found = {name: report for name, (_addon, report) in _collected(addons).items() if report.model in models.classes}
        models.plans["reports"] = found
    return found


def reports_in(registry: Registry) -> dict[str, tuple[str, Report]]:
    """Name → addon and report, of all installed addons."""
    return _collected(registry.addons)


def _collected(addons: Any) -> dict[str, tuple[str, Report]]:
    found: dict[str, tuple[str, Report]] = {}
    for addon in addons:
        for report in getattr(addon, "reports", None) or declared_in(addon.package or ""):
            found[report.name] = (addon.name, report)
    return found
