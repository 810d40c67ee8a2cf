"""A small AGI server of the tests' own, to ask Asterisk and the dialplan what they do without the product.

Run as a process (``python responder.py PORT SOUNDS``), so that it can be stopped and killed like the product.
What it does in a call is chosen by the number dialled: see ``PLAYS``.
"""

from __future__ import annotations

import contextlib
import socketserver
import sys
import time
from collections.abc import Callable
from pathlib import Path

Command = Callable[[str], str]


def finish(command: Command, sounds: Path) -> None:
    """7000: a prompt, then a proper end."""
    command(f'STREAM FILE {sounds}/welcome ""')
    command("SET VARIABLE IVR_RESULT done")


def to_billing(command: Command, sounds: Path) -> None:
    """7001: to the queue billing, with what the trail says."""
    command("SET VARIABLE IVR_TRAIL_ID trail-1")
    command('SET VARIABLE IVR_TRAIL "fees; asked for a person"')
    command("SET VARIABLE IVR_LANGUAGE en-US")
    command("SET VARIABLE IVR_QUEUE billing")
    command("SET VARIABLE IVR_RESULT queue")


def refuse(command: Command, sounds: Path) -> None:
    """7002: the call is refused, as for an unknown script."""
    command("failure")


def talk_on(command: Command, sounds: Path) -> None:
    """7003: prompts without end, so that the server can be killed in the middle of one."""
    while "result=-1" not in command(f'STREAM FILE {sounds}/long ""'):
        pass


def strange_queue(command: Command, sounds: Path) -> None:
    """7004: a queue that no setting names, written to be harmful."""
    command('SET VARIABLE IVR_QUEUE "x,1)$[1/0]${SHELL(id)}"')
    command("SET VARIABLE IVR_RESULT queue")


def missing_prompt(command: Command, sounds: Path) -> None:
    """7005: a file that is not there, then a proper end."""
    command(f'STREAM FILE {sounds}/no-such-file ""')
    command("SET VARIABLE IVR_RESULT done")


def think(command: Command, sounds: Path) -> None:
    """7006: silence; no command at all."""
    time.sleep(60)


def keep_keys(command: Command, sounds: Path) -> None:
    """7007: StoreDTMF keeps what is pressed during 4 s in which no command runs."""
    command('EXEC StoreDTMF "RX,IVR_TYPED"')
    time.sleep(4)
    command("GET VARIABLE IVR_TYPED")
    command("SET VARIABLE IVR_RESULT done")


PLAYS = {
    "7000": finish,
    "7001": to_billing,
    "7002": refuse,
    "7003": talk_on,
    "7004": strange_queue,
    "7005": missing_prompt,
    "7006": think,
    "7007": keep_keys,
}


class Server(socketserver.ThreadingTCPServer):
    """Many calls at once; the port can be taken again at once after a kill."""

    allow_reuse_address = True
    daemon_threads = True
    sounds = Path()


class Answer(socketserver.StreamRequestHandler):
    """One call."""

    server: Server

    def handle(self) -> None:
        """Reads the header, then plays what the number asks for; a caller who is gone ends it."""
        header = {}
        for line in iter(self.rfile.readline, b"\n"):
            key, _, value = line.decode(errors="replace").strip().partition(": ")
            header[key] = value
        play = finish if "after-queue" in header["agi_request"] else PLAYS.get(header["agi_extension"], finish)
        with contextlib.suppress(OSError):
            play(self._command, self.server.sounds)

    def _command(self, text: str) -> str:
        self.wfile.write(text.encode() + b"\n")
        while True:
            line = self.rfile.readline()
            if not line:
                raise ConnectionError("the caller's Asterisk closed the line")
            if line.strip() != b"HANGUP":
                return line.decode(errors="replace")


def main() -> None:
    """Serve until killed."""
    server = Server(("127.0.0.1", int(sys.argv[1])), Answer)
    server.sounds = Path(sys.argv[2])
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
