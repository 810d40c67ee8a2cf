"""The press's process on a disk that fills up while it writes: the system answers ENOSPC, as it does then."""

from __future__ import annotations

import errno
import os

from fax import press_child


def full(_descriptor: int) -> None:
    """What fsync answers when no block is left."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


os.fsync = full
press_child.main()
