"""Access lines: which group may do what with which model, and with which of its records."""

from __future__ import annotations

import ast
import csv
from importlib import resources
from typing import TYPE_CHECKING, Any

from server import Boolean, Char, Many2one, Model, Text, ValidationError, _, action, constrains
from server.errors import SetupError

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Letters of `access.csv` and the columns they switch on.
OPERATIONS = {"r": "perm_read", "w": "perm_write", "c": "perm_create", "d": "perm_unlink"}


class IrModelAccess(Model, name="ir.model.access"):
    """Rights of one group (or of every internal user) on one model; lines add up."""

    model_label = _("Access line")
    order = "model, id"
    reference = True
    history = True
    indexes = [("model",)]

    name = Char(_("Name"), required=True)
    active = Boolean(_("Active"), default=True)
    model = Char(_("Model name"), required=True)
    model_id = Many2one(
        "ir.model",
        _("Model"),
        ondelete="cascade",
        compute="_compute_model_id",
        inverse="_inverse_model_id",
        search="_search_model_id",
    )
    group_id = Many2one("res.groups", _("Group"), ondelete="cascade", index=True, help=_("Empty: every internal user."))
    perm_read = Boolean(_("Read"))
    perm_write = Boolean(_("Write"))
    perm_create = Boolean(_("Create"))
    perm_unlink = Boolean(_("Delete"))
    domain = Text(
        _("Only records where"),
        help=_("A domain; user.id, user.company_ids, company.id and user.partner_id may stand as values."),
    )
    addon = Char(
        _("Addon"), readonly=True, help=_("Lines of an addon are made anew from its file; add your own lines beside them.")
    )

    def _compute_model_id(self) -> None:
        found = self.env["ir.model"].sudo().search([("model", "in", [line.model for line in self])]).grouped("model")
        for line in self:
            line.model_id = found[line.model].id if line.model in found else None

    def _inverse_model_id(self) -> None:
        for line in self:
            line.model = self.env["ir.model"].sudo().browse(line.model_id).model

    def _search_model_id(self, operator: str, value: Any) -> list[Any]:
        rows = self.env["ir.model"].sudo().search([("id", operator, value)])
        return [("model", "in", [row.model for row in rows])]

    def create(self, vals_list: Any) -> Any:
        """Create lines; the model comes by name or as `model_id`."""
        models = self.env["ir.model"].sudo()
        rows = []
        for vals in vals_list:
            row = dict(vals)
            if row.get("model_id") and not row.get("model"):
                row["model"] = models.browse(row["model_id"]).model
            rows.append(row)
        return super().create(rows)

    @constrains("domain")
    def _check_domain(self) -> None:
        from server.security.rules import parse_domain

        for line in self:
            if line.domain:
                try:
                    parse_domain(line.domain)
                except ValueError as error:
                    raise ValidationError(
                        _(
                            "The domain of the access line %(name)s cannot be used: %(reason)s. Correct it or leave it empty.",
                            name=line.name,
                            reason=str(error),
                        )
                    ) from error

    @action(model=True, readonly=True)
    def check(self, model: str, mode: str = "read", raise_exception: bool = True) -> bool:
        """True when the calling user may do `mode` with `model`; else False or, when asked to, `AccessError` (also for an unknown
        model).
        """
        access = self.env.access
        if raise_exception:
            access.check(model, mode)
            return True
        return model in self.env and access.allowed(model, mode)


def read_lines(package: str) -> list[dict[str, str]]:
    """The lines of `security/access.csv` of a package, [] without it. Raises `SetupError` naming file, line and remedy."""
    try:
        source = resources.files(package).joinpath("security", "access.csv")
        text = source.read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError, NotADirectoryError):
        return []
    wanted = ["id", "model", "group", "operations", "domain"]
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames is None or [name.strip() for name in reader.fieldnames] != wanted:
        raise SetupError(
            _("%(file)s: the first line must be %(columns)s.", file=f"{package}/security/access.csv", columns=",".join(wanted))
        )
    lines = []
    for row in reader:
        line = {name: (row.get(name) or "").strip() for name in wanted}
        if not any(line.values()):
            continue
        place = f"{package}/security/access.csv:{reader.line_num}"
        if not line["id"] or not line["model"] or not line["operations"]:
            raise SetupError(_("%(place)s: id, model and operations must be given.", place=place))
        if set(line["operations"]) - set(OPERATIONS):
            raise SetupError(
                _(
                    "%(place)s: operations are letters of rwcd (read, write, create, delete), not %(given)s.",
                    place=place,
                    given=line["operations"],
                )
            )
        if line["domain"]:
            try:
                ast.parse(line["domain"], mode="eval")
            except SyntaxError as error:
                raise SetupError(
                    _("%(place)s: the domain is not a Python literal: %(reason)s.", place=place, reason=str(error))
                ) from error
        lines.append(line)
    return lines


def load_access(env: Environment, addon: Any) -> int:
    """Make the access lines of `addon` those of its `security/access.csv`; answers their number.

    Called after the addon's data files, so that its groups exist. Lines that left the file are deleted, lines made by
    administrators (without an addon) are never touched. Raises `SetupError` for an unknown group or model.
    """
    lines = read_lines(addon.package or addon.name)
    prefix = addon.name
    access = env["ir.model.access"].sudo().with_context(active_test=False, tracking_disable=True)
    data = env["ir.model.data"].sudo()
    known = {row.name: row.res_id for row in data.search([("module", "=", prefix), ("model", "=", "ir.model.access")])}
    present = {line.id: line for line in access.search([("addon", "=", addon.name)])}

    to_create: list[tuple[str, dict[str, Any]]] = []
    kept: set[int] = set()
    for line in lines:
        vals = _line_vals(env, addon.name, line)
        row = present.get(known.get(line["id"], 0))
        if row is None:
            to_create.append((line["id"], vals))
            continue
        kept.add(row.id)
        changed = {name: value for name, value in vals.items() if (getattr(row, name) or None) != (value or None)}
        if changed:
            row.write(changed)
    gone = [row_id for row_id in present if row_id not in kept]
    if gone:
        access.browse(gone).unlink()
    if to_create:
        created = access.create([vals for _name, vals in to_create])
        stale = [name for name, _vals in to_create if name in known]
        if stale:
            data.search([("module", "=", prefix), ("name", "in", stale)]).unlink()
        data.create(
            [
                {"module": prefix, "name": name, "model": "ir.model.access", "res_id": row_id}
                for (name, _vals), row_id in zip(to_create, created.ids, strict=True)
            ]
        )
    return len(lines)


def _line_vals(env: Environment, addon: str, line: dict[str, str]) -> dict[str, Any]:
    if line["model"] not in env:
        raise SetupError(
            _(
                "Addon %(addon)s: the access line %(id)s names the unknown model %(model)s. Correct security/access.csv.",
                addon=addon,
                id=line["id"],
                model=line["model"],
            )
        )
    group_id = None
    if line["group"]:
        xmlid = line["group"] if "." in line["group"] else f"{addon}.{line['group']}"
        group = env.ref(xmlid, raise_if_missing=False)
        if not group:
            raise SetupError(
                _(
                    "Addon %(addon)s: the access line %(id)s names the unknown group %(group)s. Create it in a data file.",
                    addon=addon,
                    id=line["id"],
                    group=xmlid,
                )
            )
        group_id = group.id
    vals: dict[str, Any] = {
        "name": line["id"],
        "model": line["model"],
        "group_id": group_id,
        "domain": line["domain"] or None,
        "addon": addon,
        "active": True,
    }
    vals.update({column: letter in line["operations"] for letter, column in OPERATIONS.items()})
    return vals
