"""Calls of every kind, plausible and hostile, against every model: what the tests of the doors and whoever hunts for faults share.

A `Prober` calls through the dispatcher as some user and keeps what is no answer and no refusal in words: unexpected exceptions,
answers no codec can send, error texts that tell what they must not. By default nothing is kept (`keep=True` commits), so that one
hostile call does not spoil the next.
"""

from __future__ import annotations

import inspect
import itertools
import logging
import random
import re
import time
from collections.abc import Iterator
from typing import Any

from server.rpc import json as codec
from server.rpc import xmlrpc
from server.rpc.dispatcher import dispatch
from server.rpc.errors import describe

#: One value of every kind the wire knows, and some that look right.
WIRE: tuple[Any, ...] = (
    None, False, True, 0, 1, -1, 3, 999_999, 2**31, 2**63, 10**40, 0.5, -1.5, 1e308, "", "0", "1", "-1", "abc", "NaN", "Infinity", "-inf", "sNaN", "1e999",
    "1e-400", "1_000", "٣", "%", "_", "\\", "'; drop table x; --", "2026-01-15", "2026-02-30", "0000-00-00", "2026-01-15 12:00:00", "2026-01-15T12:00:00+05:00",
    "99999-01-01", "0001-01-01", "9999-12-31 23:59:59", "x" * 5000, "ñ🎉", "res.partner,1", "res.partner,", "nope,1", "res.partner,x", ",", "done", "posted",
    "base.group_system", "es_MX", "America/Lima", "aGVsbG8=", "[]", "{", "[('id', '=', 1)]", "%(x)s", "{0.__class__}", "<script>alert(1)</script>",
    [], [1], [1, "x"], [0], [-1], ["1"], ["x"], [None], [False], [[]], [{}], [[1]], [999_999], [2**70], [1.5], {}, {"a": 1}, {"name": "x"}, {"id": 1}, [{"name": "x"}],
    [[6, 0, [1]]], [[6, 0, []]], [[6, 0, [999_999]]], [[6, 0, ["x"]]], [[6, 0, 1]], [[6]], [[5]], [[4, 1]], [[4, 999_999]], [[4, "x"]], [[4]], [[3, 1]], [[3, 999_999]],
    [[2, 999_999]], [[2, 1]], [[1, 1, {}]], [[1, 999_999, {"name": "x"}]], [[1, 1, "x"]], [[1, 1, {"nope": 1}]], [[0, 0, {}]], [[0, 0, {"name": "x"}]],
    [[0, 0, {"nope": 1}]], [[0, 0, None]], [[0, "virtual_1", {"name": "x"}]], [[0]], [[9, 1, 2]], [["x", 1]], [[None]], [[0, 0, {}], [0, 0, {}]],
    [[[1]]], [["name", "=", "x"]], [["id", "in", [1]]],
)  # fmt: skip

OPERATORS = (
    "=", "!=", "<>", ">", ">=", "<", "<=", "in", "not in", "like", "not like", "ilike", "not ilike", "=like", "=ilike", "not =like", "not =ilike", "=?",
    "child_of", "parent_of", "any", "not any", "==", "~", "", None, 1, ["="],
)  # fmt: skip

#: What is searched for: fewer values, since they meet every operator on every field.
SEARCHED: tuple[Any, ...] = (
    None, False, True, 0, 1, -1.5, 2**63, 10**40, "", "1", "abc", "%", "NaN", "Infinity", "2026-01-15", "2026-01-15 10:00:00", "2026-13-45", "res.partner,1", [], [1, 2], ["1"],
    ["abc", False], [None], [[1]], [{}], [2**70], {}, {"a": 1}, [["id", "=", 1]], [["nope", "=", 1]], ["&"], [("id", "=", 1), "|"],
)  # fmt: skip

CONTEXTS: tuple[Any, ...] = (
    None, False, "", {}, {"lang": "es_MX"}, {"lang": "xx_YY"}, {"lang": 5}, {"lang": "../../etc"}, {"tz": "America/Lima"}, {"tz": "Nowhere/None"}, {"tz": 1}, {"tz": "../x"},
    {"active_test": False}, {"active_test": "x"}, {"active_test": []}, {"allowed_company_ids": [1]}, {"allowed_company_ids": 1}, {"allowed_company_ids": [1, 1]},
    {"allowed_company_ids": ["x"]}, {"allowed_company_ids": [999]}, {"allowed_company_ids": {}}, {"allowed_company_ids": [None]}, {"force_company": 1}, {"force_company": "x"},
    {"uid": 1}, {"uid": "x"}, {"su": True}, {"bin_size": True}, {"bin_size": "x"}, {"active_id": 1}, {"active_ids": [1]}, {"active_ids": "x"}, {"active_ids": [None]},
    {"active_ids": {"a": 1}}, {"active_ids": [999_999]}, {"active_id": "x"}, {"active_id": [1]}, {"active_model": "sale.order", "active_ids": [1], "active_id": 1},
    {"active_model": "account.move", "active_ids": [1, 2]}, {"active_model": "stock.picking", "active_ids": [1], "active_id": 1}, {"active_model": "nope", "active_ids": [1]},
    {"active_model": 5}, {"active_model": ["x"]}, {"default_name": 5}, {"default_name": []}, {"default_company_id": 2}, {"default_company_id": "x"}, {"default_partner_id": [1]},
    {"default_partner_id": 999_999}, {"default_move_type": "x"}, {"default_move_type": []}, {"default_nope": 1}, {"default_state": "done"}, {"default_state": "posted"},
    {"default_id": 1}, {"default_order_line": "x"}, {"default_picking_type_id": "x"}, {"default_journal_id": {}}, {"default_product_id": [[1]]}, {"default_create_uid": 1},
    {"tracking_disable": True}, {"inventory_mode": True}, {"inventory_mode": "x"}, {"import_file": True}, {"skip_backorder": True},
    {"skip_backorder": True, "picking_ids_not_to_backorder": "x"}, {"picking_ids_not_to_backorder": [None], "skip_backorder": 1}, {"date": "x"}, {"to_date": "x"},
    {"location": "x"}, {"warehouse": []}, {"warehouse_id": "x"}, {"pricelist": "x"}, {"quantity": "x"}, {"partner": []}, {"uom": {}}, {"1": 1}, {"": 1},
)  # fmt: skip

#: Texts that no error may hold: SQL, the driver, files of the server, code.
LEAK = re.compile(
    r"\b(select|insert|update|delete)\b.{0,300}\b(from|into|set|where)\b.{0,200}[=?%:(]|sqlalchemy|sqlite3|psycopg|\.py\b|/site-packages|Traceback|<function|<class|object at 0x|NoneType"
    r"|\bFOREIGN KEY\b|\bUNIQUE constraint|duplicate key|IntegrityError|violates",
    re.I | re.S,
)


class _Undo(Exception):
    pass


class Trial:
    """A database whose transactions do all their work, the last check included, and then keep nothing."""

    def __init__(self, database: Any) -> None:
        self.database = database

    @property
    def registry(self) -> Any:
        return self.database.registry

    def renew(self) -> bool:
        return bool(self.database.renew())

    def run(self, uid: int, context: Any, function: Any, readonly: bool = False, su: bool = False) -> Any:
        try:
            with self.database.transaction(uid, context, su=su, readonly=readonly) as env:
                result = function(env)
                env.finish()
                raise _Undo
        except _Undo:
            return result


class Problem:
    """A call that was neither answered nor refused in words."""

    def __init__(self, login: str, call: str, error: BaseException | str) -> None:
        self.login, self.call, self.error = login, call, error
        place = ""
        if isinstance(error, BaseException):
            frames = []
            trace = error.__traceback__
            while trace is not None:
                path = trace.tb_frame.f_code.co_filename
                if "/server/" in path or "/addons/" in path:
                    path = re.sub(r"^.*?/(server|addons)/", r"\1/", path)
                    frames.append(f"{path}:{trace.tb_lineno}")
                trace = trace.tb_next
            place = " < ".join(frames[::-1][:3])
            self.what = f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"
        else:
            self.what = error
        self.place = place

    @property
    def key(self) -> str:
        return f"{self.place.partition(' <')[0]} {self.what.partition(':')[0]}" if self.place else f"{self.what[:80]}"

    def __str__(self) -> str:
        return f"{self.what}\n    {self.place}\n    as {self.login}: {self.call}"


class Prober:
    """Calls as one user after the other and keeps the problems.

    :param forbidden: {login: words that no error text may tell this user}, such as the names of other companies.
    """

    def __init__(
        self,
        database: Any,
        users: dict[str, int],
        seed: int = 1,
        keep: bool = False,
        forbidden: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.database = database
        self.target = database if keep else Trial(database)
        self.users = users
        self.random = random.Random(seed)
        self.forbidden = forbidden or {}
        self.problems: dict[str, Problem] = {}
        self.calls = 0
        self.answered = 0
        registry = database.registry
        self.classes: dict[str, Any] = registry.for_enabled(registry.names).classes
        self.models = sorted(name for name, cls in self.classes.items() if not getattr(cls, "_abstract", False))
        logging.getLogger("colca.rpc").setLevel(logging.CRITICAL)

    # -- one call -----------------------------------------------------------------------------------------------------

    def call(self, login: str, model: Any, method: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The answer, or the exception; what is neither an answer nor a refusal becomes a problem."""
        self.calls += 1
        shown = f"{model}.{method}({', '.join([*map(_short, args), *(f'{k}={_short(v)}' for k, v in kwargs.items())])})"
        try:
            answer = dispatch(self.target, self.users[login], model, method, args, kwargs)
        except Exception as error:
            fault = describe(error)
            if "incident" in fault.details:
                self._note(login, shown, error)
            elif not fault.message.strip():
                self._note(login, shown, f"a refusal without words: {type(error).__name__}")
            elif (found := LEAK.search(fault.message)) is not None and found.group(0).lower() not in shown.lower():
                self._note(login, shown, f"tells {found.group(0)!r}: {fault.message[:300]}")
            else:
                for word in self.forbidden.get(login, ()):
                    if word in fault.message and word not in shown:
                        self._note(login, shown, f"tells {word!r}: {fault.message[:300]}")
            return error
        self.answered += 1
        try:
            codec.dumps(answer)
            xmlrpc.dumps(answer)
        except Exception as error:
            self._note(login, shown, error)
        return answer

    def _note(self, login: str, call: str, error: BaseException | str) -> None:
        problem = Problem(login, call, error)
        self.problems.setdefault(problem.key, problem)

    # -- what is called -----------------------------------------------------------------------------------------------

    def ids(self, model: str) -> list[int]:
        """Some ids of a model, whoever may see them."""
        try:
            return self.database.run(1, {"active_test": False}, lambda env: env[model].search([], limit=60).ids, readonly=True)
        except Exception:
            return []

    def fields(self, model: str) -> dict[str, Any]:
        return self.classes[model]._fields

    def creations(self, login: str, model: str) -> Iterator[Any]:
        """Nothing, too little, one required value missing, one value of another kind."""
        yield self.call(login, model, "create", {})
        yield self.call(login, model, "create", [])
        yield self.call(login, model, "create", [{}, {}])
        full = self.plausible(model)
        yield self.call(login, model, "create", full)
        for name in full:
            yield self.call(login, model, "create", {key: value for key, value in full.items() if key != name})
            yield self.call(login, model, "create", {**full, name: False})
            yield self.call(login, model, "create", {name: full[name]})
        for name in self.fields(model):
            yield self.call(login, model, "create", {**full, name: self.random.choice(WIRE)})

    def writings(self, login: str, model: str, count: int | None = None) -> Iterator[Any]:
        """Every field with every kind of value, on a record there is; `count` values of each field when given."""
        known = self.ids(model)
        for name in [*self.fields(model), "nope", "", "partner_id.name"]:
            for value in WIRE if count is None else self.random.sample(WIRE, count):
                ids = [self.random.choice(known)] if known else []
                yield self.call(login, model, "write", ids, {name: value})

    def searches(self, login: str, model: str, count: int | None = None) -> Iterator[Any]:
        """Every operator on every field."""
        for name in [*self.fields(model), "nope", "", "id.id", 5, None]:
            pairs: Any = itertools.product(OPERATORS, SEARCHED)
            if count is not None:
                pairs = self.random.sample(list(pairs), count)
            for operator, value in pairs:
                yield self.call(login, model, "search", [[name, operator, value]], limit=3)

    def paths(self, login: str, model: str, count: int) -> Iterator[Any]:
        """Dotted names of two and three parts, as conditions, in orders and in groups."""
        related = [(name, field.comodel) for name, field in self.fields(model).items() if field.comodel in self.classes]
        for _n in range(count if related else 0):
            name, other = self.random.choice(related)
            path = f"{name}.{self.random.choice(list(self.fields(other)))}"
            yield self.call(
                login, model, "search", [[path, self.random.choice(OPERATORS), self.random.choice(SEARCHED)]], limit=3
            )
            yield self.call(login, model, "search", [], order=path, limit=2)
            yield self.call(login, model, "read_group", [], [], [path], lazy=False, limit=3)

    def groupings(self, login: str, model: str, count: int | None = None) -> Iterator[Any]:
        """Grouping by, aggregating, ordering by every field."""
        parts = ("", ":day", ":week", ":month", ":quarter", ":year", ":hour", ":nope", ":")
        sums = (
            "",
            ":sum",
            ":avg",
            ":min",
            ":max",
            ":count",
            ":count_distinct",
            ":array_agg",
            ":bool_and",
            ":bool_or",
            ":nope",
            ":",
        )
        for name in [*self.fields(model), "nope", ""]:
            for part in parts if count is None else self.random.sample(parts, min(count, len(parts))):
                yield self.call(login, model, "read_group", [], [], [f"{name}{part}"], limit=3)
                yield self.call(login, model, "formatted_read_group", [], [f"{name}{part}"], ["__count"], limit=3)
            for part in sums if count is None else self.random.sample(sums, min(count, len(sums))):
                yield self.call(login, model, "read_group", [], [f"{name}{part}"], [])
                yield self.call(login, model, "formatted_read_group", [], [], [f"{name}{part}"])
                yield self.call(login, model, "read_group", [], [f"x:{part[1:]}({name})"], ["create_uid"], lazy=False)
            for order in (
                name,
                f"{name} desc",
                f"{name} nulls first",
                f"{name},{name}",
                f"{name} x",
                f"{name}:month",
                f"{name}.id",
            ):
                yield self.call(login, model, "search", [], order=order, limit=2)
            yield self.call(login, model, "read_group", [], ["id:count"], ["create_uid"], orderby=name, lazy=False)
            yield self.call(login, model, "read", self.ids(model)[:3], [name])
            yield self.call(
                login, model, "search_read", [], [name], limit=2, load=self.random.choice([None, "x", "_classic_write", 5])
            )

    def contexts(self, login: str, model: str) -> Iterator[Any]:
        """Every odd context on what reads and what makes."""
        full = self.plausible(model)
        for context in CONTEXTS:
            yield self.call(login, model, "search_read", [], [], limit=2, context=context)
            yield self.call(login, model, "default_get", list(self.fields(model)), context=context)
            yield self.call(login, model, "create", full, context=context)
            yield self.call(login, model, "create", {}, context=context)

    def actions(self, login: str, model: str, count: int) -> Iterator[Any]:
        """Every public method with arguments of every kind, on records there are and are not."""
        known = self.ids(model)
        for method in self.classes[model].public_methods().values():
            parameters = [p for p in method.parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
            yield self.call(login, model, method.name)
            for _n in range(count):
                args: list[Any] = []
                if not method.model:
                    args.append(self._ids(known))
                for parameter in parameters[: self.random.randint(0, len(parameters))]:
                    args.append(self._argument(model, parameter.name))
                kwargs = {}
                if self.random.random() < 0.2:
                    kwargs["context"] = self.random.choice(CONTEXTS)
                if self.random.random() < 0.1:
                    kwargs[self.random.choice(["nope", "self", "ids", "context ", *(p.name for p in parameters)])] = (
                        self.random.choice(WIRE)
                    )
                yield self.call(login, model, method.name, *args, **kwargs)

    def everything(self, seconds: float, count: int = 2) -> None:
        """All of it in random order, as users in turn, until the time is over."""
        ends = time.monotonic() + seconds
        logins = list(self.users)
        while time.monotonic() < ends:
            model, login = self.random.choice(self.models), self.random.choice(logins)
            kind = self.random.randrange(6)
            calls = (
                self.creations(login, model),
                self.writings(login, model, count),
                self.searches(login, model, count),
                self.paths(login, model, 5 * count),
                self.groupings(login, model, 1),
                self.actions(login, model, count),
            )[kind]
            for _answer in calls:
                if time.monotonic() > ends:
                    break

    # -- values -------------------------------------------------------------------------------------------------------

    def plausible(self, model: str) -> dict[str, Any]:
        """What a record of the model probably takes: the required fields with values that fit their type."""
        values: dict[str, Any] = {}
        for name, field in self.fields(model).items():
            if field.required and not field.readonly and name not in ("company_id", "create_uid", "write_uid"):
                values[name] = self.fitting(field)
        return values

    def fitting(self, field: Any) -> Any:
        """A value in the wire's shape that a field of this type takes."""
        if field.type == "many2one":
            known = self.ids(field.comodel)
            return self.random.choice(known[:10]) if known else 1
        if field.type == "selection":
            options = [option for option in getattr(field, "selection", ()) or () if isinstance(option, tuple)]
            return self.random.choice(options)[0] if options else "x"
        return {
            "char": f"Sample {self.random.randrange(10**9)}", "text": "Sample", "html": "<p>Sample</p>", "integer": self.random.choice([1, 2, 7]), "float": self.random.choice([1, 2.5, 12]),
            "monetary": self.random.choice([1, 99.99]), "boolean": True, "date": "2026-01-15", "datetime": "2026-01-15 12:00:00", "json": {}, "binary": "aGVsbG8=",
            "one2many": [], "many2many": [],
        }.get(field.type, 1)  # fmt: skip

    def values(self, model: str) -> dict[str, Any]:
        """A mapping of a few fields to values of which half fit."""
        fields = list(self.fields(model).items())
        chosen = self.random.sample(fields, min(len(fields), self.random.randint(1, 4)))
        return {name: self.fitting(field) if self.random.random() < 0.5 else self.random.choice(WIRE) for name, field in chosen}

    def _ids(self, known: list[int]) -> Any:
        if known and self.random.random() < 0.75:
            return self.random.choice([known[:1], known[:3], [self.random.choice(known)], self.random.choice(known)])
        return self.random.choice(
            [[], [999_999], 999_999, "x", None, [None], [[1]], {}, [True], [2**63], [1, 1], "1", 0, [0], 1.5, [-1]]
        )

    def _argument(self, model: str, name: str) -> Any:
        if self.random.random() < 0.4:
            return self.random.choice(WIRE)
        if name in ("vals", "vals_list", "default", "values"):
            return self.values(model)
        if name in ("domain", "having"):
            field = self.random.choice(list(self.fields(model)))
            return [[field, self.random.choice(OPERATORS), self.random.choice(SEARCHED)]]
        if name in ("fields", "allfields", "groupby", "fields_list", "field_names", "fields_to_export", "aggregates"):
            return self.random.sample(list(self.fields(model)), 2)
        if name in ("order", "orderby", "sort"):
            return self.random.choice(list(self.fields(model)))
        if name == "operation":
            return self.random.choice(["read", "write", "create", "unlink"])
        if name == "views":
            return [[False, self.random.choice(["list", "form", "search", "kanban", "x"])]]
        return self.random.choice(WIRE)

    def report(self) -> str:
        return "\n".join(f"{number}. {problem}" for number, problem in enumerate(self.problems.values(), 1))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."
