"""Rows that point at a record of any model by its name and id: attachments, messages."""

from __future__ import annotations

from typing import Any


def target_names(rows: Any, model_field: str, id_field: str) -> dict[int, str]:
    """Row id → display name of the record it points at; rows that point at nothing, or at what is gone, are left out.

    One query per model, whatever the number of rows.
    """
    found: dict[int, str] = {}
    for model, pointing in rows.filtered(lambda row: row[model_field] and row[id_field]).grouped(model_field).items():
        if model in rows.env:
            targets = rows.env[model].browse(pointing.mapped(lambda row: row[id_field])).exists()
            names = {record.id: record.display_name for record in targets}
            found |= {row.id: names[row[id_field]] for row in pointing if row[id_field] in names}
    return found


def under_targets(rows: Any, vals_list: list[dict[str, Any]], model_field: str, id_field: str) -> list[dict[str, Any]]:
    """Values of rows that point at records, each with the company of its record; pointing needs the right to read it.

    :raises AccessError: for a record that the caller may not read.
    """
    env = rows.env
    several = [dict(vals) for vals in vals_list]
    targets: dict[str, set[int]] = {}
    for vals in several:
        if vals.get(model_field) and vals.get(id_field) and vals[model_field] in env:
            targets.setdefault(vals[model_field], set()).add(int(vals[id_field]))
    for model, ids in targets.items():
        records = env[model].browse(sorted(ids))
        if not env.su:
            records.check_outside("read")
        if "company_id" in records._fields:
            companies = {record.id: record.company_id for record in records.sudo()}
            for vals in several:
                if vals.get(model_field) == model and not vals.get("company_id"):
                    vals["company_id"] = companies.get(int(vals.get(id_field) or 0))
    return several
