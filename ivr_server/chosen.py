"""The settings a command works with; what is wrong with them is the command's own message, not a stack trace."""

from __future__ import annotations

from pathlib import Path

import click

from ivr_server.settings import Settings, read_settings
from marked_yaml import Mistakes


def chosen_settings(path: Path | None) -> Settings:
    """The settings of a file, or all defaults; a ClickException with every problem and its place, a line each."""
    try:
        return read_settings(path)
    except Mistakes as wrong:
        raise click.ClickException("\n" + "\n".join(map(str, wrong.problems))) from None
