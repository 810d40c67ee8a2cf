"""Which rights our manager user has, learnt from Asterisk without any dangerous one (FAULTS B13).

Asterisk answers no question about rights. Measured on 22.10.1, this shows them all the same:

- *write*: ``ListCommands`` lists what the user may do, and the classes that allow it: ``(Priv: system,call,all)``.
  An action whose classes are all forbidden ones is listed only to a user who has one of them. The classes dialplan and
  dtmf allow no action at all, so a user may have them in write and nobody could tell, nor need to.
- *read system*: ``FullyBooted`` comes right behind the answer to Login, and to nobody else.
- *read dialplan*: a global variable set by us (``Setvar``, class call) comes back as ``VarSet``.
- *read dtmf, agi*: a short call inside Asterisk, from our own place in the dialplan, presses a key and enters AGI;
  ``DTMFEnd`` and ``AsyncAGIStart`` of that call come only to who has the right.
- *read command, config*: no notice belongs to these classes, so they show nothing.

While Asterisk starts, its manager interface is there before its modules are: two lists of actions that differ show it,
and nothing is asked of it until two are the same (FAULTS B1).

A caller can forge notices whole, and must not be able to lock us out: only a notice that holds a word which nobody can
guess (the value of the variable, the id of the call) proves anything.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ivr_server.ami.faults import AmiFault
from ivr_server.ami.protocol import Connection
from ivr_server.ami.wire import Fields, Message

FORBIDDEN: Final = ("system", "command", "config", "agi", "dtmf", "dialplan")
SHOWN_BY: Final = {
    "VarSet": "dialplan",
    "Newexten": "dialplan",
    "DTMFBegin": "dtmf",
    "DTMFEnd": "dtmf",
    "AsyncAGIStart": "agi",
    "AGIExecStart": "agi",
}
MOST_ROUNDS: Final = 60  # in which a starting Asterisk gets ready
_CLASSES: Final = re.compile(r"\(Priv: ([a-z,<>]+)\)\s*\Z")


@dataclass(frozen=True, slots=True)
class Rights:
    """What was learnt: forbidden classes in the lines ``read`` and ``write``, and needed actions that are not there.

    ``allowed``: every action that this user may do on this Asterisk.
    """

    read: frozenset[str] = frozenset()
    write: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()

    def lines(self, user: str) -> str:
        """Which classes are to be taken out of which line of which user."""
        lines = (("read", self.read), ("write", self.write))
        wrong = [f"{line} = {', '.join(one for one in FORBIDDEN if one in found)}" for line, found in lines if found]
        return f"[{user}] {'; '.join(wrong)}"


def write_rights(listing: Message, needs: tuple[str, ...]) -> Rights:
    """What the answer to ListCommands shows of the line ``write``."""
    allowed = {name: _classes(words) for name, words in listing.fields}
    shown = [classes for classes in allowed.values() if classes and classes <= frozenset(FORBIDDEN)]
    sure = frozenset().union(*(classes for classes in shown if len(classes) == 1))
    unsure = frozenset().union(*(classes for classes in shown if not classes & sure))
    missing = tuple(name for name in needs if name not in allowed)
    return Rights(write=sure | unsure, missing=missing, allowed=frozenset(allowed))


def _classes(words: str) -> frozenset[str]:
    found = _CLASSES.search(words)
    return frozenset(found[1].split(",")) - {"all", "<none>"} if found else frozenset()


@dataclass(slots=True)
class Proof:
    """Our unguessable word, what to do with it, and what came back because of it.

    ``called``: how the call went, "Success" or "Failure"; "" while it is not known. ``stamped``: Asterisk writes into
    each notice when it happened (``timestampevents``): the one about our call shows it.
    """

    word: str = field(default_factory=lambda: f"rights-{secrets.token_hex(12)}")
    read: set[str] = field(default_factory=set)
    called: str = ""
    stamped: bool = False

    def setting(self) -> Fields:
        """Fields of Setvar."""
        return (("Variable", "IVR_RIGHTS"), ("Value", self.word))

    def call(self, place: str) -> Fields:
        """Fields of Originate: a call inside Asterisk to ``exten@context``, a second long."""
        return (
            ("Channel", f"Local/{place}/n"),
            ("ChannelId", self.word),
            ("OtherChannelId", f"{self.word}-2"),
            ("Application", "Wait"),
            ("Data", "1"),
            ("Timeout", "2000"),
            ("Async", "true"),
        )

    def look(self, notice: Message) -> bool:
        """Whether this notice proves a right; it is kept in ``read``."""
        if notice.name == "OriginateResponse" and notice.get("Uniqueid") == self.word:
            self.called = notice.only("Response")
            self.stamped = bool(notice.only("Timestamp"))
        shown = SHOWN_BY.get(notice.name)
        if shown is None or not any(value.startswith(self.word) for _, value in notice.fields):
            return False
        self.read.add(shown)
        return True


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How to find out: ``needs`` are actions that must be allowed, ``place`` is where the call goes ("": no call).

    ``seconds``: in which a right shows itself.
    """

    clock: IReactorTime
    needs: tuple[str, ...]
    place: str
    seconds: float


async def learn(connection: Connection, proof: Proof, inquiry: Inquiry) -> Rights:
    """The rights of whoever has just signed in; ``proof`` must be shown every notice. AmiFault: broken off."""
    listing = await connection.ask("ListCommands")
    if connection.first is not None and connection.first.name == "FullyBooted":
        proof.read.add("system")
    for _ in range(MOST_ROUNDS):
        if proof.read or write_rights(listing, ()).write:
            break
        await _provoke(connection, proof, inquiry)
        before, listing = listing, await connection.ask("ListCommands")
        if before.fields[1:] == listing.fields[1:]:
            break
    return replace(write_rights(listing, inquiry.needs), read=frozenset(proof.read))


async def _provoke(connection: Connection, proof: Proof, inquiry: Inquiry) -> None:
    """Do what shows a right to read, and give it the time to show."""
    await _try(connection, "Setvar", proof.setting())
    called = bool(inquiry.place) and await _try(connection, "Originate", proof.call(inquiry.place))
    await deferLater(inquiry.clock, inquiry.seconds)
    if called:
        await _try(connection, "Hangup", (("Channel", proof.word),))


async def _try(connection: Connection, action: str, fields: Fields) -> bool:
    """Whether Asterisk did it; a refusal is no fault here."""
    try:
        await connection.ask(action, fields)
    except AmiFault as fault:
        if fault.reason != "refused":
            raise
        return False
    return True
