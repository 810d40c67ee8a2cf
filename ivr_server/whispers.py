"""What an agent hears before the caller: queue, language, how sure it is who is calling. Fixed sounds, one for each.

Their files lie beside the dialplan's own sounds as ``whisper-<queue>-<zh|en>-<known>``; no server is needed then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ivr_server.floor.queue_file import QueueFile
from prompts.catalogue import Catalogue
from prompts.studio import Whisper

KNOWN: Final = {
    "none": "whisper_none",
    "number": "whisper_number",
    "password": "whisper_password",
    "call-back": "whisper_call_back",
}
_JOINED: Final = {"zh": "{title}，{known}", "en": "{title}, {known}"}


def whispers(file: QueueFile, catalogues: Mapping[str, Catalogue]) -> tuple[Whisper, ...]:
    """One for each queue, language and level; none for what a catalogue has no words for."""
    return tuple(
        Whisper(f"whisper-{queue.name}-{language[:2]}-{known}", language, words)
        for queue in file.queues
        for language, catalogue in catalogues.items()
        for known, prompt in KNOWN.items()
        if (words := _words(queue.title.get(language, queue.name), catalogue, prompt))
    )


def _words(title: str, catalogue: Catalogue, prompt: str) -> str:
    if prompt not in catalogue.prompts:
        return ""
    known = "".join(part for part in catalogue.prompts[prompt].parts if isinstance(part, str))
    return _JOINED[catalogue.language[:2]].format(title=title, known=known)
