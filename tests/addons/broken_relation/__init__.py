"""Points to a model that does not exist."""

from server import Addon

addon = Addon("broken_relation", depends=["good"])
