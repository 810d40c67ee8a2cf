"""Templates into pages: autoescape always on, an unknown name is an error, assets named by what is in them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr_server.console.visit import READS_CALLS, SIGNED_IN, Cookie, Reply, Visit
from ivr_server.console.words import LANGUAGES, read_words

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@cache
def templates() -> Environment:
    """The environment of all templates."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def assets() -> dict[str, tuple[bytes, str, str]]:
    """Every static file by name: its bytes, its content type, and a digest that names its version."""
    found = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in KINDS}
    whole = hashlib.sha256(b"".join(found.values())).hexdigest()[:12]  # one version for all: scripts import each other
    return {name: (body, KINDS[Path(name).suffix], whole) for name, body in found.items()}


def asset(name: str) -> str:
    """The address of a static file, new whenever any of them changes."""
    return f"/static/{assets()[name][2]}/{name}"


def draw(visit: Visit, template: str, status: int = 200, **values: Any) -> Reply:
    """A page in the visitor's language."""
    body = (
        templates()
        .get_template(template)
        .render(
            w=visit.words,
            language=visit.words.language,
            languages=[(tag, words("language_name")) for tag, words in read_all().items()],
            asset=asset,
            pages=_pages(visit),
            here=visit.here,
            back=visit.here if visit.request.method in (b"GET", b"HEAD") else "/",
            csrf=visit.csrf,
            person=_shown(visit),
            **values,
        )
    )
    return Reply(body, status, cookies=_visitor(visit))


@cache
def read_all() -> dict[str, Any]:
    """The words of every language, in the order they are offered."""
    words = read_words()
    return {tag: words[tag] for tag in LANGUAGES}


def _pages(visit: Visit) -> list[tuple[str, str]]:
    shown = [("/", "home")]
    if visit.has(SIGNED_IN) and visit.parts.agents is not None:
        shown.append(("/desk", "desk"))
    if visit.may_phone:
        shown.append(("/phone", "phone"))
    if visit.has(READS_CALLS):
        shown.append(("/calls", "calls"))
    if visit.has(READS_CALLS) and visit.parts.studio is not None:
        shown.append(("/studio", "studio"))
    if visit.has(SIGNED_IN):
        shown += [("/faxes", "faxes"), ("/wishes", "wishes")]
    return [*shown, ("/health", "health")]


def _shown(visit: Visit) -> dict[str, Any] | None:
    return None if visit.person is None else {"name": visit.person.shown, "roles": visit.person.roles}


def _visitor(visit: Visit) -> tuple[Cookie, ...]:
    """Somebody without a session gets a token of their own, for forms need one before there is a session."""
    if visit.person is not None or visit.request.getCookie(b"visitor") == visit.token.encode():
        return ()
    return (Cookie("visitor", visit.token),)
