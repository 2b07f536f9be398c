"""What is wrong with a table, told so that a person finds the cell: the messages of `load`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from server.errors import ColcaError
from server.text import Text, _, render

if TYPE_CHECKING:
    from server.exchange.columns import Column
    from server.exchange.rows import Item
    from server.model.environment import Environment

#: Errors told in one answer. Who has more corrects these first.
MAX_ERRORS = 200


class Report:
    """The messages of one call; `full` once there is no use in looking further."""

    def __init__(self, env: Environment, model: str, paths: Sequence[str]) -> None:
        self.env = env
        self.model = model
        self.paths = list(paths)
        self.messages: list[dict[str, Any]] = []

    @property
    def full(self) -> bool:
        """True when as many errors were found as are told."""
        return len(self.messages) >= MAX_ERRORS

    def cell(self, item: Item, column: Column, value: Any, problem: Text | str, **more: Any) -> None:
        """A cell that cannot be taken: row, column and value stand before what is wrong with it."""
        item.failed = True
        text = _(
            "Row %(row)s, column %(column)s, value %(value)s: %(problem)s",
            row=item.first + 1,
            column=column.path,
            value=shown(value),
            problem=problem,
        )
        self._add(item.first, item.last, text, column.path, value, column, more)

    def column(self, index: int, path: str, text: Text) -> None:
        """A column that cannot be read; it stands for all rows."""
        self._add(0, 0, text, path, None, None, {})

    def item(self, item: Item, error: Exception | Text) -> None:
        """A record that cannot be saved, with the server's reason."""
        item.failed = True
        reason: Text | str = error if isinstance(error, Text) else error.message if isinstance(error, ColcaError) else str(error)
        data = getattr(error, "data", None) or {}
        name = data.get("field") or next(iter(data.get("fields") or ()), None)
        column = self._column_of(item, str(name)) if name else None
        value = item.cells[column.index] if column is not None else None
        text = _("Row %(row)s: %(problem)s", row=item.first + 1, problem=reason)
        self._add(item.first, item.last, text, column.path if column is not None else name, value, column, {})

    def everything(self, text: Text) -> None:
        """Something that concerns the call as a whole."""
        self._add(0, 0, text, None, None, None, {})

    @staticmethod
    def _column_of(item: Item, name: str) -> Column | None:
        for level in item.level.walk():
            for column in level.columns:
                if column.field is not None and column.field.name == name:
                    return column
        return None

    def _add(
        self,
        first: int,
        last: int,
        text: Text,
        path: str | None,
        value: Any,
        column: Column | None,
        more: dict[str, Any],
    ) -> None:
        if self.full:
            return
        lang = self.env.lang
        field = column.field if column is not None else None
        name = (path or "").removesuffix("/.id").removesuffix("/id")
        message: dict[str, Any] = {
            "type": "error",
            "message": render(text, lang),
            "record": first,
            "rows": {"from": first, "to": last},
            "field": name or False,
            "field_name": render(field.string, lang) if field is not None else name or False,
            "field_path": name.split("/") if name else [],
            "column": path or False,
            "value": value if isinstance(value, (str, int, float, bool)) else False,
            **more,
        }
        if field is not None:
            message["field_type"] = field.type
        self.messages.append(message)
        if len(self.messages) >= MAX_ERRORS:
            self.messages.append(
                {
                    "type": "warning",
                    "message": render(
                        _(
                            "There are %(count)s errors or more, and no more were looked for. Correct these and import again.",
                            count=MAX_ERRORS,
                        ),
                        lang,
                    ),
                    "record": first,
                    "rows": {"from": first, "to": last},
                    "field": False,
                }
            )


def shown(value: Any) -> str:
    """A cell as a text shows it: short, in quotes."""
    text = value if isinstance(value, str) else repr(value)
    return f"“{text if len(text) <= 60 else text[:57] + '…'}”"
