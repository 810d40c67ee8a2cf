"""The console with the desk's stand-in behind it, in a process of its own; each line that comes in moves the stand-in.

A line is JSON: [method, {arguments}]; the answer is one line, what the pages asked so far, with the records.
The environment's EXCHANGE_HTTP is the port of a web server that plays Asterisk's.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver

from ivr_server.console.site import make_site
from tests.console import serving
from tests.doubles.desk_stand_in import DeskStandIn


class Steering(LineReceiver):
    """The test's hand."""

    delimiter = b"\n"

    def __init__(self, stand_in: DeskStandIn) -> None:
        self._stand_in = stand_in

    def lineReceived(self, line: bytes) -> None:
        """Do it, and tell what was asked."""
        method, arguments = json.loads(line)
        if method:
            getattr(self._stand_in, method)(*arguments.pop("_", ()), **arguments)
        told = {"did": self._stand_in.did, "records": self._stand_in.records, "me": self._stand_in.me}
        self.sendLine(json.dumps(told).encode())


def main() -> None:
    """Serve until killed."""
    stand_in = DeskStandIn()

    def with_agents(parts: Any, dial: Any) -> Any:
        port = int(os.environ.get("EXCHANGE_HTTP", "0"))
        return make_site(replace(parts, agents=stand_in, exchange_http=lambda: port), dial)

    serving.make_site = with_agents  # type: ignore[assignment]
    reactor.callWhenRunning(lambda: stdio.StandardIO(Steering(stand_in)))  # type: ignore[attr-defined]
    serving.main()


if __name__ == "__main__":
    main()
