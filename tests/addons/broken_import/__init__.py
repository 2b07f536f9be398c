"""A package whose import fails."""

import a_module_that_does_not_exist  # noqa: F401

from server import Addon

addon = Addon("broken_import")
