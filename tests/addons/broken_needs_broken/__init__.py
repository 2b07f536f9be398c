"""In order itself, but built on a broken one."""

from server import Addon

addon = Addon("broken_needs_broken", depends=["broken_gap"])
