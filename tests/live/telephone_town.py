"""The whole house with agents at desk telephones: the real service, a real Asterisk that it commands, and callers.

An agent here is a page without a browser: it signs in over HTTP, sits down at a telephone that the callers' Asterisk
plays, beats, and reads its stream. What the page was told, and when, is kept.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_bridge import staff
from crm_bridge.database import Limits, engine_for
from crm_bridge.secret import Secret
from ivr_server import sip_accounts
from ivr_server.floor import queue_file
from ivr_server.pbx import fetch, running
from ivr_server.pbx.plan import Phone, port_or_free
from ivr_server.settings import read_settings, token
from tests.console.conftest import PASSWORD, Client
from tests.live.exchange import Exchange, make_plan
from tests.live.product import Product, install
from tests.live.words import WATCHER

RINGS_S, WRAPS_S = 6, 3


@dataclass
class Desk:
    """One agent at a desk telephone, with the page open."""

    client: Client
    name: str
    telephone: str
    events: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    open: bool = True
    beating: bool = True
    token: str = ""

    def begin(self) -> None:
        """Sign in, and open the page."""
        assert self.client.sign_in(self.name).status == 303
        self.token = self.client.csrf("/")
        for work in (self._read, self._beat):
            threading.Thread(target=work, daemon=True).start()

    def post(self, path: str, **form: str) -> tuple[int, Any]:
        """What the page asks."""
        got = self.client.ask("POST", f"/desk/{path}", {"csrf": self.token, **form}, Accept="application/json")
        return got.status, json.loads(got.text)

    def get(self, path: str) -> tuple[int, Any]:
        """What the page looks up."""
        got = self.client.ask("GET", f"/desk/{path}", Accept="application/json")
        return got.status, json.loads(got.text)

    def sit(self) -> None:
        """At the telephone."""
        status, told = self.post("sit", device="telephone", telephone=self.telephone, tab=f"tab-{self.name}")
        assert status == 200, told

    def last(self, event: str) -> dict[str, Any]:
        """What was told last; {} for nothing."""
        return next((values for _, name, values in reversed(self.events) if name == event), {})

    def at(self, event: str, call: str) -> float:
        """When the page was told of this call first."""
        return next(at for at, name, values in self.events if name == event and values.get("call") == call)

    def wait(self, test: Callable[[Desk], object], what: str, seconds: float = 15.0) -> None:
        """Until what the page shows is so."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if test(self):
                return
            time.sleep(0.02)
        shown = f"me {self.last('me')}, talk {self.last('talk')}"
        raise AssertionError(f"{self.name}: not within {seconds} s: {what}; {shown}")

    def is_(self, state: str, seconds: float = 15.0) -> None:
        """Until the agent is in this state."""
        self.wait(lambda desk: desk.last("me").get("state") == state, state, seconds)

    def _read(self) -> None:
        while self.open:
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._stream()
            time.sleep(0.3)

    def _stream(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.client.port, timeout=40)
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        connection.request("GET", f"/desk/stream?tab=tab-{self.name}", headers={"Cookie": cookies})
        answer = connection.getresponse()
        name = ""
        while self.open:
            line = answer.readline()
            if not line:
                return
            if line.startswith(b"event: "):
                name = line[7:].decode().strip()
            elif line.startswith(b"data: "):
                self.events.append((time.monotonic(), name, json.loads(line[6:])))

    def _beat(self) -> None:
        while self.open:
            if self.beating:
                with suppress(OSError, ValueError, http.client.HTTPException):
                    self.post("beat", tab=f"tab-{self.name}")
            time.sleep(3)


@dataclass
class TelephoneTown:
    """All of it; ``hire`` brings agents."""

    product: Product
    exchange: Exchange
    desks: list[Desk] = field(default_factory=list)

    def hire(self, name: str, telephone: str, role: str = "agent") -> Desk:
        """Somebody at a telephone, with the page open, who has not sat down yet."""
        engine = engine_for(self.product.settings.database_url(), Limits()).execution_options(write=True)
        with engine.begin() as connection:
            staff.add_person(connection, staff.Person(name, name.title(), (role,)), Secret(PASSWORD), time.time())
        engine.dispose()
        desk = Desk(Client(self.product.running()["web"][1]), name, telephone)
        desk.begin()
        self.desks.append(desk)
        return desk

    def register(self, telephone: str, talks_s: float = 120.0, rings_s: int = 1) -> None:
        """The telephone is plugged in: it answers after so long, and talks so long."""
        self.exchange.agent_is(telephone, rings_s)
        self.exchange.agent_signs_in(telephone, talks_s, queues=())

    def members(self) -> str:
        """What Asterisk says of its queues."""
        return "".join(self.exchange.product.cli(f"queue show {queue}") for queue in ("billing", "service"))

    def close(self) -> None:
        """Everybody goes home."""
        for desk in self.desks:
            desk.open = False


@contextmanager
def telephone_town(
    installed: fetch.Installed, telephones: tuple[str, ...] = ("2001", "2002")
) -> Iterator[TelephoneTown]:
    """The service, both Asterisks, and a connection between them; short rings and wrap-ups."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-desk-"))
    install(folder, 4.0)
    queues = queue_file.SHIPPED.read_text("utf-8").replace("ring_s: 20", f"ring_s: {RINGS_S}")
    (folder / "queues.yaml").write_text(queues.replace("wrap_up_s: 20", f"wrap_up_s: {WRAPS_S}"))
    ami = port_or_free(0)
    text = (folder / "settings.yaml").read_text() + f"ami: {{port: {ami}}}\nqueues: {folder / 'queues.yaml'}\n"
    text += f'floor: {{dial_out: "PJSIP/{{number}}@line", telephones: {list(telephones)}}}\n'
    (folder / "settings.yaml").write_text(text)
    product = Product(folder, read_settings(folder / "settings.yaml"))
    os.environ.pop("IVR_AMI_SECRET", None)
    try:
        with _exchange(installed, product, ami) as exchange:
            product.start()
            made = TelephoneTown(product, exchange)
            exchange.wait_for(lambda: _floor(product) == "ok", "the floor is live", 20)
            try:
                yield made
            finally:
                made.close()
    finally:
        product.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _floor(product: Product) -> str:
    client = Client(product.running()["web"][1])
    told = json.loads(client.ask("GET", "/health", Accept="application/json").text)
    return str(told["parts"]["floor"]["state"])


@contextmanager
def _exchange(installed: fetch.Installed, product: Product, ami: int) -> Iterator[Exchange]:
    settings = product.settings
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    assert settings.agi.port is not None
    wanted = make_plan(installed, folder, settings.agi.port, token(settings))
    wanted = dataclasses.replace(
        wanted,
        sounds=Path(settings.sound_folders().sounds),
        ami_secret=sip_accounts.of(settings)["ami"],
        ports=dataclasses.replace(wanted.ports, ami=ami),
        queues=settings.queue_file().queues,
        telephones=tuple(Phone(name, f"word-{name}", name, f"Telephone {name}") for name in settings.floor.telephones),
    )
    (wanted.folder / "local").mkdir(parents=True)
    (wanted.folder / "local/manager.conf").write_text(WATCHER)
    asterisk = running.start(wanted)
    try:
        made = Exchange(folder, asterisk, wanted)
    except BaseException:
        asterisk.stop()
        raise
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)
