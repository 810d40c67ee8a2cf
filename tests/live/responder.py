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


def handed(command: Command, sounds: Path) -> None:
    """7010 to 7013: to the queue service with all that is handed over; the last digit says what /waiting will do."""
    command("SET VARIABLE IVR_TRAIL_ID call-7010.1")
    command('SET VARIABLE IVR_TRAIL "fees; asked for a person"')
    command("SET VARIABLE IVR_LANGUAGE en_US")
    command("SET VARIABLE IVR_BUSINESS fault")
    command("SET VARIABLE IVR_IDENTITY number")
    command("SET VARIABLE IVR_QUEUE service")
    command("SET VARIABLE IVR_RESULT queue")


def hostile(command: Command, sounds: Path) -> None:
    """7014: to the queue with values that would run something, were they taken as they are."""
    evil = "x)b(y^s^1,${SHELL(touch /tmp/ivr-owned)}&$[1/0]"
    for name in ("TRAIL_ID", "LANGUAGE", "BUSINESS", "IDENTITY", "PRIORITY", "PLACE", "SINCE", "IN", "ID", "SIDE"):
        command(f'SET VARIABLE IVR_{name} "{evil}"')
    command("SET VARIABLE IVR_RESULT queue")


def waiting(command: Command, sounds: Path) -> None:
    """/waiting, by what the call is about: speaks and says queue, says done, dies, or hangs."""
    told = command("GET VARIABLE IVR_BUSINESS")
    command(f'STREAM FILE {sounds}/welcome ""')
    if "complaint" in told:
        time.sleep(60)
    if "arrears" not in told:
        command(f"SET VARIABLE IVR_RESULT {'done' if 'fees' in told else 'queue'}")


def about(business: str) -> Callable[[Command, Path], None]:
    """Handed over, for another business."""

    def play(command: Command, sounds: Path) -> None:
        handed(command, sounds)
        command(f"SET VARIABLE IVR_BUSINESS {business}")

    return play


PLAYS = {
    "7000": finish,
    "7001": to_billing,
    "7002": refuse,
    "7003": talk_on,
    "7004": strange_queue,
    "7005": missing_prompt,
    "7006": think,
    "7007": keep_keys,
    "7010": handed,
    "7011": about("fees"),  # /waiting ends the call
    "7012": about("arrears"),  # /waiting dies without a result
    "7013": about("complaint"),  # /waiting hangs
    "7014": hostile,
}


OTHERS = {"after-queue": finish, "waiting": waiting, "call-back": lambda command, sounds: None}


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
        play = OTHERS.get(header["agi_request"].rpartition("/")[2]) or PLAYS.get(header["agi_extension"], finish)
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
