"""A peer: the least that Twisted's LineOnlyReceiver can be, 14 fixed commands, nothing understood."""

from __future__ import annotations

from typing import Final

from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from bench.cores import SERVER_CORE, pin
from bench.script import STEPS

COMMANDS: Final = tuple(step.peer.encode() for step in STEPS)


class Responder(LineOnlyReceiver):
    """Reads the environment into a dictionary, then sends the next command for each line that comes."""

    delimiter = b"\n"

    def __init__(self) -> None:
        self.environment: dict[bytes, bytes] = {}
        self.sent = -1

    def lineReceived(self, line: bytes) -> None:
        """One line from Asterisk."""
        if self.sent < 0 and line:
            name, _, value = line.partition(b": ")
            self.environment[name] = value
            return
        if line == b"HANGUP":
            self.transport.loseConnection()
            return
        self.sent += 1
        if self.sent < len(COMMANDS):
            self.sendLine(COMMANDS[self.sent])
        else:
            self.transport.loseConnection()


def main() -> None:
    """Listen on a free port and tell it."""
    pin(SERVER_CORE)
    factory = Factory.forProtocol(Responder)
    factory.noisy = False
    port = reactor.listenTCP(0, factory, backlog=512, interface="127.0.0.1")
    print("ready", port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
