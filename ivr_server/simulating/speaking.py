"""What a simulated call says, as sound: the pieces of a line in the voices of the settings, joined as in a call.

The engines live in a process that is started for one line and ended after it; pieces that were said are remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from prompts import audio
from prompts.audio import NotASound
from prompts.voices import SpeechChild, SpeechFault, Voice, voices

MOST_PIECES: Final = 200  # of one line
REMEMBERED: Final = 16 * 1024 * 1024  # bytes of samples
BYTES_A_MS: Final = audio.RATE // 1000 * 2
Piece = tuple[str, str, int]  # language, text, the silence after it in ms


class Mute(Exception):
    """It cannot be said here."""


class Speaker:
    """``wav`` is for a thread; one line is said at a time. ``chosen``: language -> voice, as in the settings."""

    def __init__(self, chosen: Mapping[str, str]) -> None:
        self._chosen, self._lock = chosen, threading.Lock()
        self._known: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0

    def wav(self, pieces: Sequence[Piece]) -> bytes:
        """A WAV file of 8 kHz. Raises Mute."""
        if not 0 < len(pieces) <= MOST_PIECES:
            raise Mute("too much to say")
        with self._lock:
            self._say([(language, text) for language, text, _ in pieces if (language, text) not in self._known])
            return audio.wav(b"".join(self._samples(piece) for piece in pieces))

    def _samples(self, piece: Piece) -> bytes:
        language, text, gap = piece
        self._known.move_to_end((language, text))
        return self._known[language, text] + bytes(BYTES_A_MS * gap)

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
