"""Hooks: named, documented, typed extension points on pluggy. `Specs` are the kernel's own; addons declare theirs in their
`hooks.py`.
"""

from __future__ import annotations

from server.hooks.markers import hookimpl, hookspec
from server.hooks.registry import HookCallers, HookRegistry
from server.hooks.specs import Specs

__all__ = ["HookCallers", "HookRegistry", "Specs", "hookimpl", "hookspec"]
