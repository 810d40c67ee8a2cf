"""Fixtures: a private PostgreSQL for the session, and the bridge on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted

from tests.doubles.bridges import Bridge, foreign_bridge, own_bridge, twin_bridge
from tests.doubles.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of our own, for the whole session."""
    server = PostgreSQL()
    yield server
    server.stop()


def _url(request: pytest.FixtureRequest, kind: str, name: str) -> str:
    """An empty database of the kind."""
    if kind == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        return server.url(name)
    folder: Path = request.getfixturevalue("tmp_path")
    return f"sqlite:///{folder / name}.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database, on both."""
    return _url(request, request.param, "own")


@pytest.fixture
def own(url: str) -> Iterator[Bridge]:
    """The look-ups on our own tables, on both; its ``url`` is the database's."""
    made = own_bridge(url)
    made.url = url
    yield made
    pytest_twisted.blockon(_stopped(made))


@pytest.fixture(params=["twin", "sqlite", "postgresql", "foreign-sqlite", "foreign-postgresql"])
def bridge(request: pytest.FixtureRequest) -> Iterator[Bridge]:
    """The look-ups on each kind of database: one contract for all."""
    foreign, _, kind = request.param.rpartition("-")
    if kind == "twin":
        made = twin_bridge()
    elif foreign:
        urls = [_url(request, kind, name) for name in ("own", "crm", "invoicing")]
        made = foreign_bridge(*urls)
    else:
        made = own_bridge(_url(request, kind, "own"))
    yield made
    pytest_twisted.blockon(_stopped(made))


def _stopped(bridge: Bridge):
    from twisted.internet.defer import Deferred

    return Deferred.fromCoroutine(bridge.stop())
