"""Write docs/addons/hooks.md from the hooks of the kernel and of our addons."""

from __future__ import annotations

from pathlib import Path

from server.addon import graph
from server.addon.discovery import discover
from server.hooks import HookRegistry
from server.hooks.docs import page

PAGE = Path(__file__).parent.parent / "docs" / "addons" / "hooks.md"


def current() -> str:
    """What the page should say."""
    ours = {name: addon for name, addon in discover().addons.items() if (addon.package or "").startswith(("addons.", "server"))}
    return page(HookRegistry(graph.order(ours, list(ours))))


if __name__ == "__main__":
    PAGE.write_text(current(), encoding="utf-8")
    print(f"{PAGE} written")
