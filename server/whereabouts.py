"""Where in the values of a request an error sits, told by those it passes on its way out.

A value is refused deep inside: by a field, a check, the database. Whoever knows the next part of the way to it adds that part
while the exception travels up: the field its name, a command of an x2many field its index and member, `create` the index of the
mapping, the dispatcher the argument. What arrives is a path into what the client has sent, such as `vals_list`, 3, `order_line`,
0, 2, `product_id`.

A path is worth something only as long as it is about the values of whoever called. So `create` and `write` *seal* it when the
exception leaves them, and only who has handed them a part of its own values *lifts* it. An action that creates records of its own
accord lifts nothing: its caller is told which field of which model was refused, but not that it was in the arguments.

Nothing here runs while all goes well: the calls stand in `except` clauses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Step = str | int


class Whereabouts:
    """The way to the refused value, as far as it is known.

    :ivar steps: keys and indexes; None when it is known that they lead nowhere in the request.
    :ivar sealed: the exception has left the `create` or `write` that the steps are about.
    :ivar argument: the first step is the name of an argument of the method that was called.
    :ivar count: how many mappings the `create` was given that the first step counts in.
    """

    __slots__ = ("argument", "count", "sealed", "steps")

    def __init__(self, steps: tuple[Step, ...] | None) -> None:
        self.steps = steps
        self.sealed = False
        self.argument = False
        self.count: int | None = None


def of(error: BaseException) -> Whereabouts | None:
    """What is known so far."""
    return getattr(error, "whereabouts", None)


def _put(error: BaseException, where: Whereabouts) -> None:
    error.whereabouts = where  # type: ignore[attr-defined]


def at(error: BaseException, *steps: Step, **details: Any) -> None:
    """The error is at `steps` of the values in hand, before whatever is known already; `details` are kept when new."""
    data = getattr(error, "data", None)
    if isinstance(data, dict):
        for key, value in details.items():
            data.setdefault(key, value)
    where = of(error)
    if where is None:
        _put(error, Whereabouts(steps))
    elif where.steps is not None and not where.sealed:
        where.steps = (*steps, *where.steps)


def replace(error: BaseException, *steps: Step) -> None:
    """The error is at `steps`, whatever was known: who says so knows better."""
    where = of(error)
    if where is None:
        _put(error, Whereabouts(steps))
    elif not where.sealed:
        where.steps = steps


def without_first(error: BaseException) -> None:
    """The first step counted in a list that the caller does not have."""
    where = of(error)
    if where is not None and where.steps and not where.sealed:
        where.steps = where.steps[1:]


def counted(error: BaseException, count: int) -> None:
    """The first step is an index among `count` mappings."""
    where = of(error)
    if where is not None and where.count is None:
        where.count = count


def seal(error: BaseException, count: int | None = None) -> None:
    """The error leaves `create` or `write`. When it came from one of another caller's that nobody lifted, or an extension gave
    `create` other mappings than it got (`count`), the steps are about values that nobody here has.
    """
    where = of(error)
    if where is None:
        return
    if where.sealed or (count is not None and where.count is not None and where.count != count):
        where.steps = None
    where.sealed = True


def lift(error: BaseException, *steps: Step, keep: bool = True, index: Sequence[Sequence[Step]] | None = None) -> None:
    """What was handed to the `create` or `write` that failed stands at `steps` of the values in hand.

    :param keep: False when what was handed over was made here, so that its own steps say nothing to the caller.
    :param index: for a `create` of mappings from several places: the steps of each; replaces the first step.
    """
    where = of(error)
    inner: tuple[Step, ...] = ()
    if where is not None and where.sealed and where.steps and keep:
        inner = where.steps
    if index is not None:
        first = inner[0] if inner else 0 if len(index) == 1 else None
        inner = (*index[first], *inner[1:]) if isinstance(first, int) and first < len(index) else ()
    _put(error, Whereabouts((*steps, *inner)))


def argument(error: BaseException, name: str) -> None:
    """What was handed over is the argument `name` of the method called from outside."""
    where = of(error)
    if where is None or where.steps is None or where.argument:
        return
    where.steps = (name, *where.steps)
    where.argument = True


def in_argument(error: BaseException, name: str) -> None:
    """The error is the argument `name` of the method called from outside, or inside it at what is known already."""
    at(error, name)
    where = of(error)
    if where is not None:
        where.argument = True


def found_in(given: Any, steps: Sequence[Step]) -> tuple[Step, ...]:
    """As many of `steps` as lead somewhere in `given`; the last may name a member that is missing in a mapping."""
    valid: list[Step] = []
    for step in steps:
        if isinstance(given, Mapping) and isinstance(step, str):
            valid.append(step)
            if step not in given:
                break
            given = given[step]
        elif isinstance(given, (list, tuple)) and isinstance(step, int) and 0 <= step < len(given):
            valid.append(step)
            given = given[step]
        else:
            break
    return tuple(valid)


def dotted(steps: Sequence[Step]) -> str:
    """The path for people: `params.vals_list[3].order_line[0][2].product_id`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def pointer(steps: Sequence[Step]) -> str:
    """The same as a JSON pointer (RFC 6901): `/params/vals_list/3/order_line/0/2/product_id`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
