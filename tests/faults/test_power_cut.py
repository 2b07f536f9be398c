"""`kill -9` of the server, its worker included, in the middle of the Northwind load: started again and run again, the end is the same, nothing is there twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.testing.live import LiveServer

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "northwind"
SOURCE = Path(os.environ.get("COLCA_TEST_NORTHWIND", BESIDE))


@pytest.fixture
def northwind():
    """The folder with the source files.

    They are no part of the project: a laptop without them skips this, CI has them beside the project and fails.
    """
    if not SOURCE.is_dir():
        if os.environ.get("CI") and os.environ.get("COLCA_TEST_REQUIRE_ALL") == "1":
            pytest.fail("the Northwind files are not beside the project")
        pytest.skip("the Northwind files are not beside the project; COLCA_TEST_NORTHWIND names their folder")
    return SOURCE


def run_load(server, folder, check=True):
    """`colca demo northwind`; the finished process."""
    return subprocess.Popen(
        [sys.executable, "-c", "from server.cli import main; main()", "demo", "northwind", str(folder), "--url", server.url],
        env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.slow
def test_the_load_survives_power_cuts(demo_url, tmp_path, northwind):
    server = LiveServer(demo_url, tmp_path)
    server.start()
    try:
        for seconds in (2, 2):  # masters or orders, then somewhere among the confirmations, deliveries or invoices
            load = run_load(server, northwind)
            time.sleep(seconds)
            server.kill()
            said, _nothing = load.communicate(timeout=120)
            assert load.returncode != 0, said
            server.start()
        load = run_load(server, northwind)
        said, _nothing = load.communicate(timeout=600)
        assert load.returncode == 0, said
        assert "DIFFERENT" not in said
        assert said.count("ok ") >= 15, said
        again = run_load(server, northwind)
        said, _nothing = again.communicate(timeout=300)
        assert again.returncode == 0, said
        assert "created" not in said and "confirmed:" not in said.replace("orders confirmed:", ""), said
    finally:
        server.stop()
