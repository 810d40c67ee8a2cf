"""What the studio asks of this room, and how it is refused: values that the console and this room share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = dict[str, Any]  # plain JSON
Files = Mapping[str, str]  # flows/NAME.yaml, flows/dialogues/NAME.yaml, prompts/LANGUAGE.yaml -> text


@dataclass(frozen=True, slots=True)
class Author:
    """Who does it, in which language their page is, and from where."""

    name: str
    language: str = "zh-CN"
    address: str = ""


@dataclass(frozen=True, slots=True)
class PublishWish:
    """Files that shall go live. ``base``: the published version on which they were made; another one is a conflict.

    ``excuses``: a word of reason for each warning, by the warning's text as it was told. ``folder``: the digest of the
    folder's content that was merged into these files, when it had been changed by hand; "" when it had not.
    """

    files: Files
    base: int
    reason: str
    excuses: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    source: str = "studio"


@dataclass(frozen=True, slots=True)
class TrafficQuestion:
    """Counts of one flow. ``version`` 0: all; ``versus``: one to compare with, 0: none; ``hours``: back from now.

    ``since`` and ``until``: a span in place of ``hours``, when given.
    """

    flow: str
    version: int = 0
    versus: int = 0
    hours: int = 24 * 30
    since: float = 0.0
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class WayQuestion:
    """A place of a flow in a span. ``version`` 0: all. ``what`` and ``exit``: what was done there, as it is counted."""

    flow: str
    node: str
    since: float
    until: float
    version: int = 0
    what: str = "entered"
    exit: str = ""


@dataclass(frozen=True, slots=True)
class RerunWish:
    """Recorded calls that shall be fed to these files. Seconds since 1970; ``flow`` "": calls of every root flow.

    ``fed`` and ``digest``: what the files are, as the asker calls them; told again with the result.
    """

    files: Files
    since: float
    until: float
    flow: str = ""
    most: int = 10_000
    fed: str = ""
    digest: str = ""


class Refusal(Exception):
    """It cannot be done: an HTTP ``status``, and ``why``, whose words are studio_not_<why>; ``more`` goes with it.

    409: something else is true by now; 413 and 422: what was sent cannot be taken; 503: the database or disk is away.
    """

    def __init__(self, why: str, status: int = 409, more: Shape | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.more = more or {}
