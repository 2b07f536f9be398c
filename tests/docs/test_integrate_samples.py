"""Every sample on the pages for integrators runs, as it is printed, against a running server.

The blocks of a page and a language are one program. Only the address and the placeholder of an API key are replaced.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "integrate"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
PROGRAMS = {"python": (".py", [sys.executable]), "js": (".mjs", ["node"]), "sh": (".sh", ["bash", "-eu"])}

pytestmark = [pytest.mark.slow, pytest.mark.feature("M5")]


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each block of a page."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


#: Pages whose samples need more around them, such as a receiver, and the test that runs them there.
ELSEWHERE = {"webhooks.md": "test_webhook_samples.py"}

CASES = sorted(
    (page.name, language)
    for page in PAGES.glob("*.md")
    if page.name not in ELSEWHERE
    for language in {kind for kind, _text in blocks(page)} & set(PROGRAMS)
)


@pytest.fixture(scope="module")
def place(databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Address and key of a server with a demo business; one database kind is enough to try a page."""
    from server.testing.build import build_demo
    from server.testing.live import live_server

    url = databases.create("sqlite", "demo", build_demo)
    settings = {"COLCA_WORKERS": "1"}
    with live_server(url, tmp_path_factory.mktemp("samples"), **settings) as server:
        with xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/object") as proxy:
            who = ("colca", 2, "admin", "res.users.apikeys.description")
            wizard = proxy.execute_kw(*who, "create", [{"name": "samples", "duration": "1"}])
            shown: Any = proxy.execute_kw(*who, "make_key", [[wizard]])
        yield server.url, shown["context"]["default_key"]
    databases.drop(url)


@pytest.mark.parametrize(("name", "language"), CASES)
def test_samples_run(place: Any, tmp_path: Path, name: str, language: str) -> None:
    url, key = place
    ending, command = PROGRAMS[language]
    if shutil.which(command[0]) is None:
        reason = f"{command[0]} is not on this machine: the {language} samples cannot be tried."
        pytest.fail(reason) if os.environ.get("COLCA_TEST_REQUIRE_ALL", "") not in ("", "0") else pytest.skip(reason)
    program = "\n".join(text for kind, text in blocks(PAGES / name) if kind == language)
    if language == "python" and re.search(r"\bcall\(", program) and "def call(" not in program:
        program = f"{dict(blocks(PAGES / 'index.md')[::-1])['python']}\n{program}"  # the function of the first page, as the page says
    program = (
        program.replace("http://localhost:8069", url)
        .replace("localhost:8069", url.removeprefix("http://"))
        .replace("your-api-key", key)
    )
    file = tmp_path / f"sample{ending}"
    file.write_text(program, encoding="utf-8")
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_blocks_say_what_they_are(page: Path) -> None:
    """A block is a program that is run, JSON that parses, or names what else it is: nothing is left out by an oversight."""
    for language, text in blocks(page):
        assert language in {*PROGRAMS, "javascript", "json", "http", "text", "xml"}, (
            f"{page.name}: a block is marked {language!r}"
        )
        if language == "json":
            json.loads(text)


def test_pages_tried_elsewhere_are() -> None:
    for page, test in ELSEWHERE.items():
        assert page in (Path(__file__).parent / test).read_text(encoding="utf-8")
