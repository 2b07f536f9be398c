"""A required column without a default on a table of the good addon."""

from server import Addon

addon = Addon("broken_required", depends=["good"])
