"""What the console asks of the agents' room: the face of ``ivr_server.agents``, and of its double in the tests.

Everything that is told is plain JSON, in words of the asker's language; ``NotNow``, ``Hidden`` and ``Nowhere`` of
``agents.asked`` say why something is refused. What an event holds is written in ``docs/how-to/desk.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ivr_server.agents.asked import By, FeeQuestion, Kind, NewReception, Recording, Saving, Shape, Sitting

Tell = Callable[[str, str, Shape], None]  # key (a newer one replaces what was not sent), event, values


class Agents(Protocol):
    """The agents' room."""

    @property
    def full(self) -> bool:
        """Whether no further page can be told."""

    def page(self, by: By) -> Shape:
        """What the page needs once: reasons, telephones, forms, businesses, dial_out."""

    def join(self, by: By, tab: str, tell: Tell) -> Callable[[], None]:
        """Tell this page everything now, and every change from now on; the answer ends that."""

    def again(self, by: By, tab: str, tell: Tell) -> None:
        """Tell everything once more, to a page that was too slow."""

    def beat(self, by: By, tab: str) -> bool:
        """A page lives; whether it holds the soft phone."""

    def seated(self, by: By) -> bool:
        """Whether they sit at a seat with a soft phone."""

    async def sit(self, by: By, where: Sitting) -> Shape:
        """Sign in to the queues: seat, and what the soft phone needs. Again at the same device: the same answer."""

    async def rise(self, by: By) -> None:
        """Sign out of the queues."""

    async def turn(self, by: By, state: str, reason: str) -> None:
        """Be ready, or busy for a reason."""

    async def transfer(self, by: By, call: str, to: str, kind: Kind) -> None:
        """Give the caller to somebody else at once (blind), or ask there first while the caller hears music."""

    async def act(self, by: By, call: str, what: str) -> None:
        """One of ``ACTS`` on the agent's own call."""

    async def dial(self, by: By, number: str) -> None:
        """Ring the agent's telephone, then the number."""

    async def call(self, by: By, call: str) -> Shape:
        """Card, trail, form and reception of a call of theirs."""

    async def customer(self, by: By, number: str) -> Shape:
        """Who has this number."""

    async def fees(self, by: By, asked: FeeQuestion) -> Shape:
        """What somebody owes, as callers are told; written down with its reason first."""

    async def begin(self, by: By, new: NewReception) -> Shape:
        """A reception; the same one for the same call or key."""

    async def save(self, by: By, saving: Saving) -> int:
        """Keep what was typed; the new version."""

    async def receptions(self, by: By) -> Shape:
        """The latest receptions and missed calls: own ones, or everybody's for who supervises."""

    async def places(self, by: By) -> Shape:
        """Where a call can be given to."""

    async def recordings(self, by: By) -> Shape:
        """The latest recorded talks: own ones, or everybody's for who supervises."""

    async def recording(self, by: By, id: str) -> Recording:
        """One of them, to be played back; written down first."""


ACTS = ("answer", "reject", "return", "complete", "join", "rejoin", "hang-up", "done")
