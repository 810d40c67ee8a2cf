"""What the studio's pages ask about versions: the face of ``ivr_server.publishing``, and of its double in the tests.

Everything that is told is plain JSON, with words in the asker's language beside names and numbers; a ``Refusal`` of
``publishing.asked`` says why something is not done. Instants are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from crm_bridge.passed import Cursor, Passed
from ivr_server.publishing.asked import Author, Files, PublishWish, RerunWish, Shape, TrafficQuestion, WayQuestion


class Seeing(Protocol):
    """What callers do: the face of ``publishing.seeing.Seen``."""

    def inside(self) -> Shape:
        """{callers, versions: {number: {"flow/node": n}}}."""

    async def entered(self, since: float, until: float, version: int) -> Mapping[str, int]:
        """"flow/node" -> how often it was come to."""

    async def course(self, asked: WayQuestion) -> Shape:
        """{hours: [[epoch, {what: n}]], versions: [[number, {what: n}]]} of a node."""

    async def calls(self, asked: WayQuestion, before: Cursor | None = None) -> Passed:
        """The calls that took the way, newest first."""

    async def here(self, flow: str, node: str) -> Sequence[Any]:
        """Those who are at this node just now, as the journal has them."""


class Publishing(Protocol):
    """The versions, what is live, and what a change would do."""

    @property
    def published(self) -> int:
        """The number of the version that new calls get."""

    def progress(self) -> Shape:
        """{busy, step: ""|judge|render|switch|folder, done, of}; ``of`` 0: nobody can tell how much it is."""

    async def files(self, number: int) -> Files:
        """What stands in a version. Refusal: no_version, damaged."""

    async def heard(self, number: int) -> Files:
        """The same with its recordings by what was in them when it was made. Refusal: as ``files``."""

    async def versions(self, by: Author) -> Shape:
        """{published, versions, folder, busy}; ``busy``: "" or what is being done just now (publish, roll_back).

        ``versions``, newest first: {number, at, author, reason, source, source_words, parent, digest, published,
        callers, damaged}; ``folder`` as below.
        """

    async def version(self, by: Author, number: int) -> Shape:
        """One of them with ``files``: [{file, lines}], ``flows``, and ``excuses`` of its warnings."""

    async def folder(self, by: Author) -> Shape:
        """{state: same|changed|conflict|broken|read_only|missing, words, digest, files: [{file, change}], version}.

        ``version`` is the one that was last taken from or written to the folder: the base of a merge by three.
        """

    async def folder_files(self) -> Files:
        """What stands in the folder now. Refusal: folder."""

    async def diff(self, by: Author, old: int, new: int | Files) -> Shape:
        """What is different.

        ``files``: [{file, change: added|removed|changed, lines: [[" "|"+"|"-"|"@", text]]}];
        ``changes``: [{flow, node, change: added|removed|changed, words: [..]}] in reading order;
        ``prompts``: [{prompt, language, old, new}]; ``speaking``: the flows that name one of them.
        """

    async def impact(self, by: Author, files: Files) -> Shape:
        """What hangs on a change, before it is published.

        ``inside``: {callers, flows: [{flow, title, callers}]}; ``options``: [{flow, node, exit, words, uses}] of the
        last ``days``; ``links``: [{flow, from: [{flow, node}]}].
        """

    async def publish(self, by: Author, wish: PublishWish) -> Shape:
        """{number, folder}. Refusal: stale (with ``published`` and ``diff``), same, unproved (with ``proof``), reason,

        excuses (with ``warnings``), busy, too_big, bad_name, sounds, disk.
        """

    async def roll_back(self, by: Author, number: int, reason: str) -> Shape:
        """{number, folder}: that version is live again. Refusal: as ``publish``, no_version, damaged."""

    async def export(self, by: Author, number: int) -> bytes:
        """A ZIP of a version, to be imported elsewhere."""

    async def unpack(self, by: Author, content: bytes) -> Files:
        """The files of such a ZIP, checked by name and size only. Refusal: archive (with ``text``), too_big."""

    async def rerun(self, by: Author, wish: RerunWish) -> Shape:
        """Begin one, in place of the asker's last: {id}. Refusal: busy, unproved (files that cannot be read)."""

    async def rerun_state(self, by: Author) -> Shape:
        """How far it is: {id, running, done, of, groups, unreadable, fault}; {} when the asker has none.

        And of what was asked: {since, until, flow, fed, digest}.

        ``groups``: [{kind: same|menu|ends|stuck, words, count, share, reasons: [{words, count}],
        examples: [{call, at, words}]}].
        """

    async def side_by_side(self, by: Author, call: str) -> Shape:
        """One call of the last re-run: {kind, words, recorded: [{flow, node, what, words, differs}], rerun: alike}."""

    async def traffic(self, by: Author, asked: TrafficQuestion) -> Shape:
        """Counts of one flow.

        ``nodes``: {node: {entered, chosen, wrong, silent, left, human, exits: {name: n}}}; ``hours``: [[epoch, calls]];
        ``versions``: [those with counts]; ``compared``: [{node, exit, a: [n, of, low, high], b: [alike], differs}].
        """

    @property
    def seen(self) -> Seeing:
        """Where callers are, hour by hour, and which calls took a way."""

    async def audit(self, by: Author, limit: int = 200) -> Shape:
        """``rows``: [{number, at, who, what, what_words, about}], newest first; ``whole``: the chain holds."""
