"""The draft of all admins: what is published, with everybody's changes on it; nobody's are overwritten.

A change names the version of the file that its author saw. If somebody was quicker, both changes are merged by three:
what touches different lines goes together; what touches the same lines raises ``Conflict``, which the page shows, and
which is answered with a choice for each place. A draft whose file was published anew meanwhile is ``behind``, and is
merged in the same way with what is live now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from crm_bridge import drafts as rows
from crm_bridge.database import Database
from crm_bridge.drafts import Hand, Older, Revision, Writing
from ivr_server.drafting import naming
from ivr_server.drafting.bench import Bench
from ivr_server.drafting.merging import Merged, merge

EDIT_S: Final = 20.0
TRIES: Final = 4
HISTORY: Final = 60
Shape = dict[str, Any]


class Published(Protocol):
    """What is live: the part of ``ivr_server.publishing`` that a draft grows from."""

    @property
    def published(self) -> int:
        """The number of the version that new calls get."""

    async def files(self, number: int) -> Mapping[str, str]:
        """What stands in a version."""


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file as the draft has it. ``text`` "": it is not there; ``live`` is what is published."""

    file: str
    text: str
    live: str
    head: Revision | None = None

    @property
    def version(self) -> int:
        """The version to name when it is changed."""
        return self.head.version if self.head else 0

    @property
    def changed(self) -> bool:
        """Whether it differs from what is live."""
        return self.text != self.live

    @property
    def behind(self) -> bool:
        """Whether it was published anew since the draft was begun."""
        return self.changed and self.head is not None and self.head.base != self.live


@dataclass(frozen=True, slots=True)
class Change:
    """Edits of one file. ``seen``: the version they were made on; ``choices``: mine, theirs or both for each clash."""

    file: str
    seen: int
    edits: tuple[Shape, ...]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What was kept. ``merged_with``: whose change of the same file was taken along, "" when nobody's was."""

    files: dict[str, DraftFile]
    merged_with: str = ""


class Conflict(Exception):
    """Two people changed the same lines. ``merged`` shows where; ``whose`` and ``head`` are the other's."""

    def __init__(self, file: str, merged: Merged, head: Revision | None, whose: str) -> None:
        super().__init__(file)
        self.file, self.merged, self.head, self.whose = file, merged, head, whose


class Unfit(Exception):
    """This cannot be kept; ``why`` is a key of the console's words."""

    def __init__(self, why: str, status: int = 422) -> None:
        super().__init__(why)
        self.why, self.status = why, status


class Drafts:
    """The draft. ``bench`` does what is heavy with people's text; ``now`` gives seconds since 1970."""

    def __init__(self, database: Database, published: Published, bench: Bench, now: Callable[[], float]) -> None:
        self._database, self._published, self._bench, self._now = database, published, bench, now

    async def all(self) -> dict[str, DraftFile]:
        """Every file of the draft, and every file that is published and not in it any more."""
        live = await self._published.files(self._published.published)
        heads = await self._database.run(rows.heads)
        return {name: _file(name, live.get(name, ""), heads.get(name)) for name in sorted({*live, *heads})}

    async def files(self) -> dict[str, str]:
        """The texts of those that are there: what would be published."""
        return texts(await self.all())

    async def history(self) -> list[Revision]:
        """The latest changes, newest first."""
        return await self._database.run(rows.history, HISTORY)

    async def change(self, changes: Sequence[Change], author: str, what: str) -> Saved:
        """Keep edits of one or more files together. Raises Conflict, Unfit, ``bench.BenchFault``."""
        for one in changes:
            if not naming.fit(one.file):
                raise Unfit("studio_not_bad_name")
        for _ in range(TRIES):
            found = await self.all()
            made = [await self._made(one, found) for one in changes]
            _bounded(found, {writing.file: writing.text for writing, _ in made})
            try:
                hand = Hand(author, self._now(), what)
                kept = await self._database.run(rows.write, [writing for writing, _ in made], hand, write=True)
            except Older:
                continue
            whose = next((other for _, other in made if other), "")
            return Saved({name: _file(name, _live(found, name), head) for name, head in kept.items()}, whose)
        raise Unfit("studio_not_busy", 409)

    async def _made(self, change: Change, found: Mapping[str, DraftFile]) -> tuple[Writing, str]:
        """The new text, and with whose change it was merged."""
        here = found.get(change.file, DraftFile(change.file, "", ""))
        base = here.head.base if here.head and here.changed else here.live
        if change.seen == here.version:
            return Writing(change.file, here.version, await self._edited(here.text, change), base), ""
        seen = await self._seen(change, here)
        merged = merge(seen, await self._edited(seen, change), here.text)
        whose = here.head.author if here.head else ""
        return Writing(change.file, here.version, _settled(change, merged, here.head, whose), base), whose

    async def _seen(self, change: Change, here: DraftFile) -> str:
        """The text that the author had before them."""
        found = await self._database.run(rows.revision, change.file, change.seen or 1)
        if found is None:
            raise Unfit("studio_not_seen", 409)
        return found.text

    async def _edited(self, text: str, change: Change) -> str:
        if all(one.get("do") == "lines" for one in change.edits) and len(change.edits) == 1:
            return _relined(text, change.edits[0])
        answer = await self._bench.ask({"do": "edit", "text": text, "edits": list(change.edits)}, EDIT_S)
        if "refused" in answer:
            raise Unfit(answer["refused"])
        return str(answer["text"])

    async def undo(self, file: str, seen: int, author: str, back: bool = True) -> dict[str, DraftFile]:
        """One change back (or forward again) with what was made together with it; {} when there is none."""
        turn, what = (rows.undo, "undo") if back else (rows.redo, "redo")
        try:
            kept = await self._database.run(turn, file, seen, Hand(author, self._now(), what), write=True)
        except Older:
            raise Unfit("studio_not_seen", 409) from None
        found = await self.all()
        return {name: found[name] for name in kept}

    async def discard(self, names: Sequence[str], author: str) -> dict[str, DraftFile]:
        """These files, or all of them, are what is live again; that can be undone like any other change."""
        found = await self.all()
        wanted = [one for name, one in found.items() if one.changed and (not names or name in names)]
        writings = [Writing(one.file, one.version, one.live, one.live) for one in wanted]
        return await self._kept(writings, author, "discard") if writings else {}

    async def ahead(self, file: str, choices: Sequence[str], author: str) -> dict[str, DraftFile]:
        """A file that is behind, merged with what is live now. Raises Conflict when nobody has chosen yet."""
        here = (await self.all()).get(file)
        if here is None or not here.behind or here.head is None:
            raise Unfit("studio_not_behind", 409)
        merged = merge(here.head.base, here.text, here.live)
        text = _settled(Change(file, here.version, (), tuple(choices)), merged, here.head, "")
        return await self._kept([Writing(file, here.version, text, here.live)], author, "merge")

    async def settle(self, author: str) -> None:
        """After publishing: what is live now is no draft any more, whatever is live later."""
        found = await self.all()
        done = [one for one in found.values() if one.head and not one.changed and one.head.text != one.head.base]
        writings = [Writing(one.file, one.version, one.text, one.text) for one in done]
        if writings:
            await self._kept(writings, author, "published")

    async def replace(self, files: Mapping[str, str], author: str, what: str) -> dict[str, DraftFile]:
        """The draft becomes these files (an import, an old version to begin from); what is missing goes away."""
        if not all(map(naming.fit, files)):
            raise Unfit("studio_not_bad_name")
        found = await self.all()
        wanted = {**dict.fromkeys(found, ""), **files}
        _bounded({}, wanted)
        odd = {name: text for name, text in wanted.items() if text != (found[name].text if name in found else "")}
        writings = [_writing(found.get(name, DraftFile(name, "", "")), text) for name, text in odd.items()]
        return await self._kept(writings, author, what) if writings else {}

    async def take(
        self, files: Mapping[str, str], author: str, choices: Mapping[str, tuple[str, ...]]
    ) -> dict[str, DraftFile]:
        """What somebody wrote into the folder, merged into the draft by three. Raises Conflict for the first clash."""
        found, writings = await self.all(), []
        for name in sorted({*files, *(name for name, one in found.items() if one.live)}):
            here = found.get(name, DraftFile(name, "", ""))
            merged = merge(here.live, here.text, files.get(name, ""))
            text = _settled(Change(name, here.version, (), choices.get(name, ())), merged, here.head, "")
            if naming.fit(name) and text != here.text:
                writings.append(_writing(here, text))
        _bounded(found, {one.file: one.text for one in writings})
        return await self._kept(writings, author, "folder") if writings else {}

    async def _kept(self, writings: list[Writing], author: str, what: str) -> dict[str, DraftFile]:
        try:
            await self._database.run(rows.write, writings, Hand(author, self._now(), what), write=True)
        except Older:
            raise Unfit("studio_not_seen", 409) from None
        found = await self.all()
        return {writing.file: found[writing.file] for writing in writings if writing.file in found}


def texts(files: Mapping[str, DraftFile]) -> dict[str, str]:
    """The texts of those that are there."""
    return {name: one.text for name, one in files.items() if one.text}


def digest(files: Mapping[str, str]) -> str:
    """Of a draft's whole content."""
    return hashlib.sha256(repr(sorted(files.items())).encode("utf-8", "backslashreplace")).hexdigest()[:24]


def _file(name: str, live: str, head: Revision | None) -> DraftFile:
    """A head whose text is its own base is no change, whatever is live by now."""
    drafted = head is not None and head.text != head.base
    return DraftFile(name, head.text if head is not None and drafted else live, live, head)


def _live(found: Mapping[str, DraftFile], name: str) -> str:
    return found[name].live if name in found else ""


def _writing(here: DraftFile, text: str) -> Writing:
    return Writing(here.file, here.version, text, here.live)


def _relined(text: str, edit: Shape) -> str:
    """Lines given way to others: what the text pane sends, which needs no parser."""
    lines, value = text.splitlines(keepends=True), edit.get("value")
    first, last = edit.get("first"), edit.get("last")
    whole = isinstance(first, int) and isinstance(last, int) and isinstance(value, str)
    if not whole or not 0 <= first <= last <= len(lines):  # type: ignore[operator]
        raise Unfit("studio_no_such_place")
    return "".join((*lines[:first], str(value), *lines[last:]))


def _bounded(found: Mapping[str, DraftFile], new: Mapping[str, str]) -> None:
    """Nothing beyond what a reader would take is kept at all (FAULTS G3)."""
    if any(len(text) > naming.LARGEST for text in new.values()):
        raise Unfit("studio_not_too_big", 413)
    if len({*found, *new}) > naming.MOST_FILES:
        raise Unfit("studio_not_too_many", 413)
    if any("\0" in text for text in new.values()):
        raise Unfit("studio_broken_yaml")


def _settled(change: Change, merged: Merged, head: Revision | None, whose: str) -> str:
    """The merged text, with the choices where both changed the same lines."""
    text = merged.settled(change.choices)
    if text is None:
        raise Conflict(change.file, merged, head, whose)
    return text
