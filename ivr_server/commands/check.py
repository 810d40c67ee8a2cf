"""``ivr-server check``: read the flows, inspect them, walk every turn a caller can reach, say what does not hold."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from flows.drawing import svg
from flows.explorer import Report, explore
from flows.exploring.limits import Limits
from flows.flow import Library
from flows.inspecting import inspect
from ivr_server import library as libraries
from ivr_server.settings import read_settings
from marked_yaml import Mistakes


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options say: a folder for pictures or None, the worst calls told, keys to a human, the settings file."""

    pictures: Path | None
    states: bool
    keys_to_human: int
    path: Path | None


@click.command("check")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--svg", "pictures", type=click.Path(path_type=Path, file_okay=False), help="Draw each flow into DIR.")
@click.option("--states", is_flag=True, help="Also tell how a call gets to the worst places, and the longest silence.")
@click.option("--keys-to-human", type=click.IntRange(1), default=2, show_default=True, help="Keys to a human at most.")
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
def command(folder: Path | None, **options: Any) -> None:
    """Read all flows of FOLDER (default: those of the settings), and prove that callers cannot get lost in them.

    The settings and their queue file are read and checked too.

    Exits with 1 when there are problems; each is told with its place and, where one leads there, with a call.

    Example: ivr-server check flows/ --svg pictures --states
    """
    wish, begun = Wish(**options), time.perf_counter()
    try:
        sources = libraries.from_folder(read_settings(wish.path).sources(), folder)
        library = libraries.load_library(sources)
    except Mistakes as mistakes:
        refuse(mistakes)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    warnings = [problem for problem in inspect(library) if problem.warning]
    _tell(warnings)
    found = sum(_walk(library, root, wish) for root in _roots(library))
    if wish.pictures:
        _draw(library, sources, wish.pictures)
    seconds = time.perf_counter() - begun
    counts = f"{len(library.flows)} flows, {_counted(found, 'problem')}, {_counted(len(warnings), 'warning')}"
    click.echo(f"{counts}, in {seconds:.1f} s")
    raise SystemExit(1 if found else 0)


def refuse(mistakes: Mistakes) -> NoReturn:
    """Tell all mistakes of the files and leave with 1."""
    _tell(mistakes.problems)
    click.echo(f"{_counted(len(mistakes.problems), 'problem')}; nothing was walked")
    raise SystemExit(1)


def _tell(problems: Iterable[object]) -> None:
    for problem in problems:
        click.echo(str(problem))


def _roots(library: Library) -> list[str]:
    return sorted(name for name, flow in library.flows.items() if flow.always)


def _walk(library: Library, root: str, wish: Wish) -> int:
    """Walk one root flow and tell what was found; the number of problems."""
    begun = time.perf_counter()
    report = explore(library, root, Limits(keys_to_human=wish.keys_to_human), _progress(root))
    seconds = time.perf_counter() - begun
    if _is_terminal():
        click.echo("\r\x1b[K", nl=False, err=True)
    for finding in report.findings:
        click.echo(str(finding))
    click.echo(
        f"{root}: {report.states:,} states, {report.turns:,} turns in {seconds:.1f} s; "
        f"a human is {_counted(report.keys_to_human, 'key')} away at most; "
        f"{report.wait_ms / 1000:.0f} s without a key at most"
    )
    if wish.states:
        _tell_worst(report)
    return len(report.findings)


def _progress(root: str) -> Callable[[int, int], None]:
    def told(states: int, ahead: int) -> None:
        if _is_terminal():
            click.echo(f"\r\x1b[K{root}: {states:,} states, {ahead:,} still ahead", nl=False, err=True)

    return told


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _tell_worst(report: Report) -> None:
    for title, lines in (("farthest from a human", report.farthest), ("the longest silence", report.longest)):
        click.echo(f"  {title}:")
        for line in lines:
            click.echo(f"    {line}")


def _draw(library: Library, sources: libraries.Sources, pictures: Path) -> None:
    pictures.mkdir(parents=True, exist_ok=True)
    catalogues = libraries.load_catalogues(sources.prompts)
    for language in library.languages:
        words = libraries.words(catalogues, language)
        for name in library.flows:
            (pictures / f"{name}.{language}.svg").write_text(svg(library, name, language, words), "utf-8")
    click.echo(f"{len(library.flows) * len(library.languages)} pictures in {pictures}")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
