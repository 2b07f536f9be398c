"""The two decorators of hooks: `hookspec` declares an extension point, `hookimpl` hangs something on one.

`@hookspec` takes `firstresult=True` (stop at the first answer that is not None and return it alone, no list). `@hookimpl` takes
`wrapper=True` (around: a generator that yields once, gets the result of what it surrounds and returns the final one),
`tryfirst=True`, `trylast=True` (outside the order of dependencies: rarely right) and `optionalhook=True` (for the hook of an
addon that this one does not depend on).
"""

from __future__ import annotations

import pluggy

#: The name under which pluggy keeps the marks; anything that looks for hooks uses it.
PROJECT = "colca"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
