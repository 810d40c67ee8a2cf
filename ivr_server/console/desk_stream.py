"""What happens at one agent's desk, as server-sent events; the agents' room tells them, one page is told them.

A stream begins with ``resync`` and the whole picture. A page that was too slow is told the whole picture again.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr_server.agents.asked import By
from ivr_server.console.desk_parts import Agents
from ivr_server.console.streaming import EventStream
from ivr_server.console.visit import Visit


class DeskStream(EventStream):
    """One page's stream. ``tab``: which page of the browser this is."""

    def __init__(self, visit: Visit, agents: Agents, by: By, tab: str) -> None:
        super().__init__(visit)
        self._agents = agents
        self._by = by
        self._tab = tab
        self._leave: Callable[[], None] = lambda: None

    def join(self) -> None:
        """All of it, and every change."""
        self.resync()
        self._leave = self._agents.join(self._by, self._tab, self.tell)

    def leave(self) -> None:
        """No more."""
        self._leave()

    def flooded(self) -> None:
        """All of it again."""
        self._agents.again(self._by, self._tab, self.tell)
