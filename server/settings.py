"""Typed settings: declared once by the kernel or an addon, kept in `ir.config_parameter`, read without a query.

`Setting("sales.credit_check", type=bool, default=False, per_company=True, label=_("Refuse orders above the credit limit"))` at
module level declares; `env.settings.get("sales.credit_check")` reads for the current company. A value of a company wins over that
of the database, that over the default.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from server.errors import SetupError, UserError
from server.text import Text, _

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Every declared setting by key.
SETTINGS: dict[str, Setting] = {}

_TYPES = (str, int, bool, Decimal, date)


class Setting:
    """The declaration of one setting.

    :param key: `addon.name`, unique in the process.
    :param type: `str`, `int`, `bool`, `Decimal` or `date`.
    :param default: what holds until somebody sets it; None for nothing.
    :param per_company: True when each company has its own value.
    :param choices: allowed values, empty for any.
    :raises SetupError: for a second declaration of a key, or an unknown type.
    """

    def __init__(
        self,
        key: str,
        *,
        type: type = str,
        default: Any = None,
        per_company: bool = False,
        label: Text | str = "",
        help: Text | str = "",
        choices: tuple[Any, ...] = (),
    ) -> None:
        if type not in _TYPES:
            raise SetupError(
                _(
                    "The setting %(key)s has the type %(type)s; a setting is a str, int, bool, Decimal or date.",
                    key=key,
                    type=type.__name__,
                )
            )
        known = SETTINGS.get(key)
        if known is not None and (known.type, known.default, known.per_company) != (type, default, per_company):
            raise SetupError(
                _("The setting %(key)s is declared twice, differently. Settings begin with the name of their addon.", key=key)
            )
        self.key = key
        self.type: Any = type
        self.default: Any = default
        self.per_company: bool = per_company
        self.label = label
        self.help = help
        self.choices = choices
        SETTINGS[key] = self

    def parse(self, text: str) -> Any:
        """The value behind a stored text. Raises `UserError` for a text of another type."""
        try:
            if self.type is bool:
                lowered = text.strip().lower()
                if lowered not in ("true", "1", "yes", "false", "0", "no"):
                    raise ValueError
                return lowered in ("true", "1", "yes")
            if self.type is date:
                return date.fromisoformat(text)
            return self.type(text)
        except (ValueError, InvalidOperation):
            raise UserError(
                _(
                    "The setting %(key)s holds %(value)s, which is not a %(type)s. Correct it in the system parameters.",
                    key=self.key,
                    value=text,
                    type=self.type.__name__,
                )
            ) from None

    def write(self, value: Any) -> str | None:
        """The text that is stored for `value`, None for nothing. Raises `UserError` for a value of another type."""
        if value is None:
            return None
        wrong = (
            isinstance(value, float)
            or (self.type is int and isinstance(value, bool))
            or (self.type is not Decimal and not isinstance(value, self.type))
        )
        if self.type is Decimal and isinstance(value, int) and not isinstance(value, bool):
            value, wrong = Decimal(value), False
        elif self.type is Decimal and not isinstance(value, Decimal):
            wrong = True
        if wrong or (self.choices and value not in self.choices):
            raise UserError(
                _(
                    "The setting %(key)s cannot be %(value)s: it is a %(type)s%(choices)s.",
                    key=self.key,
                    value=repr(value),
                    type=self.type.__name__,
                    choices=f" ({', '.join(map(str, self.choices))})" if self.choices else "",
                )
            )
        return value.isoformat() if isinstance(value, date) else str(value)


class Settings:
    """The settings as the caller of `env` sees them."""

    def __init__(self, env: Environment) -> None:
        self.env = env

    def declaration(self, key: str) -> Setting:
        """The declaration of `key`. Raises `KeyError` that names the known ones nearby."""
        setting = SETTINGS.get(key)
        if setting is None:
            near = sorted(known for known in SETTINGS if known.partition(".")[0] == key.partition(".")[0])
            raise KeyError(f"No setting {key!r} is declared. Known: {', '.join(near) or ', '.join(sorted(SETTINGS))}.")
        return setting

    def get(self, key: str) -> Any:
        """The value of a declared setting for the current company; no query once the process knows it."""
        setting = self.declaration(key)
        parameters = self.env["ir.config_parameter"]
        text = parameters._value(key, self.env.company_id) if setting.per_company else None
        if text is None:
            text = parameters._value(key)
        return setting.default if text is None else setting.parse(text)

    def set(self, key: str, value: Any) -> None:
        """Set a declared setting, for the current company when it is per company; None goes back to the default.

        Raises `AccessError` unless the caller may change system parameters, `UserError` for a value of another type.
        """
        setting = self.declaration(key)
        if not self.env.su:
            self.env.access.check("ir.config_parameter", "write")
        self.env.root["ir.config_parameter"]._set(key, setting.write(value), self.env.company_id if setting.per_company else None)


Setting("database.production", type=bool, default=False, label=_("Real data: demo data is refused"))
Setting(
    "mail.url",
    label=_("Mail server"),
    help=_("smtp://user:password@host:587 or smtps://…; empty: as the server is configured (COLCA_MAIL_URL)."),
)
Setting("mail.from", per_company=True, label=_("Sender of mail"), help=_("Empty: the company's e-mail address."))
Setting("outbox.keep_days", type=int, default=30, label=_("Days for which finished jobs are kept"))
Setting(
    "api.key_limit", type=int, default=10, label=_("API keys of one user"), help=_("More are refused; expired ones do not count.")
)
Setting(
    "api.key_max_days",
    type=int,
    default=0,
    label=_("Longest life of an API key in days"),
    help=_("0: no limit. Administrators may always make keys without an end."),
)
Setting(
    "api.rate_limit_key",
    type=int,
    default=0,
    label=_("Calls per minute with one API key"),
    help=_("0: no limit. For keys that have no limit of their own."),
)
Setting(
    "api.log",
    default="keys",
    choices=("none", "keys", "all"),
    label=_("Calls that are logged"),
    help=_("none, keys (those by API key) or all."),
)
Setting("api.log_days", type=int, default=30, label=_("Days for which the log of calls is kept"))
Setting(
    "session.idle_minutes",
    type=int,
    default=10080,
    label=_("Minutes without a call after which a session ends"),
    help=_("At least 10. The default is a week."),
)
Setting("session.max_days", type=int, default=90, label=_("Days after which a session ends at the latest"))
Setting(
    "api.rate_limit_password",
    type=int,
    default=0,
    label=_("Calls per minute of one user by password or session"),
    help=_("0: no limit."),
)
Setting("feed.keep_days", type=int, default=30, label=_("Days for which the change feed can be asked"))
Setting("webhook.keep_days", type=int, default=30, label=_("Days for which deliveries of webhooks are kept"))
Setting(
    "api.idempotency_hours",
    type=int,
    default=24,
    label=_("Hours for which the answer to a call with an idempotency key is kept"),
    help=_("Within this time the same call under the same key is answered again without a second effect. At least 1."),
)
