"""``ivr-server notice``: switch the emergency notice on and off; it takes effect with the next call."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ivr_server.chosen import chosen_settings
from ivr_server.library import load_catalogues
from ivr_server.listing import Listing
from ivr_server.notice import FILE, LONGEST, NoticeText, read_notice, speakable, write_notice
from ivr_server.settings import Settings
from marked_yaml import Mistakes


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
