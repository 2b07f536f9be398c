"""External ids: names like `base.mx` for records, given by addons and imports, that hold in every database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server import AccessError, Boolean, Char, Integer, Model, _, action, depends
from server.errors import FieldError

if TYPE_CHECKING:
    from server.model.environment import Environment


class IrModelData(Model, name="ir.model.data"):
    """One external id of one record."""

    model_label = _("External id")
    order = "module, model, name"
    rec_name = "complete_name"
    reference = True
    unique = [("module", "name")]
    indexes = [("model", "res_id")]

    module = Char(_("Addon"), required=True, default="__import__")
    name = Char(_("Name"), required=True)
    complete_name = Char(_("External id"), compute="_compute_complete_name", store=True, index=True)
    model = Char(_("Model"), required=True)
    res_id = Integer(_("Record"), required=True)
    noupdate = Boolean(_("Never updated"), help=_("An upgrade of the addon leaves the record as it is."))
    digest = Char(_("Digest"), help=_("Fingerprint of the values loaded last, to notice what the user changed."))

    @depends("module", "name")
    def _compute_complete_name(self) -> None:
        for row in self:
            row.complete_name = f"{row.module}.{row.name}"

    def _find(self, xmlid: str, raise_if_missing: bool) -> tuple[str, int] | None:
        record = self.env.ref(xmlid, raise_if_missing=False) if "." in xmlid else None
        if record:
            return record._name, record.id
        if raise_if_missing:
            raise FieldError(f"External id not found in the system: {xmlid}")
        return None

    @action(model=True, readonly=True)
    def check_object_reference(self, module: str, xml_id: str, raise_on_access_error: bool = False) -> list[Any]:
        """`[model, id]` of an external id; the id is False when the calling user may not read the record.

        Raises `ValueError` when there is no such id, `AccessError` for an unreadable record when `raise_on_access_error`.
        """
        model, res_id = self._find(f"{module}.{xml_id}", True) or ("", 0)
        if _readable(self.env, model) and self.env[model].with_context(active_test=False).search([("id", "=", res_id)], limit=1):
            return [model, res_id]
        if raise_on_access_error:
            raise AccessError(
                _(
                    "You may not read %(module)s.%(name)s. Ask an administrator for the right to read it.",
                    module=module,
                    name=xml_id,
                )
            )
        return [model, False]

    @action(model=True, readonly=True)
    def get_object_reference(self, module: str, xml_id: str) -> list[Any]:
        """`[model, id]` of an external id; older spelling. Raises `ValueError` when there is none."""
        return list(self._find(f"{module}.{xml_id}", True) or ())

    @action(model=True, readonly=True)
    def xmlid_to_res_id(self, xmlid: str, raise_if_not_found: bool = False) -> int | bool:
        """Database id behind an external id, or False; raises `ValueError` instead when asked to."""
        found = self._find(xmlid, raise_if_not_found)
        return found[1] if found else False

    @action(model=True, readonly=True)
    def xmlid_to_res_model_res_id(self, xmlid: str, raise_if_not_found: bool = False) -> list[Any]:
        """`[model, id]` behind an external id, or `[False, False]`; raises `ValueError` instead when asked to."""
        found = self._find(xmlid, raise_if_not_found)
        return list(found) if found else [False, False]


def _readable(env: Environment, model: str) -> bool:
    return model in env and env.access.allowed(model, "read")


def records_deleted(env: Environment, model: str, ids: Sequence[int]) -> None:
    """Take away what only points at records that are being deleted: external ids, attachments, messages.

    Called by `unlink` of every model; three statements whatever the number of records (five for models with messages), none for
    the models named here. The history stays.
    """
    if not ids or model in ("ir.model.data", "ir.attachment", "mail.message"):
        return
    discussed = "message_ids" in env[model]._fields
    pointers = (
        ("ir.model.data", "model", "res_id"),
        ("ir.attachment", "res_model", "res_id"),
        ("mail.message", "model", "res_id"),
        *((("mail.activity", "res_model", "res_id"), ("mail.followers", "res_model", "res_id")) if discussed else ()),
    )
    for name, model_column, id_column in pointers:
        table = env[name].table
        those = sa.and_(table.c[model_column] == model, table.c[id_column].in_(list(ids)))
        if env.transaction.capture is not None:
            env.transaction.capture.deleting_where(env, name, those)
        gone = env.run(table.delete().where(those))
        if gone.rowcount and name == "ir.model.data":
            env.transaction.reference_touched = True
