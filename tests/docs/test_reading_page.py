"""The samples of the page on reading and saving records are run as they stand, against the demo business."""

from __future__ import annotations

import xmlrpc.client
from pathlib import Path

import pytest

from server.app import create_app
from server.config import Config
from tests.docs.samples import code_blocks

PAGE = Path(__file__).parent.parent.parent / "docs" / "integrate" / "reading.md"


class Proxy:
    """`xmlrpc.client.ServerProxy` over the application in this process."""

    client = None

    def __init__(self, url, allow_none=False):
        self.path = "/" + url.split("/", 3)[3]

    def __getattr__(self, method):
        def call(*args):
            body = xmlrpc.client.dumps(args, method, allow_none=True).encode()
            return xmlrpc.client.loads(self.client.post(self.path, data=body).data)[0][0]

        return call


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_samples_run_and_answer_what_they_say(shared_demo, tmp_path, monkeypatch):
    monkeypatch.setattr(xmlrpc.client, "ServerProxy", Proxy)
    monkeypatch.setattr(Proxy, "client", create_app(Config(data_dir=tmp_path), database=shared_demo).test_client())
    scope: dict = {}
    setting, paths, specification, pages, form = code_blocks(PAGE)
    for block in (setting, specification):
        exec(block, scope)
    rows = eval(paths.partition("#")[0], scope)
    assert len(rows) == 5
    assert all(set(row) == {"id", "name", "partner_id.country_id.code", "order_line.product_id.default_code"} for row in rows)
    nested = scope["call"]("sale.order", "search_read", [], scope["specification"], limit=5)
    assert all(isinstance(row["partner_id"]["display_name"], str) and isinstance(row["order_line"], list) for row in nested)
    exec(pages.replace("limit=200", "limit=7"), scope)
    assert scope["more"] is False and 0 < len(scope["rows"]) <= 7
    lines, _hash, _answer = form.partition("# {")
    *before, last = lines.strip().split("\n")
    exec("\n".join(before), scope)
    value = eval(last, scope)["value"]
    assert value["amount_total"] > 0
    assert value["order_line"][0][:2] == [1, "virtual_1"] and value["order_line"][0][2]["price_unit"] > 0
