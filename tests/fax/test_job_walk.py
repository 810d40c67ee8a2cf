"""Two servers, one table, everything that breaks, in any order: the machine and the store keep their promises.

B3 B4 H1 H3 H5 H10 H12 D10: no two calls to one number, no dial while the window runs, no page claimed that the receiver
has not, none twice without a mark, bounded dials, and an end for each job.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.fax.job_world import World

SERVERS = st.integers(0, 1)
PLACES = st.integers(0, 3)


class Walk(RuleBasedStateMachine):
    """One world, walked through by chance."""

    world: World

    @initialize(numbers=st.lists(st.integers(0, 2), min_size=1, max_size=4))
    def begin(self, numbers: list[int]) -> None:
        self.world = World(numbers)

    @rule(server=SERVERS)
    def lease(self, server: int) -> None:
        self.world.lease(self.world.servers[server])

    @rule(server=SERVERS)
    def work(self, server: int) -> None:
        self.world.work(self.world.servers[server])

    @rule(server=SERVERS)
    def both(self, server: int) -> None:
        """The usual course: ask, press, dial."""
        self.world.lease(self.world.servers[server])
        for _ in range(2):
            self.world.work(self.world.servers[server])

    @rule(server=SERVERS, pages=st.integers(0, 3), confirmed=st.booleans())
    def dial_and_tear(self, server: int, pages: int, confirmed: bool) -> None:
        """What is due is dialled, some pages arrive, and the line breaks, with a page in the air or without."""
        self.world.tick(460.0)
        self.both(server)
        for _ in range(pages):
            self.world.page(0, True)
        if confirmed:
            self.world.over(0, "cut", 20.0)
        else:
            self.world.page(0, False)
        self.world.tick(25.0)
        self.world.work(self.world.servers[server])

    @rule(server=SERVERS)
    def crash(self, server: int) -> None:
        self.world.crash(self.world.servers[server])

    @rule(server=SERVERS)
    def crash_between_intent_and_dial(self, server: int) -> None:
        self.world.work(self.world.servers[server], crash=True)

    @rule(which=PLACES, confirmed=st.booleans())
    def page(self, which: int, confirmed: bool) -> None:
        self.world.page(which, confirmed)

    @rule(which=PLACES)
    def all_pages(self, which: int) -> None:
        for _ in range(4):
            self.world.page(which, True)

    @rule(
        which=PLACES,
        cause=st.sampled_from(["busy", "no_answer", "no_carrier", "refused", "fault"]),
        late=st.floats(0, 59),
    )
    def over(self, which: int, cause: str, late: float) -> None:
        self.world.over(which, cause, late)

    @rule(server=SERVERS, which=st.integers(0, 9))
    def answer_again(self, server: int, which: int) -> None:
        self.world.late(self.world.servers[server], which)

    @rule()
    def asterisk_dies(self) -> None:
        self.world.asterisk_dies()

    @rule(seconds=st.sampled_from([1.0, 10.0, 31.0, 61.0, 200.0, 460.0]), chance=st.floats(0, 1))
    def tick(self, seconds: float, chance: float) -> None:
        self.world.chance = chance
        self.world.tick(seconds)

    @invariant()
    def promises(self) -> None:
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.end()
            self.world.engine.dispose()


TestB4_H12_Walk = Walk.TestCase
TestB4_H12_Walk.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),  # to make a found walk shorter takes minutes, and forty steps can be read
    suppress_health_check=[HealthCheck.too_slow],
)
