"""What differs between two queue files, as far as others must be told: Asterisk, those who wait, who speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivr_server.floor.queue_file import Queue, QueueFile

DIALLED: Final = ("ring_s", "wait_s", "most_waiting", "priority")  # stand in Asterisk's configuration


@dataclass(frozen=True, slots=True)
class QueueChange:
    """``gone`` and ``new``: queues by name; ``dialled``: those that Asterisk must be told of; ``spoken``: whose agents

    hear another title before a caller. ``first``: another queue takes callers after a fault.
    """

    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    dialled: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    first: bool = False

    @property
    def for_asterisk(self) -> bool:
        """Whether its configuration would be another one."""
        return bool(self.gone or self.dialled or self.first)


def compared(old: QueueFile, new: QueueFile) -> QueueChange:
    """From one file to the next."""
    before, after = ({one.name: one for one in file.queues} for file in (old, new))
    return QueueChange(
        gone=tuple(name for name in before if name not in after),
        new=tuple(name for name in after if name not in before),
        dialled=tuple(name for name, one in after.items() if name not in before or _dialled(one, before[name])),
        spoken=tuple(name for name, one in after.items() if name not in before or one.title != before[name].title),
        first=old.names[:1] != new.names[:1],
    )


def _dialled(one: Queue, other: Queue) -> bool:
    return any(getattr(one, key) != getattr(other, key) for key in DIALLED)
