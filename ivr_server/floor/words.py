"""The floor as lines of text, for whoever has no browser. Pure; nothing a caller chose is shown unescaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crm_bridge.queue_events import AgentDay, QueueDay, QueueEvent
from ivr_server.floor.picture import Member, Picture, QueueNow
from ivr_server.floor.queue_log import Comparison


def lasting(seconds: float) -> str:
    """Minutes and seconds, as 12:05."""
    return f"{max(0, int(seconds)) // 60}:{max(0, int(seconds)) % 60:02}"


def picture_lines(picture: Picture, now: float) -> Iterator[str]:
    """Queue by queue: who waits, who answers, who talks."""
    if not picture.live:
        yield "Asterisk is not there; the picture below is old." if picture.queues else "Asterisk is not there."
    for queue in picture.queues.values():
        yield from _queue(picture, queue, now)


def _queue(picture: Picture, queue: QueueNow, now: float) -> Iterator[str]:
    free = sum(one.free for one in queue.members)
    longest = lasting(max((now - one.since for one in queue.waiting), default=0))
    yield f"{queue.name}: {len(queue.waiting)} wait, the longest {longest}; {free} of {len(queue.members)} free"
    for one in queue.waiting:
        kind = f"call-back {one.call_back}" if one.call_back else one.number or "(no number)"
        yield f"  {one.place:3} {lasting(now - one.since):>6}  {kind}"
    talks = {talk.interface: talk for talk in picture.talks.values()}
    for member in queue.members:
        talk = talks.get(member.interface)
        doing = f"talks with {talk.number or '(no number)'}, {lasting(now - talk.began)}" if talk else state(member)
        yield f"      {member.name} ({member.interface}): {doing}"


def state(member: Member) -> str:
    """What a member does, in a word or two."""
    if member.away:
        return "away"
    if member.paused:
        return f"paused ({member.reason})" if member.reason else "paused"
    return {"idle": "free", "ringing": "rings", "in_use": "in use"}[member.state]


def day_lines(agents: Iterable[AgentDay], queues: Iterable[QueueDay]) -> Iterator[str]:
    """Figures of a time, parted by tabs: first the queues, then the agents."""
    yield "queue\toffered\tanswered\tabandoned\ttimed out\tservice level\taverage wait\tlongest wait"
    for one in sorted(queues, key=lambda day: day.queue):
        counts = (one.queue, one.offered, one.answered, one.abandoned, one.timed_out, f"{one.service_level:.0%}")
        yield "\t".join(map(str, (*counts, lasting(one.average_wait_s), lasting(one.longest_s))))
    yield "agent\tanswered\ttaken over\thanded on\tmissed\taverage talk\taverage wrap-up"
    for day in sorted(agents, key=lambda day: day.agent):
        figures = (day.agent, day.answered, day.taken_over, day.handed_on, day.missed)
        yield "\t".join(map(str, (*figures, lasting(day.average_s), lasting(day.average_wrap_s))))


def comparison_lines(found: Comparison) -> Iterator[str]:
    """What each side counted, then every event that only one of them has; all parted by tabs."""
    yield "kind\tours\tAsterisk's"
    for what, (ours, theirs) in found.counts.items():
        yield f"{what}\t{ours}\t{theirs}"
    for word, events in (("only ours", found.only_ours), ("only Asterisk's", found.only_theirs)):
        for one in events:
            yield f"{word}\t{event_line(one)}"


def event_line(one: QueueEvent) -> str:
    """One event, parted by tabs."""
    return "\t".join((f"{one.at:.0f}", one.call, one.what, one.queue, one.agent, one.detail))
