"""Other queues for an Asterisk that runs: its configuration written anew, its dialplan and queues read again.

It takes a tenth of a second, and members of queues that stay are kept (measured on 22.10.1).
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace

from ivr_server import renewing
from ivr_server.floor.queue_file import Queue, read_queue_file
from ivr_server.pbx import config
from ivr_server.pbx.config import CannotWrite
from ivr_server.pbx.plan import Plan
from ivr_server.pbx.running import Asterisk
from ivr_server.settings import Settings
from marked_yaml import Mistakes


@dataclass(slots=True)
class Renewer:
    """``look`` does what the service wished, once for each wish; one of before the start is fulfilled by the start."""

    asterisk: Asterisk
    plan: Plan
    settings: Settings
    done: str = ""

    def begin(self) -> None:
        """What stands in the file was written into the configuration with the start."""
        self.done = renewing.wished(self.settings.folder)

    def look(self) -> None:
        """Fulfil a new wish, if there is one. It blocks for a second."""
        folder = self.settings.folder
        wanted = renewing.wished(folder)
        if wanted and wanted != self.done:
            self.done = wanted
            with suppress(OSError):  # a full disk: who asked is told after a while that nobody answered
                renewing.answer(folder, wanted, self._renewed())

    def _renewed(self) -> str:
        """Why it could not be done; "" when it was. Asterisk and its calls go on whatever becomes of it."""
        try:
            return self._done()
        except (Mistakes, CannotWrite, OSError, subprocess.SubprocessError) as fault:
            return str(fault)

    def _done(self) -> str:
        queues = read_queue_file(self.settings.sheet("queues").file).queues
        self.plan = replace(self.plan, queues=queues)
        config.write(self.plan)
        self.asterisk.cli("dialplan reload")
        self.asterisk.cli("queue reload all")
        missing = [queue.name for queue in queues if not self._has(queue)]
        return f"Asterisk has no queue {', '.join(missing)}" if missing else ""

    def _has(self, queue: Queue) -> bool:
        return self.asterisk.cli(f"queue show {queue.name}").lstrip().startswith(f"{queue.name} has ")
