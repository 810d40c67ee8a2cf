"""The draft of flows and words: every change of a file is a row that stays; nothing is lost, all can be undone.

A file's newest row is its draft. ``version`` counts the rows of a file: who saves names the version that was seen, and
is refused when there is a newer one (optimistic concurrency; FAULTS G8). ``base`` is the published text that the draft
grew from. ``undo`` and ``redo`` name the versions whose text comes next in either direction, 0: none. Going back is a
new row like any other. Rows that were written together share a ``change``, and are undone together. Text "": the file
is not there.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy import text as sql

from crm_bridge.schema import metadata

KEPT: Final = 400  # rows of one file; older ones can no longer be undone
_LOCK: Final = 0x1_4C15  # PostgreSQL advisory lock: one change of a draft at a time

draft_revisions = Table(
    "draft_revisions",
    metadata,
    Column("file", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("author", String(80), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("what", String(200), nullable=False),
    Column("change", String(20), nullable=False),
    Column("undo", Integer, nullable=False),
    Column("redo", Integer, nullable=False),
    Index("draft_revisions_by_time", "at"),
)


@dataclass(frozen=True, slots=True)
class Revision:
    """One row. ``at``: seconds since 1970; ``what``: what was done, for people."""

    file: str
    version: int
    text: str
    base: str
    author: str = ""
    at: float = 0.0
    what: str = ""
    change: str = ""
    undo: int = 0
    redo: int = 0


@dataclass(frozen=True, slots=True)
class Writing:
    """A text to be kept. ``seen``: the version it was made from; ``base``: the published text that it grows from."""

    file: str
    seen: int
    text: str
    base: str


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose change it is, when, and what was done."""

    author: str
    at: float
    what: str


class Older(Exception):
    """Somebody was quicker; ``head`` is what they wrote."""

    def __init__(self, head: Revision) -> None:
        super().__init__(head.file)
        self.head = head


def heads(connection: Connection) -> dict[str, Revision]:
    """The newest row of each file."""
    last = select(draft_revisions.c.file, func.max(draft_revisions.c.version).label("newest"))
    newest = last.group_by(draft_revisions.c.file).subquery()
    joined = and_(draft_revisions.c.file == newest.c.file, draft_revisions.c.version == newest.c.newest)
    found = connection.execute(select(draft_revisions).join(newest, joined))
    return {row.file: Revision(**row._mapping) for row in found}


def revision(connection: Connection, file: str, version: int) -> Revision | None:
    """One row; None when it was never written, or is too old to be kept."""
    wanted = (draft_revisions.c.file == file, draft_revisions.c.version == version)
    row = connection.execute(select(draft_revisions).where(*wanted)).first()
    return None if row is None else Revision(**row._mapping)


def history(connection: Connection, limit: int) -> list[Revision]:
    """The latest changes of all files, newest first, without their texts."""
    order = (draft_revisions.c.at.desc(), draft_revisions.c.version.desc())
    asked = select(draft_revisions).order_by(*order).limit(limit)
    return [replace(Revision(**row._mapping), text="", base="") for row in connection.execute(asked)]


def write(connection: Connection, writings: Sequence[Writing], hand: Hand) -> dict[str, Revision]:
    """Keep these texts as one change, all or none; raises Older for the first that was not made from the newest."""
    _one_at_a_time(connection)
    found, change = heads(connection), secrets.token_hex(8)
    new = {}
    for one in writings:
        head = found.get(one.file)
        if head is not None and head.version != one.seen:
            raise Older(head)
        if head is None and one.seen:
            raise Older(Revision(one.file, 0, "", ""))
        if head is None:
            head = _add(connection, Revision(one.file, 1, one.base, one.base, at=hand.at, change=change))
        made = Revision(one.file, head.version + 1, one.text, one.base, hand.author, hand.at, hand.what, change)
        new[one.file] = _add(connection, replace(made, undo=head.version))
    return new


def undo(connection: Connection, file: str, seen: int, hand: Hand) -> dict[str, Revision]:
    """One change of this file taken back, with all that was written together with it; {} when there is none."""
    _one_at_a_time(connection)
    found = heads(connection)
    head = _seen(found, file, seen)
    if not head.undo:
        return {}
    together = [one for one in found.values() if one.change == head.change and one.undo]
    return _turned(connection, [(one, one.undo) for one in together], hand, back=True)


def redo(connection: Connection, file: str, seen: int, hand: Hand) -> dict[str, Revision]:
    """What was taken back last, once more; {} when there is nothing."""
    _one_at_a_time(connection)
    found = heads(connection)
    head = _seen(found, file, seen)
    target = revision(connection, file, head.redo) if head.redo else None
    if target is None:
        return {}
    together = []
    for one in found.values():
        ahead = revision(connection, one.file, one.redo) if one.redo else None
        if ahead is not None and ahead.change == target.change:
            together.append((one, one.redo))
    return _turned(connection, together, hand, back=False)


def _one_at_a_time(connection: Connection) -> None:
    """SQLite's writes wait for each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _seen(found: dict[str, Revision], file: str, seen: int) -> Revision:
    head = found.get(file, Revision(file, 0, "", ""))
    if head.version != seen:
        raise Older(head)
    return head


Pairs = list[tuple[Revision, int]]  # a head, and the version whose text it shall have


def _turned(connection: Connection, pairs: Pairs, hand: Hand, *, back: bool) -> dict[str, Revision]:
    """Each head with the text of another of its versions, as a new row; those too old to be kept stay as they are."""
    new = {}
    for head, to in pairs:
        target = revision(connection, head.file, to)
        if target is None:
            continue
        made = replace(
            target,
            version=head.version + 1,
            base=head.base,
            author=hand.author,
            at=hand.at,
            what=hand.what,
            redo=head.version if back else target.redo,
            undo=target.undo if back else head.version,
        )
        new[head.file] = _add(connection, made)
    return new


def _add(connection: Connection, made: Revision) -> Revision:
    made = replace(made, what=made.what[:200])
    connection.execute(insert(draft_revisions).values(**{one.name: getattr(made, one.name) for one in fields(made)}))
    old = (draft_revisions.c.file == made.file, draft_revisions.c.version <= made.version - KEPT)
    connection.execute(delete(draft_revisions).where(*old))
    return made
