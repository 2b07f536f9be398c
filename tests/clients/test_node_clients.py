"""The JavaScript clients of the field, unchanged, against a running server: `scripts/clients.sh` installs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.feature("M5")]

SCRIPTS = Path(__file__).parent / "js"
INSTALLED = Path(sys.prefix) / "clients"


@pytest.fixture(scope="module")
def node() -> str:
    """The program `node`: of the machine, or of the virtual environment."""
    found = shutil.which("node", path=os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")]))
    if found and (INSTALLED / "node_modules").is_dir():
        return found
    reason = "The JavaScript clients are not installed: run `make install-test` (scripts/clients.sh needs npm's packages)."
    if os.environ.get("COLCA_TEST_REQUIRE_ALL", "") not in ("", "0"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.mark.parametrize("name", [file.stem for file in sorted(SCRIPTS.glob("*.cjs")) if file.stem != "walk"])
def test_client(place, tag, node, name):
    environment = {
        **os.environ,
        "NODE_PATH": str(INSTALLED / "node_modules"),
        "COLCA_N8N_NODE": str(INSTALLED / "package" / "dist" / "nodes" / "Odoo"),
        "COLCA_URL": place.url,
        "COLCA_DB": place.db,
        "COLCA_LOGIN": place.login,
        "COLCA_PASSWORD": place.password,
        "COLCA_KEY": place.key,
        "COLCA_TAG": tag,
    }
    done = subprocess.run(
        [node, str(SCRIPTS / f"{name}.cjs")], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1])
