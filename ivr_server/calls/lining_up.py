"""What a caller is told of the line: which queue, its hours, the place in it, the wait, and how a place is kept.

Theory. A caller who waits is taken out of the queue for a moment, spoken to, and put back. What was said lives here by
call: a place is told on entry, then once a minute at most and only when it is better; a wait is told again when it has
become better, and one that is longer than we said is told as that. While a caller is away from the queue others may be
answered, so the place to come back to is one behind those who were ahead and still wait: nobody overtakes.

A process that began while a caller waited knows nothing of what was said: it says nothing until it gets better.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from flows.facts import Fact
from flows.flow import LookUpSignature
from flows.turns import Answered
from ivr_server.floor.picture import Picture, QueueNow
from ivr_server.floor.waits import WaitRange

if TYPE_CHECKING:
    from ivr_server.floor.queue_file import QueueFile

AGAIN_S: Final = 60.0  # a place is not told again sooner
MOST_CALLS: Final = 5_000
_WAIT: Final = {"low": "count", "high": "count"}
_KEPT: Final = {"call_back_number": "digits"}
SIGNATURES: Final = (
    LookUpSignature("queue_for", {"business": "text?", "language": "text"}, {"found": {"queue": "queue"}}, 1_000),
    LookUpSignature("hours", {"queue": "queue?"}, {"open": {}, "closed": {}, "holiday": {}}, 1_000),
    LookUpSignature("queue_staffed", {"queue": "queue?"}, {"staffed": {}, "empty": {}}, 2_000),
    LookUpSignature("recording", {}, {"recorded": {}, "not_recorded": {}}, 1_000),
    LookUpSignature(
        "entry_place", {"queue": "queue?"}, {"free": {}, "next": {}, "place": {"ahead": "count"}, "unknown": {}}, 1_000
    ),
    LookUpSignature("queue_place", {}, {"next": {}, "place": {"ahead": "count"}, "same": {}, "unknown": {}}, 1_000),
    LookUpSignature(
        "expected_wait",
        {"queue": "queue?"},
        {"range": _WAIT, "about": {"minutes": "count"}, "longer": _WAIT, "same": {}, "unknown": {}},
        1_000,
    ),
    LookUpSignature(
        "keep_place",
        {"caller": "digits?", "phone": "digits?", "queue": "queue?", "language": "text"},
        {"kept": _KEPT, "no_number": {}},
        effect=True,
    ),
    LookUpSignature("call_back_state", {"caller": "digits?"}, {"none": {}, "waiting": _KEPT, "missed": _KEPT}, 1_000),
    LookUpSignature("call_back_heard", {"caller": "digits?"}, {"done": {}}, 1_500, effect=True),
)


class Floor(Protocol):
    """What is asked of ``ivr_server.floor.floor.Floor``."""

    @property
    def picture(self) -> Picture:
        """The queues as they are."""

    def staffed(self, queue: str) -> bool | None:
        """Whether anybody is there; None when not known."""

    def expected_wait(self, queue: str, place: int) -> WaitRange | None:
        """Minutes; None when not known, or too short to speak of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call-back that keeps a place: whom to call (as typed, or as shown by the line), and where they stood.

    ``ahead``: the calls that were before it in the queue; None when that is not known.
    """

    call: str
    number: str
    queue: str
    place: int
    language: str
    trail: str = ""
    business: str = ""
    identity: str = ""
    ahead: frozenset[str] | None = None


class Keeper(Protocol):
    """Who keeps places. Each may raise LookUpFault."""

    async def keep(self, wish: Wish) -> str:
        """The number that will be called, "" when it cannot be."""

    async def state(self, number: str) -> tuple[str, str]:
        """none, waiting or missed; and the number that is called."""

    async def heard(self, number: str) -> None:
        """The caller was told."""

    def line_free(self, call: str) -> None:
        """The caller who asked in this call has hung up, or will now."""


class Line(Protocol):
    """What is asked of the line."""

    async def queue_staffed(self, queue: str) -> bool:
        """True when at least one agent is signed in."""

    async def variable(self, name: str) -> str | None:
        """A channel variable."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was told: the place (0: nothing yet) and when, the longest wait (0: nothing), the place now.

    ``since``: when the caller came to the queue first (0: not known), with which priority.
    """

    place: int = 0
    at: float = -1e9
    high: int = 0
    low: int = 0
    now: int = 0
    since: float = 0.0
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Away:
    """A caller who is being spoken to: out of the queue, and who was ahead."""

    queue: str
    ahead: frozenset[str]


class Lines:
    """What was said to whom, and who is out of a queue for a moment. ``seconds``: monotonic."""

    def __init__(self, seconds: Callable[[], float], floor: Floor | None = None) -> None:
        self.floor = floor
        self._seconds = seconds
        self._told: OrderedDict[str, Told] = OrderedDict()
        self._away: dict[str, Away] = {}

    # --- coming and going

    def leave(self, call: str, queue: str, place: int) -> None:
        """The caller was taken out of the queue at this place."""
        if (now := self._queue(queue)) is None:
            return
        waiting = {one.call for one in now.waiting if one.place < place and not self._later(one.call, call)}
        away = {other for other, one in self._away.items() if one.queue == queue and self._stands(one, now) <= place}
        self._away[call] = Away(queue, frozenset(waiting | away) - {call})

    def back(self, call: str) -> int:
        """The place to come back to: behind those who were ahead and wait; 0 when it is not known better."""
        away = self._away.get(call)
        now = self._queue(away.queue) if away else None
        if away is None or now is None:
            return 0
        return 1 + sum(one.call in away.ahead for one in now.waiting)

    def ahead(self, call: str) -> frozenset[str] | None:
        """The calls that were before this one when it was taken out; None when that is not known."""
        away = self._away.get(call)
        return away.ahead if away else None

    def over(self, call: str) -> None:
        """The caller is no longer spoken to."""
        self._away.pop(call, None)

    def instead(self, call: str, other: str) -> None:
        """``other`` waits in the place of this call: whoever was behind it stays behind."""
        for name, away in self._away.items():
            if call in away.ahead:
                self._away[name] = replace(away, ahead=away.ahead | {other})

    def _later(self, other: str, call: str) -> bool:
        """Whether another surely came later: between the asking and the doing of a withdrawal the line moves on."""
        one, mine = self._told.get(other, Told()), self._told.get(call, Told())
        known = one.since and mine.since and one.priority <= mine.priority
        return other == call or bool(known and one.since > mine.since)

    def _queue(self, queue: str) -> QueueNow | None:
        if self.floor is None or not self.floor.picture.live:
            return None
        return self.floor.picture.queue(queue)

    def _stands(self, away: Away, now: QueueNow) -> int:
        """Where somebody who is away stands."""
        waiting = {one.call for one in now.waiting}
        return 1 + sum(call in waiting or call in self._away for call in away.ahead)

    # --- what is said

    def entry(self, call: str, queue: str, priority: int) -> tuple[str, int]:
        """The word of ``entry_place``, and the place that the caller would have."""
        if (now := self._queue(queue)) is None:
            return "unknown", 0
        spoken_to = sum(one.queue == queue for one in self._away.values())  # they come back to their places
        place = 1 + spoken_to + sum(one.priority >= priority for one in now.waiting)
        free = place == 1 and any(member.free for member in now.members)
        word = self.entered(call, place, free)
        self._keep(call, replace(self._told[call], since=self._seconds() or 1e-9, priority=priority))
        return word

    def entered(self, call: str, place: int, free: bool = False) -> tuple[str, int]:
        """The same, for a place that is known otherwise."""
        self._keep(call, Told(place, self._seconds(), now=place))
        return ("free" if free else "next" if place == 1 else "place"), place

    def moved(self, call: str, place: int) -> str:
        """The word of ``queue_place`` for a caller who stands at this place now."""
        told = replace(self._told.get(call, Told()), now=place)
        soon = self._seconds() - told.at < AGAIN_S
        if not told.place:  # what another process said is not known
            self._keep(call, replace(told, place=place, at=self._seconds()))
            return "same"
        if place >= told.place or soon:
            self._keep(call, told)
            return "same"
        self._keep(call, replace(told, place=place, at=self._seconds()))
        return "next" if place == 1 else "place"

    def wait(self, call: str, queue: str) -> tuple[str, WaitRange | None]:
        """The word of ``expected_wait``: told anew when it is better than what was said, or longer."""
        told = self._told.get(call, Told())
        found = self.floor.expected_wait(queue, told.now) if self.floor and told.now else None
        if found is None:
            return "unknown", None
        if told.high and found.low <= told.high and found.high >= told.high:
            return "same", None
        self._keep(call, replace(told, high=found.high, low=found.low))
        if told.high and found.low > told.high:
            return "longer", found
        return ("about" if found.low == found.high else "range"), found

    def _keep(self, call: str, told: Told) -> None:
        self._told[call] = told
        self._told.move_to_end(call)
        while len(self._told) > MOST_CALLS:
            self._told.popitem(last=False)


@dataclass(frozen=True, slots=True)
class LineUp:
    """Answers the look-ups above. ``hours``: queue -> open, closed or holiday; ``recorded``: talks are recorded."""

    file: Callable[[], QueueFile]
    hours: Callable[[str], str]
    lines: Lines
    keeper: Keeper | None = None
    recorded: bool = False
    answers: frozenset[str] = field(default=frozenset(one.name for one in SIGNATURES))

    async def ask(self, name: str, given: dict[str, str], who: tuple[str, Line, bool]) -> Answered:
        """One answer; ``who``: the call, its line, and whether it is a call of our own phone, not of Asterisk's."""
        call, line, ours = who
        if name == "queue_for":
            queue = self.file().for_business(given.get("business", ""), given.get("language", ""))
            return Answered("found", (("queue", Fact("queue", queue.name)),))
        if name == "recording":
            return Answered("recorded" if self.recorded else "not_recorded")
        if name in ("call_back_state", "call_back_heard"):
            return await self._state(name, given.get("caller", ""))
        queue_name = await self._queue(given, line)
        if name == "hours":
            return Answered(self.hours(queue_name))
        if name == "queue_staffed":
            return Answered("staffed" if await self._staffed(queue_name, line, ours) else "empty")
        if name == "entry_place":
            return await self._entry(call, queue_name, (line, ours))
        if name == "queue_place":
            place = await _place(line)
            return _ahead(self.lines.moved(call, place), place) if place else Answered("unknown")
        if name == "expected_wait":
            return Answered("unknown") if ours else _waits(*self.lines.wait(call, queue_name))
        return await self._kept(given, queue_name, (call, line, ours))

    async def _queue(self, given: dict[str, str], line: Line) -> str:
        """The queue that is asked of: the flow's, else that of the channel, else the first."""
        names = self.file().names
        for queue in (given.get("queue", ""), "" if given.get("queue") else await line.variable("IVR_QUEUE") or ""):
            if queue in names:
                return queue
        return names[0]

    async def _staffed(self, queue: str, line: Line, ours: bool) -> bool:
        known = None if ours or self.lines.floor is None else self.lines.floor.staffed(queue)
        return await line.queue_staffed(queue) if known is None else known

    async def _entry(self, call: str, queue: str, who: tuple[Line, bool]) -> Answered:
        line, ours = who
        if not ours:
            known = self.file().queue(queue)
            return _ahead(*self.lines.entry(call, queue, known.priority if known else 0))
        place = await _place(line)
        return _ahead(*self.lines.entered(call, place)) if place else Answered("unknown")

    async def _kept(self, given: dict[str, str], queue: str, who: tuple[str, Line, bool]) -> Answered:
        call, line, ours = who
        number = given.get("phone") or given.get("caller", "")
        if not number or (self.keeper is None and not ours):
            return Answered("no_number")
        if ours or self.keeper is None:  # whoever plays with our phone makes nobody's telephone ring
            return Answered("kept", (("call_back_number", Fact("digits", number)),))
        place = self.lines.back(call) or await _place(line) or 1
        told = [await line.variable(name) or "" for name in ("IVR_TRAIL_ID", "IVR_BUSINESS", "IVR_IDENTITY")]
        more = dict(zip(("trail", "business", "identity"), told, strict=True))
        where = {"call": call, "queue": queue, "language": given.get("language", "")}
        wish = Wish(number=number, place=place, ahead=self.lines.ahead(call), **where, **more)
        called = await self.keeper.keep(wish)
        return Answered("kept", (("call_back_number", Fact("digits", called)),)) if called else Answered("no_number")

    async def _state(self, name: str, number: str) -> Answered:
        if name == "call_back_heard":
            if number and self.keeper is not None:
                await self.keeper.heard(number)
            return Answered("done")
        state, called = await self.keeper.state(number) if number and self.keeper is not None else ("none", "")
        facts = () if state == "none" else (("call_back_number", Fact("digits", called)),)
        return Answered(state, facts)


async def _place(line: Line) -> int:
    """IVR_PLACE: where the caller stood when the queue let them go; 0 when it says nothing."""
    text = await line.variable("IVR_PLACE") or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else 0


def _ahead(word: str, place: int) -> Answered:
    return Answered(word, (("ahead", Fact("count", place - 1)),) if word == "place" else ())


def _waits(word: str, wait: WaitRange | None) -> Answered:
    if wait is None:
        return Answered(word)
    if word == "about":
        return Answered(word, (("minutes", Fact("count", wait.low)),))
    return Answered(word, (("high", Fact("count", wait.high)), ("low", Fact("count", wait.low))))
