"""``ivr-server run``: prepare what is missing, start the service under twistd, keep it alive."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import click

from ivr_server.preparing import build_prompts, seed_demo
from ivr_server.settings import HOUSE, Settings, read_settings
from ivr_server.supervising import Ward, supervise
from marked_yaml import Mistakes
from prompts.voices import SpeechFault


@click.command("run")
@click.option("--settings", "path", type=click.Path(path_type=Path), help="A settings file; without it, all defaults.")
@click.option("--prepare-only", is_flag=True, help="Make the data and the sounds, and stop there.")
def command(path: Path | None, prepare_only: bool) -> None:
    """Start the product: demonstration data and prompts are made when they are missing; Ctrl-C ends it.

    Example: ivr-server run --settings /etc/ivr-server/settings.yaml
    """
    try:
        settings = read_settings(path or _from_environment())
        if not prepare_only:
            must_be_free(settings)
        prepare(settings)
    except Mistakes as wrong:
        raise click.ClickException("\n" + "\n".join(map(str, wrong.problems))) from None
    except (OSError, SpeechFault, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    if prepare_only:
        return
    if path:
        os.environ["IVR_SETTINGS"] = str(path.resolve())
    click.echo("Starting.")
    twistd = [
        str(Path(sys.executable).with_name("twistd")),
        "--nodaemon",
        "--pidfile=",
        "-y",
        str(HOUSE / "twistd.tac"),
    ]
    sys.exit(supervise(Ward(twistd, settings.patience_s, click.echo)))


def _from_environment() -> Path | None:
    named = os.environ.get("IVR_SETTINGS", "")
    return Path(named) if named else None


def must_be_free(settings: Settings) -> None:
    """A named port that another program holds is told now, before a minute of preparing; ValueError."""
    for name, part in (("agi", settings.agi), ("web", settings.web)):
        if not part.port:
            continue
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((part.host, part.port))
            except OSError as fault:
                what = f"{name}: port {part.port} at {part.host} cannot be used ({fault.strerror})"
                raise ValueError(f"{what}; stop what uses it, or set another") from None


def prepare(settings: Settings) -> None:
    """Data and sounds, with progress on the terminal."""
    seed_demo(settings, click.echo)
    click.echo("Rendering prompts that are missing or changed")
    report = build_prompts(settings, click.echo)
    click.echo(f"  {report.rendered:,} rendered, {report.kept:,} were there, in {report.took:.1f} s")
    for problem in report.problems:
        click.echo(f"  {problem}", err=True)
