"""The open pages of agents: whom to tell, which of them holds the soft phone, and which desk has fallen asleep.

Theory. One person may have the desk open in several tabs; one of them, the newest, holds the soft phone. Only its
beats count. A desk without one for ``ASLEEP_S`` is asleep: nothing rings there until the next. A holder that is silent
so long loses the soft phone to any other page of the same person that lives. Beats are counted by the reactor's clock;
where the process itself stood still, no desk is blamed for it, and where most desks fall silent at once, something
between them and us is at fault: each is given the same time once more before anything is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ivr_server.again import again
from ivr_server.agents import state
from ivr_server.agents.asked import By, Shape
from ivr_server.agents.roll import Roll
from ivr_server.agents.state import Agent

ASLEEP_S: Final = 15.0
SWEEP_S: Final = 1.0
MOST_PAGES: Final = 500
MANY: Final = 3
Tell = Callable[[str, str, Shape], None]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One open page."""

    by: By
    tab: str
    tell: Tell


class Pages:
    """All of them. ``slept`` is told of each agent whose desk has fallen asleep."""

    def __init__(self, roll: Roll, reactor: Any) -> None:
        self.slept: list[Callable[[Agent], None]] = []
        self._roll = roll
        self._reactor = reactor
        self._pages: list[Page] = []
        self._beats: dict[str, float] = {}
        self._spared: set[str] = set()  # silent together with most others, and given more time
        self._swept = reactor.seconds()
        self._sweeping = again(reactor, self.sweep)

    def start(self) -> None:
        """Watch over the desks."""
        self._swept = self._reactor.seconds()
        self._sweeping.start(SWEEP_S, now=False)

    def stop(self) -> None:
        """No more."""
        if self._sweeping.running:
            self._sweeping.stop()

    @property
    def full(self) -> bool:
        """Whether no further page can be told."""
        return len(self._pages) >= MOST_PAGES

    def join(self, page: Page) -> Callable[[], None]:
        """A page is open; the answer ends it."""
        self._roll.move(page.by.name, lambda agent, now: state.open_tab(agent, page.tab, now))
        self._pages.append(page)
        return lambda: self._pages.remove(page) if page in self._pages else None

    def of(self, name: str) -> tuple[Page, ...]:
        """The pages of one person."""
        return tuple(page for page in self._pages if page.by.name == name)

    def everybody(self) -> tuple[Page, ...]:
        """Every page."""
        return tuple(self._pages)

    def holds(self, name: str, tab: str) -> bool:
        """Whether this page has the soft phone."""
        return self._roll.of(name).tab == tab

    # --- beats

    def beat(self, name: str, tab: str) -> bool:
        """A page lives; whether it holds the soft phone."""
        agent = self._roll.of(name)
        if agent.tab != tab and (agent.away or not agent.tab):
            self._roll.move(name, lambda one, now: state.take_over(one, tab, now))
        if not self.holds(name, tab):
            return False
        self.alive(name)
        return True

    def alive(self, name: str) -> None:
        """A sign of life of the desk."""
        self._beats[name] = self._reactor.seconds()
        self._spared.discard(name)
        if self._roll.of(name).away:
            self._roll.try_move(name, state.wake)

    def sweep(self) -> None:
        """Who has fallen asleep?"""
        now = self._reactor.seconds()
        late = now - self._swept - SWEEP_S
        self._swept = now
        seated = [agent for agent in self._roll.agents.values() if agent.device is not None]
        self._beats = {agent.name: self._beats.get(agent.name, now) for agent in seated}
        if late > SWEEP_S:
            self._beats = {name: min(now, beat + late) for name, beat in self._beats.items()}
        silent = [agent for agent in seated if now - self._beats[agent.name] >= ASLEEP_S and not agent.away]
        for agent in self._to_be_spared(silent, len(seated)):
            self._beats[agent.name] = now
            self._spared.add(agent.name)
            silent.remove(agent)
        for agent in silent:
            self._roll.try_move(agent.name, state.sleep)
            for told in self.slept:
                told(self._roll.of(agent.name))

    def _to_be_spared(self, silent: list[Agent], seated: int) -> list[Agent]:
        """Those who are silent together with most others, for the first time."""
        if len(silent) < MANY or len(silent) * 2 <= seated:
            return []
        return [agent for agent in silent if agent.name not in self._spared]
