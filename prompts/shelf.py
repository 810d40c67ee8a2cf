"""The folder of rendered sounds: where each piece lies, and the index that says what it must look like.

    FOLDER/index.json              what was rendered: "zh-CN 请按一。" -> name, length, check sums
                                   (a recording: "zh-CN 您好。 <recordings/greeting.wav>")
    FOLDER/pieces/ab/NAME.wav      and .ulaw, .alaw, and .txt with the words
    FOLDER/fallback/apology-zh.*   fixed names, for a dialplan whose server is gone; apology.* says it in all languages

A name is a digest of voice, words and recipe, so files never change under a name; every write is a new file renamed
into place, so a server may play from the folder while a build is running.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prompts import audio
from prompts.audio import Sound

RECIPE: Final = "4"  # raised when the same words and voice give another sound
PLEASE_HOLD: Final = {"zh": "请稍候。", "en": "One moment, please."}


@dataclass(frozen=True, slots=True)
class Entry:
    """One rendered piece: its path under the folder without extension, its length, and form -> (bytes, CRC-32)."""

    path: str
    ms: int
    forms: Mapping[str, tuple[int, int]]


Index = dict[str, Entry]


def key(language: str, text: str, recording: str = "") -> str:
    """A piece's name in the index: a recording lies beside the voice that says the same words."""
    return f"{language} {text}" + (f" <{recording}>" if recording else "")


def fallback_key(name: str, tag: str) -> str:
    """A fixed-name sound's name in the index; ``tag`` is zh, en, or "" for all languages."""
    return f"fallback {name}-{tag}" if tag else f"fallback {name}"


def piece_path(source: str, text: str) -> str:
    """Where a piece lies; ``source`` tells the voice, or the recording's own bytes."""
    digest = hashlib.sha256("\n".join((RECIPE, source, text)).encode()).hexdigest()[:24]
    return os.path.join("pieces", digest[:2], digest)


def put(path: str, content: bytes) -> None:
    """The whole content at ``path``, or nothing: written beside it and renamed."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(beside, 0o644)  # Asterisk runs as another user
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def put_sound(folder: str, path: str, sound: Sound, words: str) -> Entry:
    """All forms of a sound, and its words beside them."""
    contents = audio.forms(sound)
    put(os.path.join(folder, f"{path}.txt"), words.encode())
    for form, content in contents.items():
        put(os.path.join(folder, f"{path}.{form}"), content)
    return Entry(path, sound.ms, {form: (len(each), zlib.crc32(each)) for form, each in contents.items()})


def is_whole(folder: str, entry: Entry) -> bool:
    """Whether every form is there, byte for byte as it was written."""
    return all(read_form(folder, entry, form) is not None for form in entry.forms)


def read_form(folder: str, entry: Entry, form: str) -> bytes | None:
    """One form's bytes; None when they are missing, unreadable or not what was written."""
    try:
        with open(os.path.join(folder, f"{entry.path}.{form}"), "rb") as stream:
            content = stream.read()
    except OSError:
        return None
    return content if (len(content), zlib.crc32(content)) == tuple(entry.forms[form]) else None


def read_index(folder: str) -> Index:
    """The index; empty when there is none or it cannot be read, so that the next build makes it anew."""
    try:
        with open(os.path.join(folder, "index.json"), encoding="utf-8") as stream:
            found = json.load(stream)["pieces"]
        return {
            name: Entry(path, int(ms), {form: (size, check) for form, (size, check) in forms.items()})
            for name, (path, ms, forms) in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_index(folder: str, index: Index) -> None:
    """The index in one stroke."""
    pieces = {name: [entry.path, entry.ms, entry.forms] for name, entry in sorted(index.items())}
    put(os.path.join(folder, "index.json"), json.dumps({"pieces": pieces}, ensure_ascii=False).encode())
