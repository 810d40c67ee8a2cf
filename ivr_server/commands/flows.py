"""``ivr-server flows``: the versions of the flows; publish, take back, compare, move, and try on recorded calls."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from crm_bridge import flow_audit
from crm_bridge import traffic as counted
from crm_bridge.journal import read_call
from ivr_server import library as libraries
from ivr_server.chosen import chosen_settings
from ivr_server.flow_commands import (
    audit_rows,
    files_of,
    folder_files,
    in_database,
    moment,
    proved,
    published_files,
    published_number,
    render,
    titles_in,
    when,
    who,
    words_in,
    write_through,
)
from ivr_server.listing import Listing
from ivr_server.publishing import reruns, telling
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.differing import changes, diff, word_changes
from ivr_server.publishing.impact import links, uses
from ivr_server.publishing.judging import Words
from ivr_server.publishing.opening import house
from ivr_server.publishing.packing import LARGEST_ARCHIVE, Unpackable
from ivr_server.publishing.passing import packed, taken_in
from ivr_server.publishing.versions import Damaged, Moved, NoVersion
from ivr_server.settings import Settings
from prompts import recordings

DAY_S = 86_400.0
REASON = click.option("--reason", required=True, help="Why; it is written down with the version, and in the audit.")
EXCUSE = click.option("--excuse", default="", help="A word of reason for every warning that is left.")
LANGUAGE = click.option(
    "--language", type=click.Choice(("en-US", "zh-CN")), default="en-US", show_default=True, help="Of what is told."
)
DRAFT = click.option(
    "--draft",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of flows in place of the one in the settings; its prompts in DRAFT/prompts, or the settings'.",
)


@click.group("flows", cls=Listing)
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.pass_context
def command(context: click.Context, path: Path | None) -> None:
    """The versions of the flows and their words: what callers get, what they got, what they would get.

    A service that runs takes up what is published here within a second; calls in progress stay on their version.

    Example: ivr-server flows publish --reason "opening hours in December"
    """
    context.obj = chosen_settings(path)


@command.command()
@click.pass_obj
def versions(settings: Settings) -> None:
    """All versions, newest first, parted by tabs: number, when, who, from where, reason. A star: published.

    Example: ivr-server flows versions
    """
    place = house(settings)
    published = published_number(place)
    for number in reversed(place.versions.numbers()):
        mark = "*" if number == published else " "
        try:
            one = place.versions.about(number)
            line = "\t".join((when(settings, one.at), one.author, one.source, one.reason))
        except (Damaged, NoVersion) as fault:
            line = str(fault)
        click.echo(f"{mark}{number}\t{line}")
    seen = place.folder.look(published)
    click.echo(telling.words("en-US")(f"{seen.state}_state"), err=True)


@command.command()
@REASON
@EXCUSE
@DRAFT
@click.pass_obj
def publish(settings: Settings, reason: str, excuse: str, draft: Path | None) -> None:
    """Prove what stands in the folder, render its sounds, and give it to new callers.

    Example: ivr-server flows publish --reason "a menu for the new shop" --excuse "six options, agreed with the shops"
    """
    place = house(settings)
    files = folder_files(settings, place, draft)
    made = published_files((settings, place), files, (reason, excuse), "command")
    if draft is None:
        place.folder.remember(made.number, files)
    else:
        write_through(place, made.number, files)
    click.echo(f"Version {made.number} is published.")


@command.command("roll-back")
@click.argument("number", type=click.IntRange(1))
@REASON
@click.pass_obj
def roll_back(settings: Settings, number: int, reason: str) -> None:
    """Make version NUMBER live again.

    Example: ivr-server flows roll-back 7 --reason "callers hung up in the new menu"
    """
    place = house(settings)
    files = files_of(place, number)
    proved(place, files)
    render(settings, place, place.versions.heard(number))
    now = time.time()
    deed = Deed(0, now, who(), "roll_back", number, reason)
    try:
        place.versions.point(number, published_number(place), deed)
    except (Moved, OSError) as fault:
        raise click.ClickException(str(fault)) from None
    write_through(place, number, files)
    click.echo(f"Version {number} is published again.")


@command.command("diff")
@click.argument("old", type=click.IntRange(1))
@click.argument("new", type=click.IntRange(1), required=False)
@click.option("--yaml", "as_yaml", is_flag=True, help="Also line by line.")
@LANGUAGE
@click.pass_obj
def show_diff(settings: Settings, /, old: int, new: int | None, **how: Any) -> None:
    """What is different in version NEW (left out: in the folder) from version OLD, in words.

    Example: ivr-server flows diff 7 8 --yaml
    """
    place = house(settings)
    before = files_of(place, old)
    after = files_of(place, new) if new else folder_files(settings, place, None)
    language = how["language"]
    titles = titles_in(place, after, language)
    for one in changes(before, after):
        click.echo(f"{telling.place((one.flow, one.node), language)}: {telling.change(one, language, titles)}")
    for said in word_changes(before, after):
        click.echo(f"{said.prompt} ({said.language}): {said.old or '–'} → {said.new or '–'}")
    for file in diff(before, after)["files"] if how["as_yaml"] else ():
        click.echo(f"--- {file['file']} ({file['change']})")
        for sign, text in file["lines"]:
            click.echo(text if sign == "@" else f"{sign}{text}")


@command.command("export")
@click.argument("number", type=click.IntRange(1))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export_version(settings: Settings, number: int, file: Path) -> None:
    """Write version NUMBER into FILE, a ZIP that can be imported elsewhere.

    Example: ivr-server flows export 8 flows-8.zip
    """
    place = house(settings)
    files_of(place, number)
    try:
        content = packed(place, number)
    except recordings.Refused as fault:
        raise click.ClickException(str(fault)) from None
    try:
        file.write_bytes(content)
    except OSError as fault:
        raise click.ClickException(f"{file}: {fault.strerror}") from None
    click.echo(f"{file}: {len(content):,} bytes")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@REASON
@EXCUSE
@click.pass_obj
def import_version(settings: Settings, file: Path, reason: str, excuse: str) -> None:
    """Publish what stands in FILE, a ZIP of "export": proved as everything else is.

    Example: ivr-server flows import flows-8.zip --reason "from the test system"
    """
    place = house(settings)
    try:
        with file.open("rb") as stream:
            files = taken_in(place, stream.read(LARGEST_ARCHIVE + 1))
    except (Unpackable, OSError) as fault:
        raise click.ClickException(str(fault)) from None
    made = published_files((settings, place), files, (reason, excuse), "import")
    write_through(place, made.number, files)
    click.echo(f"Version {made.number} is published.")


@command.command()
@DRAFT
@LANGUAGE
@click.pass_obj
def impact(settings: Settings, draft: Path | None, language: str) -> None:
    """What hangs on publishing the folder: how often what changes was used in 30 days, and which flows link here.

    Example: ivr-server flows impact
    """
    place = house(settings)
    old, new = files_of(place, published_number(place)), folder_files(settings, place, draft)
    found, now = changes(old, new), time.time()
    span = counted.Span(now - 30 * DAY_S, now)
    rows = in_database(settings, lambda connection: counted.counts(connection, span))
    library = words_in(place, old).library
    for (flow, node, exit_), count in uses(found, rows).items():
        option = telling.words(language)("option", key=exit_) if exit_ else ""
        click.echo(f"{count:>8}\t{telling.place((flow, node), language, library)} {option}".rstrip())
    for flow in sorted({one.flow for one in found}):
        for name, node in links(library, flow):
            click.echo(f"{flow} <- {name} › {node}")


@command.command()
@click.option("--since", required=True, help="The first day, as 2026-10-01, or 2026-10-01T08:00.")
@click.option("--until", help="Up to here; left out: now.")
@click.option("--flow", default="", help="Only calls of this root flow.")
@click.option("--most", default=10_000, show_default=True, type=click.IntRange(1, reruns.MOST), help="Calls at most.")
@click.option("--call", default="", help="Show this call side by side.")
@DRAFT
@LANGUAGE
@click.pass_obj
def rerun(settings: Settings, /, draft: Path | None, language: str, **wish: Any) -> None:
    """Feed recorded calls to the folder's flows: who goes the same way, meets another menu, ends otherwise, gets stuck.

    Secrets were never recorded; the outcomes of their checks stand in.

    Example: ivr-server flows rerun --since 2026-11-01 --draft flows/library
    """
    place = house(settings)
    words = words_in(place, folder_files(settings, place, draft))
    if wish["call"]:
        return _side_by_side((settings, words), wish["call"], language)
    span = {"since": moment(settings, wish["since"]), "until": moment(settings, wish["until"]), **_rest(wish)}
    found = in_database(settings, lambda connection: reruns.records(connection, span))
    result = reruns.grouped(words.library, found)
    for group in reruns.in_words(result, language, words.library):
        click.echo(f"{group['count']:>8}\t{100 * group['share']:5.1f} %\t{group['words']}")
        for reason in group["reasons"][:5]:
            click.echo(f"\t{reason['count']:>8}\t{reason['words']}")
        if group["kind"] != "same":
            for example in group["examples"][:3]:
                click.echo(f"\t\t{example['call']}\t{example['words']}".rstrip())
    return None


@command.command()
@click.option("--most", default=50, show_default=True, type=click.IntRange(1), help="Rows at most.")
@click.pass_obj
def audit(settings: Settings, most: int) -> None:
    """Who published what, newest first, and whether a row was altered or deleted since; exits with 1 when one was.

    Example: ivr-server flows audit
    """
    place = house(settings)
    deeds = place.versions.deeds
    rows = [flow_audit.as_row(deed) for deed in deeds.all()]
    told = in_database(settings, lambda connection: audit_rows(connection, (deeds.place, rows), most), write=True)
    for row in told[0]:
        line = (str(row.number), when(settings, row.at), row.who, row.what, str(row.version), row.about, row.address)
        click.echo("\t".join(line).rstrip())
    verdict = told[1]
    if verdict.broken:
        raise click.ClickException(f"the audit is broken: {verdict.why}")
    click.echo(f"The chain of {verdict.rows} rows holds.")


def _side_by_side(where: tuple[Settings, Words], call: str, language: str) -> None:
    settings, words = where
    record = in_database(settings, lambda connection: read_call(connection, call))
    if record is None:
        raise click.ClickException(f"there is no call {call} in the journal")
    titles = libraries.words(words.catalogues, language)
    told = reruns.side_by_side(words.library, record, language, (titles, titles))
    click.echo(told["words"])
    for title, side in (("recorded", "recorded"), ("re-run", "rerun")):
        click.echo(f"{title}:")
        for line in told[side]:
            click.echo(f"  {'≠' if line['differs'] else ' '} {line['flow']} › {line['node']}: {line['words']}")


def _rest(wish: dict[str, Any]) -> dict[str, Any]:
    return {"flow": wish["flow"], "most": wish["most"]}
