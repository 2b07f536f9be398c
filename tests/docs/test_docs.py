"""Documentation that can go stale is compared with the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_hooks_page_is_current() -> None:
    page = script("hooks_doc").current()
    assert (DOCS / "addons" / "hooks.md").read_text(encoding="utf-8") == page, "Run: python scripts/hooks_doc.py"


@pytest.mark.parametrize(
    "path", sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "addons").glob("*/README.md")]), ids=str
)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    broken = []
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
            broken.append(target)
    assert not broken


def test_every_page_can_be_reached() -> None:
    """A page that no other page names is not found by anybody."""
    everything = "\n".join(path.read_text(encoding="utf-8") for path in [*DOCS.rglob("*.md"), ROOT / "README.md"])
    lost = [str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.name not in everything]
    assert not lost


def test_the_changelog_has_a_place_for_every_fragment() -> None:
    kinds = {"feature", "fix", "breaking", "docs"}
    for path in (ROOT / "changes").glob("*.md"):
        if path.name != "README.md":
            number, *middle, kind, _md = path.name.split(".")
            assert number.isdigit(), path.name
            assert kind in kinds, path.name
            assert path.read_text(encoding="utf-8").strip(), path.name


def test_views_of_the_documentation_work() -> None:
    """The example on the page about views is made and composed."""
    from server.views.declarations import _declared
    from tests.docs.samples import code_blocks

    block = code_blocks(DOCS / "addons" / "views.md")[0]
    scope = {"__name__": "docs_views_sample"}
    exec(compile(block, "views.md", "exec"), scope)
    assert len(_declared["docs_views_sample"]) == 6
    for block in code_blocks(DOCS / "addons" / "views.md")[1:2]:
        exec(compile(block, "views.md", "exec"), scope)
    assert len(_declared["docs_views_sample"]) == 11
