"""`COLCA_TRACE_HOOKS=1` prints every hook call to the error output: the hook, who implements it, what came back or what was
raised.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

#: Longest printed form of one argument or result.
LIMIT = 120


def install(manager: pluggy.PluginManager) -> None:
    """Print the calls of `manager` from now on."""
    depth = 0

    def before(hook_name: str, hook_impls: Sequence[pluggy.HookImpl], kwargs: Mapping[str, Any]) -> None:
        nonlocal depth
        arguments = ", ".join(f"{name}={_short(value)}" for name, value in kwargs.items() if name != "env")
        # pluggy runs the list from its end
        order = ", ".join(implementation.plugin_name for implementation in reversed(hook_impls)) or "nobody"
        _print(depth, f"hook {hook_name}({arguments}) -> {order}")
        depth += 1

    def after(
        outcome: pluggy.Result[Any], hook_name: str, hook_impls: Sequence[pluggy.HookImpl], kwargs: Mapping[str, Any]
    ) -> None:
        nonlocal depth
        depth -= 1
        error = outcome.exception
        _print(
            depth, f"hook {hook_name} = {_short(outcome.get_result())}" if error is None else f"hook {hook_name} raised {error!r}"
        )

    manager.add_hookcall_monitoring(before, after)


def _print(depth: int, line: str) -> None:
    print("  " * depth + line, file=sys.stderr, flush=True)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
