"""The real service: words are published beside it, the next caller hears them, and they are taken back."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from crm_bridge.demo import Seeding, seed
from ivr_server.settings import HOUSE
from tests.doubles.sounds import rendered
from tests.service.running import COMMAND, Run
from tests.service.test_start import said, service

SETTINGS = """state: {state}
agi: {{port: 0}}
web: {{port: 0}}
flows: {state}/../flows
speech: {{library: {state}/../prompts}}
"""


def laid(folder: Path) -> None:
    """A folder of flows and words of our own, and sounds of our own: those of the tests stay as they are."""
    shutil.copytree(HOUSE / "flows" / "library", folder / "flows")
    shutil.copytree(HOUSE / "prompts" / "library", folder / "prompts")
    state = folder / "state"
    rendered(state)
    shared = (state / "sounds").resolve()
    (state / "sounds").unlink()
    shutil.copytree(shared, state / "sounds", copy_function=os.link)
    seed(f"sqlite:///{state / 'ivr.db'}", Seeding(5))


def flows(folder: Path, *words: str) -> str:
    """The command line, beside the service."""
    command = [COMMAND, "flows", "--settings", str(folder / "settings.yaml"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until(run: Run, words: str) -> None:
    """The service shows this on its page of health."""
    for _ in range(600):
        if words in run.shown("/health"):
            return
        time.sleep(0.1)
    raise AssertionError(f"{words} was not shown: {run.shown('/health')}")


def test_G9_the_next_caller_hears_the_new_words_and_after_the_roll_back_the_old_ones(tmp_path: Path) -> None:
    """A file is edited, published from a terminal, taken up by the running service, and taken back."""
    laid(tmp_path)
    words = tmp_path / "prompts" / "en-US.yaml"
    old = words.read_text("utf-8")
    with service(tmp_path, SETTINGS) as process:
        run = Run(tmp_path, process, said(process, "Console:"))
        until(run, "version 1, made ")
        assert "A fine day to you." not in run.call("", "wait:1 hangup")
        words.write_text(old.replace("Welcome to {operator}", "A fine day to you. Welcome to {operator}"), "utf-8")
        assert "Version 2 is published." in flows(tmp_path, "publish", "--reason", "friendlier")
        until(run, "version 2, made ")
        assert "A fine day to you." in run.call("", "wait:1 hangup")
        assert "Version 1 is published again." in flows(tmp_path, "roll-back", "1", "--reason", "too friendly")
        until(run, "version 1, made ")
        assert "A fine day to you." not in run.call("", "wait:1 hangup")
        assert words.read_text("utf-8") == old
        over = "select version from calls where ended is not null order by started"
        versions = [row[0].partition("-")[0] for row in run.rows(over, 3)]
        assert versions == ["1", "2", "1"], "the journal says which words a caller heard"
        assert "chain of 3 rows holds" in flows(tmp_path, "audit")
