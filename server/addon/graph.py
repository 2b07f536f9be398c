"""The dependency graph: order, closures, and every refusal in full.

The order is: dependencies first, then by name. It is the order of loading, of `super()`, and of hooks. All functions are pure:
they see manifests, never a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.version import Version

from server.addon.manifest import Addon, ManifestError
from server.text import Text, _

#: Addons that are always there and that nobody lists in `depends`.
ALWAYS = frozenset({"kernel"})


def problems(addons: Mapping[str, Addon], failed: Mapping[str, Text | str] | None = None) -> dict[str, Text]:
    """Name → reason for each addon that cannot be used: a gap, a version out of range, a cycle, or a dependency that has one of
    these.

    :param addons: what is at hand.
    :param failed: addons known to be broken, with the reason; those that need them are refused with it.
    """
    failed = failed or {}
    found: dict[str, Text] = {}
    for name, addon in addons.items():
        for requirement in addon.requirements:
            other = addons.get(requirement.name)
            if other is None and requirement.name in failed:
                found[name] = _(
                    "It needs %(other)s, which is broken: %(reason)s", other=requirement.name, reason=failed[requirement.name]
                )
            elif other is None:
                found[name] = _(
                    "It needs the addon %(other)s, which is not available. Install its package, or remove it from `depends`.",
                    other=requirement.name,
                )
            elif not requirement.specifier.contains(Version(other.version), prereleases=True):
                found[name] = _(
                    "It needs %(requirement)s, but version %(version)s of %(other)s is there. Install a version that fits, or "
                    "widen the range.",
                    requirement=str(requirement),
                    version=other.version,
                    other=requirement.name,
                )
            else:
                continue
            break
    for cycle in _cycles(addons):
        text = _(
            "The dependencies go in a circle: %(circle)s. Move what they share into an addon of its own.",
            circle=" → ".join([*cycle, cycle[0]]),
        )
        for name in cycle:
            found.setdefault(name, text)
    while True:  # whoever needs a broken one is broken too
        new = {
            name: _("It needs %(other)s, which is broken: %(reason)s", other=other, reason=found[other])
            for name, addon in addons.items()
            if name not in found
            for other in addon.needs
            if other in found
        }
        if not new:
            return found
        found.update(new)


def _cycles(addons: Mapping[str, Addon]) -> list[list[str]]:
    """The cycles of the graph, each as its members in order, starting with the smallest name (Tarjan's components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    cycles: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in addons[name].needs:
            if other not in addons:
                continue
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            members = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(members) > 1 or name in addons[name].needs:
                cycles.append(_walk(set(members), addons))

    for name in sorted(addons):
        if name not in index:
            visit(name)
    return cycles


def _walk(members: set[str], addons: Mapping[str, Addon]) -> list[str]:
    """A path through a component that comes back to where it started."""
    path = [min(members)]
    while True:
        step = min(other for other in addons[path[-1]].needs if other in members)
        if step in path:
            return path[path.index(step) :]
        path.append(step)


def order(addons: Mapping[str, Addon], names: Iterable[str] | None = None) -> list[Addon]:
    """The named addons (all when None), dependencies first, then by name; the kernel always comes first when it is there.

    Dependencies outside `names` are not added: see `closure`. Raises `ManifestError` for a cycle.
    """
    wanted = set(addons if names is None else names)
    done: list[Addon] = []
    seen: set[str] = set()
    pending = sorted(wanted, key=lambda name: (name not in ALWAYS, name))
    while pending:
        rest = []
        for name in pending:
            if all(other in seen or other not in wanted for other in addons[name].needs):
                done.append(addons[name])
                seen.add(name)
                break
            rest.append(name)
        else:
            reasons = problems({name: addons[name] for name in pending})
            name = next(iter(reasons), pending[0])
            raise ManifestError(
                _(
                    "Addon %(addon)s cannot be used. %(reason)s",
                    addon=name,
                    reason=reasons.get(name, _("Its order is not defined.")),
                ),
                addon=name,
            )
        pending = [name for name in pending if name not in seen]
    return done


def closure(names: Iterable[str], addons: Mapping[str, Addon]) -> set[str]:
    """The names and all they depend on, without end. Raises `ManifestError` for a name that is not available."""
    result: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in result:
            continue
        if name not in addons:
            raise ManifestError(
                _("The addon %(name)s is not available. `colca addon list` shows those that are.", name=name), addon=name
            )
        result.add(name)
        pending.extend(addons[name].needs)
    return result | (ALWAYS & set(addons))


def dependants(names: Iterable[str], addons: Mapping[str, Addon]) -> set[str]:
    """Those among `addons` that need one of the names, directly or through others; without the names themselves."""
    given = set(names)
    result = set(given)
    while True:
        more = {name for name, addon in addons.items() if name not in result and result & set(addon.needs)}
        if not more:
            return result - given
        result |= more


def glue(present: Iterable[str], addons: Mapping[str, Addon]) -> set[str]:
    """Addons that follow by themselves when `present` are there: all their triggers are, and their other needs too."""
    have = set(present)
    found: set[str] = set()
    while True:
        more = {
            name
            for name, addon in addons.items()
            if name not in have and addon.triggers and set(addon.triggers) <= have and set(addon.needs) <= have
        }
        if not more:
            return found
        found |= more
        have |= more
