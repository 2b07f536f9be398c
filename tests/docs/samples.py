"""Python samples in Markdown pages, to be run by tests."""

from __future__ import annotations

import re
from pathlib import Path


def code_blocks(page: Path) -> list[str]:
    """The Python code blocks of a page, in order."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
