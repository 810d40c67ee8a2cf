"""The shipped prompts' sounds: rendered once on a machine, kept between runs, shared by all tests that play them."""

from __future__ import annotations

import fcntl
from pathlib import Path

from ivr_server.pbx.fetch import cache_folder
from ivr_server.preparing import build_prompts
from ivr_server.settings import Settings


def rendered(state: Path) -> None:
    """Give a state folder its sounds; what is missing or changed is rendered now, by one test process at a time."""
    shared = cache_folder() / "sounds-of-tests"
    shared.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    (state / "sounds").symlink_to(shared)
    with shared.with_name("sounds-of-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_prompts(Settings(state=str(state)), print)
