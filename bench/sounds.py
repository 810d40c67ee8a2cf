"""Sounds for the bench: every piece that a voice would speak, as a short tone; the files are as real ones are."""

from __future__ import annotations

from pathlib import Path

from ivr_server.library import load_catalogues
from ivr_server.settings import Settings
from prompts import audio
from prompts.audio import Sound
from prompts.studio import Workshop, build
from prompts.wording import Wording


class Tone:
    """A voice that says everything as half a second of one tone."""

    name = "tone"

    def __init__(self) -> None:
        self._sound = audio.tone(500)

    def say(self, words: str) -> Sound:
        """The tone."""
        return self._sound


def make_sounds(folder: Path) -> None:
    """Fill the folder; quick when it is there already."""
    wording = Wording(load_catalogues(Path(Settings().speech.library)), "CNY")
    build(wording, dict.fromkeys(wording.catalogues, Tone()), Workshop(str(folder), str(folder / "none")))
