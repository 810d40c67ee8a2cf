"""``ivr-server prompts``: rendering, hearing and checking what callers are told."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from flows.facts import Fact, Saying
from flows.flow import Library
from flows.nodes.menu import Menu
from flows.nodes.node import Line
from ivr_server import library as libraries
from ivr_server.chosen import chosen_settings
from ivr_server.listing import Listing
from ivr_server.publishing.rendering import standing
from ivr_server.settings import Settings
from ivr_server.whispers import whispers
from marked_yaml import Mistakes
from prompts import linting, studio, voices
from prompts.catalogue import Catalogue, Slot
from prompts.speaking import CURRENCIES, Unspeakable
from prompts.store import Folders, Store
from prompts.wording import Wording

SHOWN_SLOWER_THAN_S = 20.0
EXAMPLES: dict[str, str | int] = {
    "money": 12845,
    "count": 2,
    "digits": "13800138000",
    "month": "2026-10",
    "date": "2026-11-23",
    "time": "18:30",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What every sub-command works on."""

    settings: Settings
    out: Path

    def catalogues(self) -> dict[str, Catalogue]:
        """The catalogues, or every problem in them as the command's error."""
        try:
            return libraries.load_catalogues(Path(self.settings.speech.library))
        except Mistakes as mistakes:
            raise click.ClickException("\n".join(map(str, mistakes.problems))) from None
        except OSError as fault:
            raise click.ClickException(f"the prompts cannot be read: {fault}") from None

    def wording(self) -> Wording:
        """The catalogues in the operator's currency."""
        return Wording(self.catalogues(), self.settings.operator.currency)

    def library(self) -> Library | None:
        """The flows, for the report on menus; None when they cannot be read now."""
        try:
            return libraries.load_library(self.settings.sources())
        except (Mistakes, OSError):
            return None


@click.group(cls=Listing)
@click.option("--settings", "file", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.option("--library", type=click.Path(path_type=Path), default=None, help="Folder of the YAML catalogues.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Folder for the sounds (.run/sounds).")
@click.option("--operator-currency", "currency", type=click.Choice(CURRENCIES), default=None)
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 (one argument for each option)
    context: click.Context, file: Path | None, library: Path | None, out: Path | None, currency: str | None
) -> None:
    """What callers are told: render it, hear it, check it.

    Examples:

    \b
      ivr-server prompts build
      ivr-server prompts say bill_sum month=2026-10 sum=12845 --language en-US
      ivr-server prompts lint
    """
    settings = chosen_settings(file)
    if library:
        settings = replace(settings, speech=replace(settings.speech, library=str(library)))
    if currency:
        settings = replace(settings, operator=replace(settings.operator, currency=currency))
    context.obj = Chosen(settings, out or Path(settings.sound_folders().sounds))


@command.command()
@click.option("--voice", "named", multiple=True, metavar="LANGUAGE=VOICE", help="As en-US=piper; may be given again.")
@click.option("--menus/--no-menus", default=True, help="Say how long each menu takes (default).")
@click.pass_obj
def build(chosen: Chosen, named: tuple[str, ...], menus: bool) -> None:
    """Render every sentence, number and key that has changed, and say how long each menu takes.

    Example: ivr-server prompts build --voice en-US=piper
    """
    wording, child = chosen.wording(), voices.SpeechChild()
    try:
        ready = voices.voices(_voices(chosen, named, wording), child)
        heard = whispers(chosen.settings.queue_file(), wording.catalogues)
        shop = studio.Workshop(str(chosen.out), chosen.settings.recording_folders(), _progress, heard)
        report = studio.build(wording, ready, shop, standing(chosen.settings))
    except (voices.SpeechFault, OSError) as fault:
        raise click.ClickException(f"the prompts cannot be rendered: {fault}") from None
    finally:
        child.close()
    _finish_line()
    click.echo(
        f"{report.rendered} rendered, {report.kept} unchanged, {report.removed} old files removed, "
        f"{report.seconds / 60:.0f} minutes of sound in {chosen.out}, {report.took:.1f} s."
    )
    if menus:
        _report_menus(chosen, wording)
    for problem in report.problems:
        click.echo(str(problem), err=True)
    sys.exit(1 if report.problems else 0)


@command.command()
@click.argument("prompt")
@click.argument("values", nargs=-1, metavar="[SLOT=VALUE]...")
@click.option("--language", default="zh-CN", show_default=True)
@click.option("--to", "target", type=click.Path(path_type=Path), default=None, help="Write the sound to this WAV file.")
@click.pass_obj
def say(  # noqa: PLR0913, PLR0917 (one argument for each option)
    chosen: Chosen, prompt: str, values: tuple[str, ...], language: str, target: Path | None
) -> None:
    """The words of one prompt as a caller would hear them, and its sound.

    Money is given in fen or cents. Example: ivr-server prompts say bill_sum month=2026-10 sum=12845 --to bill.wav
    """
    wording = chosen.wording()
    try:
        saying = Saying(prompt, _facts(wording, (prompt, language), values))
        click.echo(wording.words((saying,), language))
    except Unspeakable as fault:
        raise click.ClickException(str(fault)) from None
    with tempfile.TemporaryDirectory() as spool:
        sound = _store(chosen, wording, spool).sound((saying,), language)
        click.echo(f"{sound.ms / 1000:.1f} s")
        if target:
            shutil.copyfile(f"{sound.path}.wav", target)


@command.command(name="list")
@click.option("--language", default=None, help="Only this one.")
@click.pass_obj
def list_prompts(chosen: Chosen, language: str | None) -> None:
    """Every prompt with its slots and its words.

    Example: ivr-server prompts list --language en-US
    """
    for tag, catalogue in sorted(chosen.catalogues().items()):
        if language in (None, tag):
            for name in catalogue.prompts:
                click.echo(f"{tag}\t{name}\t{''.join(map(_shown, catalogue.prompts[name].parts))}")


@command.command()
@click.pass_obj
def lint(chosen: Chosen) -> None:
    """Problems of the catalogues, and warnings where a voice may misread them; status 1 when there are any.

    Example: ivr-server prompts lint
    """
    found = [problem for one in chosen.catalogues().values() for problem in linting.lint(one)]
    for problem in found:
        click.echo(str(problem))
    click.echo(f"{len(found)} warnings." if found else "Nothing to mend.")
    sys.exit(1 if found else 0)


def _shown(part: str | Slot) -> str:
    return part if isinstance(part, str) else f"{{{part.name}:{part.kind}}}"


def _voices(chosen: Chosen, named: tuple[str, ...], wording: Wording) -> dict[str, str]:
    """Language -> voice of the settings, with those of the command line over them."""
    found = {language: chosen.settings.speech.voices.get(language, "espeak") for language in wording.catalogues}
    for each in named:
        language, equals, voice = each.partition("=")
        if not equals or language not in found:
            known = ", ".join(sorted(found))
            raise click.BadParameter(f'write --voice LANGUAGE=VOICE with one of {known}, not "{each}"')
        found[language] = voice
    return found


def _facts(wording: Wording, named: tuple[str, str], values: tuple[str, ...]) -> tuple[tuple[str, Fact], ...]:
    prompt, language = named
    wording.prompt(prompt, language)
    kinds = wording.catalogues[language].signature(prompt)
    given = dict(value.partition("=")[::2] for value in values)
    unknown = sorted(given.keys() - kinds.keys())
    if unknown:
        raise click.BadParameter(f'"{prompt}" has no slot "{unknown[0]}"; it has {", ".join(sorted(kinds)) or "none"}')
    return tuple((slot, Fact(kinds[slot], _value(slot, kinds[slot], text))) for slot, text in given.items())


def _value(slot: str, kind: str, text: str) -> str | int:
    if kind not in ("money", "count"):
        return text
    try:
        return int(text)
    except ValueError:
        raise click.BadParameter(f'{slot} is a {kind} and needs a whole number, not "{text}"') from None


def _progress(done: int, of: int, words: str) -> None:
    """One line that grows, on a terminal; every two hundredth elsewhere."""
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {of}  {words[:40]:<40}", err=True, nl=False)
    elif done % 200 == 0:
        click.echo(f"{done} of {of}", err=True)


def _finish_line() -> None:
    if sys.stderr.isatty():
        click.echo("", err=True)


def _store(chosen: Chosen, wording: Wording, spool: str) -> Store:
    return Store(wording, Folders(str(chosen.out), spool), lambda trouble: click.echo(str(trouble), err=True))


def _report_menus(chosen: Chosen, wording: Wording) -> None:
    """Seconds from the beginning of each menu until each of its options has been spoken."""
    flows = chosen.library()
    if flows is None:
        click.echo("The flows have problems (ivr-server check), so menus are not timed.")
        return
    click.echo("Seconds until each option of a menu has been spoken:")
    with tempfile.TemporaryDirectory() as spool:
        store = _store(chosen, wording, spool)
        for flow, node, menu in _menus(flows):
            for language in flows.languages:
                sound = store.sound(_script(menu, wording, language), language)
                ends = [*(start for _, start in sound.marks), sound.ms][1:]
                spoken = _ends_of_options(menu, ends)
                slow = " (long)" if spoken and spoken[-1][1] > SHOWN_SLOWER_THAN_S else ""
                times = "  ".join(f"{key}: {seconds:.1f}" for key, seconds in spoken)
                click.echo(f"  {flow}.{node} {language}  {times}{slow}")


def _menus(flows: Library) -> Iterator[tuple[str, str, Menu]]:
    for name, flow in sorted(flows.flows.items()):
        for node_name, node in flow.nodes.items():
            if isinstance(node, Menu):
                yield name, node_name, node


def _script(menu: Menu, wording: Wording, language: str) -> tuple[Saying, ...]:
    return tuple(_saying(line, wording, language) for line in menu.lines("whole"))


def _saying(line: Line, wording: Wording, language: str) -> Saying:
    """The line with an example for every fact that only a call knows."""
    fixed, spoken = dict(line.fixed), line.language or language
    if spoken == "others":  # once in each language that is not the call's
        spoken = next(other for other in wording.catalogues if other != language)
    kinds = wording.catalogues[spoken].signature(line.prompt)
    return Saying(line.prompt, tuple((slot, fixed.get(slot) or _example(kind)) for slot, kind in kinds.items()), spoken)


def _example(kind: str) -> Fact:
    if kind == "sayings":
        return Fact(kind, (Saying("part_line", (("part", Fact("prompt", "part_rental")), ("sum", _example("money")))),))
    return Fact(kind, EXAMPLES.get(kind, "comfort"))


def _ends_of_options(menu: Menu, ends: list[int]) -> list[tuple[str, float]]:
    """(key, seconds): the options follow the lead-in, one saying each."""
    first = len(menu.lines("whole")) - len(menu.choices_spoken()) - len(menu.tail)
    return [(key, ends[first + place] / 1000) for place, key in enumerate(menu.options) if first + place < len(ends)]
