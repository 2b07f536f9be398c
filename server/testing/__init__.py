"""For the tests of addons, ours and partners': a pytest plugin with fixtures, and `AddonSuite`, the tests every addon gets for
naming itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.testing.suite import AddonSuite

__all__ = ["AddonSuite"]


def __getattr__(name: str) -> Any:
    # The plugin is loaded by every pytest of the machine; the suite only where a test asks for it.
    if name == "AddonSuite":
        from server.testing.suite import AddonSuite

        return AddonSuite
    raise AttributeError(name)
