"""Checks and proofs of the draft, away from the calls: checks while one types, one proof at a time, both remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from twisted.internet.defer import ensureDeferred

from ivr_server.drafting.bench import Bench, BenchFault
from ivr_server.drafting.drafts import digest
from ivr_server.publishing.judging import Ground

CHECK_S: Final = 30.0
PROOF_S: Final = 300.0
Shape = dict[str, Any]


@dataclass(slots=True)
class Proof:
    """One walk. ``state``: running, done, or failed (``why``)."""

    digest: str
    state: str = "running"
    progress: Shape = field(default_factory=dict)
    result: Shape = field(default_factory=dict)
    why: str = ""


class Prover:
    """Two benches: a quick one for edits and checks, a slow one for proofs. ``ground``: what drafts stand on now."""

    def __init__(self, reactor: Any, ground: Ground) -> None:
        self._reactor = reactor
        self.quick, self._slow = Bench(reactor), Bench(reactor, waiting=4)
        self.ground = ground
        self._checked: tuple[str, Shape] = ("", {})
        self.proof: Proof | None = None

    def stand_on(self, ground: Ground) -> None:
        """From now on drafts stand on other ground: what was found before counts no more."""
        self.ground, self._checked, self.proof = ground, ("", {}), None

    async def check(self, files: Mapping[str, str]) -> Shape:
        """{digest, problems, names} of these files. Raises BenchFault."""
        wanted = digest(files)
        if self._checked[0] != wanted:
            found = await self.quick.ask(self._asked("check", files), CHECK_S)
            self._checked = (wanted, {"digest": wanted, **found})
        return self._checked[1]

    async def tree(self, text: str) -> Shape:
        """One file as plain values. Raises BenchFault."""
        return await self.quick.ask({"do": "tree", "text": text}, CHECK_S)

    def prove(self, files: Mapping[str, str]) -> Proof:
        """Begin a walk of these files, unless they are walked already or just now."""
        wanted = digest(files)
        if self.proof is not None and self.proof.digest == wanted and self.proof.state != "failed":
            return self.proof
        if self.proof is not None and self.proof.state == "running":
            self._slow.abandon()
        self.proof = Proof(wanted)
        ensureDeferred(self._walk(self.proof, self._asked("prove", files)))
        return self.proof

    async def stop(self) -> None:
        """The end of both children."""
        await self.quick.stop()
        await self._slow.stop()

    async def _walk(self, proof: Proof, asked: Shape) -> None:
        def told(progress: Shape) -> None:
            proof.progress = progress

        try:
            proof.result = await self._slow.ask(asked, PROOF_S, told)
            proof.state = "done"
        except BenchFault as fault:
            proof.state, proof.why = "failed", fault.why

    def _asked(self, what: str, files: Mapping[str, str]) -> Shape:
        return {"do": what, "files": dict(files), "ground": self.ground.plain()}
