"""All look-ups a flow may name: the bridge's, and those that only the hub can answer (of the line: ``lining_up``).

Facts go in as plain values, secrets out of the call's vault, and answers come back as facts; nothing else is mapped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from crm_bridge.secret import Secret
from flows.facts import Fact, Saying
from flows.flow import LookUpSignature
from flows.turns import Answered
from ivr_server.calls import lining_up, notice_switch
from ivr_server.calls.lining_up import Line, LineUp

LOCAL: Final = {
    signature.name: signature
    for signature in (
        *lining_up.SIGNATURES,
        *notice_switch.SIGNATURES,
        LookUpSignature("notice", {}, {"none": {}, "set": {"notice": "prompt"}}, 1_000),
        LookUpSignature("fax_service", {}, {"ready": {}, "away": {}}, 1_000),
    )
}


class Bridge(Protocol):
    """What crm_bridge (or its twin) offers."""

    signatures: Mapping[str, Any]

    async def ask(self, name: str, arguments: Mapping[str, Any], call: str) -> Any:
        """An answer with ``outcome`` and ``facts``; raises LookUpFault."""


class Switch(Protocol):
    """What is asked of ``ivr_server.notice_switching``."""

    async def ask(self, name: str, given: Mapping[str, Any], call: str) -> Answered:
        """One answer; LookUpFault."""


@dataclass(slots=True)
class Vault:
    """The secrets of one call, by handle; they live here and nowhere else, and die with the call."""

    _held: dict[str, Secret] = field(default_factory=dict, repr=False)

    def keep(self, keys: str) -> str:
        """A handle for the keys."""
        handle = f"secret-{len(self._held) + 1}"
        self._held[handle] = Secret(keys)
        return handle

    def take(self, handle: str) -> Secret:
        """The secret behind the handle; KeyError when there is none."""
        return self._held[handle]

    def forget(self) -> None:
        """Let go of everything."""
        self._held.clear()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the call's id, its line, its vault; ``ours``: from the phone of this product, not from Asterisk."""

    call: str
    line: Line
    vault: Vault
    ours: bool = False


@dataclass(frozen=True, slots=True)
class LookUps:
    """Answers ``flows`` look-ups. ``line_up``: those about queues; ``notice``: a prompt's name or "".

    ``switch``: the notice by telephone. ``fax_open``: whether a fax may be asked for now; where nobody sends any, the
    wish is noted for people.
    """

    bridge: Bridge
    line_up: LineUp
    notice: Callable[[], str]
    fax_open: Callable[[], bool] = lambda: False
    switch: Switch | None = None

    def signatures(self) -> dict[str, LookUpSignature]:
        """Every look-up's signature, as the flows know it."""
        return {**from_bridge(self.bridge.signatures), **LOCAL}

    async def ask(self, name: str, arguments: tuple[tuple[str, Fact], ...], asker: Asker) -> Answered:
        """One answer; LookUpFault (of crm_bridge) when there is none, LineGone when the caller left meanwhile."""
        if name in self.line_up.answers:
            given = {key: str(fact.value) for key, fact in arguments}
            return await self.line_up.ask(name, given, (asker.call, asker.line, asker.ours))
        if name == "notice":
            prompt = self.notice()
            return Answered("set", (("notice", Fact("prompt", prompt)),)) if prompt else Answered("none")
        if name == "fax_service":
            return Answered("ready" if self.fax_open() else "away")
        plain = {
            key: asker.vault.take(str(fact.value)) if fact.kind == "secret" else fact.value for key, fact in arguments
        }
        if name in notice_switch.NAMES:
            return await self.switch.ask(name, plain, asker.call) if self.switch else Answered("off")
        answer = await self.bridge.ask(name, plain, asker.call)
        return Answered(answer.outcome, tuple((key, as_fact(*value)) for key, value in answer.facts.items()))


def as_fact(kind: str, value: Any) -> Fact:
    """A bridge's (kind, value) as a fact; sayings are (prompt, {slot: (kind, value)}) there and Saying here."""
    if kind == "sayings":
        return Fact(
            kind, tuple(Saying(prompt, tuple((k, as_fact(*v)) for k, v in slots.items())) for prompt, slots in value)
        )
    return Fact(kind, value)


def from_bridge(signatures: Mapping[str, Any]) -> dict[str, LookUpSignature]:
    """The bridge's signatures in the words of the flows; the two rooms do not know each other."""
    return {
        name: LookUpSignature(name, dict(s.needs), {o: dict(f) for o, f in s.outcomes.items()}, s.deadline_ms, s.effect)
        for name, s in signatures.items()
    }
