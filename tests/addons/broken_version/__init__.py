"""Needs a version of the good addon that does not exist."""

from server import Addon

addon = Addon("broken_version", depends=["good>=99"])
