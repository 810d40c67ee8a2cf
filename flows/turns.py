"""Commands a turn asks for, the events that answer them, and the table of which may answer which.

A turn holds exactly one command; a driver carries it out and answers with exactly one event. Times are
milliseconds. ``heard`` is the share of the command's script that was played, 0.0 to 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flows.facts import Fact, Script


@dataclass(frozen=True, slots=True)
class EntryRule:
    """What keys make one entry; carried out by ``digits``.

    ``options``: entries that stand alone (menu keys, and the keys for everywhere: 0 9 *). ``#`` is never one: alone it
    gives the empty entry. ``first``: digits a typed entry may begin with ("" when only options are taken).
    """

    options: tuple[str, ...] = ()
    first: str = ""
    shortest: int = 1
    longest: int = 1
    first_ms: int = 10_000
    between_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Play:
    """Speak the script. Interruptible: a key ends it, and the key is kept for the next Collect."""

    script: Script
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Collect:
    """Speak the script, then gather one entry; keys may begin during the script (barge-in).

    ``typed_ahead``: False drops keys pressed before this command began (after an error, before an effect).
    ``interruptible``: False also plays the whole script first; keys pressed in it are kept.
    ``secret``: the driver keeps the keys in its vault, answers with a handle, and records nothing of them.
    """

    script: Script
    rule: EntryRule
    typed_ahead: bool = True
    secret: bool = False
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the world one named question; arguments are facts. Keys pressed meanwhile are kept.

    ``comfort`` is played from 1 s on and cut the moment the answer lands, ``apology`` at 6 s.
    """

    name: str
    arguments: tuple[tuple[str, Fact], ...]
    deadline_ms: int
    comfort: Script = ()
    apology: Script = ()


@dataclass(frozen=True, slots=True)
class Enqueue:
    """The last command of a call that goes on to a human: which queue ("": the first), and what about."""

    queue: str
    business: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The last command of a call that is over. Disposition: a word of DISPOSITIONS."""

    disposition: str


@dataclass(frozen=True, slots=True)
class Played:
    """The script was played (``heard`` < 1 when a key cut it)."""

    heard: float = 1.0


@dataclass(frozen=True, slots=True)
class Keyed:
    """An entry: ``keys`` without its closing ``#``; "" when ``#`` came alone.

    Of a secret command: a vault handle, unless the keys are one of the rule's options or empty, which come as they are.

    ``length`` is the number of keys, told for secrets too. ``waited_ms``: from the end of the script to the first key.
    """

    keys: str
    length: int
    heard: float = 1.0
    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class NoInput:
    """No key within ``rule.first_ms``; ``elapsed_ms`` is the whole command, script included."""

    elapsed_ms: int
    heard: float = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A look-up's answer: one of its declared outcomes, with the facts that outcome gives."""

    outcome: str
    facts: tuple[tuple[str, Fact], ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The world's fault, in one word: deadline, unavailable, prompt, line, hold, crash."""

    fault: str
    heard: float = 0.0


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone. ``heard``: of the script that was playing."""

    heard: float = 0.0


Command = Play | Collect | LookUp | Enqueue | End
Event = Played | Keyed | NoInput | Answered | Failed | HungUp

ANSWERS: Final[dict[type, tuple[type, ...]]] = {
    Play: (Played, Failed, HungUp),
    Collect: (Keyed, NoInput, Failed, HungUp),
    LookUp: (Answered, Failed, HungUp),
    Enqueue: (),
    End: (),
}

DISPOSITIONS: Final = (
    "served",  # a goodbye after something was told or done
    "goodbye",  # a goodbye, nothing asked
    "enqueued",  # handed to a queue
    "call_back",  # a call-back was recorded
    "silent",  # 60 s without a key
    "fax_machine",  # a machine called, and was told that nobody takes its fax
    "hung_up",  # the caller left
    "failed",  # an apology and a clean end
    "refused",  # no flow for this number
)


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the trail, as data. ``detail`` holds plain words by name, never a secret.

    ``what`` and its details: heard (prompts, share), chosen (key, prompt or answer), entered (fact, value or length),
    wrong (keys, times), silent (times), asked (look_up), answered (look_up, outcome, facts told), went (to), failed
    (fault), hung_up, tagged (tag), ended (disposition, queue, business).
    """

    step: int
    flow: str
    node: str
    what: str
    detail: tuple[tuple[str, str], ...] = field(default=())
