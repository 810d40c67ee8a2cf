"""``ivr-server test``: run the dialogue tests beside the flows and list which pass."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from flows.dialogues import Answer, Dialogue, Result, Words, perform, read, read_usual
from flows.facts import Script
from flows.flow import Library, Problem
from ivr_server import library as libraries
from ivr_server.commands.check import refuse
from ivr_server.settings import read_settings
from marked_yaml import Mistakes
from prompts.speaking import Unspeakable
from prompts.wording import Wording

USUAL = "usual"  # the file that says what look-ups answer in all dialogues beside it
LATEST = 20  # lines of a failed call that are told; -v tells all


@click.command("test")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("-k", "only", default="", help="Only dialogues with this word in their title.")
@click.option("-v", "--verbose", is_flag=True, help="Tell every call line by line, not only those that fail.")
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
def command(folder: Path | None, only: str, verbose: bool, path: Path | None) -> None:
    """Run the dialogues of FOLDER/dialogues against the flows of FOLDER (default: the flows of the settings).

    The session is stored and loaded between every two turns. Exits with 1 when a dialogue fails.

    Example: ivr-server test flows/ -k bill
    """
    try:
        settings = read_settings(path)
        sources = libraries.from_folder(settings.sources(), folder)
        library = libraries.load_library(sources)
        dialogues = load_dialogues(sources.flows / "dialogues")
        words = words_of(sources, settings.operator.currency)
    except Mistakes as mistakes:
        refuse(mistakes)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    chosen = [dialogue for dialogue in dialogues if only.casefold() in dialogue.title.casefold()]
    raise SystemExit(_run(library, chosen, words, verbose))


def load_dialogues(folder: Path) -> list[Dialogue]:
    """Every dialogue of a folder, in the order of the files. Raises Mistakes with those of all files, OSError.

    What ``usual.yaml`` answers holds in each dialogue that does not say otherwise.
    """
    found, problems = list[Dialogue](), list[Problem]()
    usual: Mapping[str, tuple[Answer, ...]] = {}
    for file, text in libraries.files(folder).items():
        try:
            if Path(file).stem == USUAL:
                usual = read_usual(text, file)
            else:
                found += read(text, file)
        except Mistakes as mistakes:
            problems += mistakes.problems
    if problems:
        raise Mistakes(tuple(problems))
    return [replace(dialogue, answers={**usual, **dialogue.answers}) for dialogue in found]


def words_of(sources: libraries.Sources, currency: str) -> Words:
    """Script -> the words it speaks, from the catalogues, in the operator's currency."""
    wording = Wording(libraries.load_catalogues(sources.prompts), currency)

    def words(script: Script) -> str:
        try:
            return wording.words(script, "")
        except Unspeakable as why:
            return f"[{why}]"

    return words


def _run(library: Library, dialogues: list[Dialogue], words: Words, verbose: bool) -> int:
    begun, failed, turns = time.perf_counter(), 0, 0
    for dialogue in dialogues:
        result = perform(library, dialogue, words)
        failed += bool(result.problems)
        turns += result.turns
        _tell(result, verbose)
    seconds = time.perf_counter() - begun
    passed = len(dialogues) - failed
    click.echo(f"{passed} passed, {failed} failed; {turns} turns, each stored and loaded, in {seconds:.1f} s")
    if not dialogues:
        click.echo("no dialogue was run")
    return 1 if failed or not dialogues else 0


def _tell(result: Result, verbose: bool) -> None:
    mark = click.style("FAIL", fg="red") if result.problems else click.style("pass", fg="green")
    click.echo(f"{mark}  {result.dialogue.title}")
    told = result.tale if verbose else result.tale[-LATEST:] if result.problems else ()
    for line in told:
        click.echo(f"        {line}")
    for problem in result.problems:
        click.echo(f"      {problem}")
