"""``ivr-server seed``: fills a database with the demonstration operator."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge import demo
from crm_bridge.versions import OtherSchema
from ivr_server.chosen import chosen_settings


@click.command("seed")
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.option("--url", default="", help="The database; the settings' own when not given.")
@click.option("--customers", default=10_000, type=click.IntRange(len(demo.SHOWN), 1_000_000), show_default=True)
@click.option("--seed", "number", default=1, show_default=True, help="The same number makes the same customers.")
def command(path: Path | None, url: str, customers: int, number: int) -> None:
    """Fill a database with a demonstration operator; what was demonstration data in it is replaced.

    Example: ivr-server seed --customers 100000
    """
    url = url or _own(path)
    today = date.today()
    what = demo.Seeding(customers, number, today.strftime("%Y-%m"), min(today.day, 28))
    try:
        with click.progressbar(length=customers, label=f"{customers} customers, 24 months") as bar:
            demo.seed(url, what, lambda done, _: bar.update(done - bar.pos))
    except (SQLAlchemyError, OSError, ValueError, OtherSchema) as fault:
        raise click.ClickException(str(getattr(fault, "orig", None) or fault).splitlines()[0]) from None
    click.echo(f"Filled {make_url(url).render_as_string(hide_password=True)}. Customers to try:")
    for shown in demo.SHOWN:
        password = f"query password {shown.password}" if shown.password else "no query password"
        click.echo(f"  {shown.phone}  {password:<22}  service code {shown.service_code}  {shown.what}")


def _own(path: Path | None) -> str:
    settings = chosen_settings(path)
    os.makedirs(settings.folder, exist_ok=True)
    return settings.database_url()
