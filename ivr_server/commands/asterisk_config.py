"""``ivr-server asterisk-config``: write the Asterisk configuration that this product needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ivr_server import whereabouts
from ivr_server.pbx.config import CannotWrite, write
from ivr_server.pbx.plan import from_settings, listening
from ivr_server.settings import read_settings
from marked_yaml import Mistakes


@click.command("asterisk-config")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.option(
    "--sip", default="0.0.0.0:5060", show_default=True, help="Where telephones and lines reach Asterisk (UDP)."
)
@click.option("--number", default="", help="The number of lines that send none; the settings' own.")
def command(folder: Path, path: Path | None, sip: str, number: str) -> None:
    """Write a whole Asterisk configuration into FOLDER, and in FOLDER/ivr the parts for an Asterisk that you have.

    Example: ivr-server asterisk-config /etc/asterisk-ivr
    """
    try:
        settings = read_settings(path)
        plan = from_settings(settings, folder)
        port = whereabouts.agi_port(settings.folder) or int(plan.agi.rpartition(":")[2])
        agi = f"{plan.agi.rpartition(':')[0]}:{port}"
        plan = replace(plan, ports=listening(sip, plan.ports), number=number or plan.number, agi=agi)
        written = write(plan)
    except Mistakes as wrong:
        raise click.ClickException("\n" + "\n".join(map(str, wrong.problems))) from None
    except (CannotWrite, OSError, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{len(written)} files are in {plan.folder}; READ-ME.txt says how they are used.")
    click.echo(f"Calls go to the server at {plan.agi}. The files hold passwords: keep them to Asterisk's user.")
