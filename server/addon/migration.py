"""Migration scripts: what a sync of tables cannot know, written by hand for one version.

```
<addon>/
`-- migrations/
    |-- 1.2.0_pre.py      before the tables are synced:   def migrate(op, conn)
    `-- 1.2.0_post.py     after the data files are loaded: def migrate(op, env)
``` `op` are Alembic's operations on the connection of the upgrade, `conn` that connection, `env` the superuser's environment. A
script runs when the database comes from a lower version and the package has at least this one; all of an upgrade is one
transaction. On SQLite use `op.execute`, `add_column`, `drop_column` and renames; batch mode rebuilds tables and can lose child
rows.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from packaging.version import InvalidVersion, Version

from server.addon.manifest import Addon
from server.errors import SetupError
from server.text import _

_NAME = re.compile(r"(?P<version>.+)_(?P<phase>pre|post)\.py")


@dataclass(frozen=True)
class Script:
    """One migration script of an addon."""

    addon: str
    version: Version
    phase: str
    path: Path

    def run(self, conn: sa.Connection, target: Any) -> None:
        """Run it. `target` is the connection (pre) or the environment (post). Raises `SetupError` that names the file."""
        from alembic.operations import Operations
        from alembic.runtime.migration import MigrationContext

        migrate = self._function()
        try:
            migrate(Operations(MigrationContext.configure(conn)), target)
        except Exception as error:
            raise SetupError(
                _(
                    "The migration %(file)s of addon %(addon)s failed: %(kind)s: %(error)s. Nothing was changed.",
                    file=self.path.name,
                    addon=self.addon,
                    kind=type(error).__name__,
                    error=str(error),
                )
            ) from error

    def _function(self) -> Callable[[Any, Any], None]:
        name = f"colca_migration_{self.addon}_{self.path.stem.replace('.', '_')}"
        spec = importlib.util.spec_from_file_location(name, self.path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise SetupError(
                _("The migration %(file)s cannot be imported: %(error)s", file=str(self.path), error=str(error))
            ) from error
        function = getattr(module, "migrate", None)
        wanted = "conn" if self.phase == "pre" else "env"
        if function is None or list(inspect.signature(function).parameters) != ["op", wanted]:
            raise SetupError(
                _("The migration %(file)s must define `def migrate(op, %(argument)s)`.", file=str(self.path), argument=wanted)
            )
        return function  # type: ignore[no-any-return]


def scripts(addon: Addon, old: str, phase: str) -> list[Script]:
    """The scripts of a phase between the version in the database and that of the package, in the order of versions."""
    folder = addon.path / "migrations"
    if not old or not folder.is_dir():
        return []
    found = []
    for path in folder.glob("*.py"):
        match = _NAME.fullmatch(path.name)
        if path.name == "__init__.py":
            continue
        try:
            version = Version(match["version"]) if match else None
        except InvalidVersion:
            version = None
        if match is None or version is None:
            raise SetupError(
                _(
                    "%(file)s is not a migration script: its name must be a version and _pre.py or _post.py, as in 1.2.0_pre.py.",
                    file=str(path),
                )
            )
        if match["phase"] == phase and Version(old) < version <= Version(addon.version):
            found.append(Script(addon.name, version, phase, path))
    return sorted(found, key=lambda script: script.version)
