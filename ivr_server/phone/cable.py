"""Two protocols joined in memory: bytes written on one side are received on the other, in order, at the same instant.

For tests, replays and the explorer's dialogues: with ``task.Clock`` a whole call takes no real time. A write never
re-enters its receiver: it is delivered when the write before it has been dealt with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IProtocol, ITransport
from twisted.python.failure import Failure
from zope.interface import implementer


class Cable:
    """What is under way between two ends."""

    def __init__(self) -> None:
        self._under_way: deque[Callable[[], None]] = deque()
        self._busy = False

    def join(self, server: IProtocol, client: IProtocol) -> None:
        """Connect the two, the server first, as with a socket."""
        ends = End(self, server), End(self, client)
        ends[0].far, ends[1].far = ends[1], ends[0]
        self.carry(lambda: server.makeConnection(ends[0]))
        self.carry(lambda: client.makeConnection(ends[1]))

    def carry(self, act: Callable[[], None]) -> None:
        """Do it after all that is under way already."""
        self._under_way.append(act)
        if self._busy:
            return
        self._busy = True
        try:
            while self._under_way:
                self._under_way.popleft()()
        finally:
            self._busy = False


@implementer(ITransport)
class End:
    """One end's transport."""

    far: End

    def __init__(self, cable: Cable, protocol: IProtocol) -> None:
        self._cable = cable
        self._protocol = protocol
        self.closed = False

    def write(self, data: bytes) -> None:
        """Send to the other end."""
        if not self.closed:
            self._cable.carry(lambda: self.far.receive(data))

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send all of it."""
        self.write(b"".join(data))

    def receive(self, data: bytes) -> None:
        """What the other end sent."""
        if not self.closed:
            self._protocol.dataReceived(data)

    def loseConnection(self) -> None:
        """Close after what was written."""
        self._close(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]

    def abortConnection(self) -> None:
        """Close as a reset does."""
        self._close(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]

    def _close(self, reason: Failure) -> None:
        if not self.closed:
            self.closed = True
            self._cable.carry(lambda: self._protocol.connectionLost(reason))
            self._cable.carry(lambda: self.far.lost(reason))

    def lost(self, reason: Failure) -> None:
        """The other end closed."""
        if not self.closed:
            self.closed = True
            self._protocol.connectionLost(reason)

    def getPeer(self) -> IAddress:
        """Twisted's; a cable has no address."""
        raise OSError("a cable has no address")

    def getHost(self) -> IAddress:
        """Twisted's; a cable has no address."""
        raise OSError("a cable has no address")
