"""Argon2id away from the reactor: two threads and a short queue, so that guessing cannot eat the machine (FAULTS P9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from crm_bridge.secret import Secret

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
THREADS: Final = 2
QUEUE: Final = 16
_NOBODY: Final = HASHER.hash("a password that nobody has")  # compared for unknown names, so that both take as long


class HashingBusy(Exception):
    """Too many wait to be compared; ask again in a moment."""


def hashed(password: Secret) -> str:
    """The Argon2id hash of a password. Takes about 50 ms of a core: call it in a thread."""
    return HASHER.hash(password.reveal())


def matches(kept: str | None, password: Secret) -> bool:
    """Whether the password is the one that was hashed; None (nobody) takes as long, and is False."""
    try:
        return HASHER.verify(kept or _NOBODY, password.reveal()) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


class Hashing:
    """The threads. ``start`` and ``stop`` them with the service."""

    def __init__(self, reactor: ReactorBase) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(1, THREADS, name="hashing")
        self._under_way = 0

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    def stop(self) -> None:
        """End the threads, when what they compare is done."""
        self._pool.stop()

    async def matches(self, kept: str | None, password: Secret) -> bool:
        """As ``matches``, in a thread; HashingBusy when the queue is full."""
        if self._under_way >= QUEUE:
            raise HashingBusy
        self._under_way += 1
        try:
            found: bool = await deferToThreadPool(self._reactor, self._pool, matches, kept, password)
            return found
        finally:
            self._under_way -= 1
