"""Thread pools that the end of the process does not wait for: a hung disk or database must not keep it from ending.

Nothing is lost by it: whatever was acknowledged is durable already, and an orderly stop waits for its pools itself.
"""

from __future__ import annotations

import threading
from typing import Any

from twisted.python.threadpool import ThreadPool


class _Daemon(threading.Thread):
    """A daemon thread, whatever is asked for."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{**named, "daemon": True})


class DaemonPool(ThreadPool):
    """A thread pool of daemon threads."""

    threadFactory = _Daemon
