"""``ivr-server fax``: the bills on their way by fax, what is decided about them, and the document to look at."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge import fax_jobs
from crm_bridge.answers import LookUpFault
from crm_bridge.asking import LookUps
from crm_bridge.database import Limits, engine_for
from crm_bridge.fax_attempts import attempts
from crm_bridge.hashing import Hashing
from crm_bridge.numbering import Numbering
from crm_bridge.room import Rules
from crm_bridge.staff import Deed, write_down
from crm_bridge.versions import OtherSchema, prepare
from fax.bill import BillDocument
from fax.job import STATES
from fax.press import PDF, TIFF, PressFault, press
from ivr_server.chosen import chosen_settings
from ivr_server.console import fax_lines
from ivr_server.console.fax_book import chosen, end_now, send_now
from ivr_server.console.parts import Fax
from ivr_server.console.story import shown
from ivr_server.console.words import LANGUAGES, read_words
from ivr_server.faxing.documents import Wish, collect
from ivr_server.listing import Listing
from ivr_server.once import desk_of, in_reactor
from ivr_server.settings import Settings
from marked_yaml import Mistakes

T = TypeVar("T")
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
REASON = click.option("--reason", required=True, help="Why; it is written down in the audit.")


@click.group("fax", cls=Listing)
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.pass_context
def command(context: click.Context, path: Path | None) -> None:
    """The bills on their way by fax.

    Example: ivr-server fax list --state failed
    """
    context.obj = chosen_settings(path)


@command.command("list")
@click.option("--state", type=click.Choice(STATES), metavar="STATE", help=f"One of {', '.join(STATES)}.")
@click.option("--number", help="A part of the fax number.")
@click.option("--customer", help="The customer's number, or id.")
@click.option("--month", help="Of the bill, as 2026-10.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, fax_jobs.MOST_ROWS))
@click.pass_obj
def list_jobs(settings: Settings, /, most: int, **asked: str | None) -> None:
    """The jobs, newest first. One a line, parted by tabs.

    Job, when, customer, month, fax number, state, why, pages that arrived of all pages, tries.

    Example: ivr-server fax list --state retrying --month 2026-10
    """
    moment, wanted = _moment(settings), fax_jobs.Filter(**{name: value or "" for name, value in asked.items()})
    for fax in _run(settings, lambda connection: chosen(connection, wanted, most)):
        click.echo(line(fax, moment))


@command.command()
@click.argument("job", type=click.IntRange(1))
@click.pass_obj
def show(settings: Settings, job: int) -> None:
    """One job: what is known of it, and each try, a line each.

    Example: ivr-server fax show 12
    """
    moment, words = _moment(settings), _moment(settings).words
    fax, dials = _run(settings, lambda connection: (_found(connection, job), attempts(connection, job)))
    row = fax.row
    state = words(f"fax_state_{row.state}")
    told = [*fax_lines.facts(fax, moment), ("fax_pages", f"{row.delivered} / {row.pages}"), ("fax_state", state)]
    told += [("fax_outcome", fax_lines.reason(row, words)), ("fax_detail", shown(row.detail))]
    for key, value in told:
        if value:
            click.echo(f"{words(key):<26}{value}")
    for one in (fax_lines.dial(attempt, moment) for attempt in dials):
        parts = (one.began, one.lasted, one.cause, one.manner, one.pages, one.detail, one.remote)
        click.echo("\t".join((f"{words('fax_dial')} {one.number}", *parts)).rstrip())


@command.command()
@click.argument("job", type=click.IntRange(1))
@REASON
@click.pass_obj
def retry(settings: Settings, job: int, reason: str) -> None:
    """Send a failed fax again, from the page behind the last one that arrived; one that waits is sent at once.

    Example: ivr-server fax retry 12 --reason "the customer has switched the machine on"
    """
    deed = Deed("command line", "fax_retry", f"fax {job}: {reason}")
    if not _run(settings, lambda connection: send_now(connection, job, deed, time.time())):
        raise click.ClickException(_why_not(settings, job))
    click.echo(f"Fax {job} is sent as soon as a line is free.")


@command.command()
@click.argument("job", type=click.IntRange(1))
@REASON
@click.pass_obj
def cancel(settings: Settings, job: int, reason: str) -> None:
    """End a fax. When a call is up, the running service hangs it up.

    Example: ivr-server fax cancel 12 --reason "wrong number"
    """
    deed = Deed("command line", "fax_cancel", f"fax {job}: {reason}")
    if not _run(settings, lambda connection: end_now(connection, job, deed, time.time())):
        raise click.ClickException(_why_not(settings, job))
    row = _run(settings, lambda connection: _found(connection, job)).row
    click.echo(f"Fax {job} is {'cancelled' if row.state == 'failed' else 'being ended: a call is up'}.")


@command.command()
@click.argument("customer")
@click.argument("month")
@click.option("-o", "--output", default="bill.pdf", show_default=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--tiff", type=click.Path(path_type=Path, dir_okay=False), help="The pages as they are faxed, too.")
@click.option("--language", default=LANGUAGES[0], show_default=True, type=click.Choice(LANGUAGES))
@click.pass_obj
def bill(settings: Settings, /, customer: str, month: str, **wanted: str | Path | None) -> None:
    """Draw the itemised bill of a CUSTOMER's number and a MONTH, to look at. Nothing is sent or written down.

    Example: ivr-server fax bill 13800138000 2026-10 -o bill.pdf --language en-US
    """
    _, document = _collected(settings, customer, month, str(wanted["language"]))
    output, tiff = wanted["output"], wanted["tiff"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = press(document, Path(folder))
            shutil.copyfile(Path(folder) / PDF, str(output))
            if tiff:
                shutil.copyfile(Path(folder) / TIFF, tiff)
        except (PressFault, OSError) as fault:
            raise click.ClickException(f"the bill cannot be made: {fault}") from None
    click.echo(f"{output}: {made.pages} pages" if made.pages > 1 else f"{output}: 1 page")


@command.command()
@click.argument("number")
@click.option("--customer", required=True, help="The customer's telephone number.")
@click.option("--month", required=True, help="Of the bill, as 2026-10.")
@click.option("--language", default=LANGUAGES[0], show_default=True, type=click.Choice(LANGUAGES))
@REASON
@click.pass_obj
def send(settings: Settings, /, number: str, customer: str, **wanted: str) -> None:
    """Fax a customer's bill to NUMBER: a job for the running service, as if the customer had asked on the telephone.

    Example: ivr-server fax send 02160001234 --customer 13800138000 --month 2026-10 --reason "asked by letter"
    """
    dialled = settings.fax_numbers().national(re.sub(r"[ ()-]", "", number))
    if not dialled:
        raise click.ClickException(f"{number} is no number that may be faxed to (settings: fax, allow)")
    id, _ = _collected(settings, customer, wanted["month"], wanted["language"])
    now = time.time()
    new = fax_jobs.NewFax(
        key=f"command line {secrets.token_hex(12)}",
        account=id,
        customer=id,
        month=wanted["month"],
        number=dialled,
        language=wanted["language"],
        call="",
        created=now,
    )

    def put(connection: Connection) -> int:
        job = fax_jobs.put(connection, new)
        write_down(connection, Deed("command line", "fax_send", f"fax {job}: {wanted['reason']}"), now)
        return job

    click.echo(f"Fax {_run(settings, put)} to {dialled} waits for the service.")


def line(fax: Fax, moment: fax_lines.Moment) -> str:
    """One job as a line."""
    told, row = fax_lines.line(fax, moment), fax.row
    state = moment.words(f"fax_state_{row.state}")
    far = f"{row.delivered}/{row.pages}"
    return "\t".join(
        (str(row.id), told.at, told.customer, told.month, told.number, state, told.reason, far, str(row.tries))
    )


# --- how -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose bill of which month, in which language. ``customer``: a telephone number."""

    customer: str
    month: str
    language: str


def _moment(settings: Settings) -> fax_lines.Moment:
    return fax_lines.Moment(read_words()["en-US"], ZoneInfo(settings.operator.zone), time.time())


def _found(connection: Connection, job: int) -> Fax:
    found = chosen(connection, fax_jobs.Filter(), 1, job + 1)
    if not found or found[0].row.id != job:
        raise click.ClickException(f"there is no fax {job}")
    return found[0]


def _why_not(settings: Settings, job: int) -> str:
    fax = _run(settings, lambda connection: _found(connection, job))
    return f"fax {job} is {fax.row.state}: that cannot be done now"


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


def _collected(settings: Settings, customer: str, month: str, language: str) -> tuple[str, BillDocument]:
    """The customer's id and the document; a click message when there is no such customer, month or bill."""
    if not MONTH.match(month):
        raise click.ClickException(f'"{month}" is no month; write it as 2026-10')
    found: list[tuple[str, BillDocument]] = []
    try:
        in_reactor(lambda reactor: _collect(settings, Whose(customer, month, language), (reactor, found)))
    except (LookUpFault, Mistakes, ValueError, OSError) as fault:
        raise click.ClickException(f"billing cannot be asked: {fault}") from None
    if not found:
        raise click.ClickException(f"there is no bill of {month} for {customer}")
    return found[0]


async def _collect(settings: Settings, whose: Whose, place: tuple[Any, list[tuple[str, BillDocument]]]) -> None:
    reactor, found = place
    rules = Rules(Numbering(tuple(settings.operator.numbering)), settings.operator.currency)
    started, desk = desk_of(settings, Path(settings.bridge) if settings.bridge else None, rules, reactor)
    started.start()
    try:
        look_ups = LookUps(desk, Hashing(reactor), rules)
        customer = await look_ups.customer(rules.numbering.national(whose.customer), "fax")
        if customer is None:
            return
        wish = Wish(customer=customer.id, month=whose.month, language=whose.language, asked=time.time())
        document = await collect(look_ups, settings, wish)
        if document is not None:
            found.append((customer.id, document))
    finally:
        await started.stop()
