"""Trees of records that point at their parent: finding a loop."""

from __future__ import annotations

from collections.abc import Mapping


def loop_in(parents: Mapping[int, int | None]) -> int | None:
    """A node that is its own ancestor, or None. `parents` maps every node to its parent (unknown parents end a branch)."""
    safe: set[int] = set()
    for start in parents:
        path: list[int] = []
        seen: set[int] = set()
        node: int | None = start
        while node is not None and node not in safe:
            if node in seen:
                return node
            seen.add(node)
            path.append(node)
            node = parents.get(node)
        safe.update(path)
    return None
