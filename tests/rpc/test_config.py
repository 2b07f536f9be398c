"""Settings: precedence, one report of all mistakes, and a page that names each of them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from server.config import SETTINGS, Config
from server.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]


def test_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = Config.load({})
    assert (config.port, config.database_name, config.series) == (8069, "colca", "19.0")
    assert config.database_url == f"sqlite:///{tmp_path / 'var' / 'colca.db'}"
    assert config.version_info == [19, 0, 0, "final", 0, ""]
    assert config.workers == 1


def test_environment_wins_over_the_file(tmp_path):
    path = tmp_path / "colca.toml"
    path.write_text('port = 9000\nthreads = 3\nmax_body = "1MB"\ndatabase_url = "postgres://u:p@h/d"\nworkers = 2\n')
    config = Config.load({"COLCA_CONFIG": str(path), "COLCA_PORT": "9001", "COLCA_JOBS": "off"})
    assert (config.port, config.threads, config.max_body, config.jobs, config.workers) == (9001, 3, 1024**2, False, 2)
    assert config.database_url == "postgresql+psycopg://u:p@h/d"


def test_all_mistakes_in_one_report(tmp_path):
    path = tmp_path / "colca.toml"
    path.write_text('prot = 1\nthreads = "many"\n')
    environ = {
        "COLCA_CONFIG": str(path),
        "COLCA_PORT": "http",
        "COLCA_JOBS": "maybe",
        "COLCA_DATABASE_URL": "mysql://root:hidden@x/y",
    }
    with pytest.raises(SetupError) as caught:
        Config.load(environ)
    text = str(caught.value)
    for part in ("'prot'", "threads in", "COLCA_PORT is 'http'", "COLCA_JOBS is 'maybe'", "COLCA_DATABASE_URL"):
        assert part in text
    assert "hidden" not in text


def test_unreadable_file():
    with pytest.raises(SetupError, match="cannot be read"):
        Config.load({"COLCA_CONFIG": "/nonexistent/colca.toml"})


def test_secret_key_is_made_once_and_kept(tmp_path):
    first = Config(data_dir=tmp_path / "new").prepare()
    assert len(first.secret_key) > 40
    assert (tmp_path / "new" / "secret_key").stat().st_mode & 0o077 == 0
    assert Config(data_dir=tmp_path / "new").prepare().secret_key == first.secret_key


def test_a_data_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="COLCA_DATA_DIR"):
        Config(data_dir=tmp_path / "file" / "var").prepare()


def test_every_setting_is_an_attribute_and_the_other_way_round():
    assert {s.key for s in SETTINGS} - {"config"} == {f.name for f in fields(Config)}


def test_the_page_lists_each_setting():
    page = (ROOT / "docs" / "run" / "settings.md").read_text()
    listed = re.findall(r"^\| `(COLCA_\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", page, re.M)
    assert [name for name, *_rest in listed] == [s.name for s in SETTINGS]
    for setting, (_name, kind, default, help_text) in zip(SETTINGS, listed, strict=True):
        assert (kind, default, help_text) == (setting.kind, setting.default, setting.help)
