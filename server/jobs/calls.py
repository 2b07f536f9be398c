"""Jobs of server actions: an address that is called, an action that a schedule runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.errors import UserError
from server.jobs import Outside, job
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment


@job("kernel.call_address", attempts=8, lease=120)
def call_address(env: Environment, payload: dict[str, Any]) -> Outside:
    """POST a body of JSON to an address, tried again when nobody takes it. Payload: `url`, `body` (text).

    The guard is that of webhooks: only addresses of the public internet, or of networks that the operator allows. A neutral copy
    (`database.neutralized`) calls nobody.
    """
    url, body = str(payload["url"]), str(payload["body"]).encode()

    neutral = env["ir.config_parameter"]._value("database.neutralized")

    def call() -> None:
        if neutral:
            return
        from server.events.courier import networks
        from server.events.posting import post

        answer = post(url, body, {"Content-Type": "application/json"}, networks())
        if not answer.good:
            raise UserError(
                _("%(url)s did not take the call: %(reason)s.", url=url, reason=answer.error or f"HTTP {answer.status}")
            )

    return Outside(call)


@job("kernel.server_action", attempts=3, lease=600)
def server_action(env: Environment, payload: dict[str, Any]) -> None:
    """Run a server action without records, as its schedule's user. Payload: `action`."""
    found = env["ir.actions.server"].browse([int(payload["action"])]).exists()
    if found and found.active:
        found.perform(env[found.sudo().model_name].browse([]))
