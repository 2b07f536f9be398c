"""Numbers for documents: gapless where the law wants it, without queueing where it does not.

A sequence says how a number looks; its counters (`ir.sequence.date_range`, one per year, per month or one for ever) say which is
next. Two ways of counting:

- `no_gap`: `UPDATE … RETURNING` on the counter's row. Whoever comes second waits for the first to commit or roll back, so numbers
  follow each other without a hole.
- `standard`: on PostgreSQL a native sequence behind each counter. Nobody waits; a rolled back transaction leaves a hole. SQLite
  has one writer at a time anyway and counts in the row.

Either way it is one statement for any count. What a sequence looks like is reference data and costs none.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server import (
    Boolean,
    Char,
    Date,
    Integer,
    Many2one,
    Model,
    One2many,
    Selection,
    UserError,
    ValidationError,
    _,
    action,
    constrains,
    depends,
)

_PLACE = re.compile(r"%\(([a-z_0-9]+)\)s")

#: What may stand in a prefix or suffix, as `strftime` codes.
_PLACES = {
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "y": "%y",
    "doy": "%j",
    "woy": "%W",
    "weekday": "%w",
    "h24": "%H",
    "h12": "%I",
    "min": "%M",
    "sec": "%S",
}

#: Start of the only counter of a sequence that never begins again.
FOREVER = date(1, 1, 1)


class Shape(NamedTuple):
    """How the numbers of a sequence look and count: all that `next_by_id` needs, without a query."""

    id: int
    prefix: str
    suffix: str
    padding: int
    increment: int
    no_gap: bool
    reset: str

    def number(self, value: int, when: datetime) -> str:
        """The number with counter `value` at the moment `when`."""
        return f"{fill(self.prefix, when)}{value:0{max(self.padding, 0)}d}{fill(self.suffix, when)}"

    def start(self, day: date) -> date:
        """First day of the counter that `day` falls into."""
        if self.reset == "year":
            return date(day.year, 1, 1)
        if self.reset == "month":
            return date(day.year, day.month, 1)
        return FOREVER


def fill(text: str, when: datetime) -> str:
    """`text` with its places filled for the moment `when`; `%%` is a percent sign. Raises `ValueError` that names an unknown
    place.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        name = name.removeprefix("range_").removeprefix("current_")
        if name not in _PLACES:
            raise ValueError(match.group(0))
        return when.strftime(_PLACES[name])

    return _PLACE.sub(value, text).replace("%%", "%") if "%" in text else text


def chosen_reset(reset: str | None, prefix: str | None, suffix: str | None) -> str:
    """When a sequence begins again: what was chosen, else each year when the number shows a year, else never."""
    if reset:
        return reset
    places = set(_PLACE.findall(f"{prefix or ''}{suffix or ''}"))
    return "year" if places & {"year", "y", "range_year", "range_y", "current_year", "current_y"} else "never"


class IrSequence(Model, name="ir.sequence"):
    """How documents of one kind are numbered, in one company or in all."""

    model_label = _("Sequence")
    order = "name, id"
    reference = True
    history = True
    indexes = [("code", "company_id")]
    checks = {"increment": "number_increment > 0", "padding": "padding >= 0 AND padding <= 20"}

    name = Char(_("Name"), required=True)
    code = Char(_("Code"), help=_("Name by which programs ask for the next number."))
    active = Boolean(_("Active"), default=True)
    implementation = Selection(
        [("standard", _("Standard")), ("no_gap", _("Without gaps"))],
        _("Counting"),
        default="standard",
        required=True,
        tracking=True,
        help=_("Without gaps: documents wait for each other, no number is ever lost."),
    )
    prefix = Char(_("Prefix"), tracking=True)
    suffix = Char(_("Suffix"), tracking=True)
    padding = Integer(_("Digits"), default=0, required=True, tracking=True)
    number_increment = Integer(_("Step"), default=1, required=True, tracking=True)
    reset = Selection(
        [("never", _("Never")), ("year", _("Each year")), ("month", _("Each month"))],
        _("Begins again"),
        help=_("Empty: each year when the prefix or suffix shows the year, otherwise never."),
    )
    company_id = Many2one(
        "res.company", _("Company"), ondelete="cascade", default=lambda env: None, help=_("Empty: shared by all companies.")
    )
    date_range_ids = One2many("ir.sequence.date_range", "sequence_id", _("Counters"))
    number_next = Integer(
        _("Next number"),
        compute="_compute_number_next",
        inverse="_inverse_number_next",
        copy=False,
        aliases=("number_next_actual",),
    )
    use_date_range = Boolean(_("Begins again by date"), compute="_compute_use_date_range")

    @depends("reset", "prefix", "suffix")
    def _compute_use_date_range(self) -> None:
        for sequence in self:
            sequence.use_date_range = chosen_reset(sequence.reset, sequence.prefix, sequence.suffix) != "never"

    def _compute_number_next(self) -> None:
        today = self.env.today()
        for sequence in self:
            shape = sequence._shape()
            counter = sequence.date_range_ids.filtered(lambda row, start=shape.start(today): row.date_from == start)
            sequence.number_next = counter._peek() if counter else 1

    def _inverse_number_next(self) -> None:
        today = self.env.today()
        for sequence in self:
            value = sequence.number_next
            if value > 0:
                sequence._counter(sequence._shape(), today)._set_next(value)

    @constrains("prefix", "suffix")
    def _check_places(self) -> None:
        for sequence in self:
            for text in (sequence.prefix, sequence.suffix):
                try:
                    fill(text or "", datetime(2000, 1, 1))
                except ValueError as error:
                    raise ValidationError(
                        _(
                            "The sequence %(name)s cannot show %(place)s. Use one of %(places)s.",
                            name=sequence.name,
                            place=str(error),
                            places=", ".join(f"%({place})s" for place in _PLACES),
                        )
                    ) from error

    def _shape(self) -> Shape:
        """The shape of one sequence."""
        self.ensure_one()
        return self._shapes()[self._ids[0]]

    def _shapes(self) -> dict[int, Shape]:
        """Shapes of all sequences, remembered in the process."""
        shapes: dict[int, Shape] = self.env.process_cache("ir.sequence.shapes", self._load_shapes)
        return shapes

    def _load_shapes(self) -> dict[int, Shape]:
        table = self.table
        self.env.flush_for((self._name,))
        return {
            row.id: Shape(
                id=row.id,
                prefix=row.prefix or "",
                suffix=row.suffix or "",
                padding=row.padding,
                increment=row.number_increment,
                no_gap=row.implementation == "no_gap",
                reset=chosen_reset(row.reset, row.prefix, row.suffix),
            )
            for row in self.env.run(table.select())
        }

    def _codes(self) -> dict[tuple[str, int | None], int]:
        """Sequence id of each (code, company); the oldest active one where there are several."""
        codes: dict[tuple[str, int | None], int] = self.env.process_cache("ir.sequence.codes", self._load_codes)
        return codes

    def _load_codes(self) -> dict[tuple[str, int | None], int]:
        table = self.table
        self.env.flush_for((self._name,))
        rows = self.env.run(
            sa.select(table.c.code, table.c.company_id, table.c.id)
            .where(table.c.code.is_not(None), table.c.active.is_(True))
            .order_by(table.c.id.desc())
        )
        return {(row.code, row.company_id): row.id for row in rows}

    @action(model=True)
    def next_by_code(self, sequence_code: str, count: int | None = None, date: date | str | None = None) -> Any:
        """The next number of the sequence with this code: a string, or with `count` a list of that many.

        None when the current company has no such sequence. `date` (default: now in the company's time zone) fills year, month and
        day.
        """
        codes = self._codes()
        sequence_id = codes.get((sequence_code, self.env.company_id)) or codes.get((sequence_code, None))
        if sequence_id is None:
            return None
        return self.sudo().browse([sequence_id]).next_by_id(count=count, date=date)

    @action
    def next_by_id(self, count: int | None = None, date: date | str | None = None) -> Any:
        """The next number of one sequence: a string, or with `count` a list of that many numbers in rising order."""
        self.ensure_one()
        if count is not None and not 0 <= count <= 1_000_000:
            raise UserError(_("%(count)s numbers cannot be taken at once. Ask for at most a million.", count=count))
        if count == 0:
            return []
        drawn = self.env.transaction.rehearsing
        if drawn is not None:  # nothing is saved in the end, and numbers are not to be lost
            instead = [f"/{len(drawn) + n}" for n in range(count or 1)]
            drawn.update(instead)
            return instead[0] if count is None else instead
        shape = self._shape()
        when = self._moment(date)
        values = self._take(shape, when.date(), count or 1)
        numbers = [shape.number(value, when) for value in values]
        return numbers[0] if count is None else numbers

    def _moment(self, day: date | str | None) -> datetime:
        """The moment that fills the places: `day`, or now as the company's clock shows it."""
        if isinstance(day, str):
            day = datetime.fromisoformat(day)
        if isinstance(day, datetime):
            return day
        if day is not None:
            return datetime(day.year, day.month, day.day)
        env = self.env
        zone = ZoneInfo(env.database.company_tz(env.transaction, env.company_id) or "UTC")
        return env.now().replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None)

    def _take(self, shape: Shape, day: date, count: int) -> list[int]:
        """`count` values of the counter for `day`; one statement when the counter is there, a few more the first time."""
        counters = self.env["ir.sequence.date_range"].sudo()
        start = shape.start(day)
        key = ("ir.sequence.counter", shape.id, start)
        try:
            counter_id: int = self.env.process_cache(key, lambda: counters._counter_id(shape.id, start))
        except LookupError:
            counter_id = self._counter(shape, day).id
        values: list[int] | None = (
            counters._native_values(counter_id, shape, count)
            if counters._native(shape)
            else counters._row_values(counter_id, shape, count)
        )
        if values is None:
            # The counter was remembered by this process and has been deleted since, or belongs to a transaction that was rolled
            # back.
            values = counters._row_values(self._counter(shape, day).id, shape, count) or []
        self.env.transaction.forget(self._fields["number_next"])
        return values

    def _counter(self, shape: Shape, day: date) -> Any:
        """The counter for `day`, made under the sequence's row lock when it is the first number of its year."""
        counters = self.env["ir.sequence.date_range"].sudo()
        start = shape.start(day)
        for locked in (False, True):
            try:
                return counters.browse([counters._counter_id(shape.id, start)])
            except LookupError:
                if not locked:
                    self.sudo().browse([shape.id]).lock()
        return counters.create({"sequence_id": shape.id, "date_from": start, "date_to": _end(shape, start)})

    def write(self, vals: dict[str, Any]) -> Any:
        """Change sequences; when counting changes its way, each counter goes on from where it stands."""
        stands: dict[int, int] = {}
        if "implementation" in vals or "number_increment" in vals:
            stands = {counter.id: counter._peek() for counter in self.date_range_ids.sudo()}
        done = super().write(vals)
        for counter in self.env["ir.sequence.date_range"].sudo().browse(list(stands)):
            counter._set_next(stands[counter.id])
        return done


def _end(shape: Shape, start: date) -> date | None:
    if shape.reset == "year":
        return date(start.year, 12, 31)
    if shape.reset == "month":
        return date(start.year, start.month, monthrange(start.year, start.month)[1])
    return None


class IrSequenceDateRange(Model, name="ir.sequence.date_range"):
    """One counter of a sequence: the next value between two dates."""

    model_label = _("Counter of a sequence")
    order = "sequence_id, date_from"
    rec_name = "id"
    # The id of a counter is remembered in the process. A new one must stop that for the rest of its transaction: rolled back, its
    # id means nothing.
    reference = True
    unique = [("sequence_id", "date_from")]

    sequence_id = Many2one("ir.sequence", _("Sequence"), required=True, ondelete="cascade")
    date_from = Date(_("From"), required=True)
    date_to = Date(_("To"))
    number_next = Integer(_("Next number"), default=1, required=True, readonly=True)

    def create(self, vals_list: Any) -> Any:
        """Create counters; on PostgreSQL each gets its native sequence in the same transaction."""
        counters = super().create(vals_list)
        if self._postgresql():
            self.env.flush()
            for counter in counters:
                self.env.run(
                    sa.text(f"CREATE SEQUENCE IF NOT EXISTS {native_name(counter.id)} START {max(counter.number_next, 1)}")
                )
        return counters

    def unlink(self) -> Any:
        """Delete counters with their native sequences."""
        names = [native_name(counter_id) for counter_id in self.ids] if self._postgresql() else []
        done = super().unlink()
        if names:
            self.env.flush()
            self.env.run(sa.text(f"DROP SEQUENCE IF EXISTS {', '.join(names)}"))
        return done

    def _postgresql(self) -> bool:
        return bool(self.env.transaction.dialect == "postgresql")

    def _native(self, shape: Shape) -> bool:
        return not shape.no_gap and self._postgresql()

    def _counter_id(self, sequence_id: int, start: date) -> int:
        """The counter's id. Raises `LookupError` when there is none yet, so that nobody remembers that."""
        table = self.table
        found = self.env.run(sa.select(table.c.id).where(table.c.sequence_id == sequence_id, table.c.date_from == start)).scalar()
        if found is None:
            raise LookupError
        return int(found)

    def _row_values(self, counter_id: int, shape: Shape, count: int) -> list[int] | None:
        """Take `count` values by moving the row on; None when the row is not there."""
        table = self.table
        width = count * shape.increment
        statement = (
            table.update()
            .where(table.c.id == counter_id)
            .values(number_next=table.c.number_next + width)
            .returning(table.c.number_next)
        )
        after = self.env.run(statement).scalar()
        return None if after is None else list(range(after - width, after, shape.increment))

    def _native_values(self, counter_id: int, shape: Shape, count: int) -> list[int]:
        """Take `count` values of the native sequence; the step is applied here, so that changing it never needs DDL."""
        statement = sa.text(f"SELECT nextval('{native_name(counter_id)}') FROM generate_series(1, :n)")
        taken = sorted(self.env.run(statement, {"n": count * shape.increment}).scalars())
        return [int(value) for value in taken[:: shape.increment]]

    def _peek(self) -> int:
        """The value that the next number will have (at this moment)."""
        self.ensure_one()
        if self._native(self.mapped("sequence_id")._shape()):
            row = self.env.run(sa.text(f"SELECT last_value, is_called FROM {native_name(self._ids[0])}")).one()
            return int(row.last_value) + (1 if row.is_called else 0)
        table = self.table
        return int(self.env.run(sa.select(table.c.number_next).where(table.c.id == self._ids[0])).scalar_one())

    def _set_next(self, value: int) -> None:
        """Make `value` the next one."""
        self.ensure_one()
        table = self.table
        self.env.run(table.update().where(table.c.id == self._ids[0]).values(number_next=value))
        if self._postgresql():
            self.env.run(sa.text(f"SELECT setval('{native_name(self._ids[0])}', :value, false)"), {"value": value})


def native_name(counter_id: int) -> str:
    return f"ir_sequence_counter_{int(counter_id)}"
