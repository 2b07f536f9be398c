"""A directory of contents named by their SHA-1: `filestore/<database>/ab/abcdef…`. Written atomically, swept late."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from server.errors import MissingError
from server.text import _

if TYPE_CHECKING:
    from server.config import Config
    from server.model.environment import Environment

_CHECKSUM = re.compile(r"[0-9a-f]{40}")


def settings() -> Config:
    """The settings of this process, read once; again when the environment changes (tests do that)."""
    return _load(tuple(os.environ.get(name) for name in _READ))


_READ = ("COLCA_CONFIG", "COLCA_DATA_DIR", "COLCA_MAIL_URL", "COLCA_MAIL_FROM", "COLCA_WEBHOOK_NETWORKS")


@lru_cache(maxsize=4)
def _load(_environment: tuple[str | None, ...]) -> Config:
    from server.config import Config

    return Config.load()


def root_of(uuid: str | None) -> Path:
    """The directory with the contents of the database that has this `database.uuid`."""
    return settings().data_dir / "filestore" / re.sub(r"[^A-Za-z0-9_-]", "_", uuid or "main")


class Filestore:
    """Contents of one database.

    :param root: directory that holds them; made when the first content is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def of(cls, env: Environment) -> Filestore:
        """The store of the database of `env`."""
        return cls(root_of(env["ir.config_parameter"]._value("database.uuid")))

    def path(self, checksum: str) -> Path:
        """Where a content lies. Raises `MissingError` for a text that is no checksum."""
        if not _CHECKSUM.fullmatch(checksum):
            raise MissingError(_("There is no content with the checksum %(checksum)s.", checksum=checksum))
        return self.root / checksum[:2] / checksum

    def write(self, content: bytes) -> str:
        """Keep `content`; answers its checksum. Safe beside other writers of the same content and beside the sweep."""
        checksum = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        target = self.path(checksum)
        try:
            os.utime(target)  # the sweep spares what was touched lately
            if target.stat().st_size == len(content):
                return checksum
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        return checksum

    def read(self, checksum: str) -> bytes:
        """The content with this checksum. Raises `MissingError` when the file is not there."""
        try:
            return self.path(checksum).read_bytes()
        except FileNotFoundError:
            raise MissingError(
                _(
                    "The file behind an attachment is missing (%(checksum)s). Restore it from the backup of the data directory.",
                    checksum=checksum,
                )
            ) from None

    def stale(self, age: float) -> Iterator[Path]:
        """Files that nobody touched for `age` seconds."""
        limit = time.time() - age
        if not self.root.is_dir():
            return
        for folder in self.root.iterdir():
            if folder.is_dir():
                for file in folder.iterdir():
                    with contextlib.suppress(FileNotFoundError):
                        if file.stat().st_mtime < limit:
                            yield file

    def sweep(self, candidates: Collection[Path], used: Collection[str], age: float) -> int:
        """Delete those of `candidates` that are not `used` and still untouched; answers how many."""
        deleted = 0
        limit = time.time() - age
        for file in candidates:
            with contextlib.suppress(FileNotFoundError):
                if file.name not in used and file.stat().st_mtime < limit:
                    file.unlink()
                    deleted += 1
        return deleted
