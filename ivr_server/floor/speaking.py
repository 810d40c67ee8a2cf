"""When to speak to whom who waits: a pure function of the picture.

Rules (shared/CALLERS.md): the first time ``announce_s`` after joining, and again every ``announce_s`` (the queue file
takes no less than 20); never to a caller who is rung for at this moment, nor to the next ones while as many agents are
free, for they are about to be answered. Whether anybody is there at all, and the hours, are the flow's to say. A few of
a queue in a turn, so that it never empties into the voice at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ivr_server.floor.picture import Picture, QueueNow, Waiting

AT_ONCE: Final = 3  # of one queue, in one turn


@dataclass(frozen=True, slots=True)
class Spoken:
    """When a call was spoken to last, or came."""

    at: float


def due(
    picture: Picture, spoken: Mapping[str, Spoken], every_s: Mapping[str, float], now: float
) -> tuple[dict[str, Spoken], list[tuple[str, str, int]]]:
    """What is known afterwards, and whom to speak to: (queue, call, place), the longest unspoken first.

    A call-back keeps a place for somebody who is not on the line: it is never spoken to.
    """
    ringing = {ring.call for ring in picture.rings.values()}
    known: dict[str, Spoken] = {}
    calls: list[tuple[str, str, int]] = []
    for queue in picture.queues.values():
        for one in queue.waiting:
            known[one.call] = spoken.get(one.call) or Spoken(one.since)
        every = every_s.get(queue.name)
        if every is None:
            continue
        late = [one for one in queue.waiting if now - known[one.call].at >= every and _may(queue, one, ringing)]
        for one in sorted(late, key=lambda each: known[each.call].at)[:AT_ONCE]:
            known[one.call] = Spoken(now)
            calls.append((queue.name, one.call, one.place))
    kept = {call: when for call, when in spoken.items() if call not in known and now - when.at < 3_600}
    return {**kept, **known}, calls


def _may(queue: QueueNow, one: Waiting, ringing: set[str]) -> bool:
    free = sum(member.free for member in queue.members)
    return one.call not in ringing and one.place > free and not one.call_back
