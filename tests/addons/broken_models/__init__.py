"""Its models cannot be imported."""

from server import Addon

addon = Addon("broken_models", depends=["good"])
