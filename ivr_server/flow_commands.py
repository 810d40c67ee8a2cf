"""What the commands of ``ivr-server flows`` have in common: files, proof, sounds, the database; how they refuse."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge import flow_audit
from crm_bridge.database import Limits, engine_for
from crm_bridge.versions import OtherSchema, prepare
from ivr_server import library as libraries
from ivr_server.publishing import rendering, telling
from ivr_server.publishing.asked import Files
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.folder import Folder
from ivr_server.publishing.judging import Judgement, Words, judge, warning_key, words_of
from ivr_server.publishing.naming import digest
from ivr_server.publishing.opening import House
from ivr_server.publishing.recorded import pinned
from ivr_server.publishing.versions import Damaged, Moved, NoVersion, Version
from ivr_server.settings import Settings
from marked_yaml import Mistakes, Problem
from prompts.voices import SpeechFault

T = TypeVar("T")


def audit_rows(connection: Connection, source: tuple[str, list[flow_audit.AuditRow]], most: int) -> Any:
    """The newest rows, with the deeds that were not there yet, and whether the chain holds."""
    place, rows = source
    flow_audit.add_rows(connection, place, rows)
    return flow_audit.newest_rows(connection, place, most), flow_audit.verify(connection, place, rows)


def published_files(where: tuple[Settings, House], files: Files, why: tuple[str, str], source: str) -> Version:
    """Judged, rendered, written, live."""
    settings, place = where
    reason, excuse = why
    published = published_number(place)
    try:
        pins = place.recorded.pins(files)
    except OSError as fault:
        raise click.ClickException(f"the recordings cannot be kept: {fault}") from None
    live = place.versions.about(published) if published else None
    if live and (digest(files), pins) == (live.digest, live.recordings):
        raise click.ClickException(f"this is what is published: version {published}")
    judged = proved(place, files)
    if judged.warnings and not excuse:
        _tell(place.folder, judged.warnings)
        raise click.ClickException("a warning needs a word of reason: --excuse")
    excuses = {warning_key(problem): excuse for problem in judged.warnings}
    render(settings, place, pinned(files, pins))
    now = time.time()
    version = Version(author=who(), reason=reason, at=now, source=source, excuses=excuses, recordings=pins)
    deed = Deed(0, now, who(), "import" if source == "import" else "publish", 0, reason)
    try:
        return place.versions.publish(files, version, published, deed)
    except (Moved, OSError) as fault:
        raise click.ClickException(str(fault)) from None


def proved(place: House, files: Files) -> Judgement:
    """Everything walked and run; refuses with every finding."""
    judged = judge(files, place.ground)
    if judged.passed:
        return judged
    _tell(place.folder, judged.problems)
    for finding in judged.findings:
        click.echo(str(finding))
    for failure in judged.failures:
        click.echo(f"dialogue: {failure.title}")
        _tell(place.folder, failure.problems)
    raise click.ClickException("nothing was published")


def _tell(folder: Folder, problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(replace(problem, file=folder.path(problem.file))))


def render(settings: Settings, place: House, files: Files) -> None:
    """The sounds lie ready before anybody is led to them."""
    kept = rendering.latest(place.versions, published_number(place))
    try:
        report = rendering.rendered(rendering.wish(settings, [files, *kept]), lambda done, of, words: None)
    except (SpeechFault, OSError) as fault:
        raise click.ClickException(f"the sounds cannot be rendered: {fault}") from None
    if report.problems:
        refuse([str(problem) for problem in report.problems])


def refuse(lines: list[str]) -> NoReturn:
    """Tell them and leave with 1."""
    raise click.ClickException("\n" + "\n".join(lines))


def write_through(place: House, number: int, files: Files) -> None:
    """Into the folder; how that stands is told when it did not work."""
    seen = place.folder.write(number, files, place.folder.mark().files)
    if seen.state != "same":
        click.echo(telling.words("en-US")(f"{seen.state}_state"), err=True)


def folder_files(settings: Settings, place: House, draft: Path | None) -> Files:
    """What stands in the folder, or in a draft of it."""
    folder = place.folder
    if draft is not None:
        prompts = draft / "prompts"
        words = prompts if prompts.is_dir() else Path(settings.speech.library)
        folder = Folder(libraries.flow_folder(draft), words, place.versions.folder)
    try:
        return folder.read()
    except (OSError, Mistakes) as fault:
        raise click.ClickException(f"the folder cannot be read: {fault}") from None


def files_of(place: House, number: int) -> Files:
    """What stands in a version."""
    try:
        return place.versions.files(number)
    except (NoVersion, Damaged) as fault:
        raise click.ClickException(str(fault)) from None


def published_number(place: House) -> int:
    """The number of what is live; 0 before the first."""
    try:
        return place.versions.published()
    except (Damaged, OSError) as fault:
        raise click.ClickException(str(fault)) from None


def words_in(place: House, files: Files) -> Words:
    """Files read and inspected."""
    try:
        return words_of(files, place.ground)
    except Mistakes as wrong:
        refuse([str(replace(problem, file=place.folder.path(problem.file))) for problem in wrong.problems])


def titles_in(place: House, files: Files, language: str) -> dict[str, str]:
    """Prompt -> its words, as far as the files can be read."""
    try:
        return libraries.words(words_of(files, place.ground).catalogues, language)
    except Mistakes:
        return {}


def moment(settings: Settings, text: str | None) -> float:
    """By the operator's clock; now when nothing is said."""
    if not text:
        return time.time()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.ClickException(f'"{text}" is no moment; write it as 2026-10-01 or 2026-10-01T08:00') from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.operator.zone))).timestamp()


def when(settings: Settings, at: float) -> str:
    """A moment by the operator's clock."""
    return datetime.fromtimestamp(at, ZoneInfo(settings.operator.zone)).strftime("%Y-%m-%d %H:%M")


def who() -> str:
    """Whoever is at the terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


def in_database(settings: Settings, work: Callable[[Connection], T], *, write: bool = False) -> T:
    """Something in the product's database."""
    engine = engine_for(settings.database_url(), Limits(read_ms=600_000, write_ms=600_000))
    try:
        with engine.execution_options(write=True).connect() as connection:
            prepare(connection)
            found = work(connection)
            connection.commit()
            return found
    except (SQLAlchemyError, OtherSchema) as fault:
        raise click.ClickException(f"the database: {fault}") from None
    finally:
        engine.dispose()
