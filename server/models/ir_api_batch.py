"""The door of the batch for clients that can only call a model's method: `ir.api.batch.execute`."""

from __future__ import annotations

from typing import Any

from server import Model, _, action


class IrApiBatch(Model, name="ir.api.batch"):
    """Several calls in one transaction. It has no records; its method is what there is to it."""

    model_label = _("Batch of calls")

    @action(model=True)
    def execute(self, calls: list[Any]) -> list[Any]:
        """Do the calls in one transaction: all of them or none. The answers, in the order of the calls.

        A call is `{"id": "a", "method": "res.partner.create", "params": {...}}`; `{"$ref": "a", "path": "/0"}` in the params of a
        later one is (a part of) the answer to `a`. See docs/integrate/rpc2.md.
        """
        from server.rpc.batch import Batch

        env = self.env
        context = {key: value for key, value in env.context.items() if not key.startswith("default_")}
        return Batch(env.database, env.uid, calls, env.transaction.caller, context).inside(env)
