"""The sounds of a version, rendered before it goes live, beside those that callers inside still hear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ivr_server.floor.queue_file import kept
from ivr_server.publishing.asked import Files
from ivr_server.publishing.naming import PROMPTS, under
from ivr_server.publishing.versions import Damaged, NoVersion, Versions
from ivr_server.settings import Settings
from ivr_server.whispers import whispers
from marked_yaml import Mistakes
from prompts import catalogue, shelf
from prompts.studio import Report, Workshop, build
from prompts.voices import SpeechChild, voices
from prompts.wording import Wording

KEPT: Final = 5  # versions whose sounds lie ready, so that a roll back renders nothing
Progress = Callable[[int, int, str], None]


def wish(settings: Settings, sets: Sequence[Files]) -> dict[str, Any]:
    """What ``render`` needs, as JSON: the words of several versions, the one to come first."""
    speech = settings.speech
    return {
        "prompts": [under(files, PROMPTS) for files in sets],
        "voices": dict(speech.voices),
        "recordings": list(settings.recording_folders()),
        "sounds": settings.sound_folders().sounds,
        "currency": settings.operator.currency,
        "queues": str(settings.sheet("queues").file),
    }


def latest(versions: Versions, live: int = 0) -> list[Files]:
    """What is said in the newest versions and in the one that is live: their sounds stay, so that one can go back."""
    found = []
    for number in sorted({*versions.numbers()[-KEPT:], live} - {0}, reverse=True):
        try:
            found.append(versions.heard(number))
        except (Damaged, NoVersion):
            continue
    return found


def standing(settings: Settings) -> tuple[Wording, ...]:
    """The words of the published versions, for whoever renders the folder's."""
    versions = Versions(settings.folder / "versions")
    try:
        live = versions.published()
    except Damaged:
        live = 0
    found = (_wording(under(files, PROMPTS), settings.operator.currency) for files in latest(versions, live))
    return tuple(wording for wording in found if wording)


def ready(settings: Settings, files: Files, live: Files) -> bool:
    """Whether every sound of these files lies there already, so that a roll back need not look at each of them.

    Sounds of fixed names must be alike in what is live, too: they are kept by name, not by content.
    """
    new, old = (_wording(under(each, PROMPTS), settings.operator.currency) for each in (files, live))
    if new is None or old is None or _by_name(new) != _by_name(old):
        return False
    index = shelf.read_index(settings.sound_folders().sounds)
    return all(shelf.key(*piece) in index for piece in (*new.recorded(), *new.fixed_pieces(), *new.inventory()))


def _by_name(wording: Wording) -> object:
    """The words that lie under fixed names, and what says them."""
    found = []
    for language, one in sorted(wording.catalogues.items()):
        kept = [one.prompts[name] for name in one.fallback]
        found.append((language, one.fallback, [(prompt.parts, prompt.recording) for prompt in kept]))
    return found


def render(task: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Render what is missing. ValueError: one sentence for people."""
    report = rendered(task, progress)
    if missing := [str(problem) for problem in report.problems if not problem.warning]:
        raise ValueError("; ".join(missing[:5]))
    warned = [problem.text for problem in report.problems]
    return {"rendered": report.rendered, "kept": report.kept, "took": report.took, "warned": warned}


def rendered(task: dict[str, Any], progress: Progress) -> Report:
    """The same with what could not be rendered told in the report. Raises SpeechFault, OSError."""
    first, *others = [wording for files in task["prompts"] if (wording := _wording(files, task["currency"]))]
    chosen = {language: task["voices"].get(language, "espeak") for language in first.catalogues}
    child = SpeechChild()
    try:
        heard = whispers(kept(task["queues"]), first.catalogues)
        shop = Workshop(task["sounds"], task["recordings"], progress, heard)
        return build(first, voices(chosen, child), shop, tuple(others))
    finally:
        child.close()


def _wording(files: Files, currency: str) -> Wording | None:
    """None for words of an older version that cannot be read any more."""
    try:
        return Wording(catalogue.read_all(files), currency)
    except Mistakes:
        return None
