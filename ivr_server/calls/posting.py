"""Sends a letter to another system over HTTP(S): no redirect, a deadline over all of it, an answer that is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, FileBodyProducer
from twisted.web.http_headers import Headers

DEADLINE_S: Final = 10.0
CONNECT_S: Final = 4.0
LARGEST_ANSWER: Final = 65_536


class _Discards(Protocol):
    """Reads an answer away, up to the cap."""

    def __init__(self, done: Deferred[None]) -> None:
        self._done = done
        self._read = 0

    def dataReceived(self, data: bytes) -> None:
        """Count it."""
        self._read += len(data)
        if self._read > LARGEST_ANSWER and not self._done.called:
            self._done.callback(None)
            transport: Any = self.transport
            transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The answer is whole, or cut."""
        if not self._done.called:
            self._done.callback(None)


@dataclass(slots=True)
class Poster:
    """To one address. ``agent``: twisted's, of a test."""

    url: str
    reactor: Any
    agent: Any = None

    async def __call__(self, body: bytes, headers: tuple[tuple[str, str], ...]) -> int:
        """The status of the answer; OSError when there was none in time."""
        if self.agent is None:
            self.agent = Agent(self.reactor, connectTimeout=CONNECT_S)  # type: ignore[no-untyped-call]
        work = Deferred.fromCoroutine(self._post(body, headers))
        work.addTimeout(DEADLINE_S, self.reactor)
        try:
            return await work
        except (defer.TimeoutError, defer.CancelledError):
            raise OSError("no answer in time") from None
        except Exception as fault:
            raise OSError(f"not sent: {type(fault).__name__}") from None

    async def _post(self, body: bytes, headers: tuple[tuple[str, str], ...]) -> int:
        sent = Headers({"User-Agent": ["ivr-server"], **{name: [value] for name, value in headers}})
        answer = await self.agent.request(b"POST", self.url.encode(), sent, FileBodyProducer(BytesIO(body)))  # type: ignore[no-untyped-call]
        done: Deferred[None] = Deferred()
        answer.deliverBody(_Discards(done))
        await done
        return int(answer.code)
