"""The seam to speech engines: a Voice turns words into a sound. The engines live in a child process of ours."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from prompts import audio, speaking
from prompts.audio import NotASound, Sound

DEADLINE_S: Final = 30.0  # for one utterance; Piper loads its model within it
VOLUME: Final = 0.7  # at 1.0 eSpeak's Mandarin clips
USUAL: Final = {"zh espeak": "sit/cmn", "en espeak": "gmw/en-us", "en piper": "joe"}  # when only an engine is named
PACE: Final = {"zh": 180, "en": 165}  # eSpeak's words a minute: calm enough for a telephone
# Written otherwise for the voice alone: eSpeak reads these characters in their other reading.
RESPELT: Final = {"zh": {"还款": "环款", "重听": "虫听"}, "en": {"a.m.": "A.M.", "p.m.": "P.M."}}


class SpeechFault(Exception):
    """No sound could be made; the text is a sentence for people."""


class Voice(Protocol):
    """One voice of one language."""

    @property
    def name(self) -> str:
        """What makes it sound as it does: part of every rendered file's name."""

    def say(self, words: str) -> Sound:
        """The words as a sound; raises SpeechFault."""


@dataclass(frozen=True, slots=True)
class EngineVoice:
    """A voice of an engine in the child process: ``voice`` is "espeak:gmw/en-us" or "piper:joe"."""

    language: str
    voice: str
    child: SpeechChild

    @property
    def name(self) -> str:
        """Engine, voice, pace, volume and respellings."""
        return f"{self.voice} {PACE[self.language[:2]]} {VOLUME} {sorted(RESPELT[self.language[:2]].items())}"

    def check(self) -> None:
        """Raise SpeechFault, in one sentence, when this voice cannot speak here."""
        self.say(speaking.key_word("1", self.language))

    def say(self, words: str) -> Sound:
        """The words as the engine says them, at its own rate."""
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            path = os.path.join(folder, "said.wav")
            self.child.ask(self._request(words, path))
            try:
                with open(path, "rb") as stream:
                    return audio.read_wav(stream.read())
            except NotASound as fault:
                raise SpeechFault(f"{words!r}: {fault}") from fault

    def phonemes(self, words: str) -> str:
        """How the voice pronounces the words."""
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            request = {**self._request(words, os.path.join(folder, "said.wav")), "phonemes": True}
            return str(self.child.ask(request)["phonemes"])

    def _request(self, words: str, path: str) -> dict[str, Any]:
        tongue = self.language[:2]
        for written, spoken in RESPELT[tongue].items():
            words = words.replace(written, spoken)
        return {"voice": self.voice, "rate": PACE[tongue], "volume": VOLUME, "words": words, "file": path}


class SpeechChild:
    """The speech process: started when first asked, killed when it hangs, started anew after a death."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request; tried a second time in a new process when the first one dies or hangs."""
        try:
            reply = self._exchange(request)
        except (OSError, ValueError):
            self.close()
            reply = self._second(request)
        if "error" in reply:
            raise SpeechFault(reply["error"])
        return reply

    def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process:
            process.kill()
            process.communicate()

    def _second(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._exchange(request)
        except (OSError, ValueError) as fault:
            self.close()
            raise SpeechFault(f"the speech engine died or hung at {request['words']!r}") from fault

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self.process = self.process or _spawned()
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], DEADLINE_S)[0]:
            raise OSError("no answer in time")
        reply: dict[str, Any] = json.loads(process.stdout.readline())
        return reply


def _spawned() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "prompts.speech_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def voices(chosen: Mapping[str, str], child: SpeechChild) -> dict[str, Voice]:
    """Language -> voice for language -> "espeak", "piper" or "espeak:gmw/en-gb"; each is tried once.

    Raises SpeechFault, in one sentence, when one cannot speak here.
    """
    found: dict[str, Voice] = {}
    for language, name in chosen.items():
        voice = EngineVoice(language, _in_full(language, name), child)
        voice.check()
        found[language] = voice
    return found


def _in_full(language: str, name: str) -> str:
    engine, colon, _ = name.partition(":")
    if colon:
        return name
    if f"{language[:2]} {engine}" not in USUAL:
        raise SpeechFault(f'no voice "{name}" is known for {language}; there are {", ".join(USUAL)}')
    return f"{engine}:{USUAL[f'{language[:2]} {engine}']}"
