"""A stand-in for a model and a database: enough to test the doors without the record layer."""

from __future__ import annotations

from types import SimpleNamespace

from server.model.decorators import action
from server.model.modelset import public_methods


class Things:
    """A stand-in for a model class: it answers what it was called with."""

    def __init__(self, env, ids=()):
        self.env, self.ids = env, list(ids)

    def browse(self, ids):
        return Things(self.env, ids)

    def check_outside(self, operation, lock=False):
        """The real one asks for rights and locks the rows."""

    @classmethod
    def public_methods(cls):
        return public_methods(cls)

    @action(model=True)
    def search(self, domain, offset=0, limit=None, order=None):
        return ["search", domain, offset, limit, order, dict(self.env.context)]

    @action(model=True)
    def search_count(self, domain, limit=None):
        return ["search_count", domain, limit]

    @action(model=True)
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        return [name, domain, operator, limit]

    @action
    def write(self, vals):
        return [self.ids, vals, dict(self.env.context)]

    @action
    def read(self, fields=None, load="_classic_read"):
        return [self.ids, fields, load, dict(self.env.context)]

    @action(model=True)
    def create(self, vals_list):
        return [vals_list, dict(self.env.context)]

    @action
    def message_post(self, *, body="", **more):
        return [self.ids, body, more]

    @action(readonly=True)
    def peek(self):
        return self.env.readonly

    @action(model=True)
    def typed(
        self,
        code: str,
        count: int = 1,
        strict: bool = True,
        tags: list[str] | None = None,
        more: dict[str, int] | None = None,
        free=None,
    ):
        return [code, count, strict, tags, more, free]

    def helper(self):
        """Not marked: private."""

    @action
    def _secret(self):
        """A mark does not make an underscore public."""


class Fake:
    """The part of a database that a call needs."""

    def __init__(self):
        self.models = SimpleNamespace(find={"thing": Things}.get)
        self.registry = SimpleNamespace(names=frozenset(), for_enabled=lambda names: self.models)

    def renew(self):
        """Nobody makes models here."""
        return False

    def run(self, uid, context, fn, readonly=False):
        class Env(SimpleNamespace):
            def __getitem__(self, name):
                return Things(self)

        env = Env(
            context=context,
            lang=context.get("lang", "en_US"),
            readonly=readonly,
            models=self.models,
            flush=lambda: None,
        )
        return fn(env)
