"""The command ``ivr-server``: gathers the files of ``commands`` and imports only the one that is asked for."""

from __future__ import annotations

import importlib
import pkgutil

import click

from ivr_server import commands
from ivr_server.listing import Listing


class Commands(Listing):
    """Each module of ``ivr_server.commands`` is one command (or group), by its file's name with dashes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, sorted."""
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None when there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"ivr_server.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The automated voice and the desk behind a customer-service number.

    Example: ivr-server check flows/library
    """
