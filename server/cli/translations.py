"""`colca addon i18n …`: the translation files of an addon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from server.errors import SetupError
from server.text import _


@click.group()
def i18n() -> None:
    """Translation files of addons."""


@i18n.command()
@click.argument("name")
@click.option("--language", "languages", multiple=True, default=("es",), help="A language to start, when it has no file yet.")
def extract(name: str, languages: Sequence[str]) -> None:
    """Write the template of texts of an addon (or of `kernel`) and bring its .po files up to date."""
    from server.i18n import extract as write

    for line in write(name, _folder(name), languages):
        click.echo(line)


def _folder(name: str) -> Path:
    """The folder of an addon. Raises `SetupError` when it is not there."""
    from server.addon.discovery import discover

    discovery = discover()
    if name == "kernel":
        return Path(__file__).parent.parent
    if name in discovery.addons:
        return discovery.addons[name].path
    if name in discovery.failed:
        raise SetupError(_("Addon %(name)s cannot be used. %(reason)s", name=name, reason=discovery.failed[name]))
    raise SetupError(_("The addon %(name)s is not available. `colca addon list` shows those that are.", name=name))
