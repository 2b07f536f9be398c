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
