"""What the calling user may do: models by operation, records by domain, fields by group.

The lines of `ir.model.access` are compiled once per set of groups and set of enabled addons and remembered in the process, so
asking costs no query. Rights add up: one line without a domain opens all records, several domains are ORed. Superuser mode
(`env.su`) passes all of it, never the company wall, which is not here but in every query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError
from server.security.facts import SYSTEM, UserFacts, user_facts
from server.security.rules import all_of, any_of, fill_domain, parse_domain
from server.text import Text, _

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.fields import Field

COLUMNS = {"read": "perm_read", "write": "perm_write", "create": "perm_create", "unlink": "perm_unlink"}

_VERBS = {"read": _("read"), "write": _("change"), "create": _("create"), "unlink": _("delete")}

#: (model, operation) -> the domains that open it, one of which must hold; () for all records. A missing key is closed.
Compiled = dict[tuple[str, str], tuple[tuple[Any, ...], ...]]


class Access:
    """The rights of the user of `env`."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self._known: dict[Any, Any] | None = None
        self._facts: UserFacts
        self._compiled: Compiled

    def _learn(self) -> None:
        """Groups and lines of the user, worked out once per transaction, and again after it changed reference data itself."""
        env = self.env
        known = env.transaction.security
        enabled = env.models.enabled
        key = (env.uid, enabled)
        if key not in known:
            facts = user_facts(env, env.uid)
            lines = env.process_cache(("security.access", facts.group_ids, enabled), lambda: _compile(env, facts, enabled))
            known = env.transaction.security
            known[key] = facts, lines
        self._facts, self._compiled = known[key]
        self._known = known

    @property
    def facts(self) -> UserFacts:
        """Groups of the user."""
        if self._known is not self.env.transaction.security:
            self._learn()
        return self._facts

    @property
    def groups_key(self) -> frozenset[int]:
        """What distinguishes users with different rights: their groups. Key of caches of what a user may see."""
        return frozenset(self.facts.group_ids)

    @property
    def compiled(self) -> Compiled:
        """The lines that open something to this user."""
        if self._known is not self.env.transaction.security:
            self._learn()
        return self._compiled

    # -- questions ---------------------------------------------------------------------------------------------------
    def has_group(self, xmlid: str) -> bool:
        """True when the user is in the group, directly or implied; an unknown group is False."""
        return self.facts.has_group(xmlid)

    def allowed(self, model: str, operation: str) -> bool:
        """True when the user may do `operation` (read, write, create, unlink) with some records of `model`."""
        return self.env.su or (model, operation) in self.compiled

    def check(self, model: str, operation: str) -> None:
        """Raise `AccessError` that names model, operation and the groups that have the right, unless the user may."""
        if operation not in COLUMNS:
            raise FieldError(f"Unknown operation {operation!r}; it is one of {', '.join(COLUMNS)}.")
        if model not in self.env:
            raise AccessError(_("There is no model %(model)s in this company.", model=model), model=model, operation=operation)
        if not self.allowed(model, operation):
            raise self._refusal(model, operation)

    def rule(self, model: str, operation: str) -> list[Any] | None:
        """The domain that the records must meet, None when all do. Raises `AccessError` when the model is closed."""
        env = self.env
        if env.su:
            return None
        domains = self.compiled.get((model, operation))
        if domains is None:
            raise self._refusal(model, operation)
        rule = any_of([fill_domain(domain, env) for domain in domains]) if domains else []
        cls = env.models.classes[model]
        if cls._transient and operation != "create":
            own = [("create_uid", "=", env.uid)]
            rule = all_of(rule, own) if rule else own
        through = getattr(cls, "access_through", None)
        if through and not self.has_group(SYSTEM):
            followed = self._through(model, operation, *through)
            rule = all_of(rule, followed) if rule else followed
        return rule or None

    def field_visible(self, field: Field) -> bool:
        """False for a field whose groups the user is not in; a field of the group `.` is for nobody outside of the code."""
        groups = field.groups
        if not groups or self.env.su:
            return True
        return groups != "." and any(self.facts.has_group(xmlid.strip()) for xmlid in groups.split(","))

    # -- answers -----------------------------------------------------------------------------------------------------
    def _through(self, model: str, operation: str, model_field: str, id_field: str) -> list[Any]:
        """The rule of records that are as open as the record they point to: attachments, messages, history.

        Those that point nowhere are their creator's (or public). Creating is checked by the model itself, on the values.
        """
        env = self.env
        if operation == "create":
            return []
        wanted = "read" if operation == "read" else "write"
        cls = env.models.classes[model]
        column = cls.table.c[model_field]
        env.flush_for((model,))
        present = env.run(sa.select(column).where(column.is_not(None)).distinct()).scalars().all()
        own: list[Any] = ["&", (id_field, "in", [False, 0]), ("create_uid", "=", env.uid)]
        parts: list[list[Any]] = [own]
        public = getattr(cls, "access_public", None)
        if public and operation == "read":
            parts.append([(public, "=", True)])
        for target in present:
            if target in env and target != model and self.allowed(target, wanted):
                records = env.root[target].with_context(active_test=False)
                parts.append(["&", (model_field, "=", target), (id_field, "in", records.query(self.rule(target, wanted) or []))])
        return any_of(parts)

    def _refusal(self, model: str, operation: str) -> AccessError:
        """The error for a right the user does not have."""
        env = self.env
        cls = env.models.classes.get(model)
        label: Text | str = getattr(cls, "model_label", None) or model
        groups = sorted(set(env["res.groups"].sudo().browse(_groups_with(env, model, operation)).exists().mapped("name")))
        data = {"model": model, "operation": operation}
        if groups:
            return AccessError(
                _(
                    "You may not %(operation)s %(label)s (%(model)s). These groups may: %(groups)s. Ask an administrator if you "
                    "need the right.",
                    operation=_VERBS[operation],
                    label=label,
                    model=model,
                    groups=", ".join(groups),
                ),
                **data,
            )
        return AccessError(
            _(
                "You may not %(operation)s %(label)s (%(model)s). No group has this right; an administrator can add an access "
                "line.",
                operation=_VERBS[operation],
                label=label,
                model=model,
            ),
            **data,
        )


def _lines(env: Environment) -> list[Any]:
    """Every active access line, remembered in the process."""
    found: list[Any] = env.process_cache("security.lines", lambda: _load_lines(env))
    return found


def _load_lines(env: Environment) -> list[Any]:
    table = env.transaction.registry.metadata.tables["ir_model_access"]
    return list(env.execute(table.select().where(table.c.active.is_(True)).order_by(table.c.id)))


def _groups_with(env: Environment, model: str, operation: str) -> set[int]:
    column = COLUMNS[operation]
    internal = user_facts(env, env.uid).table.by_xmlid.get("base.group_user", 0)
    return {line.group_id or internal for line in _lines(env) if line.model == model and getattr(line, column)}


def _compile(env: Environment, facts: UserFacts, enabled: frozenset[str]) -> Compiled:
    """The lines that apply to these groups, by model and operation."""
    compiled: dict[tuple[str, str], list[tuple[Any, ...]] | None] = {}
    for line in _lines(env):
        if line.addon and line.addon not in enabled:
            continue
        if line.group_id is None:
            if not facts.internal:
                continue
        elif line.group_id not in facts.group_ids:
            continue
        for operation, column in COLUMNS.items():
            if not getattr(line, column):
                continue
            key = (line.model, operation)
            if not line.domain:
                compiled[key] = None
            elif key not in compiled:
                compiled[key] = [parse_domain(line.domain)]
            elif (domains := compiled[key]) is not None:
                domains.append(parse_domain(line.domain))
    return {key: tuple(domains) if domains is not None else () for key, domains in compiled.items()}
