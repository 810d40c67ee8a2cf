"""Station 6: what happens in calls, told to whoever watches. A reader that fails is dropped, and never waited for.

Telling is a plain call in the same turn of the reactor: a reader that cannot take a note at once must keep it in a
bounded buffer of its own, or raise ``TooSlow``. Nothing is kept here, and a call that nobody watches costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.logger import Logger

Reader = Callable[[Mapping[str, Any]], None]
MOST_READERS: Final = 1_000
_log = Logger()


class TooSlow(Exception):
    """The reader has no room for another note."""


class Feed:
    """Notes by call. A note is plain data: step, flow, node, what, detail; "at" only tells where the call is."""

    def __init__(self) -> None:
        self._readers: dict[str, list[Reader]] = {}
        self.dropped = 0

    def watched(self, call: str) -> bool:
        """Whether anybody reads this call: spare the work of making notes into data when nobody does."""
        return call in self._readers

    def subscribe(self, call: str, reader: Reader) -> Callable[[], None]:
        """Tell this reader every note of the call from now on; the answer ends it. TooSlow when there are too many."""
        if sum(map(len, self._readers.values())) >= MOST_READERS:
            raise TooSlow("too many readers")
        self._readers.setdefault(call, []).append(reader)
        return lambda: self._forget(call, reader)

    def publish(self, call: str, note: Mapping[str, Any]) -> None:
        """Tell everybody who reads this call."""
        for reader in tuple(self._readers.get(call, ())):
            try:
                reader(note)
            except Exception as fault:
                self.dropped += 1
                self._forget(call, reader)
                if not isinstance(fault, TooSlow):
                    _log.failure("a reader of call {call} failed and was dropped", call=call)

    def _forget(self, call: str, reader: Reader) -> None:
        readers = self._readers.get(call, [])
        if reader in readers:
            readers.remove(reader)
        if not readers:
            self._readers.pop(call, None)
