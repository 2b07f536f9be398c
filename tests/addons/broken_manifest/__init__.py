"""A manifest with a dependency nobody can read."""

from server import Addon

addon = Addon("broken_manifest", depends=["sales >>> 1"])
