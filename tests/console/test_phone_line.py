"""The keypad phone's socket, over real TCP: a call from end to end, and what a hostile or slow browser meets."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, RejectConnection, Request, TextMessage

House = Any  # the fixture's own, in conftest.py


class Page:
    """A browser's end of the socket."""

    def __init__(self, house: House, origin: str = "own", host: str = "") -> None:
        self.house = house
        self.link = socket.create_connection(("127.0.0.1", house.port), timeout=15)
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.ws = WSConnection(ConnectionType.CLIENT)
        host = host or f"127.0.0.1:{house.port}"
        own = {"own": [(b"Origin", f"http://{host}".encode())], "": []}
        headers = [(b"Accept-Language", b"en"), *own.get(origin, [(b"Origin", origin.encode())])]
        self.link.sendall(self.ws.send(Request(host, "/phone/line", extra_headers=headers)))
        self.inbox: list[dict[str, Any]] = []
        self.status = 0
        self.closed = False
        self._text = ""
        while not self.status:
            self._read()

    def _read(self) -> None:
        try:
            data = self.link.recv(65_536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = True
            self.status = self.status or -1
            return
        self.ws.receive_data(data)
        for event in self.ws.events():
            if isinstance(event, AcceptConnection):
                self.status = 101
            elif isinstance(event, RejectConnection):
                self.status = event.status_code
            elif isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    self.inbox.append(json.loads(self._text))
                    self._text = ""

    def say(self, **message: Any) -> None:
        """Send one message."""
        self.link.sendall(self.ws.send(TextMessage(json.dumps(message))))

    def until(self, what: str) -> dict[str, Any]:
        """The next message of that kind; those before it are dropped."""
        while True:
            while self.inbox:
                message = self.inbox.pop(0)
                if message["is"] == what:
                    return message
            assert not self.closed, f"closed while waiting for {what}"
            self._read()

    def until_closed(self) -> bool:
        """Read on until the server lets go; False when it does not in time."""
        try:
            while not self.closed:
                self._read()
        except TimeoutError:
            return False
        return True


def called(house: House, dialled: str = "10010") -> Page:
    """A page with a call under way."""
    page = Page(house)
    page.say(do="call", caller="13800138000", dialled=dialled)
    return page


def test_a_call_from_end_to_end(house: House) -> None:
    """Connected, the words and the sound, a key, the trail beside it, and the queue at the end."""
    page = called(house)
    playing = page.until("playing")
    assert "press 1" in playing["words"]
    assert playing["ms"] == 4_000
    sound = house.client().ask("GET", playing["sound"])
    assert (sound.status, sound.headers["Content-Type"]) == (200, "audio/wav")
    assert page.until("note")["node"] == "main_menu"
    page.say(do="key", key="1")
    page.until("silent")
    assert "eighty-six yuan" in page.until("playing")["words"]
    page.say(do="key", key="0")
    over = page.until("over")
    assert (over["variables"]["IVR_RESULT"], over["variables"]["IVR_QUEUE"]) == ("queue", "billing")
    assert "IVR_TYPED" not in over["variables"]
    assert over["how"] == {"name": "enqueued", "words": "Handed to a person"}
    handed = over["handed"]
    assert (handed["queue"], handed["business"], handed["language"]) == ("Billing", "Bills", "English")
    assert handed["steps"] == ["pressed 1: For your bill", "went to: human"]
    page.say(do="call", caller="", dialled="10010")
    assert page.until("connected")


def test_hanging_up_ends_the_call(house: House) -> None:
    """And the page may call again."""
    page = called(house)
    page.until("playing")
    page.say(do="hang_up")
    over = page.until("over")
    assert (over["how"]["words"], over["handed"]) == ("Caller hung up", None)
    page.say(do="key", key="1")
    page.say(do="hang_up")
    page.say(do="call", caller="1", dialled="10010")
    assert page.until("playing")


def test_somebody_at_the_queues_is_said_with_the_call(house: House) -> None:
    """A switch of the page; anything but true is no."""
    for staffed, last in ((True, "queue staffed: staffed"), ("yes", "went to: human"), (False, "went to: human")):
        page = Page(house)
        page.say(do="call", caller="13800138000", dialled="10010", staffed=staffed)
        page.until("playing")
        page.say(do="key", key="0")
        assert page.until("over")["handed"]["steps"][-1] == last


def test_nobody_at_the_port_is_told_in_a_word(house: House) -> None:
    """The page then has words for it."""
    assert called(house, dialled="000").until("failed") == {"is": "failed", "why": "failed"}


@pytest.mark.parametrize("origin", ["https://evil.example", "", "null", "http://127.0.0.1:1"])
def test_I12_another_origin_is_refused(house: House, origin: str) -> None:
    """A page of another site cannot dial through a visitor's browser."""
    assert Page(house, origin).status == 403


def test_I13_another_host_is_refused(house: House) -> None:
    """A name that leads here by a trick, with an Origin that fits it."""
    assert Page(house, host="evil.example").status == 421


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "[]",
        "{}",
        '{"do": "key", "key": "12"}',
        '{"do": "key", "key": "A"}',
        '{"do": "call", "caller": 5, "dialled": ""}',
        '{"do": "call", "caller": "' + "1" * 2_000 + '", "dialled": ""}',
        '{"do": "shell"}',
    ],
)
def test_what_is_no_message_of_ours_ends_the_line(house: House, message: str) -> None:
    """No guessing."""
    page = Page(house)
    page.link.sendall(page.ws.send(TextMessage(message)))
    assert page.until_closed()


def test_I11_a_message_that_does_not_end_is_cut(house: House) -> None:
    """Twisted's own resource would keep all of it."""
    page = Page(house)
    with pytest.raises((ConnectionError, AssertionError)):
        for _ in range(200):
            page.link.sendall(page.ws.send(TextMessage("x" * 1_000, message_finished=False)))
            time.sleep(0.01)
        assert not page.until_closed()


def test_bytes_and_broken_frames_end_the_line(house: House) -> None:
    """We speak text."""
    page = Page(house)
    page.link.sendall(page.ws.send(BytesMessage(b"\x00")))
    assert page.until_closed()
    page = Page(house)
    page.link.sendall(b"\xff\xff\xff\xff")
    assert page.until_closed()


def test_a_flood_of_keys_ends_the_line(house: House) -> None:
    """Sixty messages a second are more than any finger."""
    page = called(house)
    page.until("playing")
    with pytest.raises((ConnectionError, AssertionError)):
        for _ in range(300):
            page.say(do="key", key="5")
        assert not page.until_closed()


def test_I11_a_browser_that_does_not_read_is_dropped(house: House) -> None:
    """Eight megabytes wait for it: it is let go, and others go on."""
    frozen, other = called(house), called(house)
    other.until("playing")
    frozen.say(do="key", key="9")
    time.sleep(0.5)
    other.say(do="key", key="1")
    assert "eighty-six yuan" in other.until("playing")["words"]
    assert frozen.until_closed()
    assert len(frozen.inbox) < 400


def test_lines_are_counted(house: House) -> None:
    """The fifty-first is told to wait; one that goes makes room."""
    pages = [Page(house) for _ in range(50)]
    while pages[-1].status == 101 and len(pages) < 60:
        pages.append(Page(house))
    assert pages[-1].status == 503
    for page in pages:
        page.link.close()
    time.sleep(0.3)
    assert Page(house).status == 101
