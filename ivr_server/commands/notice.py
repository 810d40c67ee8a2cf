"""``ivr-server notice``: switch the emergency notice on and off; it takes effect with the next call."""

from __future__ import annotations

import os
import re
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge.database import Limits, engine_for
from crm_bridge.hashing import hashed
from crm_bridge.secret import Secret
from crm_bridge.versions import OtherSchema, prepare
from ivr_server.chosen import chosen_settings
from ivr_server.library import load_catalogues
from ivr_server.listing import Listing
from ivr_server.notice import FILE, LONGEST, NoticeText, read_notice, speakable, write_notice
from ivr_server.notice_switching import PASSWORD_FILE, forgiven
from ivr_server.settings import Settings
from marked_yaml import Mistakes

SIX_DIGITS: Final = re.compile(r"[0-9]{6}\Z")


@click.group("notice", cls=Listing)
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.pass_context
def command(context: click.Context, path: Path | None) -> None:
    """The notice that callers hear before the main menu.

    Example: ivr-server notice set notice_outage --until 2026-12-01T18:00
    """
    context.obj = chosen_settings(path)


@command.command("set")
@click.argument("prompt")
@click.option("--until", required=True, help="The last moment, by the operator's clock: 2026-12-01T18:00 (mandatory).")
@click.pass_obj
def set_(settings: Settings, prompt: str, until: str) -> None:
    """Speak PROMPT (a prompt without slots) to every caller until a moment.

    Example: ivr-server notice set notice_outage --until 2026-12-01T18:00
    """
    _must_be_spoken(prompt, settings)
    end = _moment(until, ZoneInfo(settings.operator.zone))
    try:
        write_notice(settings.folder / FILE, NoticeText(prompt, end))
    except OSError as fault:
        raise click.ClickException(f"the notice cannot be written: {fault}") from None
    click.echo(f"{prompt} is spoken until {end.isoformat(timespec='minutes')}")


def _must_be_spoken(prompt: str, settings: Settings) -> None:
    """Refuse a prompt that is not there in every language, or that needs something filled in."""
    try:
        catalogues = load_catalogues(Path(settings.speech.library))
    except Mistakes as wrong:
        raise click.ClickException("\n" + "\n".join(map(str, wrong.problems))) from None
    except OSError as fault:
        raise click.ClickException(f"the prompts cannot be read: {fault}") from None
    if prompt not in speakable(catalogues):
        raise click.ClickException(f'"{prompt}" is no prompt without slots in {" and ".join(catalogues)}')


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """The end of a notice, by the operator's clock; it must come, and soon enough not to be forgotten."""
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise click.ClickException(f'"{text}" is no moment; write it as 2026-12-01T18:00') from None
    end = end if end.tzinfo else end.replace(tzinfo=zone)
    if not datetime.now(UTC) < end <= datetime.now(UTC) + LONGEST:
        raise click.ClickException(f"the end must lie in the next {LONGEST.days} days")
    return end


@command.command("clear")
@click.pass_obj
def clear(settings: Settings) -> None:
    """Speak no notice.

    Example: ivr-server notice clear
    """
    (settings.folder / FILE).unlink(missing_ok=True)
    click.echo("No notice is spoken.")


@command.command("show")
@click.pass_obj
def show(settings: Settings) -> None:
    """Say which notice is in force.

    Example: ivr-server notice show
    """
    notice = read_notice(settings.folder / FILE)
    until = notice.until.astimezone(ZoneInfo(settings.operator.zone)).isoformat(timespec="minutes")
    click.echo(f"{notice.prompt} until {until}" if notice.holds(datetime.now(UTC)) else "No notice is spoken.")


@command.command("password")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--off", is_flag=True, help="Nobody switches the notice by telephone any more.")
@click.pass_obj
def password(settings: Settings, password_stdin: bool, off: bool) -> None:
    """Set the six digits that switch the notice by telephone. Without an option they are made, and shown once.

    Example: ivr-server notice password
    """
    path = settings.folder / PASSWORD_FILE
    if off:
        path.unlink(missing_ok=True)
        click.echo("The notice is not switched by telephone.")
        return
    given = Secret(sys.stdin.readline().strip()) if password_stdin else _made()
    if not SIX_DIGITS.match(given.reveal()):
        raise click.ClickException("the password must be six digits")
    _kept(settings, path, hashed(given))
    click.echo("The password of the notice is set; failed tries so far are forgiven.")
    if not password_stdin:
        click.echo(f"It is {given.reveal()}, and is not shown again.")
    if "notice_switch" not in settings.numbers.values():
        click.echo('Give it a number of its own in the settings: numbers: {"10019": notice_switch}')


def _made() -> Secret:
    return Secret(f"{secrets.randbelow(1_000_000):06d}")


def _kept(settings: Settings, path: Path, text: str) -> None:
    """The hash beside, for its owner only, then in place; and the failures so far forgiven."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
    beside.replace(path)
    engine = engine_for(settings.database_url(), Limits())
    try:
        with engine.execution_options(write=True).begin() as connection:
            prepare(connection)
            forgiven(connection)
    except (SQLAlchemyError, OtherSchema) as fault:
        raise click.ClickException(f"the password is set, but failed tries are not forgiven: {fault}") from None
    finally:
        engine.dispose()
