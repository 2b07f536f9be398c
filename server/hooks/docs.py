"""The page of all hooks, made from the specifications: `docs/addons/hooks.md` is what `page()` returns; a test compares."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from server.hooks.registry import KERNEL, HookRegistry, Spec

INTRODUCTION = """\
# Hooks

Every extension point, as its addon declares it. This page is generated from the specifications: change those, then run
`python scripts/hooks_doc.py`.

An addon declares hooks in its `hooks.py`, in class `Specs`, and hangs something on the hooks of others in class `Impls`:

```python
from server import hookimpl, hookspec

class Specs:
    @hookspec
    def loyalty_points_earned(self, env, orders):
        \"\"\"…when it is called, what may be raised, what two implementations mean…\"\"\"

class Impls:
    @hookimpl
    def sale_order_confirmed(self, env, orders):
        ...
```

- Call: `env.hooks.loyalty_points_earned(env=env, orders=orders)`, keyword arguments only. The answer is the list of results that
  are not None; a hook marked *first result* gives one result, or None.
- Implementations run in the order of dependencies: the addon that others build on first. `@hookimpl(wrapper=True)` is around: it
  yields once and returns the final result.
- An implementation may take fewer arguments than the hook has, so hooks can grow. It never changes its arguments in place; it
  returns values.
- Names: present tense (`…_confirming`) may refuse by raising a `UserError`; past tense (`…_confirmed`) comes after, in the same
  transaction; a noun asks for a value.
- Only the addons enabled for the company are called. Nobody writes a guard.
- `COLCA_TRACE_HOOKS=1` prints every call with its implementations and results.
"""


def page(registry: HookRegistry) -> str:
    """The whole page in Markdown, kernel first, then addon by addon in dependency order."""
    parts = [INTRODUCTION]
    owners = list(dict.fromkeys(spec.addon for spec in registry.specs.values()))
    for owner in owners:
        specs = [spec for spec in registry.specs.values() if spec.addon == owner]
        parts.append(f"## {'The kernel' if owner == KERNEL else owner}\n\n" + "\n".join(_entry(spec) for spec in specs))
    return "\n".join(parts)


def _entry(spec: Spec) -> str:
    first = " *(first result)*" if spec.firstresult else ""
    return f"### `{spec.name}({', '.join(spec.arguments)})`{first}\n\n{_markdown(spec.doc.splitlines())}\n"


def _markdown(lines: Iterable[str]) -> str:
    """A docstring as Markdown: `:param x:` becomes a list, an indented block after `::` becomes code."""
    out: list[str] = []
    code = False
    for line in lines:
        field = re.match(r":(param|raises|return|returns)\s*(\w+)?:\s*(.*)", line)
        if code and line and not line.startswith(" "):
            out.append("```")
            out.append("")
            code = False
        if code:
            out.append(line[4:])
        elif line.rstrip().endswith("::"):
            out.append(line.rstrip()[:-1])
            out.append("")
            out.append("```python")
            code = True
        elif field:
            kind, name, text = field.groups()
            label = {"param": f"`{name}`", "raises": f"raises `{name}`"}.get(kind, "returns")
            if out and out[-1] and not out[-1].startswith("- "):
                out.append("")
            out.append(f"- {label}: {text}")
        elif out and out[-1].startswith("- ") and line.startswith("    "):
            out.append(f"  {line.strip()}")
        else:
            out.append(line)
    if code:
        while out and not out[-1].strip():
            out.pop()
        out.append("```")
    text = "\n".join(out).replace("```python\n\n", "```python\n")
    return inspect.cleandoc(re.sub(r"\n\n+```\n", "\n```\n", text))
