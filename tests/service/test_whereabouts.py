"""Where the running service listens: true while it lives, whoever else starts and fails beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ivr_server import whereabouts

HERE = ("127.0.0.1", 4573), ("127.0.0.1", 8080)


def test_the_port_is_known_while_the_service_lives(tmp_path: Path) -> None:
    """Written, read, and gone when it is forgotten."""
    assert whereabouts.agi_port(tmp_path) is None
    whereabouts.write(tmp_path, *HERE)
    assert whereabouts.agi_port(tmp_path) == 4573
    whereabouts.forget(tmp_path)
    assert whereabouts.agi_port(tmp_path) is None
    whereabouts.forget(tmp_path)


def test_the_asterisk_beside_it_is_known_while_it_lives(tmp_path: Path) -> None:
    """Its two ports, and the box; the console's own address beside them."""
    assert (whereabouts.ami_port(tmp_path), whereabouts.http_port(tmp_path), whereabouts.web(tmp_path)) == (None,) * 3
    whereabouts.write(tmp_path, *HERE)
    whereabouts.write_asterisk(tmp_path, 5038, 8088, box=True)
    assert (whereabouts.ami_port(tmp_path), whereabouts.http_port(tmp_path), whereabouts.box(tmp_path)) == (
        5038,
        8088,
        True,
    )
    assert whereabouts.web(tmp_path) == HERE[1]
    whereabouts.forget_asterisk(tmp_path)
    assert (whereabouts.ami_port(tmp_path), whereabouts.http_port(tmp_path), whereabouts.box(tmp_path)) == (
        None,
        None,
        False,
    )


def test_D10_a_start_that_failed_does_not_hide_the_service_that_runs(tmp_path: Path) -> None:
    """A second one on the same folder finds its port taken, and leaves: the first is still to be found."""
    (tmp_path / whereabouts.NAME).write_text(json.dumps({"pid": os.getppid(), "agi": HERE[0], "web": HERE[1]}))
    whereabouts.forget(tmp_path)
    assert whereabouts.agi_port(tmp_path) == 4573


@pytest.mark.parametrize(
    "text", ["", "[]", '{"pid": 1', '{"pid": "x", "agi": 1}', '{"pid": 4194399, "agi": ["127.0.0.1", 4573]}']
)
def test_what_a_dead_or_broken_one_left_is_nothing(tmp_path: Path, text: str) -> None:
    """Half written, of another release, of a process that is no more: nobody listens, and nothing fails."""
    (tmp_path / whereabouts.NAME).write_text(text)
    assert whereabouts.agi_port(tmp_path) is None
    whereabouts.forget(tmp_path)
