"""What is remembered of loaded data: external ids with digests of what was loaded, and the report of a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from server.addon.datafiles import Item
from server.text import Text


@dataclass
class Report:
    """What a run did: numbers of records, and the texts of what was left alone."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    files: int = 0
    kept: list[Text] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.kept)

    def add(self, other: Report) -> None:
        """Add the figures of another run."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.files += other.files
        self.kept += other.kept


@dataclass
class Known:
    """A row of `ir.model.data`. `digests`: key → 24 hex digits (file, database); `row` is its id, None before it is written."""

    model: str
    res_id: int
    noupdate: bool = False
    digests: dict[str, str] = field(default_factory=dict)
    row: int | None = None

    def text(self) -> str | None:
        """The digests as they are stored."""
        return json.dumps(self.digests, separators=(",", ":")) if self.digests else None


def mark(item: Item, addon: str) -> str:
    """Key that tells that an item of `update: never` was loaded."""
    return f"!{addon}:{item.file.rpartition('/')[2].partition('.')[0]}"


def parse(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def digest(value: Any) -> str:
    """Twelve hex digits for a value; equal decimals are equal whatever their zeros, and nothing, empty text and False are one."""
    return hashlib.blake2b(canonical(value).encode(), digest_size=6).hexdigest()


def canonical(value: Any) -> str:
    if value is None or value is False or value == "":
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{canonical(part)}" for key, part in sorted(value.items())) + "}"
    if isinstance(value, bytes):
        return hashlib.blake2b(value, digest_size=12).hexdigest()
    return str(value)
