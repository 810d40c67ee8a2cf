"""Fixtures of the tests with a real Asterisk, which is fetched at the first use (10 s, then cached)."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr_server.pbx import fetch, plan
from ivr_server.settings import token
from tests.live.exchange import Exchange, dialled, exchange
from tests.live.fax_exchange import sessions as fax_sessions
from tests.live.product import Product, installation
from tests.live.tones import TONES, write_tone

HERE = Path(__file__).parent
FIGURES: dict[str, str] = {}  # what was measured, for the end of the run


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Count what was called; a process of several hands its figures over."""
    for name, called in (("real SIP calls made", dialled), ("fax calls that a machine took", fax_sessions)):
        if called:
            FIGURES[name] = str(len(called))
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What one of several processes has measured; counts add up."""
    for name, value in getattr(node, "workeroutput", {}).get("figures", {}).items():
        known = FIGURES.get(name, "0")
        FIGURES[name] = str(int(known) + int(value)) if known.isdecimal() and value.isdecimal() else value


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of the live tests, after all results."""
    if FIGURES:
        terminalreporter.section("live figures")
        for name, value in FIGURES.items():
            terminalreporter.line(f"{name}: {value}")


@pytest.fixture
def figure() -> Callable[[str, object], None]:
    """Notes a measured figure."""

    def note(name: str, value: object) -> None:
        FIGURES[name] = str(value)

    return note


@pytest.fixture(scope="session")
def installed() -> fetch.Installed:
    """A real Asterisk."""
    return fetch.find(print)


@pytest.fixture(scope="session")
def noises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sounds that no other is like (shaped noise), in place of rendered prompts: welcome, long, fallback/..."""
    folder = tmp_path_factory.mktemp("noises")
    lengths = {"welcome": 1.5, "long": 6.0}
    lengths |= {f"fallback/{name}-{tongue}": 1.5 for name in ("apology", "nobody_answered") for tongue in ("zh", "en")}
    said = ("whisper-service-en-number", "whisper-service-en-call-back", "your_call_back-en", "not_reached-en")
    lengths |= {f"fallback/{name}": 1.2 for name in said}
    for seed, (name, seconds) in enumerate(lengths.items()):
        write_noise(folder / f"{name}.wav", seconds, seed)
    for name in TONES:
        write_tone(folder / f"tones/{name}.wav", name)
    return folder


def noise_names(folder: Path) -> dict[str, Path]:
    """Every sound of the noises, by name."""
    every = {str(path.relative_to(folder).with_suffix("")): path for path in folder.rglob("*.wav")}
    return {name: path for name, path in every.items() if not name.startswith("tones/")}


def write_noise(path: Path, seconds: float, seed: int) -> None:
    """Noise in the band of speech, the same for the same seed."""
    draws = np.random.default_rng(seed).normal(size=int(8_000 * seconds))
    shaped = np.convolve(draws, np.hanning(6), "same")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes((shaped / np.abs(shaped).max() * 12_000).astype("<i2").tobytes())


@dataclass(slots=True)
class Responder:
    """The tests' own AGI server, as a process that can be killed."""

    port: int
    sounds: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, str(HERE / "responder.py"), str(self.port), str(self.sounds)]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
            assert self.process.stdout and self.process.stdout.readline() == b"ready\n"

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """As kill -9 does; nothing listens afterwards."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def responder_port() -> int:
    """Where the tests' own AGI server listens."""
    return plan.port_or_free(0)


@pytest.fixture
def responder(responder_port: int, noises: Path) -> Iterator[Responder]:
    """The tests' own AGI server, running."""
    made = Responder(responder_port, noises)
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def bare_exchange(installed: fetch.Installed, noises: Path, responder_port: int) -> Iterator[Exchange]:
    """Both Asterisks, for the tests' own AGI server."""
    with exchange(installed, noises, responder_port) as made:
        yield made


@pytest.fixture
def switch(bare_exchange: Exchange) -> Iterator[Exchange]:
    """The same for one test, which must leave no channel behind."""
    yield bare_exchange
    for call in tuple(bare_exchange.calls.values()):
        if not call.over.is_set():
            call.hang_up()
    bare_exchange.wait_no_channels()
    bare_exchange.calls.clear()


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """The real service, running under its supervisor with 400 customers; its own for each file of tests."""
    with installation() as made:
        made.start()
        yield made


@pytest.fixture(scope="module")
def town(installed: fetch.Installed, product: Product) -> Iterator[Exchange]:
    """Both Asterisks, wired to the real service."""
    sounds = Path(product.settings.sound_folders().sounds)
    with exchange(installed, sounds, product.settings.agi.port, token(product.settings)) as made:
        yield made
