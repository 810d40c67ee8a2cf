"""The sign of life: beats a pipe to ``supervising`` and systemd's watchdog, each second, from the reactor itself.

A hung server leaves its callers in silence for ever, for Asterisk waits without end for the next AGI command
(measured on 22.10.1). Killed, its sockets close and the dialplan goes on within milliseconds: apology, then the
queue. So the cure for a hang is a kill, and the beat says when.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from twisted.internet.task import LoopingCall

HEART_FD = "IVR_HEART_FD"
BEAT_S = 1.0


class Heart:
    """Beats while the reactor turns. ``environment`` names the pipe and systemd's socket (NOTIFY_SOCKET).

    Our end of both is open from the start: a service without descriptors is alive (FAULTS D4), and says so.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        fd = environment.get(HEART_FD, "")
        self._fd = int(fd) if fd.isdigit() else None
        name = environment.get("NOTIFY_SOCKET", "")
        self._systemd = "\0" + name[1:] if name.startswith("@") else name  # "@" stands for the abstract NUL
        self._datagrams = _datagrams() if name else None
        self._loop = LoopingCall(self.beat)

    def start(self) -> None:
        """Say that the service is ready, and go on beating."""
        self.tell("READY=1")
        self._loop.start(BEAT_S)

    def stop(self) -> None:
        """Say that the service is going, so that nobody takes the silence for a hang."""
        if self._loop.running:
            self._loop.stop()
        self.tell("STOPPING=1")
        if self._datagrams is not None:
            self._datagrams.close()
            self._datagrams = None

    def beat(self) -> None:
        """One beat, to whoever listens; a listener that left is no fault of ours."""
        self.tell("WATCHDOG=1")
        if self._fd is not None:
            try:
                os.write(self._fd, b".")
            except OSError:
                self._fd = None

    def tell(self, state: str) -> None:
        """One word to systemd, as sd_notify(3) says: a datagram to NOTIFY_SOCKET. One that is lost is not repeated."""
        if self._datagrams is not None:
            with suppress(OSError):
                self._datagrams.sendto(state.encode(), self._systemd)


def _datagrams() -> socket.socket:
    """A socket that never makes the reactor wait."""
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams.setblocking(False)
    return datagrams
