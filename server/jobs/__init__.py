"""Work after the commit: named jobs, the outbox they wait in, the worker that does them, schedules, mail.

An addon declares its jobs in `jobs.py`:

    @job("stock.replenish", attempts=8, lease=600)
    def replenish(env, payload): ...

and asks for one with `env.enqueue("stock.replenish", {"warehouse": 3})`. See `outbox.py` for what is promised.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from server.errors import SetupError
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment

JobFunction = Callable[["Environment", dict[str, Any]], Any]
F = TypeVar("F", bound=Callable[..., Any])

#: Every declared job by name.
JOBS: dict[str, Job] = {}


@dataclass(frozen=True)
class Job:
    """A declared job: `function(env, payload)`, tried at most `attempts` times, each within `lease` seconds."""

    name: str
    function: JobFunction
    addon: str
    attempts: int
    lease: int


@dataclass(frozen=True)
class Outside:
    """What a job returns that has to talk to the world outside of the database.

    The transaction of the job ends; `call()` runs without any transaction and may take its time or fail; `then(env, result)`,
    when given, runs in the last transaction together with the mark that the job is done. After a crash between `call` and that
    mark the job runs again from the start, so `call` must bear being repeated (an idempotency key, a file that is overwritten).
    """

    call: Callable[[], Any]
    then: Callable[[Environment, Any], None] | None = None


def job(name: str, *, attempts: int = 10, lease: int = 300) -> Callable[[F], F]:
    """Declare a function as the job `name`.

    :param attempts: tries before the job is given up.
    :param lease: seconds after which another worker may take the job over because its worker must have died.
    :raises SetupError: when another function has the name.
    """

    def declare(function: F) -> F:
        known = JOBS.get(name)
        if known is not None and (known.function.__module__, known.function.__qualname__) != (
            function.__module__,
            function.__qualname__,
        ):
            raise SetupError(
                _(
                    "The job %(name)s is declared twice: in %(one)s and in %(other)s.",
                    name=name,
                    one=known.function.__module__,
                    other=function.__module__,
                )
            )
        JOBS[name] = Job(name, function, _addon_of(function.__module__), attempts, lease)
        return function

    return declare


def _addon_of(module: str) -> str:
    """Name of the addon that a module belongs to: the manifest of the nearest package above that has one, else the kernel."""
    package = module
    while package:
        manifest = getattr(sys.modules.get(package), "addon", None)
        if manifest is not None and isinstance(getattr(manifest, "name", None), str):
            return str(manifest.name)
        package = package.rpartition(".")[0]
    return "kernel"


def load_kernel_jobs() -> None:
    """Import the kernel's own jobs, so that they are declared."""
    import server.events.courier
    import server.jobs.calls
    import server.jobs.housekeeping
    import server.jobs.mail


__all__ = ["JOBS", "Job", "Outside", "job", "load_kernel_jobs"]
