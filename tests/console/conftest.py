"""The console served by a process of its own, its staff, and a small client that keeps cookies as a browser does."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from crm_bridge import staff
from crm_bridge.database import Limits, engine_for
from crm_bridge.secret import Secret

SERVING = "tests.console.serving"
PASSWORD = "correct horse battery"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Client:
    """Keeps cookies; sends Origin and Host as a browser would unless told otherwise. ``patience_s``: for an answer."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    patience_s: float = 10.0

    @property
    def host(self) -> str:
        """What a browser shows."""
        return f"127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """One request on a connection of its own; header names with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience_s)
        sent = {"Host": self.host, "Accept": "text/html", "Accept-Language": "en", "Connection": "close"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            sent |= {"Origin": f"http://{self.host}", "Content-Type": "application/x-www-form-urlencoded"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(
            method, path, urlencode(form) if form is not None else None, {k: v for k, v in sent.items() if v}
        )
        got = connection.getresponse()
        answer = Answer(got.status, got.headers, got.read().decode("utf-8", "replace"))
        connection.close()
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if not value:
                del self.cookies[name]

    def csrf(self, path: str = "/sign-in") -> str:
        """The token of the first form of a page."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.ask("GET", path).text)
        assert found is not None
        return found[1]

    def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Through the form."""
        return self.ask("POST", "/sign-in", {"csrf": self.csrf(), "name": name, "password": password, "then": "/"})


@dataclass(frozen=True)
class House:
    """The served console: its port, its folder, and a way into its database."""

    port: int
    folder: Path

    def change(self, function: Callable[..., object], *arguments: object) -> object:
        """Run ``function(connection, *arguments)`` in one transaction."""
        engine = engine_for(f"sqlite:///{self.folder / 'ivr.db'}", Limits()).execution_options(write=True)
        with engine.begin() as connection:
            return function(connection, *arguments)

    def hire(self, name: str, *roles: str) -> str:
        """Somebody with the password of the tests."""
        self.change(staff.add_person, staff.Person(name, name.title(), roles), Secret(PASSWORD), time.time())
        return name

    def client(self) -> Client:
        """Somebody new at a browser."""
        return Client(self.port)


def serve(folder: Path, *options: str) -> Iterator[House]:
    """The process, until the test is done with it."""
    command = [sys.executable, "-m", SERVING, str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield House(int(process.stdout.readline()), folder)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The console with the keypad phone open to this machine; admin, supervisor and agent are hired."""
    for served in serve(tmp_path_factory.mktemp("console")):
        for role in staff.ROLES:
            served.hire(role, role)
        yield served


@pytest.fixture(scope="module")
def closed_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The console with the keypad phone off."""
    yield from serve(tmp_path_factory.mktemp("closed"), "off")


@pytest.fixture
def client(house: House) -> Client:
    """A new browser at the console."""
    return house.client()
