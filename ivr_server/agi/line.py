"""Our hold on one channel of Asterisk's: the few things a call does, each of them safe to pair with its answer.

Theory (measured on Asterisk 22.10.1). A command that arrives while a file plays stops it, and the file's command then
never answers; a wait for a digit that is stopped answers ``result=1`` first. So one command is in flight, and the one
time that a running sound is cut (``stop_comfort``) the cut is a fresh random word that is asked for: whatever arrives
before its echo belongs to the sound. A result of -1 is a hang-up or a missing file; CHANNEL STATUS tells which.

Keys pressed while no command listens are thrown away by Asterisk, except that ``StoreDTMF`` appends every key to a
channel variable. That variable is the truth: after each key that a command answered with, what the variable has beyond
our mark is read, so that keys come in the order they were pressed. Asterisk lengthens a short tone (below 80 ms) before
it answers with its key, but writes the variable at once: so a key may be read, given out, and then come again as the
answer to the next command. Such an echo is known by what was read in the last half second, and ignored.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from twisted.internet.defer import Deferred

from ivr_server.agi.tasks import Answer
from ivr_server.agi.under import Asterisk, LineBroken, LineGone, Wire
from ivr_server.agi.wire import Header, Reply, encode, plain

__all__ = ["ALL_KEYS", "Asterisk", "Heard", "Line", "LineBroken", "LineGone", "Wire"]

KEYS_VARIABLE: Final = "IVR_KEYS"
KEYS_KEPT: Final = 500  # StoreDTMF takes its hook away at this length; its own buffer ends at 511
KEYS_TIDIED: Final = 400
MAX_UNREAD: Final = 64
ALL_KEYS: Final = "0123456789*#"

QUICK_S: Final = 5.0  # for a command that takes Asterisk no time
SOUND_S: Final = 600.0
FIRST_WAIT_MS: Final = 1_000
FRESH_S: Final = 0.005
ECHO_S: Final = 0.5
SETTLE_S: Final = 0.05  # two commands that reach Asterisk in one read: it plays the first to its end

_GET_KEYS: Final = encode("GET", "VARIABLE", KEYS_VARIABLE)
_KEEP_KEYS: Final = encode("EXEC", "StoreDTMF", f"RX,{KEYS_VARIABLE},{KEYS_KEPT}")
_FORGET_KEYS: Final = encode("EXEC", "StoreDTMF", "remove")
_EMPTY_KEYS: Final = encode("SET", "VARIABLE", KEYS_VARIABLE, "")
_STATUS: Final = encode("CHANNEL", "STATUS")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}\Z")
_QUEUE: Final = re.compile(r"[A-Za-z0-9_-]{1,79}\Z")
_NOT_A_KEY: Final = re.compile(r"[^0-9*#A-D]")
_BREAKS: Final = re.compile(r"[\r\n\0]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """How a sound ended: the key that cut it ("" for none), what was played of it, and whether the file was missing."""

    key: str
    ms: int
    missing: bool = False


class Line:
    """One channel. Methods raise LineGone when the caller hung up, LineBroken when the connection is of no more use."""

    __slots__ = (
        "_asterisk", "_began", "_caller", "_comfort", "_echoed", "_echoes", "_mark", "_synced", "_unread", "_waiters",
        "_wire", "header", "typing",
    )  # fmt: skip

    def __init__(self, header: Header, wire: Wire, asterisk: Asterisk) -> None:
        self.header = header
        self._wire = wire
        self._asterisk = asterisk
        self._caller = header.caller
        self._unread = ""  # keys pressed and not yet given out
        self._mark = 0  # how much of the keys variable was read
        self._synced = 0.0
        self._began = 0.0
        self._echoes = ""  # keys read from the variable that a command may still answer with
        self._echoed = 0.0
        self._comfort: Answer | None = None
        self._waiters: list[Deferred[None]] | None = None
        self.typing = False  # StoreDTMF is on

    # --- the caller

    @property
    def hung_up(self) -> bool:
        """Whether the caller is known to be gone."""
        return self._wire.hung_up

    @property
    def lost(self) -> bool:
        """Whether the connection is of no more use, by hang-up or not."""
        return not self._wire.alive

    @property
    def keeps_keys(self) -> bool:
        """Whether keys pressed between commands are kept: False on an Asterisk without StoreDTMF."""
        return self._asterisk.keeps_keys is not False

    def when_hung_up(self) -> Deferred[None]:
        """Fires once when the caller or the connection is gone; at once when it already is. May be cancelled."""
        waiter: Deferred[None] = Deferred(self._forget_waiter)
        if self._wire.hung_up or not self._wire.alive:
            waiter.callback(None)
        else:
            if self._waiters is None:
                self._waiters = []
            self._waiters.append(waiter)
        return waiter

    def gone(self) -> None:
        """The wire says: hung up, or lost."""
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            waiter.callback(None)

    def _forget_waiter(self, waiter: Deferred[None]) -> None:
        if self._waiters and waiter in self._waiters:
            self._waiters.remove(waiter)

    # --- opening and proving

    async def open(self) -> None:
        """The first words: prove that replies pair, fetch the caller's number safely, keep keys from now on."""
        words = await self._proved(f"${{URIENCODE(a b)}} ${{URIENCODE(${{CALLERID(num)}})}} ${{{KEYS_VARIABLE}}}")
        sample, _, rest = words.partition(" ")
        caller, _, kept = rest.partition(" ")
        if sample == "a%20b":
            self._caller = plain(caller)
        elif self._asterisk.encodes:
            self._asterisk.encodes = False
            self._asterisk.learnt("no_uriencode")
        self._mark = len(kept)
        await self.typed_on()

    async def prove(self) -> None:
        """A fresh random word is asked for and must come back: after it, replies pair with their commands."""
        await self._proved("")

    async def _proved(self, more: str) -> str:
        """The value of ``more``, sent behind a nonce."""
        nonce = secrets.token_hex(8)
        reply = await self._quick(encode("GET", "FULL", "VARIABLE", f"{nonce} {more}"))
        if reply.value is None or not reply.value.startswith(nonce + " "):
            raise self._wire.violated("nonce")
        return reply.value[len(nonce) + 1 :]

    # --- sounds and keys

    async def play(self, path: str, stops: str) -> Heard:
        """Play a file to its end, or to the first key of ``stops``. The key is the first one not yet given out."""
        offset = 0
        while True:
            reply = await self._media(_stream(path, stops, offset), SOUND_S)
            ms = reply.endpos // 8
            if reply.result == "0":
                return Heard("", ms)
            if reply.result == "-1":
                if ms or not await self._still_here():
                    raise self._gone_after(ms)
                self._asterisk.learnt("prompt_missing")
                return Heard("", 0, missing=True)
            await self._note(_key(reply))
            if self._unread or reply.endpos <= offset:
                return Heard(self._take(), ms)
            offset = reply.endpos  # cut by the echo of a key given out before: go on from there

    async def wait_for_key(self, ms: int) -> str:
        """The next key, waiting at most ``ms``; "" when there was none."""
        end = self._wire.seconds() + ms / 1000
        # A key may fall between two commands, where only StoreDTMF hears it: look again early, not only at the end.
        wait = min(ms, FIRST_WAIT_MS) if self.typing else ms
        while not self._unread and wait > 0:
            reply = await self._media(_wait(wait), wait / 1000 + QUICK_S)
            if reply.result == "-1":
                raise self._gone_after(0)
            await self._note(_key(reply))
            wait = round((end - self._wire.seconds()) * 1000)
        return self._take()

    async def typed_ahead(self) -> str:
        """All keys pressed and not yet given out, in order."""
        if self._wire.seconds() - self._synced > FRESH_S:
            await self._sync()
        keys, self._unread = self._unread, ""
        return keys

    async def drop_typed(self) -> None:
        """Forget the keys pressed until now."""
        await self._sync()
        self._unread = ""

    async def typed_off(self) -> None:
        """Before a secret: drop what was typed, and keep no key in the channel variable from now on."""
        await self.drop_typed()
        if self.typing:
            self.typing = False
            await self._quick(_FORGET_KEYS)

    async def typed_on(self) -> None:
        """Keep keys again, where Asterisk can."""
        if self.typing or self._asterisk.keeps_keys is False:
            return
        reply = await self._quick(_KEEP_KEYS)
        self.typing = reply.result == "0"
        if self._asterisk.keeps_keys is None:
            self._asterisk.keeps_keys = self.typing
            if not self.typing:
                self._asterisk.learnt("no_storedtmf")

    async def _note(self, key: str) -> None:
        """A command ended, with a key or without: read what was pressed around it; a key comes once, not twice."""
        await self._sync()
        if not key:
            return
        place = self._echoes.find(key) if self._wire.seconds() - self._echoed <= ECHO_S else -1
        if place >= 0:
            self._echoes = self._echoes[:place] + self._echoes[place + 1 :]
        elif len(self._unread) < MAX_UNREAD:
            self._unread += key

    async def _sync(self) -> None:
        if not self.typing:
            return
        kept = (await self._quick(_GET_KEYS)).value or ""
        self._synced = self._wire.seconds()
        fresh = _NOT_A_KEY.sub("", kept[self._mark :])
        self._mark = len(kept)
        if fresh:
            if self._synced - self._echoed > ECHO_S:
                self._echoes = ""
            self._echoes, self._echoed = (self._echoes + fresh)[-MAX_UNREAD:], self._synced
            self._unread = (self._unread + fresh)[:MAX_UNREAD]
        if self._mark >= KEYS_TIDIED:
            await self._quick(_EMPTY_KEYS)
            self._mark = 0
            await self._quick(_KEEP_KEYS)

    def _take(self) -> str:
        key, self._unread = self._unread[:1], self._unread[1:]
        return key

    # --- comfort

    def start_comfort(self, path: str) -> None:
        """Begin a sound and do not wait for it; it is cut by ``stop_comfort``, or by any other command of this line."""
        if self._comfort is None and not self._wire.hung_up and self._wire.alive:
            self._began = self._wire.seconds()
            self._comfort = self._wire.ask(_stream(path, "" if self.typing else ALL_KEYS), SOUND_S)
            self._comfort.addErrback(lambda _: None)  # the next command meets the same fate, and tells

    async def stop_comfort(self) -> None:
        """Cut the comfort sound at once; afterwards replies pair again. Raises LineGone, LineBroken."""
        comfort, self._comfort = self._comfort, None
        if comfort is None:
            return
        if self._wire.hung_up:
            raise LineGone
        if comfort.called:
            self._keep_key(getattr(comfort, "result", None))
            return
        rest = self._began + SETTLE_S - self._wire.seconds()
        if rest > 0:
            await self._wire.pause(rest)
            if comfort.called:
                self._keep_key(getattr(comfort, "result", None))
                return
        nonce = secrets.token_hex(8)
        late = await self._wire.cut(encode("GET", "FULL", "VARIABLE", nonce), nonce, QUICK_S)
        self._keep_key(late)

    def _keep_key(self, reply: object) -> None:
        """Without StoreDTMF a key ends the comfort sound and is kept; with it the key is in the variable."""
        if isinstance(reply, Reply) and not self.typing:
            self._unread += _key(reply)

    # --- variables and queues

    async def variable(self, name: str) -> str | None:
        """A channel variable, whatever is in it; None when it is unset or empty."""
        _must(_NAME, name)
        reply = await self._quick(encode("GET", "FULL", "VARIABLE", f"${{URIENCODE(${{{name}}})}}"))
        return plain(reply.value) if reply.value else None

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable; line breaks in the value become spaces. CommandRefused above 4,096 bytes."""
        _must(_NAME, name)
        await self._quick(encode("SET", "VARIABLE", name, _BREAKS.sub(" ", value)))

    async def caller_number(self) -> str:
        """The caller's number as it was fetched through URIENCODE; "" when unknown. Never an identity by itself."""
        return self._caller

    async def queue_staffed(self, queue: str) -> bool:
        """Whether at least one agent is signed in to the queue."""
        _must(_QUEUE, queue)
        reply = await self._quick(encode("GET", "FULL", "VARIABLE", f"${{QUEUE_MEMBER({queue},logged)}}"))
        return (reply.value or "0").strip() not in ("", "0")

    # --- leaving

    async def hang_up(self) -> None:
        """End the channel."""
        if not self._wire.hung_up:
            await self._quick(encode("HANGUP"))

    async def refuse(self) -> None:
        """Tell the dialplan that the run failed (AGISTATUS=FAILURE), so that it goes its safe way; and close."""
        self._wire.let_go(b"failure\n")

    def close(self) -> None:
        """Let go of the line; the dialplan goes on. What is in flight fails with LineBroken."""
        self._wire.let_go(b"")

    # --- asking

    async def _media(self, command: bytes, limit_s: float) -> Reply:
        """A command that a dead channel may not be sent."""
        if self._wire.hung_up:
            raise LineGone
        if self._comfort is not None:
            await self.stop_comfort()
        reply: Reply = await self._wire.ask(command, limit_s)
        if reply.code == 511:
            raise self._gone_after(0)
        return reply

    async def _quick(self, command: bytes) -> Reply:
        """A command that takes no time and may be sent to a dead channel."""
        if self._comfort is not None:
            await self.stop_comfort()
        reply: Reply = await self._wire.ask(command, QUICK_S)
        if reply.code == 511:
            raise self._gone_after(0)
        return reply

    async def _still_here(self) -> bool:
        """After a result of -1 at the very beginning: whether the channel lives, so that a file was missing."""
        if self._wire.hung_up:
            return False
        try:
            status = await self._wire.ask(_STATUS, QUICK_S)
        except (LineGone, LineBroken):
            return False
        return status.code == 200 and status.result not in ("-1", "0")

    def _gone_after(self, ms: int) -> LineGone:
        self._wire.hung_up = True
        return LineGone(ms)


@lru_cache(4_096)
def _stream(path: str, stops: str, offset: int = 0) -> bytes:
    return encode("STREAM", "FILE", path, stops, *([str(offset)] if offset else ()))


@lru_cache(256)
def _wait(ms: int) -> bytes:
    return encode("WAIT", "FOR", "DIGIT", str(max(ms, 1)))


def _key(reply: Reply) -> str:
    """The key of a reply, "" for none. A wait that was cut answers 1, which is no key."""
    key = chr(int(reply.result)) if reply.result.isdigit() and len(reply.result) == 2 else ""
    return "" if _NOT_A_KEY.match(key) else key


def _must(shape: re.Pattern[str], name: str) -> None:
    if not shape.match(name):
        raise ValueError(f'"{name[:80]}" is no name that may go to Asterisk')
