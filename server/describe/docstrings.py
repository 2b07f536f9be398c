"""Docstrings of public methods taken apart: what it does, its parameters, what it answers and raises."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_MARK = re.compile(r":(param|raises?|returns?)\b\s*([^:\n]*):[ \t]*")


@dataclass(frozen=True, slots=True)
class Doc:
    """The parts of a docstring; empty where it says nothing."""

    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    raises: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = self.text.partition("\n\n")[0].replace("\n", " ")
        return re.split(r"(?<=[.!?]) ", first)[0].removesuffix(".")


def parse(docstring: str | None) -> Doc:
    """The parts of a docstring in the style of this project (`:param name: …`, `:raises Error: …`, `:return: …`)."""
    if not docstring:
        return Doc()
    text = inspect.cleandoc(docstring)
    parts = _MARK.split(text)
    doc = Doc(parts[0].strip())
    returns = ""
    for kind, name, said in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        words = " ".join(said.split())
        if kind == "param":
            for one in name.split(","):
                doc.parameters[one.split()[-1] if one.split() else one] = words
        elif kind.startswith("raise"):
            doc.raises[name.strip()] = words
        else:
            returns = words
    return Doc(doc.text, doc.parameters, returns, doc.raises)


def doc_of(cls: type, name: str) -> Doc:
    """The docstring of a method, or the nearest one of those it overrides."""
    for klass in cls.__mro__:
        function = vars(klass).get(name)
        found = getattr(function, "__doc__", None)
        if found:
            return parse(found)
    return Doc()
