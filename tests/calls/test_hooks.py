"""Web-hooks: in order, signed, three tries, bounded; and a receiver that misbehaves holds up nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import protocol, reactor
from twisted.internet.task import Clock

from crm_bridge.secret import Secret
from ivr_server.calls import posting
from ivr_server.calls.hooks import EVENTS, MOST_WAITING, HookRules, Hooks, Known
from ivr_server.calls.posting import Poster
from ivr_server.floor.happenings import Happening
from tests.calls.test_trails import result

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@dataclass
class PostDouble:
    """A receiver that answers what it is told to: a status, or an OSError."""

    answers: list[Any] = field(default_factory=lambda: [204])
    letters: list[tuple[dict[str, Any], dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, body: bytes, headers: tuple[tuple[str, str], ...]) -> int:
        self.letters.append((json.loads(body), dict(headers), body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return int(answer)


class Bench:
    """Hooks on a clock."""

    def __init__(self, *events: str) -> None:
        self.clock, self.post = Clock(), PostDouble()
        rules = HookRules(frozenset(events or EVENTS), Secret("the shared word"))
        self.hooks = Hooks(rules, self.post, self.clock, lambda: NOW, lambda call: call.replace("callback", "17"))
        self.hooks.known = lambda call: Known("zh-CN", "fees", "password", "按 1：查询话费")

    def happens(self, what: Any, call: str = "17.1", **more: Any) -> None:
        """On the floor."""
        self.hooks.heard_of(Happening(what=what, at=1.0, queue="billing", call=call, number="13800138000", **more))


def test_a_letter_tells_what_happened_to_which_call() -> None:
    """Its own id, the instant, queue, agent, who calls, how sure that is, and the trail in a line."""
    bench = Bench()
    bench.hooks.enqueued("17.1", "billing", "13800138000")
    bench.happens("ringing", agent="li.wei")
    bench.happens("ended", agent="li.wei", seconds=61.6)
    told = [letter for letter, _, _ in bench.post.letters]
    assert [letter["event"] for letter in told] == ["enqueued", "ringing", "ended"]
    assert len({letter.pop("id") for letter in told}) == 3
    common = {"call": "17.1", "language": "zh-CN", "business": "fees", "identity": "password", "queue": "billing"}
    common |= {"number": "13800138000", "line": "按 1：查询话费", "at": "2026-11-23T02:00:00+00:00"}
    assert told[0] == {"event": "enqueued", **common}
    assert told[2] == {"event": "ended", **common, "agent": "li.wei", "seconds": 62}
    assert bench.hooks.counts["sent"] == 3


def test_a_letter_is_signed() -> None:
    """The moment and the very bytes, by the shared secret, which is in neither."""
    bench = Bench()
    bench.happens("answered")
    [(_, headers, body)] = bench.post.letters
    signed = headers["X-IVR-Time"].encode() + b"." + body
    assert headers["X-IVR-Signature"] == hmac.new(b"the shared word", signed, hashlib.sha256).hexdigest()
    assert b"shared word" not in body + repr(headers).encode() and "shared" not in repr(bench.hooks)


def test_only_what_is_wanted_is_told() -> None:
    """Events of the settings; consultations between agents are nobody's business."""
    bench = Bench("answered")
    for what in ("joined", "ringing", "answered", "ended", "missed"):
        bench.happens(what)
    bench.happens("answered", detail="consult")
    bench.hooks.enqueued("17.1", "billing", "")
    assert [letter["event"] for letter, _, _ in bench.post.letters] == ["answered"]


def test_a_call_back_is_told_as_the_call_it_came_from() -> None:
    """Not by its virtual caller's id."""
    bench = Bench()
    bench.happens("ringing", call="callback.1")
    assert bench.post.letters[0][0]["call"] == "17.1"


@pytest.mark.parametrize("answer", [OSError("no route"), 500, 503, 302])
def test_three_tries_and_then_the_next(answer: Any) -> None:
    """After one second and five; the order is kept; a new moment is signed each time."""
    bench = Bench()
    bench.post.answers = [answer, answer, answer, 200]
    bench.happens("ringing")
    bench.happens("answered")
    for seconds, sent in ((0.9, 1), (0.2, 2), (4.9, 2), (0.2, 4)):
        bench.clock.advance(seconds)
        assert len(bench.post.letters) == sent
    assert [letter["event"] for letter, _, _ in bench.post.letters] == ["ringing"] * 3 + ["answered"]
    assert len({letter["id"] for letter, _, _ in bench.post.letters}) == 2
    assert bench.hooks.counts == {"failed": 1, "sent": 1}


def test_what_is_not_wanted_is_not_repeated() -> None:
    """4xx: it was understood; one try."""
    bench = Bench()
    bench.post.answers = [410]
    bench.happens("ringing")
    bench.clock.advance(60)
    assert len(bench.post.letters) == 1 and bench.hooks.counts["failed"] == 1


def test_J3_what_waits_is_bounded() -> None:
    """The oldest is pushed out, and counted; a stop counts the rest."""
    bench = Bench()
    bench.post.answers = [OSError("away")]
    for _ in range(MOST_WAITING + 11):
        bench.happens("ringing")
    assert bench.hooks.counts["dropped"] == 10
    result(bench.hooks.stop())
    assert bench.hooks.counts["dropped"] == 10 + MOST_WAITING
    bench.happens("ringing")
    bench.clock.advance(10)
    assert len(bench.post.letters) == 1


def test_I1_hostile_numbers_are_text() -> None:
    """Without signs that cannot be seen."""
    bench = Bench()
    bench.hooks.enqueued("17.1", "billing", "<script>\u202e\x00")
    assert bench.post.letters[0][0]["number"] == "<script>\ufffd\ufffd"


class Receiver(protocol.Protocol):
    """Answers what its factory says once a request came; anything but HTTP as well."""

    def connectionMade(self) -> None:
        self.got = b""

    def dataReceived(self, data: bytes) -> None:
        self.got += data
        factory: Any = self.factory
        if b"\r\n\r\n" in self.got and self.got.endswith(b"}"):
            factory.requests.append(self.got)
            factory.answer(self.transport)


def receive(answer: Callable[[Any], None]) -> tuple[Any, Any, str]:
    """A receiver on this machine: its factory, its port, its address."""
    factory: Any = protocol.Factory.forProtocol(Receiver)
    factory.requests, factory.answer = [], answer
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
    return factory, port, f"http://127.0.0.1:{port.getHost().port}/hook?x=1"


GOOD = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"


@pytest_twisted.ensureDeferred
async def test_a_letter_arrives_over_a_real_socket() -> None:
    """POST, its headers, its body."""
    factory, port, url = receive(lambda transport: transport.write(GOOD))
    try:
        assert await Poster(url, reactor)(b'{"a": 1}', (("X-IVR-Time", "5"),)) == 202
    finally:
        await port.stopListening()
    [request] = factory.requests
    assert request.startswith(b"POST /hook?x=1 HTTP/1.1\r\n") and request.endswith(b'\r\n\r\n{"a": 1}')
    assert b"x-ivr-time: 5" in request.lower()


ODD = {
    "not HTTP": lambda transport: transport.write(b"SSH-2.0-x\r\n\r\n"),
    "closed": lambda transport: transport.loseConnection(),
    "reset": lambda transport: transport.abortConnection(),
    "a silent one": lambda transport: None,
    "a head that drips": lambda transport: transport.write(b"HTTP/1.1 200 OK\r\nX-A: "),
    "a body that never ends": lambda transport: transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
}


@pytest.mark.parametrize("odd", ODD)
@pytest_twisted.ensureDeferred
async def test_C7_a_receiver_that_misbehaves_is_an_error_in_time(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never an exception of another kind, never longer than the deadline over all of it."""
    monkeypatch.setattr(posting, "DEADLINE_S", 0.4)
    _, port, url = receive(ODD[odd])
    try:
        with pytest.raises(OSError):
            await Poster(url, reactor)(b"{}", ())
    finally:
        await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_C7_an_endless_answer_is_cut() -> None:
    """After 64 KiB we know the status, and that is all that we want."""
    flood = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 200_000
    _, port, url = receive(lambda transport: transport.write(flood))
    try:
        assert await Poster(url, reactor)(b"{}", ()) == 200
    finally:
        await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_nobody_there_is_an_error() -> None:
    """A port that nobody listens at; no redirect is followed."""
    elsewhere = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    _, port, url = receive(lambda transport: transport.write(elsewhere))
    assert await Poster(url, reactor)(b"{}", ()) == 302
    await port.stopListening()
    with pytest.raises(OSError):
        await Poster(url, reactor)(b"{}", ())
