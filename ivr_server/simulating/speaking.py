"""What a simulated call says, as sound: the pieces of a line, recorded or in the voices of the settings, joined as in a
call.

The engines live in a process that is started for one line and ended after it; pieces that were said are remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from prompts import audio, recordings
from prompts.audio import NotASound
from prompts.voices import SpeechChild, SpeechFault, Voice, voices

MOST_PIECES: Final = 200  # of one line
REMEMBERED: Final = 16 * 1024 * 1024  # bytes of samples
BYTES_A_MS: Final = audio.RATE // 1000 * 2
Piece = tuple[str, str, int, str]  # language, text, the silence after it in ms, the recording or ""


class Mute(Exception):
    """It cannot be said here."""


class Speaker:
    """``wav`` is for a thread; one line is said at a time. ``chosen``: language -> voice, as in the settings.

    ``roots``: the folders of recordings.
    """

    def __init__(self, chosen: Mapping[str, str], roots: Sequence[str] = ()) -> None:
        self._chosen, self._roots, self._lock = chosen, roots, threading.Lock()
        self._known: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0

    def wav(self, pieces: Sequence[Piece]) -> bytes:
        """A WAV file of 8 kHz. Raises Mute."""
        if not 0 < len(pieces) <= MOST_PIECES:
            raise Mute("too much to say")
        with self._lock:
            recorded = {piece[3]: self._recorded(piece[3]) for piece in pieces}
            said = [piece[:2] for piece in pieces if not recorded[piece[3]]]
            self._say([one for one in said if one not in self._known])
            return audio.wav(b"".join((recorded[piece[3]] or self._samples(piece)) + _gap(piece) for piece in pieces))

    def _recorded(self, path: str) -> bytes:
        """As callers hear it; nothing when the voice must say it."""
        try:
            content = recordings.find(self._roots, path) if path else b""
            return audio.finished(audio.read_wav(content)).samples if content else b""
        except (recordings.Refused, NotASound):
            return b""

    def _samples(self, piece: Piece) -> bytes:
        self._known.move_to_end(piece[:2])
        return self._known[piece[:2]]

    def _say(self, missing: Sequence[tuple[str, str]]) -> None:
        """Render what is not known yet, and forget the oldest beyond the bound."""
        while self._size > REMEMBERED:
            self._size -= len(self._known.popitem(last=False)[1])
        child = SpeechChild()
        try:
            languages = dict.fromkeys(language for language, _ in missing)
            found = voices({language: self._chosen.get(language, "espeak") for language in languages}, child)
            for language, text in dict.fromkeys(missing):
                self._keep((language, text), found[language])
        except (SpeechFault, NotASound) as fault:
            raise Mute(str(fault)) from fault
        finally:
            child.close()

    def _keep(self, piece: tuple[str, str], voice: Voice) -> None:
        samples = audio.finished(voice.say(piece[1])).samples
        self._known[piece] = samples
        self._size += len(samples)


def _gap(piece: Piece) -> bytes:
    return bytes(BYTES_A_MS * piece[2])
