"""The log: one line an event whatever is in it, and nothing of what a failure held."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from twisted.logger import Logger
from twisted.python.failure import Failure

from crm_bridge.secret import Secret
from ivr_server.log_lines import JsonLines

CANARY = "738291"


def logged(*events: Any, **named: Any) -> list[str]:
    """The lines that a logger's call writes."""
    stream = io.StringIO()
    log = Logger("here", observer=JsonLines(stream))
    for each in events:
        each(log, **named)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    "hostile", ['1\n{"level": "critical"}', "1\r\nx", "\x1b[2J\x1b[31m", "\u202e\u2028\x85", "\udce9", "{call.real}"]
)
def test_J2_whatever_a_field_holds_it_is_one_line_of_plain_signs(hostile: str) -> None:
    """Line breaks, colours, signs that turn text round: escaped, and read back as they were."""
    lines = logged(lambda log, **named: log.info("call {call} came in", **named), call=hostile)
    assert len(lines) == 1
    assert lines[0].isascii() and lines[0].isprintable()
    assert json.loads(lines[0])["call"] == hostile


def test_J2_a_value_without_end_is_cut() -> None:
    """A megabyte of caller's name is no megabyte of log."""
    [line] = logged(lambda log, **named: log.info("call {call}", **named), call="x" * 1_000_000)
    assert len(line) < 10_000


def fails_with(keys: str) -> Failure:
    """A failure deep in a call that had a secret in its hands, as a local value and in its message."""
    try:
        try:
            raise KeyError(Secret(keys))
        except KeyError as inner:
            raise ValueError(f"{Secret(keys)!r} and {Secret(keys)} do not fit") from inner
    except ValueError:
        return Failure(captureVars=True)  # type: ignore[no-untyped-call]


def test_D13_a_failure_tells_its_place_and_nothing_it_held() -> None:
    """Type, message, file and line of the innermost place; no local value, no chain of other failures."""
    lines = logged(lambda log: log.failure("a call failed", fails_with(CANARY)))
    [told] = map(json.loads, lines)
    assert told["fault"].startswith("ValueError: ")
    assert "test_log_lines.py:" in told["at"]
    assert CANARY not in lines[0]


def test_D5_a_stream_that_takes_nothing_costs_the_line_only() -> None:
    """The disk is full: no exception reaches the call that logged."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    Logger("here", observer=JsonLines(Full())).error("x")
