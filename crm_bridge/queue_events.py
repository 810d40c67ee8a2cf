"""What happened in the queues, one row each: the ground of every statistic. Kept once, whoever tells it, and how often.

A row comes from the live notices or from Asterisk's own queue log, which says the same a little differently. Two tell
of the same thing when call and kind are the same, the agent is the same where both name one, the leg is the same where
both know it, and else their instants are within ``SAME_S``; each row stands for one of the other side. All ways to
leave a queue are one kind, and so are all ways to end a talk: the log calls a talk of three that the agent left ended
by the caller, we call it handed on. So a record may be written again after a crash, and the log may be read again as a
whole, and no statistic changes.

Legs: an attempt at an agent has a channel of its own; its unique id tells two quick attempts apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

from sqlalchemy import Column, Connection, Float, Index, String, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge.schema import metadata

SAME_S: Final = 2.5  # between the two sides: the queue log has whole seconds
AGAIN_S: Final = 0.5  # within one side: the same told again
KINDS: Final = {"abandoned": "out", "timed_out": "out", "left": "out", "withdrawn": "out", "transferred": "ended"}

queue_events = Table(
    "queue_events",
    metadata,
    Column("key", String(200), primary_key=True),  # call, kind, which of that kind
    Column("call", String(80), nullable=False),
    Column("what", String(12), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("queue", String(80), nullable=False),  # "": a talk that no queue brought
    Column("interface", String(80), nullable=False),
    Column("agent", String(80), nullable=False),
    Column("number", String(80), nullable=False),
    Column("detail", String(80), nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("leg", String(80), nullable=False),
    Column("source", String(4), nullable=False),  # live | log
    Index("queue_events_by_time", "at"),
    Index("queue_events_of_call", "call"),
    Index("queue_events_of_agent", "agent", "at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEvent:
    """One row. ``what``: joined, left, abandoned, withdrawn, timed_out, missed, answered, ended, transferred, wrapped.

    ``at``: seconds since 1970. ``seconds``: how long the wait, the ringing or the talk had been.
    """

    call: str
    what: str
    at: float
    queue: str = ""
    interface: str = ""
    agent: str = ""
    number: str = ""
    detail: str = ""
    seconds: float = 0.0
    leg: str = ""
    source: str = "live"


_NAMES: Final = tuple(field.name for field in fields(QueueEvent))
_WIDTHS: Final = {column.name: getattr(column.type, "length", None) for column in queue_events.columns}


def put_events(connection: Connection, events: Sequence[QueueEvent]) -> list[QueueEvent]:
    """Keep those that are not kept yet; which they were. Run it as a write."""
    events = [_fitting(event) for event in events]
    known: dict[tuple[str, str], list[QueueEvent]] = defaultdict(list)
    for event in _of_calls(connection, {event.call for event in events}):
        known[event.call, kind(event)].append(event)
    free = {key: list(rows) for key, rows in known.items()}
    new: list[QueueEvent] = []
    rows: list[dict[str, object]] = []
    for event in sorted(events, key=lambda one: one.at):
        key = event.call, kind(event)
        again = any(same(event, other) for other in known[key] if other.source == event.source)
        if not again and nearest(event, free.setdefault(key, [])) is None:
            known[key].append(event)
            new.append(event)
            rows.append({"key": f"{event.call}:{event.what}:{len(known[key])}", **asdict(event)})
    if rows:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(make(queue_events).on_conflict_do_nothing(), rows)
    return new


def kind(event: QueueEvent) -> str:
    """What two rows must have in common to tell of the same thing."""
    return KINDS.get(event.what, event.what)


def same(one: QueueEvent, other: QueueEvent) -> bool:
    """Whether two rows of one call and kind tell of the same thing."""
    if one.leg and other.leg:
        return one.leg == other.leg
    agents_differ = one.agent and other.agent and one.agent != other.agent
    within = AGAIN_S if one.source == other.source else SAME_S
    return not agents_differ and abs(one.at - other.at) <= within


def nearest(event: QueueEvent, others: list[QueueEvent]) -> QueueEvent | None:
    """The other side's row of the same thing, taken out of ``others``; None when there is none."""
    alike = [other for other in others if other.source != event.source and same(event, other)]
    found = min(alike, key=lambda other: abs(other.at - event.at), default=None)
    if found is not None:
        others.remove(found)
    return found


def _fitting(event: QueueEvent) -> QueueEvent:
    """Within the columns' widths; NUL, which PostgreSQL refuses, is shown."""
    values = {name: getattr(event, name) for name in _NAMES}
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = value.replace("\0", "␀")[: _WIDTHS[name]]
    return QueueEvent(**values)


def _of_calls(connection: Connection, calls: Iterable[str]) -> list[QueueEvent]:
    wanted, found = sorted(calls), []
    for start in range(0, len(wanted), 400):
        asked = _SELECT.where(queue_events.c.call.in_(wanted[start : start + 400]))
        found += [QueueEvent(**row._mapping) for row in connection.execute(asked)]
    return found


_SELECT: Final = select(*(queue_events.c[name] for name in _NAMES))


def events_between(connection: Connection, since: float, until: float) -> list[QueueEvent]:
    """All rows of a time, in order."""
    asked = _SELECT.where(queue_events.c.at >= since, queue_events.c.at < until)
    asked = asked.order_by(queue_events.c.at, queue_events.c.key)
    return [QueueEvent(**row._mapping) for row in connection.execute(asked)]


def newest_events(connection: Connection, since: float, most: int) -> list[QueueEvent]:
    """The newest rows since then, so many at most, in order."""
    asked = _SELECT.where(queue_events.c.at >= since)
    asked = asked.order_by(queue_events.c.at.desc(), queue_events.c.key.desc()).limit(most)
    return [QueueEvent(**row._mapping) for row in connection.execute(asked)][::-1]


def latest_event(connection: Connection) -> float:
    """When the newest row happened; 0.0 without any."""
    return float(connection.execute(select(func.max(queue_events.c.at))).scalar() or 0.0)


# --- statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDay:
    """An agent's figures. ``answered``: calls that a queue brought; ``taken_over``: by transfer; lengths in seconds.

    ``talk_s``: all talks together, those that were handed on included; ``wrap_s``: all the writing after them.
    """

    agent: str
    answered: int = 0
    taken_over: int = 0
    handed_on: int = 0
    missed: int = 0
    talks: int = 0
    talk_s: float = 0.0
    wrap_ups: int = 0
    wrap_s: float = 0.0

    @property
    def average_s(self) -> float:
        """Of a talk."""
        return self.talk_s / self.talks if self.talks else 0.0

    @property
    def average_wrap_s(self) -> float:
        """Of a wrap-up."""
        return self.wrap_s / self.wrap_ups if self.wrap_ups else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDay:
    """A queue's figures, of different calls: one who was spoken to in between, or waited twice, counts once.

    ``within``: answered within the seconds that were asked for. ``service_level``: of all who came to an end.
    """

    queue: str
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    timed_out: int = 0
    within: int = 0
    wait_s: float = 0.0
    longest_s: float = 0.0

    @property
    def average_wait_s(self) -> float:
        """Of those who were answered."""
        return self.wait_s / self.answered if self.answered else 0.0

    @property
    def service_level(self) -> float:
        """0 to 1; 1 where nobody came."""
        ended = self.answered + self.abandoned + self.timed_out
        return self.within / ended if ended else 1.0


def agent_days(connection: Connection, since: float, until: float, agent: str = "") -> dict[str, AgentDay]:
    """Every agent's figures of a time, or one agent's."""
    counted = func.sum(queue_events.c.seconds)
    by_queue = (queue_events.c.queue != "").label("queued")
    asked = select(queue_events.c.agent, queue_events.c.what, by_queue, func.count(), counted)
    asked = asked.where(queue_events.c.at >= since, queue_events.c.at < until, queue_events.c.agent != "")
    if agent:
        asked = asked.where(queue_events.c.agent == agent)
    days: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, what, queued, count, seconds in connection.execute(asked.group_by("agent", "what", "queued")):
        day = days[name]
        if what == "answered":
            day["answered" if queued else "taken_over"] += count
        elif what in ("ended", "transferred"):
            day["talks"] += count
            day["talk_s"] += seconds
            day["handed_on"] += count * (what == "transferred")
        elif what == "missed":
            day["missed"] += count
        elif what == "wrapped":
            day["wrap_ups"] += count
            day["wrap_s"] += seconds
    return {name: _agent_day(name, day) for name, day in days.items()}


def _agent_day(name: str, day: dict[str, float]) -> AgentDay:
    counts = {key: int(day[key]) for key in ("answered", "taken_over", "handed_on", "missed", "talks", "wrap_ups")}
    return AgentDay(agent=name, **counts, talk_s=day["talk_s"], wrap_s=day["wrap_s"])


def queue_days(events: Iterable[QueueEvent], within_s: float = 20.0) -> dict[str, QueueDay]:
    """Every queue's figures, from rows in order. A wait lasts from the call's first join to its answer."""
    joined: dict[tuple[str, str], float] = {}
    ended: dict[tuple[str, str], tuple[str, float]] = {}
    for event in events:
        if not event.queue:
            continue
        key = event.queue, event.call
        if event.what == "joined":
            joined.setdefault(key, event.at)
        elif event.what == "answered":
            ended[key] = "answered", event.at - joined.get(key, event.at - event.seconds)
        elif event.what in ("abandoned", "timed_out") and ended.get(key, ("",))[0] != "answered":
            ended[key] = event.what, event.at - joined.get(key, event.at - event.seconds)
    days: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for queue, _call in joined.keys() | ended.keys():
        days[queue]["offered"] += 1
    for (queue, _call), (what, waited) in ended.items():
        day = days[queue]
        day[what] += 1
        day["longest_s"] = max(day["longest_s"], waited)
        if what == "answered":
            day["wait_s"] += waited
            day["within"] += waited <= within_s
    return {queue: _queue_day(queue, day) for queue, day in days.items()}


def _queue_day(queue: str, day: dict[str, float]) -> QueueDay:
    counts = {key: int(day[key]) for key in ("offered", "answered", "abandoned", "timed_out", "within")}
    return QueueDay(queue=queue, **counts, wait_s=day["wait_s"], longest_s=day["longest_s"])
