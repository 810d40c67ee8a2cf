"""The notice switched by telephone: a password, what is said now, which notices there are, one of them on, or none.

Answers the look-ups of ``calls.notice_switch``. A try is counted as failed before it is compared, as a customer's is
(``crm_bridge.tries``); whoever sets another password forgives the failures.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from crm_bridge.answers import LookUpFault
from crm_bridge.hashing import HashingBusy
from crm_bridge.ledger import OwnLedger, Try
from crm_bridge.secret import Secret
from crm_bridge.tries import TryRule, admit, minutes
from flows.facts import Fact, Facts
from flows.turns import Answered
from ivr_server.notice import MEANT, NoticeText, parsed
from ivr_server.publishing.asked import Author
from ivr_server.sheets.asked import Moved, NotKept, Sheets

KIND: Final = "notice"  # of a try, and the account that it is counted under
PASSWORD_FILE: Final = "notice-password"  # in the state folder: an Argon2 hash
DEFAULT: Final = timedelta(hours=4)
AGAIN: Final = 3  # times, when somebody else keeps a notice at the same moment


class Store(Protocol):
    """What is used of ``crm_bridge.database.Database``."""

    async def run(self, function: Callable[..., Any], *arguments: Any, write: bool = ...) -> Any:
        """What ``function(connection, *arguments)`` gives; LookUpFault."""


@dataclass(frozen=True, slots=True)
class NoticeSwitch:
    """``prompts``: those of the live flows, with the kinds of their slots. ``matches`` compares a hash in a thread."""

    sheets: Callable[[], Sheets]
    prompts: Callable[[], Mapping[str, Mapping[str, str]]]
    store: Store
    matches: Callable[[str | None, Secret], Awaitable[bool]]
    folder: Path
    zone: ZoneInfo
    now: Callable[[], datetime]
    rule: TryRule = field(default_factory=TryRule)

    async def ask(self, name: str, given: Mapping[str, Any], call: str) -> Answered:
        """One answer. Raises LookUpFault."""
        try:
            return await self._answered(name, given, call)
        except (NotKept, OSError, UnicodeDecodeError):  # the caller hears that it was not done
            raise LookUpFault("unavailable") from None

    async def _answered(self, name: str, given: Mapping[str, Any], call: str) -> Answered:
        if name == "notice_password":
            return await self._let_in(given["password"], call)
        if name == "notice_state":
            return await self._state()
        if name == "next_notice":
            return self._next(str(given.get("notice", "")))
        return await self._switched(name, str(given.get("notice", "")), str(given.get("caller", "")))

    async def _let_in(self, password: Secret, call: str) -> Answered:
        kept = self._password()
        if not kept:
            return Answered("off")
        admitted = await self.store.run(_admitted, (call, self.now().timestamp(), self.rule), write=True)
        if admitted.word == "wait":
            return Answered("wait", (("minutes", Fact("count", minutes(admitted.wait_s))),))
        if admitted.word != "go":
            return Answered("last_wrong" if admitted.word == "call_spent" else "locked")
        try:
            fits = await self.matches(kept, password)
        except HashingBusy:
            raise LookUpFault("busy") from None
        if fits:
            await self.store.run(_right, admitted.number, write=True)
            return Answered("right", (("switcher", Fact("text", "telephone")),))
        if admitted.then == "wait":
            return Answered("wait", (("minutes", Fact("count", minutes(admitted.wait_s))),))
        facts = (("tries_left", Fact("count", admitted.left)),) if admitted.then == "wrong" else ()
        return Answered(admitted.then, facts)

    def _password(self) -> str:
        try:
            return (self.folder / PASSWORD_FILE).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    async def _state(self) -> Answered:
        found = parsed((await self.sheets().held("notice")).text)
        speakable = found.holds(self.now()) and self.prompts().get(found.prompt) == {}
        return Answered("set", self._said(found)) if speakable else Answered("none")

    def _next(self, before: str) -> Answered:
        """The one after ``before``; after the last one the first."""
        names = self._offered()
        if not names:
            return Answered("none")
        later = [name for name in names if name > before]
        return Answered("offered", (("notice", Fact("prompt", (later or names)[0])),))

    def _offered(self) -> list[str]:
        return sorted(name for name, slots in self.prompts().items() if name.startswith(MEANT) and not slots)

    async def _switched(self, name: str, prompt: str, caller: str) -> Answered:
        new = NoticeText(prompt, (self.now() + DEFAULT).replace(second=0, microsecond=0))
        if name == "switch_notice_off":
            new = NoticeText()
        elif prompt not in self._offered():
            return Answered("refused")
        by = Author("telephone", "zh-CN", caller)
        for _ in range(AGAIN):
            seen = (await self.sheets().held("notice")).digest
            try:
                await self.sheets().keep("notice", new.text, seen, (by, "by telephone"))
            except Moved:
                continue
            return Answered("done", self._said(new) if new.prompt else ())
        raise LookUpFault("busy")

    def _said(self, notice: NoticeText) -> Facts:
        end = notice.until.astimezone(self.zone)
        return (
            ("date", Fact("date", end.date().isoformat())),
            ("notice", Fact("prompt", notice.prompt)),
            ("time", Fact("time", f"{end:%H:%M}")),
        )


def _admitted(connection: Any, asked: tuple[str, float, TryRule]) -> Any:
    call, at, rule = asked
    return admit(OwnLedger(connection), Try(KIND, KIND, call, at), rule)


def _right(connection: Any, number: int) -> None:
    OwnLedger(connection).mark_right(number)


def forgiven(connection: Any) -> None:
    """Another password was set: failures so far no longer count."""
    OwnLedger(connection).forgive(KIND)
