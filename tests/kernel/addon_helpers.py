"""Small addons for the tests of the addon machinery: entry points to the fixture packages, and packages made on the spot."""

from __future__ import annotations

import itertools
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from server import Addon

FIXTURES = Path(__file__).parent.parent / "addons"
_numbers = itertools.count(1)

if str(FIXTURES) not in sys.path:
    sys.path.append(str(FIXTURES))


def entry_points(*names: str) -> list[EntryPoint]:
    """Entry points to packages of tests/addons, which become importable."""
    return [EntryPoint(name=name, value=f"{name}:addon", group="colca.addons") for name in names]


def package(folder: Path, files: dict[str, str]) -> str:
    """Make a Python package with these files (path → content) and return its import name, new each time."""
    name = f"made_addon_{next(_numbers)}"
    root = folder / name
    root.mkdir()
    (root / "__init__.py").write_text("")
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return name


def addon(name: str, definitions: list[type] | None = None, version: str = "1.0", **kw: Any) -> Addon:
    """A manifest with explicit definitions and version; without a package it has no files."""
    kw.setdefault("package", "empty_package")
    return Addon(name, definitions=definitions or [], fixed_version=version, hooks=kw.pop("hooks", NoHooks), **kw)


class NoHooks:
    """An addon without hooks."""
