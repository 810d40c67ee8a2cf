"""A peer that pip installs: pystrix, a thread for each call, the same 14 commands through its own classes."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from pystrix.agi import FastAGIServer, core
from pystrix.agi.agi_core import AGIException

from bench.cores import SERVER_CORE, pin
from bench.script import STEPS, STOPS


def _action(command: str) -> Any:
    """How a user of pystrix says this command."""
    words = command.split(" ", 2)
    if command.startswith("GET FULL"):
        return core.GetFullVariable(command.split('"')[1])
    if command.startswith("GET VARIABLE"):
        return core.GetVariable(words[2])
    if command.startswith("EXEC"):
        return core.Exec(words[1], words[2].strip('"').split(","))
    if command.startswith("STREAM"):
        return core.StreamFile(command.split('"')[1], STOPS)
    if command.startswith("WAIT"):
        return core.WaitForDigit(1_000)
    name, value = words[2].split(" ")
    return core.SetVariable(name, value)


COMMANDS: Final = tuple(step.peer for step in STEPS)


def answer(agi: Any, *_: Any) -> None:
    """One call."""
    with contextlib.suppress(AGIException):
        for command in COMMANDS:
            agi.execute(_action(command))


def main() -> None:
    """Listen on a free port and tell it."""
    pin(SERVER_CORE)
    server = FastAGIServer("127.0.0.1", 0)
    server.register_script_handler(None, answer)
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
