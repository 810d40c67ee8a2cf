"""The machine of an agent: its table is the whole truth, whatever comes in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_server.agents import state
from ivr_server.agents.keeping import as_agent, as_shift
from ivr_server.agents.state import AWAY, MISSED, REJECTED, STATES, TABLE, WRAP_UP, Agent, Contact, Device, Illegal

SEAT, PHONE = Device("browser", "1001"), Device("telephone", "2001")
EVENTS: dict[str, Callable[[Agent, str, float], Agent]] = {
    "sit": lambda one, _call, now: state.sit(one, SEAT, now),
    "rise": lambda one, _call, now: state.rise(one, now),
    "ready": lambda one, _call, now: state.ready(one, now),
    "busy": lambda one, _call, now: state.busy(one, "meal", now),
    "ring": lambda one, call, now: state.ring(one, Contact(call, "billing", "1"), now),
    "answer": lambda one, call, now: state.answer(one, Contact(call, "billing"), now),
    "miss": state.miss,
    "reject": state.reject,
    "gone": state.gone,
    "over": lambda one, call, now: state.over(one, call, now, 20.0),
    "over at once": lambda one, call, now: state.over(one, call, now, 0.0),
    "done": lambda one, _call, now: state.done(one, now),
    "consult": lambda one, _call, now: state.consult(one, "1002", now),
    "return": lambda one, _call, now: state.come_back(one, now),
    "join": lambda one, _call, now: state.join(one, now),
    "sleep": lambda one, _call, now: state.sleep(one, now),
    "wake": lambda one, _call, now: state.wake(one, now),
}
STEPS = st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.sampled_from(["c-1", "c-2"])), max_size=40)


def after(*events: str, agent: Agent | None = None) -> Agent:
    """An agent after these events, a second apart, all about call c-1."""
    agent = agent or Agent(name="li")
    for second, event in enumerate(events, 1):
        agent = EVENTS[event](agent, "c-1", float(second))
    return agent


def sound(agent: Agent) -> None:
    """What holds of every agent, however they got there."""
    assert agent.state in STATES
    assert (agent.device is not None) == (agent.state != "signed_out")
    assert (agent.state in ("ringing", "talking")) <= (agent.contact is not None)
    assert agent.state not in ("ready", "busy", "signed_out") or agent.contact is None
    assert (agent.state == "busy") <= bool(agent.reason)
    assert agent.misses < state.MOST_MISSES or agent.state == "signed_out"
    assert agent.free == (agent.state == "ready" and not agent.away)
    assert not (agent.free and agent.paused)
    assert (agent.state in ("busy", "wrap_up")) <= bool(agent.paused)
    assert (agent.wrap_until > 0) == (agent.state == "wrap_up")


@given(STEPS)
@settings(max_examples=400, deadline=None)
def test_B4_any_order_of_events_keeps_the_agent_sound(steps: list[tuple[str, str]]) -> None:
    """Every move is one of the table, or is refused and changes nothing; an agent is kept and read back the same."""
    agent = Agent(name="li")
    for second, (event, call) in enumerate(steps, 1):
        before = agent
        try:
            agent = EVENTS[event](before, call, float(second))
        except Illegal as wrong:
            assert agent.state not in TABLE.get((before.state, wrong.event), ())
            continue
        assert agent.state == before.state or agent.state in TABLE[before.state, event.removesuffix(" at once")]
        sound(agent)
        assert as_agent(as_shift(agent, 0.0)) == agent


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_B4_a_repeated_notice_changes_nothing(steps: list[tuple[str, str]]) -> None:
    """Ring, answer and end twice in a row give what they give once."""
    agent = Agent(name="li")
    for second, (event, call) in enumerate(steps, 1):
        try:
            agent = EVENTS[event](agent, call, float(second))
            if event in ("ring", "answer"):
                assert EVENTS[event](agent, call, float(second)) == agent
            elif event in ("over", "gone", "miss", "reject"):
                assert EVENTS[event](agent, call, float(second)) == agent  # about another call; else it is Illegal
        except Illegal:
            continue


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_a_third_miss_in_a_row_never_happens(steps: list[tuple[str, str]]) -> None:
    """Two calls that rang out without an answer between them sign the desk out, so that no third one rings."""
    agent, in_a_row = Agent(name="li"), 0
    for second, (event, call) in enumerate(steps, 1):
        before = agent
        try:
            agent = EVENTS[event](agent, call, float(second))
        except Illegal:
            continue
        if event == "miss" and agent != before:
            in_a_row += 1
        elif event in ("answer", "sit") and (event == "answer" or before.state == "signed_out"):
            in_a_row = 0
        assert in_a_row < 2 or agent.state == "signed_out"


def test_the_usual_day() -> None:
    """Sit, a call, time to write, another state; each at its instant."""
    agent = after("sit")
    assert (agent.state, agent.since, agent.free) == ("ready", 1.0, True)
    agent = after("sit", "ring")
    assert (agent.state, agent.call, agent.contact and agent.contact.rang) == ("ringing", "c-1", 2.0)
    agent = after("sit", "ring", "answer")
    assert agent.contact == Contact("c-1", "billing", rang=2.0, began=3.0, phase="talking") or agent.contact
    assert (agent.state, agent.since, agent.paused) == ("talking", 3.0, "")
    agent = after("sit", "ring", "answer", "over")
    assert (agent.state, agent.wrap_until, agent.paused, agent.call) == ("wrap_up", 24.0, WRAP_UP, "c-1")
    assert after("sit", "ring", "answer", "over", "done").free
    assert after("sit", "ring", "answer", "over at once").free


def test_busy_in_mid_talk_counts_afterwards() -> None:
    """The talk goes on; after wrap-up the agent is busy, and nothing may ring meanwhile."""
    agent = after("sit", "ring", "answer", "busy")
    assert (agent.state, agent.next, agent.paused) == ("talking", "meal", "meal")
    assert after("over", "done", agent=agent).reason == "meal"
    assert after("ready", "over", "done", agent=agent).free


def test_a_miss_makes_busy_and_two_sign_out() -> None:
    """Told by its reason; an answer between them begins the count anew."""
    assert (after("sit", "ring", "miss").state, after("sit", "ring", "miss").reason) == ("busy", MISSED)
    twice = after("sit", "ring", "miss", "ready", "ring", "miss")
    assert (twice.state, twice.reason, twice.device) == ("signed_out", MISSED, None)
    between = after("sit", "ring", "miss", "ready", "ring", "answer", "over", "done", "ring", "miss")
    assert (between.state, between.misses) == ("busy", 1)
    assert after("sit", "ring", "reject").reason == REJECTED


def test_whatever_ringing_interrupted_is_back() -> None:
    """A caller who gives up leaves a busy agent busy and a ready one ready; a talk out of "busy" ends there again."""
    assert after("sit", "busy", "ring", "gone").reason == "meal"
    assert after("sit", "ring", "gone").free
    assert after("sit", "busy", "ring").paused == "meal"
    assert after("sit", "busy", "ring", "answer", "over", "done").reason == "meal"


def test_events_about_another_call_change_nothing() -> None:
    """A late miss, hang-up or end of a call that is not in hand."""
    ringing, talking = after("sit", "ring"), after("sit", "ring", "answer")
    for event in ("miss", "reject", "gone"):
        assert EVENTS[event](ringing, "c-2", 9.0) == ringing
    assert EVENTS["over"](talking, "c-2", 9.0) == talking


def test_away_is_no_state() -> None:
    """A desk that sleeps rings no more in any state, and is as it was when it wakes."""
    for events in (("sit",), ("sit", "busy"), ("sit", "ring", "answer"), ("sit", "ring", "answer", "over")):
        agent = after(*events)
        asleep = state.sleep(agent, 50.0)
        assert (asleep.paused, asleep.state, asleep.free) == (AWAY, agent.state, False)
        assert replace(state.wake(asleep, 60.0), slept=0.0) == agent


def test_the_call_that_was_given_and_the_three_way() -> None:
    """Consulting, together, alone again: the phase of the talk, with whom."""
    talking = after("sit", "ring", "answer")
    asking = state.consult(talking, "1002", 9.0)
    assert asking.contact is not None and (asking.contact.phase, asking.contact.with_) == ("consulting", "1002")
    joined = state.join(asking, 10.0)
    assert joined.contact is not None and (joined.contact.phase, joined.contact.with_) == ("joined", "1002")
    back = state.come_back(joined, 11.0)
    assert back.contact is not None and (back.contact.phase, back.contact.with_) == ("talking", "")
    assert (back.since, back.state) == (3.0, "talking")


@dataclass
class Tabs:
    """Pages of one person."""

    agent: Agent

    def open(self, tab: str) -> str:
        self.agent = state.open_tab(self.agent, tab, 0.0)
        return self.agent.tab


def test_the_newest_page_holds_the_soft_phone() -> None:
    """One never seen takes it; one that comes back takes nothing; only so many are remembered."""
    tabs = Tabs(Agent(name="li"))
    assert [tabs.open(tab) for tab in ("a", "b", "a", "b", "c")] == ["a", "b", "b", "b", "c"]
    assert state.take_over(tabs.agent, "a", 0.0).tab == "a"
    for number in range(20):
        tabs.open(f"t{number}")
    assert len(tabs.agent.tabs) == state.MOST_TABS


def test_what_was_kept_by_another_release_is_read_as_far_as_it_goes() -> None:
    """Unknown fields are left out; nonsense is nobody."""
    kept = as_shift(after("sit", "ring"), 0.0)
    assert as_agent(replace(kept, value={**kept.value, "new_in_2027": 1})) == after("sit", "ring")
    wrong: list[Any] = [
        {},
        {"state": "dancing", "device": {"kind": "browser", "name": "1"}},
        {"device": 7},
        {"device": {}},
    ]
    for value in wrong[1:]:
        assert as_agent(replace(kept, value=value)) is None
    assert as_agent(replace(kept, value={})) == Agent(name="li")


def test_every_state_has_a_way_out_and_every_event_a_state() -> None:
    """The table and the functions know the same words."""
    assert {event for _, event in TABLE} == {name.removesuffix(" at once") for name in EVENTS}
    for at in STATES:
        assert any(target != at for (source, _), targets in TABLE.items() if source == at for target in targets)
    assert {target for targets in TABLE.values() for target in targets} == set(STATES)
    assert PHONE.interface == "PJSIP/2001"
