"""The command `colca`, as a person uses it: on an empty database, on a demo, with mistakes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

import server.cli
from server.cli.setup import create_database


@pytest.fixture
def colca(blank_url, tmp_path, monkeypatch, capsys):
    """`colca("addon list")` → (exit code, output, errors) on a blank database."""
    monkeypatch.setenv("COLCA_DATABASE_URL", blank_url)
    monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COLCA_PRODUCTION", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        code = 0
        capsys.readouterr()
        try:
            server.cli.main(list(words))
        except SystemExit as stop:
            code = int(stop.code or 0)
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return run


def test_the_first_company_gets_the_books_of_its_country(colca):
    code, _out, err = colca("init", "--admin-password", "correct horse", "--addons", "base,nothing")
    assert code == 1 and "no addon nothing" in err
    code, _out, err = colca("init", "--admin-password", "correct horse", "--country", "XX")
    assert code == 1 and "XX is not the ISO code" in err
    given = ["--company", "Sur", "--country", "pe", "--tz", "America/Lima", "--lang", "es_PE", "--addons", "account"]
    code, out, err = colca("init", "--admin-password", "correct horse", *given)
    assert code == 0 and "account" in out, err
    show = "print(env.company.currency.name, env['account.tax'].search_count([('name', 'ilike', 'IGV')]) > 0, env.company.lang)"
    assert colca("shell", "-c", show)[1] == "PEN True es_PE\n"
    code, _out, err = colca("shell", "-c", "1 / 0")
    assert code == 1 and "ZeroDivisionError" in err
    code, _out, err = colca("user", "password", "admin", "--password", "short")
    assert code == 1 and "at least 8 characters" in err


def test_from_nothing_to_a_business_with_one_more_company(colca):
    assert colca("addon", "enable", "base") == (1, "", "colca: This database is empty. Run `colca init` first.\n")
    code, out, err = colca("init", "--admin-password", "short")
    assert code == 1 and "at least 8 characters" in err
    code, out, err = colca("init", "--admin-password", "correct horse", "--company", "Sierra")
    assert code == 0 and "kernel, base" in out and "DEMO" not in out, err
    assert colca("init", "--if-missing", "--demo") == (0, "", "")
    assert colca("init", "--demo")[0] == 1
    code, out, _err = colca("db")
    assert "Sierra: base" in out and "Registry version" in out
    assert colca("addon", "install", "base")[1] == "Nothing to do: already installed.\n"
    assert colca("addon", "upgrade")[1] == "Nothing to do: everything is up to date.\n"
    assert colca("addon", "upgrade", "--plan")[1] == "-- nothing to do\n"
    code, out, err = colca("company", "add", "Colca", "--country", "PE", "--tz", "America/Lima", "--like", "Sierra")
    assert (code, out) == (0, "Company Colca added (id 2).\n"), err
    assert colca("addon", "enable", "base")[1] == "Nothing to do: already enabled.\n"
    assert "Colca\tAmerica/Lima" in colca("company", "list")[1]
    assert colca("company", "add", "Colca")[2] == "colca: There is already a company Colca.\n"
    assert "User eva added" in colca("user", "add", "eva", "--company", "Colca", "--password", "abcdefgh")[1]
    assert "already a user eva" in colca("user", "add", "eva", "--password", "abcdefgh")[2]
    assert colca("user", "password", "eva", "--password", "hgfedcba") == (0, "The password of eva is changed.\n", "")
    assert "no user nobody" in colca("user", "password", "nobody", "--password", "hgfedcba")[2]
    assert "eva\teva\tColca" in colca("user", "list")[1]
    assert colca("shell", "-c", "print(env.company.name)", "--company", "Colca")[1] == "Colca\n"
    assert "Saved" in colca("shell", "-c", "env.company.write({'phone': '1'}); commit()")[1]
    assert "jobs done" in colca("worker", "--once")[1]


def test_disable_uninstall_and_purge(colca):
    colca("init", "--admin-password", "correct horse", "--addons", "product")
    code, out, err = colca("addon", "disable", "base")
    assert code == 1 and err == "colca: base cannot be disabled: product needs it. Disable product first.\n"
    assert "Disabled for My Company: product" in colca("addon", "disable", "product")[1]
    assert colca("addon", "disable", "product")[1] == "Nothing to do: not enabled.\n"
    assert "not enabled" in colca("addon", "list")[1]
    code, out, _err = colca("addon", "purge", "product", "--dry-run")
    assert code == 0 and "table   product_template: 0 rows" in out
    assert "Uninstalled: product" in colca("addon", "uninstall", "product")[1]
    assert "data kept" in colca("addon", "list")[1]
    assert "Purged: product" in colca("addon", "purge", "product", "--yes")[1]
    assert "data kept" not in colca("addon", "list", "--verbose")[1]
    code, out, err = colca("addon", "install", "product", "--company", "My Company")
    assert code == 0 and "Installed: product" in out and "Enabled for My Company: product" in out, err


def test_mistakes_are_one_sentence(colca):
    assert colca("addon", "list")[0] == 0
    colca("init", "--admin-password", "correct horse", "--addons", "base")
    assert colca("addon", "install", "nowhere") == (
        1, "", "colca: The addon nowhere is not available. `colca addon list` shows those that are.\n",
    )  # fmt: skip
    assert "no company Nobody" in colca("addon", "enable", "base", "--company", "Nobody")[2]
    assert colca("nonsense")[0] == 2
    assert colca("addon", "install")[0] == 2
    assert colca("--version")[1].startswith("Colca 1.")


def test_a_database_that_is_not_there(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COLCA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLCA_DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:9/none")
    with pytest.raises(SystemExit) as stop:
        server.cli.main(["db"])
    seen = capsys.readouterr()
    assert stop.value.code == 1 and seen.err.startswith("colca: the database cannot be used:") and "nothing" not in seen.err
    monkeypatch.setenv("COLCA_PORT", "many")
    with pytest.raises(SystemExit):
        server.cli.main(["db"])
    assert "COLCA_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["database is locked", "no such file"])
def test_a_busy_database_is_told_from_a_missing_one(word, capsys):
    assert server.cli._refusal(OperationalError("select 1", {}, Exception(word))) == 1
    assert ("try again in a moment" in capsys.readouterr().err) is (word == "database is locked")


@pytest.mark.postgresql
def test_a_postgresql_database_is_created_when_missing(databases, blank_url):
    given = make_url(blank_url)
    url = given.set(database=f"{given.database}_new").render_as_string(hide_password=False)
    try:
        assert create_database(url) == f"{given.database}_new"
        assert create_database(url) is None
    finally:
        databases.drop(url)


def test_help_imports_no_database():
    program = "import sys, server.cli; server.cli.COMMANDS and server.cli.main(['--help'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "addon" in done.stdout and "purge" in done.stdout
    assert CliRunner().invoke(server.cli.colca, ["addon", "--help"]).exit_code == 0
