"""Argon2id away from the reactor: two threads, a short queue; guessing cannot eat the machine (FAULTS P9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.threads import deferToThreadPool

from crm_bridge.secret import Secret
from crm_bridge.threads import DaemonPool

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
THREADS: Final = 2
QUEUE: Final = 16
_NOBODY: Final = HASHER.hash("a password that nobody has")  # compared for unknown names, so that both take as long


class HashingBusy(Exception):
    """Too many wait to be compared; ask again in a moment."""


def hashed(password: Secret) -> str:
    """The Argon2id hash of a password. Takes about 50 ms of a core: call it in a thread."""
    return HASHER.hash(password.reveal())


def matches(kept: str | None, password: Secret, nobodys: str = _NOBODY) -> bool:
    """Whether the password is the one that was hashed; None (nobody) takes as long, and is False."""
    try:
        return HASHER.verify(kept or nobodys, password.reveal()) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


class Hashing:
    """The threads. ``start`` and ``stop`` them with the service."""

    def __init__(self, reactor: ReactorBase, argon: PasswordHasher = HASHER) -> None:
        self._reactor = reactor
        self._argon = argon
        self._nobodys = _NOBODY if argon is HASHER else argon.hash("a password that nobody has")
        self._pool = DaemonPool(1, THREADS, name="hashing")
        self._under_way = 0

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    def stop(self) -> None:
        """End the threads, when what they compare is done."""
        self._pool.stop()

    async def matches(self, kept: str | None, password: Secret) -> bool:
        """As ``matches``, in a thread; HashingBusy when the queue is full."""
        return await self._in_thread(matches, kept, password, self._nobodys)

    async def hashed(self, password: Secret) -> str:
        """A new hash, made in a thread; HashingBusy when the queue is full."""
        return await self._in_thread(lambda: self._argon.hash(password.reveal()))

    async def _in_thread(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        if self._under_way >= QUEUE:
            raise HashingBusy
        self._under_way += 1
        try:
            result: T = await deferToThreadPool(self._reactor, self._pool, function, *arguments)
            return result
        finally:
            self._under_way -= 1
