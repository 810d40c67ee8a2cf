"""One request as a page sees it, and what a page gives back. No page touches twisted.web itself."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from crm_bridge.staff import Person
    from ivr_server.console.parts import Parts
    from ivr_server.console.words import Words

HTML: Final = "text/html; charset=utf-8"
ANYONE: Final[frozenset[str]] = frozenset()
SIGNED_IN: Final = frozenset({"admin", "supervisor", "agent"})
READS_CALLS: Final = frozenset({"admin", "supervisor"})
MINDS_FAXES: Final = frozenset({"admin", "supervisor"})  # sees a customer's bill; sends, ends and mails faxes


@dataclass(frozen=True, slots=True)
class Visit:
    """``token`` is what the browser holds: a session's when ``person`` is there, else a visitor's."""

    parts: Parts
    request: Any
    words: Words
    person: Person | None
    token: str
    form: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """What was sent, as it came."""
        self.request.content.seek(0)
        content: bytes = self.request.content.read()
        return content

    @property
    def csrf(self) -> str:
        """What a form must carry: drawn from the token, so that it dies with it, and does not give it away."""
        return csrf_of(self.token)

    @property
    def address(self) -> str:
        """The peer's address."""
        return str(getattr(self.request.getClientAddress(), "host", ""))

    @property
    def here(self) -> str:
        """The path asked for."""
        return str(self.request.path.decode("utf-8", "replace"))

    @property
    def on_this_machine(self) -> bool:
        """Whether the visitor sits at the service's own machine; what comes through a proxy does not."""
        forwarded = any(self.request.getHeader(name) for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
        return not forwarded and loopback(self.address) and loopback(host_name(self.request.getHeader("host") or ""))

    @property
    def may_phone(self) -> bool:
        """Whether the keypad phone is open to this visitor."""
        allowed = self.parts.phone.allowed
        return allowed == "everywhere" or (allowed == "loopback" and self.on_this_machine)

    @property
    def must_guard(self) -> bool:
        """Whether this is an admin who must set a second factor up before anything else."""
        admin = self.person is not None and "admin" in self.person.roles and not self.person.guarded
        return admin and self.parts.factor_required

    def has(self, roles: frozenset[str]) -> bool:
        """Whether the visitor has one of these roles, and may use it."""
        return self.person is not None and not self.must_guard and not roles.isdisjoint(self.person.roles)


@dataclass(frozen=True, slots=True)
class Cookie:
    """One to set; an empty value takes it away."""

    name: str
    value: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. ``resource``: a twisted.web resource that takes the request over (the socket)."""

    body: str | bytes = b""
    status: int = 200
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    resource: Any = None


class Refused(Exception):
    """This request is not served: an HTTP status that has words under error_<status>, or ``text`` instead."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.text = text


Page = Callable[[Visit], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table of routes. ``roles``: who may; ANYONE needs no sign-in. A POST changes something.

    ``json``: asked by a script, which is refused in JSON. ``largest``: bytes of a body beyond the edge's usual cap.
    ``lasting``: open while the database is away, too, to whoever was recognised lately (a call must be hung up whatever
    happens). ``unguarded``: open to an admin who must set a
    second factor up first.
    """

    method: str
    path: str
    page: Page
    roles: frozenset[str] = ANYONE
    json: bool = False
    lasting: bool = False
    largest: int = 0
    unguarded: bool = False

    @property
    def changes(self) -> bool:
        """Whether CSRF token and Origin are asked for."""
        return self.method not in ("GET", "HEAD")


def away_to(path: str, *cookies: Cookie) -> Reply:
    """See another page of ours."""
    return Reply(status=303, headers=(("Location", own_path(path)),), cookies=cookies)


def own_path(path: str) -> str:
    """The path when it stays on this site, else the home page: no open redirect (FAULTS I13)."""
    plain = path.isprintable() and path.isascii() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def csrf_of(token: str) -> str:
    """The CSRF token of a session's or visitor's token."""
    return hashlib.sha256(b"csrf:" + token.encode()).hexdigest()


def same(given: str, wanted: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def host_name(host: str) -> str:
    """The name or address of a Host header, without port and brackets, in lower case."""
    host = host.strip().lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def loopback(name: str) -> bool:
    """Whether a name or address is this machine's own."""
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
