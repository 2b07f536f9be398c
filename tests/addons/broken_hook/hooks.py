"""An implementation without a spec."""

from server import hookimpl


class Impls:
    @hookimpl
    def thing_becoming_better(self, env, things):
        """There is no such hook."""
