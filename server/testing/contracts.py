"""An import contract for `lint-imports`: an addon may import only addons that its manifest names in `depends`.

In the settings of import-linter: `contract_types = ["manifest: server.testing.contracts.ManifestContract"]`, then a contract of
`type = "manifest"` whose `package` holds the addons, one package each.
"""

from __future__ import annotations

import importlib
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class ManifestContract(Contract):
    """Kept when every import between addons below `package` is covered by a manifest."""

    type_name = "manifest"
    package = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare the imports in the graph with the manifests."""
        package = str(self.package)
        addons = {module.split(".")[1] for module in graph.modules if module.startswith(f"{package}.")}
        forbidden: list[dict[str, Any]] = []
        for addon in sorted(addons):
            allowed = {addon, *_needs(f"{package}.{addon}")}
            for module in sorted(graph.find_descendants(f"{package}.{addon}") | {f"{package}.{addon}"}):
                for imported in sorted(graph.find_modules_directly_imported_by(module)):
                    parts = imported.split(".")
                    if parts[0] == package and len(parts) > 1 and parts[1] not in allowed:
                        forbidden.append({"addon": addon, "module": module, "imported": imported, "needs": parts[1]})
        return ContractCheck(kept=not forbidden, metadata={"forbidden": forbidden})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import with the remedy."""
        for found in check.metadata["forbidden"]:
            output.print_error(
                f"{found['module']} imports {found['imported']}, but the manifest of {found['addon']} does not depend on "
                f"{found['needs']}. "
                f"Add it to depends, or move the code into a glue addon."
            )


def _needs(package: str) -> set[str]:
    """Names in `depends` of the manifest of an addon's package; a package without manifest needs nothing."""
    addon = getattr(importlib.import_module(package), "addon", None)
    return set(addon.needs) if addon is not None else set()
