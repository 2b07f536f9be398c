"""The database as a Flask extension: Flask-SQLAlchemy makes and keeps the application's engine, and the records run on the same.

Pages and extensions of Flask that bring tables of their own find `db.session` and `db.engine` here. Business data is reached only
through an environment (`server.database.Database`), never through this session.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from server.db.engine import engine_options, normal_url, prepare

db = SQLAlchemy()


def engine_of(app: Flask, url: str) -> sa.Engine:
    """Bind `app` to the database at `url`; its engine, ready for the records."""
    parsed = sa.make_url(normal_url(url))
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        # the extension would look for a relative file in the instance folder, everybody else in the working directory
        parsed = parsed.set(database=str(Path(parsed.database).absolute()))
    app.config["SQLALCHEMY_DATABASE_URI"] = parsed.render_as_string(hide_password=False)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    with app.app_context():
        return prepare(db.engine)
