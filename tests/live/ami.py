"""The tests' own manager client, written apart from the product's: a blocking socket and one reading thread."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

Fields = dict[str, str]


class Ami:
    """One signed-in connection. Events go to the listeners, in the reading thread."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.settimeout(None)
        self._file = self._socket.makefile("rb")
        self._file.readline()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, Future[Fields]] = {}
        self._lock = threading.Lock()
        self.listeners: list[Callable[[Fields], None]] = []
        threading.Thread(target=self._read, daemon=True).start()
        answer = self.action("Login", Username=user, Secret=secret)
        assert answer["Response"] == "Success", answer

    def action(self, name: str, **fields: str | list[str]) -> Fields:
        """Send an action and give its response; a list is sent as that many fields."""
        number = str(next(self._numbers))
        waiting: Future[Fields] = Future()
        self._waiting[number] = waiting
        lines = [f"Action: {name}", f"ActionID: {number}"]
        for key, value in fields.items():
            lines += [f"{key}: {one}" for one in ([value] if isinstance(value, str) else value)]
        with self._lock:
            self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return waiting.result(timeout=15)

    def close(self) -> None:
        """Hang up on Asterisk."""
        self._socket.close()

    def _read(self) -> None:
        fields: Fields = {}
        try:
            for line in self._file:
                if line == b"\r\n":
                    self._take(fields)
                    fields = {}
                else:
                    key, _, value = line.decode(errors="replace").rstrip("\r\n").partition(": ")
                    fields.setdefault(key, value)
        except OSError:
            pass

    def _take(self, fields: Fields) -> None:
        if "Response" in fields:
            waiting = self._waiting.pop(fields.get("ActionID", ""), None)
            if waiting is not None:
                waiting.set_result(fields)
            return
        for listener in tuple(self.listeners):
            listener(fields)
