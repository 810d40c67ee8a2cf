"""The desk in a browser, for its tests: the served stand-in, somebody signed in, and what is measured on a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.console.conftest import House

ROOT = Path(__file__).parents[2]
FAKE_SIP = (ROOT / "tests/doubles/jssip_double.js").read_text("utf-8")
FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}

LOOKS = (ROOT / "tests/console/looks.js").read_text("utf-8")
SETTLE = "for (const one of document.getAnimations()) if (one.effect.getTiming().iterations !== Infinity) one.finish()"


@dataclass
class Seat:
    """The served desk and the hand on its stand-in: ``seat.do("ring", "c-1")`` tells what the pages asked so far."""

    house: House
    process: subprocess.Popen[str]
    session: str = ""

    def do(self, method: str = "", *arguments: Any, **named: Any) -> dict[str, Any]:
        """Move the stand-in, and hear what was asked."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([method, {**named, "_": arguments}]) + "\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    @property
    def did(self) -> list[list[Any]]:
        """What the pages asked, in order."""
        asked: list[list[Any]] = self.do()["did"]
        return asked

    def was_asked(self, *wanted: list[Any]) -> None:
        """These were asked one after the other, or are within ten seconds."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            did = self.did
            if any(did[at : at + len(wanted)] == list(wanted) for at in range(len(did))):
                return
            time.sleep(0.03)
        raise AssertionError(f"not asked: {wanted}; but: {did[-8:]}")

    @property
    def site(self) -> str:
        """The console's address."""
        return f"http://127.0.0.1:{self.house.port}"


def served(folder: Path, **environment: str) -> Iterator[Seat]:
    """The process, with one agent who is signed in."""
    command = [sys.executable, "-m", "tests.console.desk_serving", str(folder)]
    pipe, surroundings = subprocess.PIPE, {**os.environ, **environment}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=surroundings) as process:
        assert process.stdout is not None
        late = threading.Timer(60, process.kill)  # a server that does not start is no reason to wait for ever
        late.start()
        house = House(int(process.stdout.readline()), folder)
        late.cancel()
        house.hire("agent", "agent")
        client = house.client()
        client.sign_in("agent")
        yield Seat(house, process, client.cookies["session"])
        process.terminate()


def sit(page: Page) -> None:
    """At the browser."""
    page.locator("#sit_go").click()
    page.locator("#work").wait_for()


def looks(page: Page) -> dict[str, list[Any]]:
    """What is wrong with how it looks now; {} when nothing is."""
    page.evaluate(SETTLE)
    found: list[tuple[str, list[Any]]] = page.evaluate(f"Object.entries({LOOKS}).map(([name, find]) => [name, find()])")
    return {name: wrong for name, wrong in found if wrong}
