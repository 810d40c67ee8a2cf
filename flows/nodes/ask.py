"""ask: takes a typed entry of a given form and keeps it as a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from flows.facts import Fact
from flows.flow import Exit, LookUpSignature
from flows.forms import FORMS, Form, shown
from flows.nodes.node import EVERYWHERE, Answer, Collecting, Go, Known, Wrong, everywhere
from flows.turns import EntryRule, Event, Keyed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Collecting):
    """Asks for digits: a phone number, a month, a password. What is accepted is the form's, lengths may be narrowed."""

    wrong_prompt: ClassVar[str] = "wrong_entry"
    kind: Literal["ask"] = "ask"
    form: Literal["phone", "month", "digits", "password", "code"]
    into: str
    to: str
    shortest: int = 0  # 0: the form's
    longest: int = 0
    choices: Mapping[str, str] = field(default_factory=dict)  # key -> the fact it stands for
    empty: str = ""  # where a lone # leads; "": it repeats

    def ways(self) -> tuple[Exit, ...]:
        """On, by a lone ``#`` where that means something, and back."""
        empty = (Exit("empty", self.empty),) if self.empty else ()
        return (Exit("to", self.to), *empty, *self.back_ways())

    def shape(self) -> Form:
        """The form, with this node's lengths."""
        form = FORMS[self.form]
        return Form(form.kind, form.first, self.shortest or form.shortest, self.longest or form.longest, form.read)

    def rule(self) -> EntryRule:
        """Typed digits beside the choices and the keys for everywhere."""
        form = self.shape()
        keys = tuple(dict.fromkeys((*self.choices, *(key for key in EVERYWHERE if key))))
        return EntryRule(keys, form.first, form.shortest, form.longest, self.first_ms, self.between_ms or 5_000)

    def secret(self) -> bool:
        """Passwords go into the vault."""
        return FORMS[self.form].kind == "secret"

    def drops_typed_ahead(self) -> bool:
        """Nothing typed before a password is asked for counts towards it."""
        return self.secret() or not self.typed_ahead

    def brings(self, look_ups: Mapping[str, LookUpSignature]) -> Mapping[str, Mapping[str, str]]:
        """The entry, by the way on."""
        return {"to": {self.into: FORMS[self.form].kind}}

    def answer(self, event: Event, known: Known) -> Answer:
        """On with the entry when it has the form; a choice wins over an everywhere key, that one over an entry."""
        if not isinstance(event, Keyed):
            return Wrong("")
        if event.keys in self.choices:
            fact = known.get(self.choices[event.keys])
            return self._take(fact, event.length) if fact else Wrong(event.keys)
        if event.keys == "" and self.empty:
            return Go(self.empty, notes=(("chosen", (("key", "#"),)),))
        inherited = everywhere(event.keys)
        if inherited:
            return inherited
        fact = self.shape().fact(event.keys, event.length)
        return self._take(fact, event.length) if fact else Wrong("" if self._private() else event.keys)

    def _private(self) -> bool:
        """What proves who is calling is not for the trail."""
        return self.form in ("password", "code")

    def _take(self, fact: Fact, length: int) -> Go:
        said = ("length", str(length)) if self._private() else ("value", shown(fact))
        return Go(self.to, ((self.into, fact),), notes=(("entered", (("fact", self.into), said)),))
