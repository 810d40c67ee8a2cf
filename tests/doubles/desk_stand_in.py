"""A stand-in for the agents' room, for the tests and the pictures of the desk's page: it does what the test says.

It keeps one agent's picture, tells it to every page, and writes down what the pages asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr_server.agents.asked import (
    By,
    FeeQuestion,
    Kind,
    NewReception,
    NotNow,
    Nowhere,
    Recording,
    Saving,
    Shape,
    Sitting,
)
from tests.doubles.desk_people import call_of, title, told

Tell = Callable[[str, str, Shape], None]
SIP = {"uri": "sip:1003@127.0.0.1", "user": "1003", "password": "not-a-secret", "url": "/sip"}


class DeskStandIn:
    """One agent's desk. ``did`` is what the pages asked, in order; methods named in the tests move the picture."""

    full = False

    def __init__(self) -> None:
        self.did: list[list[Any]] = []
        self.pages: dict[str, tuple[By, Tell]] = {}
        self.holder = ""
        self.me: Shape = dict.fromkeys(("reason", "seat", "device", "call", "next", "state_words"), "") | {
            "state": "signed_out",
            "since": 0.0,
        }
        self.queues = [("service", 3, 94), ("billing", 1, 12), ("faults", 0, 0)]
        self.answered = 0
        self.now: dict[str, Shape] = {}  # event -> what a new page is told
        self.records: dict[str, Shape] = {}
        self.broken: list[str] = []  # what is refused from now on
        self.evil = ""
        self.live = True

    # what the tests do

    def afresh(self) -> None:
        """Another test: nothing was asked, nothing is refused."""
        self.did, self.broken = [], []

    def told(self, event: str, **values: Any) -> None:
        """Any event, as it is."""
        for _by, tell in list(self.pages.values()):
            tell(event, event, values)

    def move(self, state: str, reason: str = "", **more: Any) -> None:
        """The agent's state; whoever tells it has Asterisk."""
        self.live = True
        self.me |= {"state": state, "reason": reason, "since": time.time(), "state_words": "", "wrap_until": 0, **more}
        self._tell_me()

    def ring(self, call: str = "c-1", who: str = "li", **more: Any) -> None:
        """A caller rings here."""
        self._tell_call("ringing", call, who, more)
        self.move("ringing", call=call)

    def answer(self, call: str = "c-1") -> None:
        """The call is up."""
        self.now["talk"] = {"call": call, "state": "talking", "began": time.time()}
        self.told("talk", **self.now["talk"])
        self.answered += 1
        self.move("talking", call=call)

    def talk(self, state: str, call: str = "c-1", **more: Any) -> None:
        """Consulting, joined, over."""
        self.now["talk"] = {"call": call, "state": state, "began": time.time(), **more}
        self.told("talk", **self.now["talk"])

    def wrap(self, call: str = "c-1", seconds: float = 20) -> None:
        """The caller is gone."""
        self.now.pop("talk", None)
        self.told("talk", call=call, state="over", began=time.time())
        self.move("wrap_up", wrap_until=time.time() + seconds, call=call)

    def away(self, *_nothing: Any) -> None:
        """The server has lost the exchange."""
        self.live = False
        self.told("away")

    def refuse(self, *what: str) -> None:
        """Refuse these from now on; none: refuse nothing."""
        self.broken = list(what)

    def elsewhere(self, id: str, **values: str) -> None:
        """Somebody else writes in a record."""
        record = self.records[id]
        record["version"] += 1
        record["values"] |= values

    def hostile(self, text: str) -> None:
        """Every field that comes from outside holds this."""
        self.evil = text

    def _tell_me(self) -> None:
        for tab, (by, tell) in list(self.pages.items()):
            tell("me", "me", self._me(by, tab))
            tell("bar", "bar", self._bar(by))

    def _me(self, by: By, tab: str) -> Shape:
        words = self.me["state_words"] or title(self.me["reason"], by.language)
        return self.me | {"state_words": words, "holds": tab == self.holder}

    def _bar(self, by: By) -> Shape:
        queues = [
            {"name": name, "title": title(name, by.language), "waiting": n, "longest_s": s, "agents_ready": 2}
            for name, n, s in self.queues
        ]
        return {"answered_today": 17 + self.answered, "average_s": 214, "queues": queues, "live": self.live}

    def _tell_call(self, event: str, call: str, who: str, more: Shape) -> None:
        self.records.setdefault(f"r-{call}", {"id": f"r-{call}", "version": 0, "values": {}})
        self.now["of"] = {"call": call, "who": who, "more": more}
        for by, tell in list(self.pages.values()):
            self._call(by, tell, event)

    def _call(self, by: By, tell: Tell, event: str) -> None:
        of = self.now["of"]
        found = call_of(of["call"], of["who"], by.language, self.evil)
        record = self.records[f"r-{of['call']}"]
        tell(event, event, found["ringing"] | of["more"])
        tell("call", "call", found["call"] | {"reception": record} | of["more"])

    # what the pages ask

    def page(self, by: By) -> Shape:
        """What the page needs once."""
        page: Shape = told("page", by.language)
        return page

    def join(self, by: By, tab: str, tell: Tell) -> Callable[[], None]:
        """The whole picture, and every change."""
        if tab not in self.pages:
            self.holder = tab
        self.pages[tab] = (by, tell)
        self.again(by, tab, tell)
        self._tell_me()
        return lambda: None if self.pages.get(tab) != (by, tell) else self.pages.pop(tab, None) and None

    def again(self, by: By, tab: str, tell: Tell) -> None:
        """All of it."""
        if self.me["state"] in ("ringing", "talking", "wrap_up") and "of" in self.now:
            self._call(by, tell, "ringing" if self.me["state"] == "ringing" else "call")
        if "talk" in self.now:
            tell("talk", "talk", self.now["talk"])
        tell("me", "me", self._me(by, tab))
        tell("bar", "bar", self._bar(by))

    def beat(self, _by: By, tab: str) -> bool:
        """A page lives."""
        return tab == self.holder

    def seated(self, _by: By) -> bool:
        """Whoever asks."""
        return True

    async def sit(self, _by: By, where: Sitting) -> Shape:
        """At a seat or a telephone."""
        self._asked("sit", where.device, where.telephone)
        browser = where.device == "browser"
        if self.me["state"] == "signed_out":
            self.move("ready", seat="1003" if browser else where.telephone, device=where.device)
        return {"seat": "1003" if browser else "", "sip": SIP if browser else None}

    async def rise(self, _by: By) -> None:
        """Up again."""
        self._asked("rise")
        self.move("signed_out", seat="", device="")

    async def turn(self, _by: By, state: str, reason: str) -> None:
        """Ready or busy."""
        self._asked("state", state, reason)
        self.move(state, reason)

    async def transfer(self, _by: By, call: str, to: str, kind: Kind) -> None:
        """To somebody else."""
        self._asked("transfer", call, to, kind)
        if kind == "consult":
            self.talk("consulting", call, **{"with": "王芳 Wang Fang"})
        else:
            self.wrap(call)

    async def act(self, _by: By, call: str, what: str) -> None:
        """Something with the call."""
        self._asked(what, call)
        if what == "done":
            self.move("ready", call="")
        elif what == "return":
            self.talk("talking", call)
        elif what == "join":
            self.talk("joined", call, **{"with": "王芳 Wang Fang"})
        elif what in ("complete", "hang-up"):
            self.wrap(call)
        elif what == "reject":
            self.move("busy", "rejected", state_words="You did not take a call. It went to somebody else.", call="")

    async def dial(self, _by: By, number: str) -> None:
        """From the desk telephone."""
        self._asked("dial", number)

    async def call(self, by: By, call: str) -> Shape:
        """What there is of a call."""
        of = self.now.get("of", {})
        if of.get("call") != call:
            raise Nowhere
        return call_of(call, of["who"], by.language, self.evil)["call"] | {"reception": self.records[f"r-{call}"]}

    async def customer(self, by: By, number: str) -> Shape:
        """Whose number this is."""
        return {"card": call_of("", "li", by.language, "")["call"]["card"] | {"number": number}}

    async def fees(self, by: By, asked: FeeQuestion) -> Shape:
        """What somebody owes."""
        self._asked("fees", asked.number, asked.month, asked.reason)
        if asked.number == "000":
            raise NotNow("customer", 404)
        month = asked.month or "2026-10"
        fees: Shape = told("fees", by.language)
        return fees | {"number": asked.number, "month": month}

    async def begin(self, _by: By, new: NewReception) -> Shape:
        """A record of a call that was dialled out."""
        self._asked("begin", new.form, new.number)
        id = f"r-{new.key or new.call}"
        self.records.setdefault(id, {"id": id, "version": 0, "values": {}})
        return self.records[id]

    async def save(self, _by: By, saving: Saving) -> int:
        """Keep what was typed."""
        self._asked("save", saving.id, saving.values)
        record = self.records.setdefault(saving.id, {"id": saving.id, "version": 0, "values": {}})
        if saving.version != record["version"]:
            raise NotNow("version", 409, {"version": record["version"], "values": record["values"]})
        record["version"] += 1
        record["values"] |= saving.values
        return int(record["version"])

    async def receptions(self, by: By) -> Shape:
        """The latest."""
        found: Shape = told("latest", by.language, self.evil)
        return found

    async def places(self, by: By) -> Shape:
        """To whom."""
        return {"places": told("places", by.language, self.evil)}

    async def recordings(self, _by: By) -> Shape:
        """None."""
        return {"recordings": []}

    async def recording(self, _by: By, id: str) -> Recording:
        """A tone."""
        self._asked("recording", id)
        return Recording(id, Path(__file__).with_name("none.wav"))

    def _asked(self, what: str, *detail: Any) -> None:
        self.did.append([what, *detail])
        if what in self.broken:
            raise NotNow("now")
