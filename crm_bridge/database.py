"""One database behind four threads of its own, with a bounded queue, deadlines and a breaker.

A function that needs the database is one hop: ``await database.run(function, argument, ...)`` calls
``function(connection, argument, ...)`` in a thread inside one transaction. A hung database can hold no more than the
four threads: the caller is answered by the deadline, the connection is cut so that the thread comes back, later
callers are refused at once by the breaker, and no more than ``Limits.queue`` wait.

SQLite loses updates under the driver's own idea of a transaction, so we say BEGIN ourselves, and BEGIN IMMEDIATE for
writes. ``synchronous=full``: what a caller was told survives a power cut.
"""

from __future__ import annotations

import os
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from crm_bridge.answers import LookUpFault
from crm_bridge.breaker import Breaker, BreakerRule
from crm_bridge.threads import DaemonPool

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_CROSSED: Final = ("40001", "40P01")  # PostgreSQL: serialisation failure, deadlock
_AGAIN: Final = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds but for counts. ``wait_ms``: how long a caller may wait for a free thread."""

    threads: int = 4
    queue: int = 200
    wait_ms: int = 500
    read_ms: int = 2_000
    write_ms: int = 4_000
    breaker: BreakerRule = field(default_factory=BreakerRule)
    read_only: bool = False


class Job:
    """One function on its way through a thread; ``lock`` guards ``raw``, which a deadline may cut meanwhile."""

    __slots__ = ("answer", "arguments", "function", "lock", "over", "raw", "started", "timer", "write")

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], write: bool) -> None:
        self.function = function
        self.arguments = arguments
        self.write = write
        self.answer: Deferred[Any] = Deferred()
        self.lock = threading.Lock()
        self.raw: Any = None
        self.started = False
        self.over = False
        self.timer: Any = None

    def cut(self) -> None:
        """Break off the connection in use, so that the thread that waits on it comes back."""
        with self.lock:
            if self.raw is None:
                return
            if hasattr(self.raw, "interrupt"):
                self.raw.interrupt()
            else:
                _shut(self.raw)


def _shut(connection: Any) -> None:
    try:
        with socket.socket(fileno=socket.dup(connection.fileno())) as copy:
            copy.shutdown(socket.SHUT_RDWR)
    except Exception:  # already gone: that is what we want
        return


def engine_for(url: str, limits: Limits) -> Engine:
    """An engine for a SQLite or PostgreSQL URL, with the pragmas and time-outs above; ValueError for another URL."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise ValueError("the database URL cannot be read; write sqlite:////path or postgresql+psycopg://...") from None
    if address.get_backend_name() == "sqlite":
        return _sqlite(url, limits)
    if address.get_backend_name() == "postgresql":
        return _postgresql(url, limits)
    raise ValueError(f"{address.get_backend_name()} is not supported; use sqlite:////path or postgresql+psycopg://...")


def _sqlite(url: str, limits: Limits) -> Engine:
    patience = max(limits.read_ms, limits.write_ms) * 0.8 / 1000
    if not limits.read_only:
        _owners_only(make_url(url).database or "")
    engine = create_engine(
        url,
        pool_size=limits.threads,
        max_overflow=0,
        pool_timeout=limits.wait_ms / 1000,
        hide_parameters=True,
        connect_args={"timeout": patience, "check_same_thread": False},
    )
    pragmas = ["foreign_keys=on", "synchronous=full", "query_only=on" if limits.read_only else "journal_mode=wal"]

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in pragmas:
            _said(connection, "pragma " + pragma, patience)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        if connection.get_execution_options().get("write"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # takes no lock, so it cannot fail; a fifth of a look-up is spared
            connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]

    return engine


def _said(connection: Any, words: str, patience_s: float) -> None:
    """Two that make one new file a WAL at once: SQLite refuses one of them without waiting, whatever its time-out."""
    end = time.monotonic() + patience_s
    while True:
        try:
            connection.execute(words)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(random.uniform(0.002, 0.02))
        else:
            return


def _owners_only(path: str) -> None:
    """A new file is its owner's alone; SQLite goes by the umask. Of a file that cannot be made, SQLite tells."""
    if path in ("", ":memory:") or path.startswith("file:"):
        return
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _postgresql(url: str, limits: Limits) -> Engine:
    options = f"-c statement_timeout={max(limits.read_ms, limits.write_ms)} -c lock_timeout={limits.write_ms}"
    if limits.read_only:
        options += " -c default_transaction_read_only=on"
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(
        address,
        pool_size=limits.threads,
        max_overflow=0,
        pool_timeout=limits.wait_ms / 1000,
        hide_parameters=True,
        connect_args={
            "options": options,
            "connect_timeout": 2,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
        },
    )


class Database:
    """Threads, queue, deadlines and breaker around one engine. ``start`` it, ``await stop()`` it."""

    def __init__(self, url: str, reactor: ReactorBase | None = None, limits: Limits | None = None) -> None:
        if reactor is None:
            from twisted.internet import reactor as installed  # noqa: PLC0415 (importing it installs one)

            reactor = cast("ReactorBase", installed)
        self.url = url
        self.limits = limits or Limits()
        self.engine = engine_for(url, self.limits)
        self.breaker = Breaker(self.limits.breaker, time.monotonic)  # of readings
        self.write_breaker = Breaker(self.limits.breaker, time.monotonic)  # a full or locked disk must not stop reading
        self._reactor = reactor
        self._read = self._reader()
        self._write = self.engine.execution_options(write=True)
        self._pool = DaemonPool(self.limits.threads, self.limits.threads, name="database")
        self._jobs: set[Job] = set()

    def _reader(self) -> Engine:
        if self.engine.dialect.name == "postgresql":  # spares the BEGIN and ROLLBACK round trips
            return self.engine.execution_options(isolation_level="AUTOCOMMIT")
        return self.engine

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    async def stop(self) -> None:
        """Cut what still runs, end the threads, close the connections."""
        for job in tuple(self._jobs):
            job.cut()
        self._pool.stop()
        self.engine.dispose()

    @property
    def waiting(self) -> int:
        """How many jobs are under way or queued: for metrics."""
        return len(self._jobs)

    async def run(
        self,
        function: Callable[[Connection, *Ts], T],
        *arguments: *Ts,
        write: bool = False,
        deadline_ms: int | None = None,
    ) -> T:
        """What ``function(connection, *arguments)`` returns; LookUpFault when the database is gone, slow or flooded."""
        if len(self._jobs) >= self.limits.queue:
            raise LookUpFault("busy", "too many wait for the database")
        if not self._breaker(write).admits():
            raise LookUpFault("unavailable", "the database failed several times; not asked for a moment")
        job = Job(function, arguments, write)
        limit = deadline_ms or (self.limits.write_ms if write else self.limits.read_ms)
        self._submit(job, limit)
        return cast("T", await job.answer)

    def _submit(self, job: Job, limit_ms: int) -> None:
        crowded = len(self._jobs) >= self.limits.threads
        self._jobs.add(job)
        first = min(self.limits.wait_ms, limit_ms) if crowded else limit_ms
        job.timer = self._reactor.callLater(first / 1000, self._late, job, limit_ms - first)
        self._pool.callInThread(self._work, job)

    def _late(self, job: Job, rest_ms: int) -> None:
        if job.started and rest_ms > 0:
            job.timer = self._reactor.callLater(rest_ms / 1000, self._late, job, 0)
            return
        fault = (
            LookUpFault("deadline", "the database is slow") if job.started else LookUpFault("busy", "no free thread")
        )
        job.timer = None
        job.over = True
        if job.started:
            self._breaker(job.write).failed()
        job.answer.errback(fault)
        job.cut()

    def _work(self, job: Job) -> None:
        """In a thread: the whole of one job."""
        result: Any
        try:
            if job.over:
                raise LookUpFault("busy", "given up before it began")
            job.started = True
            result = self._attempts(job)
        except Exception:
            result = Failure()  # type: ignore[no-untyped-call]
        self._reactor.callFromThread(self._settle, job, result)

    def _attempts(self, job: Job) -> Any:
        for left in reversed(range(_AGAIN + 1)):
            reached_commit = False
            try:
                with (self._write if job.write else self._read).connect() as connection:
                    with job.lock:
                        job.raw = connection.connection.dbapi_connection
                    try:
                        result = job.function(connection, *job.arguments)
                        if job.over:
                            raise LookUpFault("deadline", "given up before its commit")
                        reached_commit = job.write
                        if job.write:
                            connection.commit()
                        return result
                    finally:
                        with job.lock:
                            job.raw = None
            except DBAPIError as error:
                if not left or job.over or not _worth_another(error, reached_commit):
                    raise
                time.sleep(random.uniform(0.005, 0.05))
        raise AssertionError("unreachable")

    def _settle(self, job: Job, result: Any) -> None:
        self._jobs.discard(job)
        if job.over:
            return
        job.over = True
        if job.timer is not None:
            job.timer.cancel()
        breaker = self._breaker(job.write)
        if not isinstance(result, Failure):
            breaker.succeeded()
            job.answer.callback(result)
            return
        job.answer.errback(_judged(result, breaker))

    def _breaker(self, write: bool) -> Breaker:
        return self.write_breaker if write else self.breaker


def _judged(failure: Failure, breaker: Breaker) -> Failure | LookUpFault:
    error = failure.value
    if isinstance(error, PoolTimeout):
        return LookUpFault("busy", "no free connection")
    if isinstance(error, SQLAlchemyError):
        breaker.failed()
        return LookUpFault("unavailable", _first_line(error))
    breaker.succeeded()  # the database did answer; what is wrong is something else
    return failure


def _worth_another(error: DBAPIError, reached_commit: bool) -> bool:
    """A crossed transaction was rolled back as a whole; a lost connection only when no COMMIT may have arrived."""
    if getattr(error.orig, "sqlstate", None) in _CROSSED:
        return True
    return error.connection_invalidated and not reached_commit


def _first_line(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {lines[0] if lines else ''}"[:200]
