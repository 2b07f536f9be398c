"""Settings: one frozen object read from the environment and, below it, one TOML file.

Every setting is declared once in `SETTINGS`, with its name, type, default and meaning; `docs/run/settings.md` lists the same
(a test compares them). Order of precedence: environment variable, then the TOML file named by `COLCA_CONFIG`, then the default.
Wrong values stop the start with one sentence per mistake, all of them together.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server.errors import SetupError
from server.text import _

_SIZES = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def _text(value: Any) -> str:
    return str(value)


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if isinstance(value, bool):
            raise ValueError("a whole number is needed")
        number = int(str(value).strip())
        if not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high} is needed")
        return number

    return parse


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("1 or 0 (true or false) is needed")


def _size(value: Any) -> int:
    match = re.fullmatch(r"\s*(\d+)\s*([a-z]*)\s*", str(value).lower())
    if not match or match[2] not in _SIZES:
        raise ValueError("a size such as 33554432, 32MB or 512K is needed")
    size = int(match[1]) * _SIZES[match[2]]
    if size < 1024:
        raise ValueError("at least 1K is needed")
    return size


def _level(value: Any) -> str:
    level = str(value).strip().lower()
    if level not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error is needed")
    return level


def _series(value: Any) -> str:
    if not re.fullmatch(r"\d{1,3}\.\d{1,3}", str(value)):
        raise ValueError("two numbers with a dot are needed, such as 19.0")
    return str(value)


def _name(value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", str(value)):
        raise ValueError("letters, digits, dots, dashes and underscores are needed (at most 63, the first a letter or digit)")
    return str(value)


def _database_url(value: Any) -> str:
    """The URL SQLAlchemy gets: plain `postgres://` and `postgresql://` go through psycopg 3."""
    url = str(value).strip()
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("sqlite:///file or postgresql://user:password@host/database is needed")
    return url


def _mail_url(value: Any) -> str:
    url = str(value).strip()
    if url and urlsplit(url).scheme not in ("folder", "smtp", "smtps"):
        raise ValueError("folder:///directory, smtp://user:password@host:port or smtps://… is needed")
    return url


def _networks(value: Any) -> str:
    """Networks separated by commas; kept as text, read where they are used."""
    try:
        for part in str(value).split(","):
            if part.strip():
                ipaddress.ip_network(part.strip(), strict=False)
    except ValueError:
        raise ValueError("networks such as 10.0.0.0/8, 127.0.0.1 are needed") from None
    return str(value)


@dataclass(frozen=True)
class Setting:
    """One setting: environment variable, type in words, default in words, what it means."""

    name: str
    kind: str
    default: str
    help: str
    parse: Callable[[Any], Any] = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """Name in the TOML file and attribute of `Config`: `COLCA_DATA_DIR` is `data_dir`."""
        return self.name.removeprefix("COLCA_").lower()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "COLCA_CONFIG",
        "path",
        "none",
        "TOML file with settings; its keys are the names below without `COLCA_`, in lower case.",
        _text,
    ),
    Setting("COLCA_HOST", "text", "0.0.0.0", "Address the server listens on; 127.0.0.1 keeps it to this machine.", _text),
    Setting("COLCA_PORT", "whole number", "8069", "Port the server listens on.", _whole(1, 65535)),
    Setting(
        "COLCA_DATA_DIR",
        "path",
        "./var",
        "Directory for the SQLite file, attachments, outgoing mail in files, and the secret key. Made when absent.",
        _text,
    ),
    Setting(
        "COLCA_DATABASE_URL",
        "URL",
        "sqlite:///<data dir>/colca.db",
        "Database: `sqlite:///file`, or `postgresql://user:password@host:port/database`.",
        _database_url,
    ),
    Setting(
        "COLCA_DATABASE_NAME",
        "name",
        "colca",
        "Name by which clients call the database of COLCA_DATABASE_URL, the default one (`db` in XML-RPC and JSON-RPC).",
        _name,
    ),
    Setting(
        "COLCA_MASTER_PASSWORD",
        "text",
        "none",
        "Password with which databases are made, copied, saved, restored and dropped from outside; none switches that off. "
        "A new one set by `change_admin_password` takes its place.",
        _text,
    ),
    Setting(
        "COLCA_LIST_DATABASES",
        "flag",
        "1",
        "Whether the names of the databases are told without a password (`db.list`, `/web/database/list`).",
        _flag,
    ),
    Setting("COLCA_THREADS", "whole number", "8", "Requests one process answers at the same time.", _whole(1, 256)),
    Setting(
        "COLCA_WORKERS",
        "whole number",
        "1 on SQLite, else one per processor (at most 4)",
        "Web processes. SQLite always has one: a second would only wait for the file.",
        _whole(1, 64),
    ),
    Setting(
        "COLCA_JOBS",
        "flag",
        "1",
        "Whether `colca serve` also works off the outbox (mail, schedules). Off: run `colca worker` beside it.",
        _flag,
    ),
    Setting("COLCA_TIMEOUT", "seconds", "600", "A web process that has not answered for so long is replaced.", _whole(10, 86400)),
    Setting("COLCA_MAX_BODY", "size", "32MB", "Largest request taken; a larger one is refused with a clear error.", _size),
    Setting(
        "COLCA_MAIL_URL",
        "URL",
        "folder:<data dir>/mail",
        "Where mail goes: `folder:///directory` writes .eml files, `smtp://user:password@host:port`, `smtps://…`.",
        _mail_url,
    ),
    Setting("COLCA_MAIL_FROM", "address", "colca@localhost", "Sender of mail that has none of its own.", _text),
    Setting(
        "COLCA_WEBHOOK_NETWORKS",
        "networks",
        "none",
        "Networks beside the public internet that webhooks may be posted to, such as `10.0.0.0/8, 127.0.0.1`; plain http is for "
        "these alone.",
        _networks,
    ),
    Setting(
        "COLCA_SERIES",
        "version",
        "19.0",
        "Version announced to clients written for Odoo; they choose their dialect by it.",
        _series,
    ),
    Setting(
        "COLCA_SECRET_KEY",
        "text",
        "made at first start, kept in <data dir>/secret_key",
        "Key that signs cookies and links.",
        _text,
    ),
    Setting(
        "COLCA_BASE_URL",
        "URL",
        "http://localhost:<port>",
        "Address by which people reach the server; used in links and mail.",
        _text,
    ),
    Setting(
        "COLCA_PROXIES",
        "whole number",
        "0",
        "Reverse proxies in front whose `X-Forwarded-*` headers tell the client's address; 0 believes no such header.",
        _whole(0, 8),
    ),
    Setting("COLCA_LOG_LEVEL", "level", "info", "How much is logged: debug, info, warning or error.", _level),
    Setting("COLCA_TRACE_HOOKS", "flag", "0", "Prints every hook call with its implementations and results.", _flag),
    Setting(
        "COLCA_PRODUCTION",
        "flag",
        "0",
        "Refuses demo data and the demo log-in banner; set it on a real installation.",
        _flag,
    ),
)


@dataclass(frozen=True)
class Config:
    """The settings in force. See `SETTINGS` for what each means; `Config.load()` reads them."""

    host: str = "0.0.0.0"
    port: int = 8069
    data_dir: Path = Path("var")
    database_url: str = ""
    database_name: str = "colca"
    master_password: str = ""
    list_databases: bool = True
    threads: int = 8
    workers: int = 1
    jobs: bool = True
    timeout: int = 600
    max_body: int = 32 * 1024**2
    mail_url: str = ""
    mail_from: str = "colca@localhost"
    webhook_networks: str = ""
    series: str = "19.0"
    secret_key: str = ""
    base_url: str = ""
    proxies: int = 0
    log_level: str = "info"
    trace_hooks: bool = False
    production: bool = False

    def __post_init__(self) -> None:
        data_dir = Path(self.data_dir).absolute()
        object.__setattr__(self, "data_dir", data_dir)
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{data_dir / 'colca.db'}")
        if not self.mail_url:
            object.__setattr__(self, "mail_url", f"folder://{data_dir / 'mail'}")
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://localhost:{self.port}")
        if self.is_sqlite:
            object.__setattr__(self, "workers", 1)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is an SQLite file: one process, since only one may write at a time."""
        return self.database_url.startswith("sqlite")

    @property
    def version_info(self) -> list[Any]:
        """The announced version as the list clients compare: `[19, 0, 0, "final", 0, ""]`."""
        major, minor = self.series.split(".")
        return [int(major), int(minor), 0, "final", 0, ""]

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the settings of `environ` (default: this process's) and of the TOML file it names.

        :raises SetupError: every wrong value and unknown name at once, each with what is needed instead.
        """
        source = os.environ if environ is None else environ
        mistakes: list[str] = []
        given: dict[str, tuple[str, Any]] = {}
        path = source.get("COLCA_CONFIG", "")
        if path:
            given.update(_from_file(path, mistakes))
        known = {setting.name: setting for setting in SETTINGS}
        for setting in SETTINGS:
            if setting.name in source and setting.name != "COLCA_CONFIG" and source[setting.name] != "":
                given[setting.key] = (setting.name, source[setting.name])
        values: dict[str, Any] = {}
        for key, (where, raw) in given.items():
            try:
                values[key] = known[f"COLCA_{key.upper()}"].parse(raw)
            except ValueError as exc:
                shown = "" if "password" in key or "secret" in key or "url" in key else f" is {raw!r}, but"
                reason = str(exc) if "needed" in str(exc) else "a whole number is needed"
                mistakes.append(f"{where}{shown or ':'} {reason}.")
        if mistakes:
            raise SetupError(_("The settings cannot be used. %(mistakes)s", mistakes=" ".join(mistakes)))
        if "workers" not in values:
            values["workers"] = max(1, min(4, os.cpu_count() or 1))
        if "data_dir" in values:
            values["data_dir"] = Path(values["data_dir"]).expanduser()
        return cls(**values)

    def prepare(self) -> Config:
        """Make the data directory and the secret key; returns the settings with the key in them.

        :raises SetupError: when the directory cannot be written.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            if self.secret_key:
                return self
            path = self.data_dir / "secret_key"
            if not path.exists():
                # O_EXCL: of two servers that start together one makes the key, the other reads it.
                try:
                    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    with os.fdopen(descriptor, "w") as stream:
                        stream.write(secrets.token_urlsafe(48))
                except FileExistsError:
                    pass
            key = path.read_text().strip()
        except OSError as exc:
            raise SetupError(
                _(
                    "The data directory %(directory)s cannot be used: %(reason)s. Set COLCA_DATA_DIR to a directory that can be "
                    "written.",
                    directory=str(self.data_dir),
                    reason=exc.strerror or str(exc),
                )
            ) from exc
        return Config(**{**{f.name: getattr(self, f.name) for f in fields(self)}, "secret_key": key})


def _from_file(path: str, mistakes: list[str]) -> dict[str, tuple[str, Any]]:
    """The settings of the TOML file `path`; unreadable files and unknown names are added to `mistakes`."""
    try:
        with open(path, "rb") as stream:
            content = tomllib.load(stream)
    except OSError as exc:
        mistakes.append(f"COLCA_CONFIG names {path}, which cannot be read: {exc.strerror}.")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        mistakes.append(f"{path} is not valid TOML: {exc}.")
        return {}
    keys = {setting.key for setting in SETTINGS} - {"config"}
    found: dict[str, tuple[str, Any]] = {}
    for key, value in content.items():
        if key in keys:
            found[key] = (f"{key} in {path}", value)
        else:
            mistakes.append(f"{path} sets {key!r}, which is no setting; known are {', '.join(sorted(keys))}.")
    return found
