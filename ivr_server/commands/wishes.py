"""``ivr-server wishes``: what callers asked others to do, for those who read it without the console."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge.database import Limits, engine_for
from crm_bridge.versions import OtherSchema, prepare
from crm_bridge.wishes import CALL_BACK, CallersWish, newest_wishes
from ivr_server.chosen import chosen_settings
from ivr_server.console.story import shown


@click.command("wishes")
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.option("--most", default=200, show_default=True, type=click.IntRange(1), help="How many at most.")
def command(path: Path | None, most: int) -> None:
    """Wishes of callers, newest first: a call-back with its number and queue, a bill by fax with customer and month.

    One a line, parted by tabs: when, what, number or customer, queue or month, and the call.

    Example: ivr-server wishes --most 20
    """
    settings = chosen_settings(path)
    settings.folder.mkdir(parents=True, exist_ok=True)
    zone = ZoneInfo(settings.operator.zone)
    for wish in _read(settings.database_url(), most):
        click.echo(line(wish, zone))


def line(wish: CallersWish, zone: tzinfo) -> str:
    """One wish as a line."""
    what = "call-back" if wish.what == CALL_BACK else "bill by fax"
    number = wish.number or f"customer {wish.customer}"
    at = f"{wish.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return "\t".join(map(shown, (at, what, number, wish.queue or wish.month, wish.call)))


def _read(url: str, most: int) -> list[CallersWish]:
    try:
        with engine_for(url, Limits()).execution_options(write=True).begin() as connection:
            prepare(connection)
            return newest_wishes(connection, most)
    except (OtherSchema, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    except SQLAlchemyError as fault:
        raise click.ClickException(f"the database cannot be used: {str(fault).splitlines()[0]}") from None
