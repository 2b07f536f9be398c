"""Hangs something on a hook that nobody declares."""

from server import Addon

addon = Addon("broken_hook", depends=["good"])
