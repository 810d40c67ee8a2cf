"""The studio: renders in advance every piece that a call can need, and only what has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from marked_yaml import Problem
from prompts import audio, cutting, recordings, shelf
from prompts.audio import NotASound, Sound
from prompts.shelf import Entry, Index
from prompts.voices import SpeechFault, Voice
from prompts.wording import Wording

SAVED_EVERY: Final = 50  # pieces, so that a first build can be played from before it is done
KEPT_S: Final = 24 * 3600  # how long a piece that nobody needs any more is kept for servers still running
LANGUAGE_GAP_MS: Final = 500
WHISPER_MS: Final = 2_000
QUICKEST: Final = 1.6  # times as quick as the voice speaks; beyond it nobody follows


@dataclass(frozen=True, slots=True)
class Whisper:
    """Words under a fixed name of their own, which take two seconds at most: what an agent hears before a caller."""

    name: str
    language: str
    words: str


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where sounds go, the folders where recordings lie, and who is told the progress as (done, of how many, words).

    ``whispers``: what else lies beside the fixed names.
    """

    sounds: str
    recordings: Sequence[str]
    progress: Callable[[int, int, str], None] = lambda done, of, words: None
    whispers: tuple[Whisper, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did; ``seconds`` of sound lie ready, it took ``took`` seconds."""

    rendered: int
    kept: int
    removed: int
    seconds: float
    took: float
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Job:
    """One piece to be made: its name in the index, its words, where it lies, and where its sound comes from."""

    key: str
    words: str
    path: str
    sound: Callable[[], Sound] = field(compare=False)


def build(wording: Wording, voices: Mapping[str, Voice], shop: Workshop, others: tuple[Wording, ...] = ()) -> Report:
    """Render what is missing or changed. Raises OSError when the folder cannot be written.

    ``others``: words whose sounds shall lie there as well, because somebody still hears them.
    """
    started = time.monotonic()
    taken = _Recordings(wording, shop.recordings)
    jobs = list(_jobs(wording, voices, taken))
    known = {job.key for job in jobs}
    for other in others:
        more = (job for job in _jobs(other, voices, _Recordings(other, shop.recordings)) if job.key not in known)
        jobs += more
        known |= {job.key for job in jobs}
    said = [_spoken(voices[one.language], one.language, one.words) for one in shop.whispers if one.language in voices]
    jobs += {job.key: job for job in said if job.key not in known}.values()
    old, new = shelf.read_index(shop.sounds), Index()
    problems = list(taken.problems)
    rendered = 0
    for done, job in enumerate(jobs, 1):
        entry = old.get(job.key)
        if entry is None or entry.path != job.path or not shelf.is_whole(shop.sounds, entry):
            entry = _made(job, shop, problems)
            rendered += entry is not None
            if rendered % SAVED_EVERY == 1:
                shelf.write_index(shop.sounds, {**old, **new})
        if entry is not None:
            new[job.key] = entry
        shop.progress(done, len(jobs), job.words)
    _fixed_names(wording, new, shop)
    problems += [problem for one in shop.whispers if (problem := _whispered(one, new, shop))]
    shelf.write_index(shop.sounds, new)
    seconds = sum(entry.ms for entry in new.values()) / 1000
    removed = _swept(shop.sounds, new)
    took = time.monotonic() - started
    return Report(rendered, len(jobs) - rendered, removed, seconds, took, tuple(problems))


def _made(job: _Job, shop: Workshop, problems: list[Problem]) -> Entry | None:
    try:
        sound = audio.finished(job.sound())
    except (SpeechFault, NotASound) as fault:
        problems.append(Problem(job.key, 1, 1, f"not rendered: {fault}"))
        return None
    return shelf.put_sound(shop.sounds, job.path, sound, job.words)


def _jobs(wording: Wording, voices: Mapping[str, Voice], taken: _Recordings) -> Iterator[_Job]:
    """What keeps a caller from silence comes first, then sentences, then numbers."""
    found: dict[str, _Job] = {}
    for language in wording.catalogues:
        words = shelf.PLEASE_HOLD[language[:2]]
        found[shelf.key(language, words)] = _spoken(voices[language], language, words)
    for language, words, recording in wording.recorded():
        if (content := taken.sounds.get(recording)) is not None:
            key = shelf.key(language, words, recording)
            found[key] = _Job(key, words, shelf.piece_path(content.hex(), words), _reader(content))
    for language, words in (*wording.fixed_pieces(), *wording.inventory()):
        found.setdefault(shelf.key(language, words), _spoken(voices[language], language, words))
    yield from found.values()


def _spoken(voice: Voice, language: str, words: str) -> _Job:
    return _Job(shelf.key(language, words), words, shelf.piece_path(voice.name, words), lambda: voice.say(words))


def _reader(content: bytes) -> Callable[[], Sound]:
    return lambda: audio.read_wav(content)


class _Recordings:
    """The recordings that replace a voice: path -> WAV bytes; what is wrong with the others."""

    def __init__(self, wording: Wording, folders: Sequence[str]) -> None:
        self.sounds: dict[str, bytes] = {}
        self.problems: list[Problem] = []
        for catalogue in wording.catalogues.values():
            for prompt in catalogue.prompts.values():
                if not prompt.recording:
                    continue
                try:
                    content = recordings.find(folders, prompt.recording)
                    audio.finished(audio.read_wav(content))
                except (recordings.Refused, NotASound) as fault:
                    text = f'the voice speaks "{prompt.name}" instead of {prompt.recording}: {fault}'
                    self.problems.append(Problem(prompt.file, prompt.line, prompt.column, text))
                else:
                    self.sounds[prompt.recording] = content


def _fixed_names(wording: Wording, index: Index, shop: Workshop) -> None:
    """The sounds under fixed names: one for each language, and one that says it in all of them."""
    for name in dict.fromkeys(name for one in wording.catalogues.values() for name in one.fallback):
        sounds: list[Sound] = []
        texts: list[str] = []
        for language in sorted(wording.catalogues, reverse=True):
            prompt = wording.catalogues[language].prompts.get(name)
            text = cutting.whole(prompt) if prompt else ""
            made = _assembled([_entry(piece, index) for piece in _pieces(wording, name, language)], shop)
            if made:
                tag = language[:2]
                _fixed_name(shelf.fallback_key(name, tag), f"fallback/{name}-{tag}", (made, text), (index, shop))
                sounds, texts = [*sounds, made], [*texts, text]
        if sounds:
            said = (audio.joined(sounds, LANGUAGE_GAP_MS), " ".join(texts))
            _fixed_name(shelf.fallback_key(name, ""), f"fallback/{name}", said, (index, shop))


def _pieces(wording: Wording, name: str, language: str) -> list[cutting.Piece]:
    if name not in wording.catalogues[language].prompts:
        return []
    return [step for step in wording.steps(name, language) if isinstance(step, cutting.Piece)]


def _entry(piece: cutting.Piece, index: Index) -> Entry | None:
    """The recording, or else the voice."""
    recorded = index.get(shelf.key(piece.language, piece.text, piece.recording))
    return recorded or index.get(shelf.key(piece.language, piece.text))


def _assembled(entries: list[Entry | None], shop: Workshop) -> Sound | None:
    contents = [shelf.read_form(shop.sounds, entry, "wav") if entry else None for entry in entries]
    sounds = [audio.read_wav(content) for content in contents if content]
    return audio.joined(sounds, cutting.GAPS["closing"]) if sounds and len(sounds) == len(entries) else None


def _fixed_name(key: str, path: str, said: tuple[Sound, str], into: tuple[Index, Workshop]) -> None:
    sound, words = said
    index, shop = into
    old = shelf.read_index(shop.sounds).get(key)
    contents = audio.forms(sound)
    if old and shelf.is_whole(shop.sounds, old) and shelf.read_form(shop.sounds, old, "wav") == contents["wav"]:
        index[key] = old
    else:
        index[key] = shelf.put_sound(shop.sounds, path, sound, words)


def _whispered(whisper: Whisper, index: Index, shop: Workshop) -> Problem | None:
    """The whisper under its name, said quicker when it is too long; a problem when that would be too quick."""
    made = _assembled([index.get(shelf.key(whisper.language, whisper.words))], shop)
    if made is None:
        return None
    if made.ms > WHISPER_MS * QUICKEST:
        text = f'"{whisper.words}" takes {made.ms / 1000:.1f} s; two seconds are right: give the queue a shorter title'
        return Problem(whisper.name, 1, 1, text, warning=True)
    said = (audio.hurried(made, WHISPER_MS), whisper.words)
    _fixed_name(f"whisper {whisper.name}", f"fallback/{whisper.name}", said, (index, shop))
    return None


def _swept(folder: str, index: Index) -> int:
    """How many pieces went that no index names any more; young ones stay for servers still running."""
    needed = {entry.path for entry in index.values()}
    removed = 0
    for path, _, names in os.walk(os.path.join(folder, "pieces")):
        for name in names:
            full = os.path.join(path, name)
            piece = os.path.relpath(os.path.splitext(full)[0], folder)
            if piece not in needed and time.time() - os.stat(full).st_mtime > KEPT_S:
                os.unlink(full)
                removed += 1
    return removed
