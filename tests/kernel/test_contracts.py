"""The import contract of addons: an import that no manifest covers is named, with the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = """
[importlinter]
root_packages =
    shop
contract_types =
    manifest: server.testing.contracts.ManifestContract

[importlinter:contract:1]
name = Manifests
type = manifest
package = shop
"""


def lint(folder: Path, depends: str) -> subprocess.CompletedProcess[str]:
    for name, manifest, code in (
        ("one", "Addon('one')", "THING = 1\n"),
        ("two", f"Addon('two', depends={depends})", "from shop.one.models import THING\n"),
    ):
        (folder / "shop" / name).mkdir(parents=True, exist_ok=True)
        (folder / "shop" / name / "__init__.py").write_text(f"from server import Addon\n\naddon = {manifest}\n")
        (folder / "shop" / name / "models.py").write_text(code)
    (folder / "shop" / "__init__.py").touch()
    (folder / ".importlinter").write_text(CONFIG)
    paths = os.pathsep.join([str(folder), *(path for path in sys.path if path)])
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("depends", "kept"), [("['one']", True), ("['one>=1.0,<2']", True), ("[]", False)])
def test_imports_follow_the_manifest(tmp_path: Path, depends: str, kept: bool) -> None:
    result = lint(tmp_path, depends)
    assert (result.returncode == 0) is kept, result.stdout + result.stderr
    if not kept:
        said = " ".join(result.stdout.split())
        assert "shop.two.models imports shop.one.models, but the manifest of two does not depend on one" in said
