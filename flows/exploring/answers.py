"""What the world may answer to a command: for each way that a flow could tell apart, one event that stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from flows.facts import Fact, Saying
from flows.flow import Library, LookUpSignature
from flows.turns import (
    Answered,
    Collect,
    Command,
    EntryRule,
    Event,
    Failed,
    HungUp,
    Keyed,
    LookUp,
    NoInput,
    Play,
    Played,
)

SECRET: Final = "\N{LOCK}secret"  # the handle of every secret in a walk: found anywhere but in a secret fact, it leaked
HUNG_UP: Final = HungUp()

_VALUES: Final[dict[str, str | int]] = {
    "money": 12_850,
    "month": "2026-10",
    "date": "2026-11-30",
    "time": "09:00",
    "digits": "13800138000",
    "count": 2,
    "text": "customer-1",
    "secret": SECRET,
}
_SAMPLE: Final = "13800138000139001390001360013600013700137000"
_MONTHS: Final = ("202610", "202613")  # six digits may be a month: one that is and one that is none


def answers_to(library: Library, command: Command) -> tuple[Event, ...]:
    """Every representative answer to ``command``; the hang-up is always the last. Nothing may answer a last command."""
    if isinstance(command, Play):
        return (Played(), Failed("prompt"), HUNG_UP)
    if isinstance(command, Collect):
        return _keyed(command.rule, command.secret)
    if isinstance(command, LookUp):
        signature = library.look_ups.get(command.name)
        return (*(_answered(library, signature) if signature else ()), Failed("deadline"), HUNG_UP)
    return ()


@cache
def _keyed(rule: EntryRule, secret: bool) -> tuple[Event, ...]:
    """Option keys, keys that are none, entries too short, shortest, longest, a lone ``#``, and silence."""
    entries = dict.fromkeys((*_options(rule), *_strangers(rule), *_typed(rule)))
    alone = {*rule.options, ""}
    keyed = [Keyed(SECRET if secret and keys not in alone else keys, len(keys)) for keys in entries]
    return (*keyed, NoInput(rule.first_ms), Failed("prompt"), HUNG_UP)


def _options(rule: EntryRule) -> Iterator[str]:
    """The entries that stand alone; ``#`` arrives as the empty entry."""
    yield from (option for option in rule.options if option != "#")
    yield ""


def _strangers(rule: EntryRule) -> Iterator[str]:
    """One key that is no option and begins no entry, if there is such a key."""
    yield from [key for key in "84736521" if key not in rule.options and key not in rule.first][:1]


def _typed(rule: EntryRule) -> Iterator[str]:
    """Typed entries: one key too few, the shortest, the longest."""
    if not rule.first:
        return
    begin = rule.first if "1" not in rule.first else "1"
    for length in (rule.shortest - 1, rule.shortest, rule.longest):
        if length > 0:
            yield (begin[0] + _SAMPLE[1:])[:length].ljust(length, "0")
    if rule.shortest <= 6 <= rule.longest:
        yield from (month for month in _MONTHS if month[0] in rule.first)


def _answered(library: Library, signature: LookUpSignature) -> Iterator[Event]:
    """Each declared outcome with exactly the facts that it gives; with and without those that may be absent."""
    for outcome, gives in signature.outcomes.items():
        full = _facts(library, gives, optional=True)
        yield Answered(outcome, full)
        if any(kind.endswith("?") for kind in gives.values()):
            yield Answered(outcome, _facts(library, gives, optional=False))


def _facts(library: Library, gives: Mapping[str, str], *, optional: bool) -> tuple[tuple[str, Fact], ...]:
    wanted = {name: kind for name, kind in gives.items() if optional or not kind.endswith("?")}
    return tuple((name, sample(library, kind.rstrip("?"))) for name, kind in sorted(wanted.items()))


def sample(library: Library, kind: str) -> Fact:
    """A fact of that kind which can be spoken (kinds ``prompt`` and ``sayings`` speak a prompt without slots)."""
    if kind == "queue":
        return Fact(kind, min(library.queues, default=""))
    if kind in _VALUES:
        return Fact(kind, _VALUES[kind])
    plain = next((name for name, slots in sorted(library.prompts.items()) if not slots), "")
    return Fact(kind, plain if kind == "prompt" else (Saying(plain),) if plain else ())
