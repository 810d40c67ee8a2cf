"""What the console is made of: everything it asks of the rest of the service, handed in by ``service``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ivr_server.console.api import Api
from ivr_server.console.feed import Feed
from ivr_server.console.lately import Lately

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from crm_bridge.factors import Asked, Standing
    from crm_bridge.fax_attempts import Attempt
    from crm_bridge.fax_jobs import FaxRow, Filter
    from crm_bridge.secret import Secret
    from crm_bridge.staff import Deed, Half, Person
    from ivr_server.console.desk_parts import Agents
    from ivr_server.console.studio import Studio

State = Literal["ok", "bad", "unknown"]
Allowed = Literal["loopback", "everywhere", "off"]


class Staff(Protocol):
    """The face of ``crm_bridge.staff.StaffBook``."""

    async def sign_in(self, name: str, password: Secret, address: str) -> str | Half | None:
        """A session's token, half a sign-in, or None."""

    async def who(self, token: str) -> Person | None:
        """Whose session this is."""

    async def still(self, token: str) -> bool:
        """Whether the session holds; asking does not count as use of it."""

    async def sign_out(self, token: str, deed: Deed) -> None:
        """End it."""

    async def note(self, deed: Deed) -> None:
        """Write a deed down."""


class Factors(Protocol):
    """The face of ``crm_bridge.factors.FactorBook``."""

    async def standing(self, name: str) -> Standing:
        """How this person stands."""

    async def begin(self, name: str, password: Secret, address: str) -> Secret | None:
        """A secret that waits for its first code, for the right password."""

    async def awaited(self, name: str) -> Secret | None:
        """The secret that waits for its first code."""

    async def confirm(self, asked: Asked) -> tuple[str, ...] | None:
        """Recovery codes, for the right first code."""

    async def enter(self, half: str, code: str, address: str) -> str | None:
        """A session's token, for half a sign-in and a right code."""

    async def renew(self, asked: Asked) -> tuple[str, ...] | None:
        """New recovery codes, for a right code."""

    async def off(self, asked: Asked) -> bool:
        """Take it away, for a right code."""


class Calls(Protocol):
    """What is read of the journal: records with the fields of ``crm_bridge.journal.CallRecord``."""

    async def recent(self, limit: int) -> Sequence[Any]:
        """The latest calls, newest first."""

    async def find(self, call: str) -> Any | None:
        """One call with its notes, or None."""

    async def wishes(self, limit: int) -> Sequence[Any]:
        """What callers asked for, newest first: each with the fields of ``crm_bridge.wishes.CallersWish``."""


@dataclass(frozen=True, slots=True)
class Fax:
    """One fax job as it is kept, and the customer's number; "" when it is not in our tables."""

    row: FaxRow
    phone: str = ""


@dataclass(frozen=True, slots=True)
class FaxStory:
    """One fax job with its dials. ``there``: the document is here, and is the one that was made for this account."""

    fax: Fax
    attempts: tuple[Attempt, ...] = ()
    there: bool = False


@dataclass(frozen=True, slots=True)
class Moving:
    """The jobs that may change, with the newest ones, and how many jobs there are in each state."""

    faxes: tuple[Fax, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class Faxes(Protocol):
    """The fax jobs: read, and decided about. What is decided is written down with its deed in one transaction."""

    @property
    def mails(self) -> bool:
        """Whether documents can be mailed."""

    async def jobs(self, asked: Filter, limit: int, before: int = 0) -> Sequence[Fax]:
        """Jobs that fit, the newest first; ``before``: only those with a smaller number."""

    async def counts(self) -> Mapping[str, int]:
        """How many jobs there are in each state that has any."""

    async def moving(self) -> Moving:
        """What a page that shows jobs live must look at."""

    async def one(self, job: int) -> Fax | None:
        """One job."""

    async def story(self, job: int) -> FaxStory | None:
        """One job with its dials."""

    async def pdf(self, job: int) -> bytes | None:
        """The document; None when it is not there, or is not this account's (FAULTS H13)."""

    async def picture(self, job: int, page: int) -> bytes | None:
        """A page of the document as it is faxed, as PNG; None when it is not there."""

    async def retry(self, job: int, deed: Deed) -> bool:
        """Send it now: a failed one once more, one that waits at once. False: its state does not allow it any more."""

    async def cancel(self, job: int, deed: Deed) -> bool:
        """End it; a call under way is hung up. False: it has ended already."""

    async def mail(self, job: int, address: str, deed: Deed) -> None:
        """Mail the document; ``ivr_server.faxing.mailing.MailFault`` says why not. Intent and outcome are audited."""


@dataclass(frozen=True, slots=True)
class HealthPart:
    """One thing the service needs. ``name`` has words under part_<name>.

    ``words`` are shown beside it as they are, or ``chinese``, where there is such, to who reads Chinese.
    """

    name: str
    state: State
    words: str = ""
    chinese: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """``well`` is False when a caller would notice; ``draining`` while the last calls are finished."""

    well: bool
    draining: bool = False
    parts: tuple[HealthPart, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """One customer to try the phone with. ``about``: language -> one line of who this is."""

    number: str
    about: Mapping[str, str]
    password: str = ""
    code: str = ""

    def story(self, language: str) -> str:
        """The line in this language."""
        return self.about.get(language, next(iter(self.about.values()), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneParts:
    """The keypad phone: who may use it, the FastAGI port it calls, the token Asterisk would show, where sounds are.

    ``queues``: those to which somebody is signed in when the visitor says that somebody is.
    """

    allowed: Allowed = "loopback"
    host: str = "127.0.0.1"
    port: Callable[[], int] = lambda: 4573
    token: str = ""
    sounds: tuple[Path, ...] = ()
    dialled: str = "10000"
    caller: str = ""
    queues: tuple[str, ...] = ()
    customers: Callable[[], Awaitable[Sequence[DemoCustomer]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All of it. ``titles``: language -> prompt name -> its words, for the trail; ``hosts``: further names of ours.

    ``exchange_http``: the port of Asterisk's web server on this machine, 0 when it is not known.
    ``agents`` None: nobody takes calls here; the desk's pages are not there. ``studio`` None: alike. ``factors`` None:
    no second factor can be set up; ``factor_required``: each admin must.
    """

    reactor: Any
    staff: Staff
    calls: Calls
    feed: Feed
    faxes: Faxes
    health: Callable[[], Awaitable[Health]]
    registry: CollectorRegistry
    agents: Agents | None = None
    exchange_http: Callable[[], int] = lambda: 0
    studio: Studio | None = None
    factors: Factors | None = None
    factor_required: bool = False
    lately: Lately = field(default_factory=Lately)
    phone: PhoneParts = field(default_factory=PhoneParts)
    titles: Callable[[str], Mapping[str, str]] = lambda _language: {}
    hosts: tuple[str, ...] = ()
    metrics_token: str = ""
    zone: str = "UTC"
    api: Api = field(default_factory=Api)
