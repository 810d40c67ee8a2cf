"""``ivr-server floor``: the queues as they are now, what they were, and whether our record agrees with Asterisk's."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.task import deferLater

from crm_bridge.database import Limits, engine_for
from crm_bridge.queue_events import agent_days, events_between, put_events, queue_days
from crm_bridge.versions import OtherSchema, prepare
from ivr_server.chosen import chosen_settings
from ivr_server.floor.floor import Floor
from ivr_server.floor.queue_log import compare, events
from ivr_server.floor.words import comparison_lines, day_lines, picture_lines
from ivr_server.listing import Listing
from ivr_server.manager_wiring import the_manager
from ivr_server.once import in_reactor
from ivr_server.settings import Settings

T = TypeVar("T")
PATIENCE_S = 15.0
DAY_S = 86_400.0
CLEAR = "\x1b[2J\x1b[H"


@click.group("floor", cls=Listing)
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.pass_context
def command(context: click.Context, path: Path | None) -> None:
    """Queues, agents, and what came of the calls.

    Example: ivr-server floor show --follow
    """
    context.obj = chosen_settings(path)


@command.command()
@click.option("--follow", is_flag=True, help="Every second anew, until Ctrl-C.")
@click.pass_obj
def show(settings: Settings, follow: bool) -> None:
    """Who waits, who is free and who talks, as Asterisk says it now.

    Example: ivr-server floor show --follow
    """
    in_reactor(lambda reactor: _show(settings, reactor, follow))


async def _show(settings: Settings, reactor: Any, follow: bool) -> None:
    ami = the_manager(settings, reactor)
    if ami is None:
        raise click.ClickException("no Asterisk is known: set ami.port, or run ivr-server pbx")
    floor = Floor(ami, reactor, time.time)
    floor.start()
    ami.start()
    try:
        until = reactor.seconds() + PATIENCE_S
        while not floor.picture.live and reactor.seconds() < until and ami.state != "refused":
            await deferLater(reactor, 0.1)
        if not floor.picture.live:
            raise click.ClickException(ami.condition().text or "Asterisk does not answer")
        while follow:
            click.echo(CLEAR + "\n".join(picture_lines(floor.picture, time.time())))
            await deferLater(reactor, 1.0)
        click.echo("\n".join(picture_lines(floor.picture, time.time())))
    finally:
        await floor.stop()
        await ami.stop()


@command.command()
@click.option("--day", help="As 2026-10-31, in the operator's time zone; today when left out.")
@click.option("--within", default=20, show_default=True, type=click.IntRange(1), help="Seconds of the service level.")
@click.pass_obj
def figures(settings: Settings, day: str | None, within: int) -> None:
    """A day's figures, parted by tabs: each queue, then each agent.

    Example: ivr-server floor figures --day 2026-10-31
    """
    since, until = _day(settings, day)
    queues = _run(settings, lambda connection: queue_days(events_between(connection, since, until), within))
    agents = _run(settings, lambda connection: agent_days(connection, since, until))
    click.echo("\n".join(day_lines(agents.values(), queues.values())))


@command.command()
@click.argument("queue_log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--day", help="As 2026-10-31, in the operator's time zone; the whole file when left out.")
@click.option("--write", is_flag=True, help="Take over what only Asterisk has.")
@click.pass_obj
def reconcile(settings: Settings, queue_log: Path, day: str | None, write: bool) -> None:
    """Compare our record of the queues with Asterisk's own, the file queue_log. Ends with 1 when they differ.

    First a line for each kind, with both counts; then a line for each event that only one side has: which side, when,
    call, kind, queue, agent, detail. Talks after a transfer to a seat are ours alone, and not compared.

    Example: ivr-server floor reconcile /var/log/asterisk/queue_log --day 2026-10-31
    """
    theirs = events(queue_log.read_text(encoding="utf-8", errors="replace").splitlines())
    if day is not None:
        since, until = _day(settings, day)
        theirs = [one for one in theirs if since <= one.at < until]
    elif theirs:
        since, until = theirs[0].at - DAY_S, theirs[-1].at + DAY_S
    else:
        raise click.ClickException(f"{queue_log} tells of no call")
    if write:
        new = _run(settings, lambda connection: put_events(connection, theirs))
        click.echo(f"{len(new)} taken over", err=True)
    ours = _run(settings, lambda connection: events_between(connection, since, until))
    if day is None:
        ours = [one for one in ours if theirs[0].at - 1 <= one.at <= theirs[-1].at + 1]
    found = compare(ours, theirs)
    click.echo("\n".join(comparison_lines(found)))
    raise SystemExit(0 if found.agree else 1)


def _day(settings: Settings, day: str | None) -> tuple[float, float]:
    zone = ZoneInfo(settings.operator.zone)
    try:
        start = datetime.strptime(day, "%Y-%m-%d") if day else datetime.now(zone).replace(tzinfo=None)
    except ValueError:
        raise click.ClickException(f'"{day}" is no day; write it as 2026-10-31') from None
    start = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone)
    return start.timestamp(), (start + timedelta(days=1)).timestamp()


def _run(settings: Settings, work: Callable[[Connection], T]) -> T:
    """In one transaction; a click message for what people can mend."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    try:
        with engine_for(settings.database_url(), Limits()).execution_options(write=True).begin() as connection:
            prepare(connection)
            return work(connection)
    except (OtherSchema, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    except SQLAlchemyError as fault:
        raise click.ClickException(f"the database cannot be used: {str(fault).splitlines()[0]}") from None
