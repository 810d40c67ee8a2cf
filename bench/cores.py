"""One core for the server that is measured, another for the one that calls it."""

from __future__ import annotations

import contextlib
import os
from typing import Final

SERVER_CORE: Final = 0
OTHER_CORE: Final = 1


def pin(core: int) -> None:
    """This process on one core, and before its neighbours where that is allowed: they disturb less."""
    with contextlib.suppress(OSError):  # a machine of one core
        os.sched_setaffinity(0, {core})
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
