"""What is installed from a built package: every folder with code must be a package, or a wheel leaves it out without a word."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for name in ("server", "addons") for path in (ROOT / name).rglob("*.py")}
    lost = [folder for folder in folders if folder.name != "migrations" and not (folder / "__init__.py").exists()]
    assert not lost
