"""Addons: what they are (`manifest`), where they come from (`discovery`, `graph`), and their life on a database (`lifecycle`,
`purge`).
"""

from server.addon.manifest import Addon, ManifestError

__all__ = ["Addon", "ManifestError"]
