"""A small client of our own public door, for commands that must do what any integrator could do."""

from __future__ import annotations

import xmlrpc.client
from typing import Any

from server.errors import AccessDenied, SetupError
from server.text import _


class Client:
    """`client("sale.order", "search_read", [], fields=["name"])` over XML-RPC.

    :param company: id of the company to work in.
    :raises SetupError: when nothing answers at `url`.  :raises AccessDenied: wrong login or password.
    """

    def __init__(self, url: str, db: str, login: str, password: str, company: int | None = None) -> None:
        self.db, self.password = db, password
        self.context: dict[str, Any] = {"allowed_company_ids": [company]} if company else {}
        self._object = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", allow_none=True)
        try:
            with xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common") as common:
                uid = common.authenticate(db, login, password, {})
        except OSError as error:
            raise SetupError(
                _("Nothing answers at %(url)s (%(error)s). Start the server with `colca serve` first.", url=url, error=str(error))
            ) from error
        if not uid:
            raise AccessDenied(_("Wrong login or password for %(url)s.", url=url))
        self.uid = uid

    def __call__(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call `model.method`; a refusal arrives as `xmlrpc.client.Fault`."""
        kwargs["context"] = {**self.context, **kwargs.get("context", {})}
        return self._object.execute_kw(self.db, self.uid, self.password, model, method, list(args), kwargs)
