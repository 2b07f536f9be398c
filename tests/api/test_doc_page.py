"""The page `/doc`: whole by itself, in two languages, and it runs nothing but its own script."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = pytest.mark.feature("M5")


@pytest.fixture
def get(fake_client):
    return fake_client.get


def test_it_comes_in_the_language_that_is_asked_for(get):
    english, spanish = get("/doc?lang=en"), get("/doc", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert english.status_code == spanish.status_code == 200
    assert english.headers["Content-Language"] == "en" and spanish.headers["Content-Language"] == "es-MX"
    assert '<html lang="en">' in english.text and '<html lang="es-MX">' in spanish.text
    assert get("/doc/?lang=es").headers["Content-Language"] == "es"
    assert get("/doc?lang=<script>").headers["Content-Language"] == "en"


def test_every_text_of_the_script_is_given_to_it(get):
    """The script asks for `texts.x`: each of them is in the page, and none that it does not use."""
    page = json.loads(re.search(r'<script type="application/json" id="page">(.*?)</script>', get("/doc").text, re.S)[1])
    used = set(re.findall(r"\btexts\.(\w+)", get("/doc/page.js").text))
    assert used == set(page["texts"])
    assert page["texts"]["count"] == "%n of %all models" and page["texts"]["alias"] == "Another name of %s"


def test_nothing_comes_from_elsewhere(get):
    page, script, style = get("/doc"), get("/doc/page.js"), get("/doc/page.css")
    for answer in (script, style):
        assert answer.status_code == 200 and not re.search(r"https?://", answer.text)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert all(address.startswith(("/", "?", "data:")) and not address.startswith("//") for address in addresses)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", page.text) and " style=" not in page.text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.text)


def test_the_key_is_kept_nowhere(get):
    script = get("/doc/page.js").text
    assert "localStorage" not in script and "sessionStorage" not in script and "document.cookie" not in script


@pytest.mark.parametrize("path", ["/doc/page.js", "/doc/page.css"])
def test_files_that_did_not_change_are_not_sent_again(get, path):
    tag = get(path).headers["ETag"]
    assert get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_start_page_leads_to_it(get):
    assert 'href="/doc"' in get("/").text
