"""From the `hooks.py` of every addon to callers: collected once per registry, checked as a whole, one caller object per set of
enabled addons.

Order of implementations is the order of dependencies: the addon that others build on runs first, and its wrappers are outermost.
Entry points come in no order that means anything, so nothing is registered by them; we register ourselves. A company's
environment gets only what the addons enabled for it declare: each enabled set has a plugin manager of its own, made on first use,
so a disabled addon costs nothing at a call and nobody writes a guard.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import pluggy

from server.errors import RegistryError
from server.hooks import tracing
from server.hooks.markers import PROJECT
from server.text import _

#: The pseudo addon that owns the hooks of `server.hooks.specs`; it is part of every enabled set.
KERNEL = "kernel"


@dataclass(frozen=True)
class Spec:
    """One declared extension point."""

    name: str
    addon: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    firstresult: bool

    @property
    def doc(self) -> str:
        """The cleaned docstring, empty when there is none."""
        return inspect.getdoc(self.function) or ""


@dataclass(frozen=True)
class Implementation:
    """What one addon hangs on a hook."""

    hook: str
    addon: str
    function: Callable[..., Any]
    optional: bool


class HookCallers:
    """What `env.hooks` is: one attribute per hook of the enabled addons, called with keyword arguments.

    A call returns the list of results that are not None, in the order of dependencies; a `firstresult` hook returns one result or
    None.
    """

    def __init__(self, registry: HookRegistry, enabled: frozenset[str]) -> None:
        self._registry = registry
        self._enabled = enabled
        self._manager = registry._manager(enabled)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        spec = self._registry.specs.get(name)
        if spec is None:
            raise AttributeError(f"There is no hook {name!r}. Declare it with @hookspec in class Specs of the addon's hooks.py.")
        if spec.addon not in self._enabled:
            raise AttributeError(
                f"The hook {name!r} belongs to the addon {spec.addon!r}, which is not enabled here; only that addon and those "
                f"that depend on it may call it."
            )
        caller: Callable[..., Any]
        if self.implemented(name) or self._registry.traced:
            caller = getattr(self._manager.hook, name)
        else:
            caller = _nobody(spec)
        # The instance attribute shadows __getattr__, so a hook is looked up once per enabled set.
        self.__dict__[name] = caller
        return caller

    def implemented(self, name: str) -> bool:
        """Whether any enabled addon implements the hook `name`: lets a caller skip work that only serves implementations."""
        caller = getattr(self._manager.hook, name, None)
        return caller is not None and bool(caller.get_hookimpls())


class HookRegistry:
    """All hooks of a list of addons, in dependency order.

    :param addons: manifests (anything with `name`, `depends` and `package`, optionally `hooks`), dependencies first. The kernel
        is added when missing.
    :raises RegistryError: with `addon` set to the guilty one: its `hooks.py` cannot be imported, two addons declare one hook.
    """

    def __init__(self, addons: Sequence[Any]) -> None:
        #: hook name → Spec, in the order of declaration.
        self.specs: dict[str, Spec] = {}
        #: every implementation, in dependency order.
        self.implementations: list[Implementation] = []
        self.traced = os.environ.get("COLCA_TRACE_HOOKS", "") not in ("", "0")
        self._order: list[str] = []
        self._depends: dict[str, set[str]] = {}
        self._spec_classes: dict[str, Any] = {}
        self._plugins: dict[str, Any] = {}
        self._callers: dict[frozenset[str], HookCallers] = {}
        if not any(addon.name == KERNEL for addon in addons):
            self._load(KERNEL, (), importlib.import_module("server.hooks"))
        for addon in addons:
            self._load(addon.name, _depends_names(addon), _hooks_of(addon))

    def check_pending(self) -> None:
        """Check all implementations against the specifications.

        :raises RegistryError: an implementation without specification, of an addon it does not depend on, with unknown arguments,
            or a wrapper that is no generator; `addon` is the one that implements.
        """
        for implementation in self.implementations:
            _check(implementation, self.specs.get(implementation.hook), self._closure(implementation.addon), list(self.specs))

    def callers(self, enabled: frozenset[str]) -> HookCallers:
        """The hooks as a company sees them that has the addons `enabled` (the kernel is always part of it). Made once per set."""
        known = self._callers.get(enabled)
        if known is None:
            known = self._callers[enabled] = HookCallers(self, enabled | {KERNEL})
        return known

    def implementations_of(self, hook: str) -> list[Implementation]:
        """Who hangs on `hook`, in the order in which they run."""
        return [implementation for implementation in self.implementations if implementation.hook == hook]

    def _load(self, name: str, depends: Iterable[str], source: Any) -> None:
        self._order.append(name)
        self._depends[name] = set(depends)
        specs = getattr(source, "Specs", None)
        if specs is not None:
            self._spec_classes[name] = specs
            for spec in _specs_in(specs, name):
                other = self.specs.get(spec.name)
                if other is not None:
                    raise RegistryError(
                        _(
                            "The addons %(first)s and %(second)s both declare the hook %(hook)s. A hook has one owner. Rename "
                            "one of them.",
                            first=other.addon,
                            second=name,
                            hook=spec.name,
                        ),
                        addon=name,
                    )
                self.specs[spec.name] = spec
        impls = getattr(source, "Impls", None)
        if impls is not None:
            plugin = impls() if inspect.isclass(impls) else impls
            self._plugins[name] = plugin
            self.implementations.extend(_implementations_in(plugin, name))

    def _closure(self, addon: str) -> set[str]:
        """`addon`, the kernel, and everything it depends on, however far."""
        found = {KERNEL}
        todo = [addon]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo.extend(self._depends.get(name, ()))
        return found

    def _manager(self, enabled: frozenset[str]) -> pluggy.PluginManager:
        manager = pluggy.PluginManager(PROJECT)
        names = [name for name in self._order if name in enabled]
        for name in names:
            if name in self._spec_classes:
                manager.add_hookspecs(_without_self(self._spec_classes[name]))
        # pluggy runs what was registered last first; we promise the order of dependencies.
        for name in reversed(names):
            if name in self._plugins:
                manager.register(self._plugins[name], name=name)
        if self.traced:
            tracing.install(manager)
        return manager


def _without_self(namespace: Any) -> Any:
    """The specs of `namespace` as plain functions: pluggy warns of methods whose first argument is not `self`, and ours may be
    written without.
    """
    functions = {}
    for name in dir(namespace):
        function = getattr(namespace, name)
        if not inspect.isfunction(function) or not hasattr(function, f"{PROJECT}_spec"):
            continue
        if "self" not in inspect.signature(function).parameters:
            plain = FunctionType(function.__code__, function.__globals__, name, function.__defaults__, function.__closure__)
            plain.__dict__.update(function.__dict__)
            function = plain
        functions[name] = function
    return SimpleNamespace(**functions)


def _nobody(spec: Spec) -> Callable[..., Any]:
    """The caller of a hook that no enabled addon implements: checks the arguments as pluggy would, and answers at once."""
    arguments = frozenset(spec.arguments)
    firstresult = spec.firstresult

    def call(**kwargs: Any) -> Any:
        if kwargs.keys() != arguments and not arguments <= kwargs.keys():
            missing = ", ".join(sorted(arguments - kwargs.keys()))
            raise TypeError(
                f"The hook {spec.name!r} of {spec.addon!r} was called without {missing}; it takes {', '.join(spec.arguments)}."
            )
        return None if firstresult else []

    return call


def _depends_names(addon: Any) -> list[str]:
    """Bare names of the addons in `depends` ("sales>=1.0,<2" → "sales")."""
    from packaging.requirements import Requirement

    return [Requirement(text).name for text in getattr(addon, "depends", ()) or ()]


def _hooks_of(addon: Any) -> Any:
    """The object that holds `Specs` and `Impls`: given explicitly, the addon's `hooks` module, or None."""
    explicit = getattr(addon, "hooks", None)
    if explicit is not None:
        return explicit
    package = getattr(addon, "package", None)
    if not package:
        return None
    name = f"{package}.hooks"
    try:
        if importlib.util.find_spec(name) is None:
            return None
        return importlib.import_module(name)
    except RegistryError:
        raise
    except Exception as error:
        raise RegistryError(
            _(
                "%(module)s of the addon %(addon)s cannot be imported: %(error)s. Correct the file; until then the addon is left "
                "out.",
                module=name,
                addon=addon.name,
                error=f"{type(error).__name__}: {error}",
            ),
            addon=addon.name,
        ) from error


def _specs_in(namespace: Any, addon: str) -> list[Spec]:
    found = []
    manager = pluggy.PluginManager(PROJECT)
    for name in vars(namespace) if isinstance(namespace, (type, ModuleType)) else dir(namespace):
        options = manager.parse_hookspec_opts(namespace, name)
        if options is None:
            continue
        function = getattr(namespace, name)
        found.append(Spec(name, addon, function, tuple(_arguments(function)), bool(options.get("firstresult"))))
    return found


def _implementations_in(plugin: Any, addon: str) -> list[Implementation]:
    found = []
    manager = pluggy.PluginManager(PROJECT)
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is not None:
            found.append(
                Implementation(options.get("specname") or name, addon, getattr(plugin, name), bool(options.get("optionalhook")))
            )
    return found


def _arguments(function: Callable[..., Any]) -> list[str]:
    """Names of the arguments without `self`."""
    names = list(inspect.signature(function).parameters)
    return names[1:] if names[:1] == ["self"] else names


def _check(implementation: Implementation, spec: Spec | None, allowed: set[str], known: list[str]) -> None:
    addon, hook = implementation.addon, implementation.hook
    if spec is None:
        if implementation.optional:
            return
        raise RegistryError(
            _(
                "The addon %(addon)s implements the hook %(hook)s, which no installed addon declares.%(hint)s "
                "Correct the name, or mark it @hookimpl(optionalhook=True) when the hook's addon may be missing.",
                addon=addon,
                hook=hook,
                hint=_similar(hook, known),
            ),
            addon=addon,
        )
    if spec.addon not in allowed and not implementation.optional:
        raise RegistryError(
            _(
                "The addon %(addon)s implements the hook %(hook)s of the addon %(owner)s, but does not depend on it. Add "
                "%(owner)s to depends in the "
                "manifest, or mark it @hookimpl(optionalhook=True).",
                addon=addon,
                hook=hook,
                owner=spec.addon,
            ),
            addon=addon,
        )
    unknown = [name for name in _arguments(implementation.function) if name not in spec.arguments]
    if unknown:
        raise RegistryError(
            _(
                "The addon %(addon)s implements the hook %(hook)s with the argument %(unknown)s, which the hook does not have. "
                "It has: %(arguments)s; "
                "an implementation may take fewer.",
                addon=addon,
                hook=hook,
                unknown=", ".join(unknown),
                arguments=", ".join(spec.arguments),
            ),
            addon=addon,
        )
    options: Mapping[str, Any] = getattr(implementation.function, f"{PROJECT}_impl", {})
    if options.get("wrapper") and not inspect.isgeneratorfunction(implementation.function):
        raise RegistryError(
            _(
                "The addon %(addon)s implements the hook %(hook)s with wrapper=True, but the function does not yield. Yield once "
                "where the others run.",
                addon=addon,
                hook=hook,
            ),
            addon=addon,
        )


def _similar(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""
